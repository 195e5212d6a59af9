//! A home with two slots whose programs are stand-ins, and a runner of restarts on it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use clap::Parser;
use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{Receipt, Tree, Wanted, sha256};
use harness::report::{Machine, Outcome, Report as TierReport, SCHEMA, Selection};
use harness::restart::report::Report;
use harness::tier::Tier;
use harness::verdict::judge;
use tempfile::TempDir;

use super::super::slots::{self, Manifest, Slots};
use super::super::*;
use crate::tier::tests::{case, report};

/// The slot that runs.
pub(in super::super) const OLD: &str = "20260301T080000Z-aaaaaaaaaaaa";

/// The one that is to.
pub(in super::super) const NEW: &str = "20260310T115900Z-bbbbbbbbbbbb";

const ID: &str = "r1763870478123-9f3c";

#[derive(Parser)]
pub(super) struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

pub(in super::super) struct Stage {
    room: TempDir,
}

impl Stage {
    pub(in super::super) fn new() -> Self {
        let stage = Self { room: tempfile::tempdir().unwrap() };
        let home = stage.home();
        for directory in ["world", "slots/marks", "launcher", "run", "state"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        let stand_in = include_str!("stand-in.sh");
        program(&home.join("launcher/claude-assistant"), stand_in);
        for slot in [OLD, NEW] {
            stage.lay(slot);
        }
        symlink(OLD, home.join("slots/current")).unwrap();
        stage.world("generation", "7");
        stage.world("slot", OLD);
        for filter in [None, Some("tier4::status"), Some("tier4::check")] {
            stage.prepare("passing", filter, Outcome::Passed);
            stage.prepare("failing", filter, Outcome::Failed);
            stage.prepare("undecided", filter, Outcome::MissingPrecondition);
        }
        stage
    }

    pub(in super::super) fn home(&self) -> PathBuf {
        self.room.path().join("home")
    }

    /// Puts a slot of stand-ins there, whose gate has passed.
    pub(in super::super) fn lay(&self, slot: &str) {
        let bin = self.home().join("slots").join(slot).join("bin");
        fs::create_dir_all(&bin).unwrap();
        program(&bin.join("claude-assistant"), include_str!("stand-in.sh"));
        program(&bin.join("tier4"), include_str!("tier4.sh"));
        self.describe(slot);
    }

    /// Copies of the database of five restarts, and one that somebody made.
    pub(in super::super) fn leave_copies(&self) {
        let backups = self.home().join("backups");
        fs::create_dir_all(&backups).unwrap();
        let restarts = (1..=5).map(|at| format!("r176387047000{at}-0000.db"));
        for name in restarts.chain(["mine.db".to_owned()]) {
            fs::write(backups.join(name), "copy").unwrap();
        }
    }

    /// The names of the copies that are there.
    pub(in super::super) fn copies(&self) -> Vec<String> {
        let entries = fs::read_dir(self.home().join("backups")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Writes a fact of the world.
    pub(in super::super) fn world(&self, name: &str, text: &str) {
        fs::write(self.home().join("world").join(name), text).unwrap();
    }

    /// What was asked of the programs, one after the other.
    pub(in super::super) fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home().join("world/calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub(in super::super) fn has(&self, fact: &str) -> bool {
        self.home().join("world").join(fact).exists()
    }

    pub(in super::super) fn current(&self) -> String {
        Slots::at(self.home().join("slots")).current().unwrap()
    }

    /// Makes a slot whole, with a gate that has passed.
    fn describe(&self, slot: &str) {
        let slots = Slots::at(self.home().join("slots"));
        let now = Timestamp::now();
        let mut manifest = Manifest::new(slot, now);
        manifest.commit = Some(format!("{}0000", &slot[17..]));
        for program in ["claude-assistant", "tier4"] {
            let hash = sha256(&slots.program(slot, program)).unwrap();
            manifest.programs.insert(program.to_owned(), hash);
        }
        let tiers = vec![Tier::InProcess, Tier::RealBinaries];
        manifest.gate = Some(slots::Gate { tree: "c0ffee".to_owned(), tiers, passed_at: now });
        slots.write(&manifest).unwrap();
    }

    /// Leaves a receipt of tier 2 in the new slot, spoilt by `spoil`, as old as receipts can be.
    pub(in super::super) fn leave_receipt(&self, spoil: impl FnOnce(&mut Receipt)) {
        let slots = Slots::at(self.home().join("slots"));
        let manifest = slots.manifest(NEW).unwrap();
        let wanted = Wanted {
            tier: Tier::RealBinaries,
            tree: Tree { hash: "c0ffee".to_owned(), clean: true },
            lockfile: "5d".to_owned(),
            binaries: manifest.programs,
            api: None,
            machine: Machine::here(),
        };
        let run = report(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
        let mut receipt = Receipt::of(&run, wanted, "2026-01-01T00:00:00Z".parse().unwrap());
        spoil(&mut receipt);
        slots::write(&slots.of(NEW).join("receipts/tier-2.json"), &receipt).unwrap();
    }

    /// A report as the runner of tier 4 would leave it.
    fn prepare(&self, how: &str, filter: Option<&str>, outcome: Outcome) {
        let mut case = case("tier4::check::a_message_is_answered", outcome);
        case.message = (outcome == Outcome::Failed).then(|| "see the answer: none came".to_owned());
        let cases = vec![case];
        let report = TierReport {
            schema: SCHEMA.to_owned(),
            tier: Tier::Running,
            gate: Gate::Open,
            // It is to be of this run, whenever that is.
            started_at: "2999-01-01T00:00:00Z".parse().unwrap(),
            elapsed_ms: 1,
            selection: Selection { only: filter.map(str::to_owned), exact: false },
            machine: Machine::here(),
            ends: Vec::new(),
            problems: Vec::new(),
            verdict: judge(Gate::Open, &cases, &[]),
            cases,
        };
        let name = filter.unwrap_or("whole");
        report.write(&self.home().join(format!("world/{how}-{name}.json"))).unwrap();
    }

    /// Has the cases that fail say so.
    pub(in super::super) fn complains_of(&self, what: &str) {
        for name in ["whole", "tier4::status", "tier4::check"] {
            let path = self.home().join(format!("world/failing-{name}.json"));
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("none came", what)).unwrap();
        }
    }

    /// Restarts to the new slot; the exit code, and what the report says.
    pub(in super::super) fn restart(&self, words: &[&str]) -> (u8, Report) {
        self.restart_with(words, &Interrupt::never())
    }

    pub(in super::super) fn restart_with(
        &self,
        words: &[&str],
        interrupt: &Interrupt,
    ) -> (u8, Report) {
        let code = self.play(words, interrupt);
        let path = self.home().join("state/restart/reports").join(ID).join("report.json");
        let report = Report::read(&path).unwrap();
        assert_eq!(report.verdict.exit_code, code, "{report:?}");
        (code.number(), report)
    }

    /// The same where no report is to be had.
    pub(in super::super) fn play(&self, words: &[&str], interrupt: &Interrupt) -> ExitCode {
        let home = self.home();
        let slot = ["x", "--slot", NEW, "--request", ID, "--soak", "0s", "--home"];
        let line = slot.into_iter().chain([home.to_str().unwrap()]).chain(words.iter().copied());
        let arguments = Line::try_parse_from(line).unwrap().arguments;
        let workspace = Workspace::at(self.room.path());
        answered(run(&workspace, &arguments, interrupt))
    }
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}
