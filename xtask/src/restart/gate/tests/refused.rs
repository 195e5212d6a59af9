//! What becomes of a slot that has passed its gate when a later one says no of it.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::report::Outcome::{self, Broken, Failed, MissingPrecondition, Passed};
use tempfile::TempDir;

use super::*;
use crate::checkout::tests::begin;
use crate::restart::time::Time;
use crate::running::Interrupt;
use crate::workspace::Workspace;

const SLOT: &str = "20260310T115900Z-c0ffeec0ffee";

/// A repository with one commit, and its slot, which has passed tiers 1 and 2 just now.
struct Ground {
    repository: TempDir,
    room: TempDir,
    slots: Slots,
    commit: String,
}

impl Ground {
    fn new() -> Self {
        let (repository, room) = begin();
        fs::write(repository.path().join("Cargo.lock"), "").unwrap();
        let commit = crate::checkout::tests::commit(repository.path(), "two\n");
        let slots = Slots::at(room.path().join("slots"));
        let ground = Self { repository, room, slots, commit };
        let mut manifest = Manifest::new(SLOT, Timestamp::now());
        for tier in [2, 3] {
            let program = ground.slots.program(SLOT, &format!("tier{tier}"));
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            let text = format!(
                "#!/bin/sh\ncd {}\necho tier{tier} >> asked\n[ ! -e first ] || . ./first\n\
                 cp said-{tier} \"$HARNESS_REPORT\"\nexit $(cat code-{tier})\n",
                ground.room.path().display()
            );
            fs::write(&program, text).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
            manifest.programs.insert(format!("tier{tier}"), sha256(&program).unwrap());
        }
        let tree = tree(ground.root(), &ground.commit).unwrap();
        let lockfile = sha256(&ground.root().join("Cargo.lock")).unwrap();
        for tier in TIERS_MIN {
            let wanted = wanted_with(tier, &manifest, &tree, lockfile.clone());
            let run = Report { tier, ..report(Gate::Closed, vec![case("a", Passed)]) };
            let receipt = Receipt::of(&run, wanted, Timestamp::now());
            slots::write(&ground.receipt(tier), &receipt).unwrap();
        }
        let tiers = TIERS_MIN.into();
        manifest.gate = Some(slots::Gate { tree, tiers, passed_at: Timestamp::now() });
        ground.slots.write(&manifest).unwrap();
        ground
    }

    fn root(&self) -> &Path {
        self.repository.path()
    }

    fn receipt(&self, tier: Tier) -> PathBuf {
        receipt(&self.slots, SLOT, tier)
    }

    fn manifest(&self) -> Manifest {
        self.slots.manifest(SLOT).unwrap()
    }

    /// Why a restart to the slot by its name is refused, if it is.
    fn refused_by_name(&self) -> Option<String> {
        ensure_passed(&self.slots, &self.manifest()).err()
    }

    /// Has the runner of a tier come to this from now on.
    fn comes_to(&self, tier: Tier, outcome: Outcome) {
        let mut run = Report { tier, ..report(Gate::Closed, vec![case("a", outcome)]) };
        run.started_at = "2999-01-01T00:00:00Z".parse().unwrap();
        let number = tier.number();
        run.write(&self.room.path().join(format!("said-{number}"))).unwrap();
        let code = run.verdict.exit_code.number().to_string();
        fs::write(self.room.path().join(format!("code-{number}")), code).unwrap();
    }

    /// What the runners do before anything else.
    fn first(&self, script: &str) {
        fs::write(self.room.path().join("first"), script).unwrap();
    }

    /// Leaves the receipt of a tier as old as makes it run again.
    fn outdate(&self, tier: Tier) {
        let mut old = Receipt::read(&self.receipt(tier)).unwrap().unwrap();
        old.written_at = "2026-01-01T00:00:00Z".parse().unwrap();
        slots::write(&self.receipt(tier), &old).unwrap();
    }

    /// A gate of these tiers, until somebody wants it to end.
    fn passes(&self, tiers: &[Tier], interrupt: &Interrupt) -> Result<Remarks> {
        self.passes_all(&selection(tiers), interrupt)
    }

    fn passes_all(&self, selection: &Selection, interrupt: &Interrupt) -> Result<Remarks> {
        let workspace = Workspace::at(self.root());
        let time = Time::from_now(Duration::from_mins(1), interrupt);
        let means = Means { workspace: &workspace, time, runs: self.room.path() };
        let speed = Speed::Remarked;
        let trial = Trial { means, slots: &self.slots, selection, running: None, speed };
        trial.pass(SLOT, &self.commit)
    }

    /// The exit code of a gate of these tiers.
    fn code(&self, tiers: &[Tier]) -> Option<u8> {
        code(self.passes(tiers, &Interrupt::never()))
    }

    /// How often a runner was started.
    fn runs(&self) -> usize {
        fs::read_to_string(self.room.path().join("asked")).unwrap_or_default().lines().count()
    }
}

fn selection(tiers: &[Tier]) -> Selection {
    Selection { tiers: tiers.iter().copied().collect(), measured: false, says: Vec::new() }
}

fn code(ended: Result<Remarks>) -> Option<u8> {
    ended.map_or_else(|no| no.code(), |_| Some(ExitCode::Pass)).map(ExitCode::number)
}

#[test]
fn a_slot_of_which_a_tier_says_no_is_not_to_be_had_by_its_name() {
    for (tier, outcome, code) in [
        (Tier::RealBinaries, Failed, 20),
        (Tier::RealBinaries, Broken, 21),
        (Tier::RealAgent, Failed, 20),
        (Tier::RealAgent, Broken, 21),
    ] {
        let ground = Ground::new();
        assert_eq!(ground.refused_by_name(), None);
        ground.outdate(Tier::RealBinaries);
        ground.comes_to(tier, outcome);
        assert_eq!(ground.code(&[Tier::InProcess, tier]), Some(code));
        assert!(ground.refused_by_name().is_some(), "{tier} said no");
        // The launcher looks there.
        assert_eq!(ground.manifest().gate, None, "{tier} said no");
        assert!(!ground.receipt(tier).exists(), "{tier} said no");
        assert!(ground.receipt(Tier::InProcess).exists(), "it did not");
    }
}

#[test]
fn what_says_nothing_of_the_build_takes_nothing_back() {
    let ground = Ground::new();
    let before = ground.manifest();
    ground.comes_to(Tier::RealAgent, MissingPrecondition);
    assert_eq!(ground.code(&[Tier::RealAgent]), Some(40));
    let interrupted = ground.passes(&[Tier::RealAgent], &Interrupt::at_once());
    assert!(matches!(interrupted, Err(Trouble::Interrupted)), "{interrupted:?}");
    ground.first("exit 101");
    assert_eq!(ground.code(&[Tier::RealAgent]), None, "a runner that fell over");
    for code in [ExitCode::Inconclusive, ExitCode::PreconditionMissing, ExitCode::Locked] {
        assert!(!speaks_against(&Trouble::with(code, "x")), "{code:?}");
    }
    assert_eq!((ground.manifest(), ground.refused_by_name()), (before, None));
}

#[test]
fn a_disk_that_is_full_takes_nothing_back() {
    let ground = Ground::new();
    let full = Trouble::with(ExitCode::Failed, "tier 2: failed\nNo space left on device");
    let mut manifest = ground.manifest();
    let workspace = Workspace::at(ground.root());
    let never = Interrupt::never();
    let time = Time::from_now(Duration::from_mins(1), &never);
    let means = Means { workspace: &workspace, time, runs: ground.room.path() };
    let (selection, speed) = (selection(&[]), Speed::Remarked);
    let trial = Trial { means, slots: &ground.slots, selection: &selection, running: None, speed };
    trial.heard(&mut manifest, Check::Tier(Tier::RealBinaries), full);
    assert_eq!((&ground.manifest(), ground.refused_by_name()), (&manifest, None));
}

#[test]
fn only_the_check_that_said_no_takes_that_back() {
    let ground = Ground::new();
    ground.comes_to(Tier::RealAgent, Failed);
    assert_eq!(ground.code(&[Tier::RealAgent]), Some(20));
    // The receipts of the others are as young as before.
    let others = ground.passes(&TIERS_MIN, &Interrupt::never()).unwrap_err();
    assert!(others.to_string().starts_with("tier 3 said no of "), "{others}");
    assert_eq!(ground.refused_by_name().as_deref(), Some("tier 3 said no"));

    let selection = selection(&TIERS_MIN).with(&ground.manifest().refused);
    assert_eq!(selection.says, ["tier 3: said no the last time"]);
    ground.comes_to(Tier::RealAgent, Passed);
    assert_eq!(code(ground.passes_all(&selection, &Interrupt::never())), Some(0));
    assert_eq!(ground.refused_by_name(), None);
    let gate = ground.manifest().gate.unwrap();
    assert_eq!(gate.tiers, [Tier::InProcess, Tier::RealBinaries, Tier::RealAgent]);
}

/// As it is where the receipt could not be removed.
#[test]
fn a_receipt_of_a_tier_that_said_no_since_is_no_proof() {
    let ground = Ground::new();
    let mut manifest = ground.manifest();
    manifest.refused.tiers.insert(Tier::RealBinaries);
    ground.slots.write(&manifest).unwrap();
    assert_eq!(ground.refused_by_name().as_deref(), Some("tier 2 said no"));
    ground.comes_to(Tier::RealBinaries, Passed);
    assert_eq!((ground.code(&TIERS_MIN), ground.runs()), (Some(0), 1));
    assert_eq!((ground.code(&TIERS_MIN), ground.runs()), (Some(0), 1), "it holds again");
}

#[test]
fn a_slot_whose_measuring_says_no_is_measured_until_that_passes() {
    let ground = Ground::new();
    let yard = Yard::of(&Workspace::at(ground.root()));
    fs::create_dir_all(yard.program().parent().unwrap()).unwrap();
    let before = ground.manifest();
    let measuring = Selection { measured: true, ..selection(&TIERS_MIN) };
    for (ends, refused) in [(30, false), (31, false), (22, true), (21, true), (20, true)] {
        ground.slots.write(&before).unwrap();
        fs::write(yard.program(), format!("#!/bin/sh\nexit {ends}\n")).unwrap();
        fs::set_permissions(yard.program(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(ground.passes_all(&measuring, &Interrupt::never()).is_err());
        assert_eq!(ground.refused_by_name().is_some(), refused, "{ends}");
        assert_eq!(ground.manifest().gate.is_none(), refused, "{ends}");
        assert_eq!(selection(&TIERS_MIN).with(&ground.manifest().refused).measured, refused);
    }
}

#[test]
fn a_gate_that_cannot_be_taken_back_is_said() {
    let ground = Ground::new();
    ground.comes_to(Tier::RealAgent, Failed);
    // What cannot be replaced by a file.
    ground.first(&format!(
        "cd slots/{SLOT} && rm manifest.json && mkdir -p manifest.json/x; cd ../.."
    ));
    let trouble = ground.passes(&[Tier::RealAgent], &Interrupt::never()).unwrap_err();
    assert_eq!(trouble.code(), Some(ExitCode::Failed));
    let said = format!("what {SLOT} says of its gate could not be taken back (write ");
    let first = trouble.to_string().lines().next().unwrap_or_default().to_owned();
    assert!(first.starts_with(&said) && first.ends_with(": tier 3: failed"), "{trouble}");
}
