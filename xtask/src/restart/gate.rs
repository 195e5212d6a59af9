//! The gate: the tiers that were selected, and what is measured.
//!
//! | what | how | proof that is reused |
//! |---|---|---|
//! | tier 1 | cargo, in the files of the commit | the slot's receipt |
//! | tiers 2, 3 | the slot's own runners, over its own programs | the slot's receipts |
//! | times and sizes | `bench compare` of the commit that runs and the target; see [`measure`] | none |
//!
//! The gate is closed: what is missing, flaky or left behind lets nothing pass. A receipt is good for
//! a day, for these programs, on this machine.
//!
//! The last word of a check counts. One that says no of a slot takes back what an earlier gate said,
//! and every later gate of that slot takes the check in, until it passes ([`Refused`](slots::Refused)).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use harness::bench::report::BenchReport;
use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::receipt::{Receipt, Wanted, sha256};
use harness::report::{Machine, Outcome, Report};
use harness::restart::flags::Speed;
use harness::restart::machine::{Remarks, Weight};
use harness::restart::speed;
use harness::tier::Tier;
use jiff::Timestamp;

use super::build::Yard;
use super::cases::{self, Cases};
use super::measure::Base;
use super::select::Selection;
use super::slots::{self, Manifest, Slots};
use super::trouble::{Result, Trouble};
use super::{Means, measure, progress, room};
use crate::checkout::{Checkout, ask};
use crate::running::{Ended, run, written};
use crate::tier::{self, Api, proof};

/// How many failures of a run are named.
const REASONS_MAX: usize = 5;

/// A slot in front of its gate.
pub(super) struct Trial<'a> {
    pub(super) means: Means<'a>,
    pub(super) slots: &'a Slots,
    pub(super) selection: &'a Selection,
    /// The commit that runs, if it is known.
    pub(super) running: Option<String>,
    pub(super) speed: Speed,
}

impl Trial<'_> {
    /// Has everything pass, and writes into the manifest that it did.
    pub(super) fn pass(&self, slot: &str, commit: &str) -> Result<Remarks> {
        let yard = Yard::of(self.means.workspace);
        let checkout = yard.checkout(self.means.workspace, commit)?;
        let mut manifest = self.slots.manifest(slot)?;
        let tree = tree(self.means.workspace.root(), commit)?;
        let mut remarks = Remarks::default();
        for tier in &self.selection.tiers {
            let mut wanted = wanted(*tier, &manifest, &tree, checkout.root())?;
            wanted.binaries.extend(self.agents(*tier)?);
            let place = receipt(self.slots, slot, *tier);
            if let Ok(receipt) = self.proof(&manifest, *tier, &wanted) {
                let age = proof::age(Timestamp::now().duration_since(receipt.written_at));
                say(&mut remarks, format!("{tier}: passed {age} ago, not run again"));
                continue;
            }
            let report = match tier {
                Tier::InProcess => in_process(self.means, &yard, &checkout),
                _ => self.real(&checkout, *tier, slot),
            };
            let report = report.and_then(|report| passed(&report).map(|()| report));
            let report = report.map_err(|no| self.heard(&mut manifest, Check::Tier(*tier), no))?;
            slots::write(&place, &Receipt::of(&report, wanted, Timestamp::now()))?;
            manifest.refused.tiers.remove(tier);
            say(&mut remarks, format!("{tier}: {} passed", report.verdict.passed));
        }
        if self.selection.measured {
            let measured = self.measure(&yard, commit, &mut remarks);
            measured.map_err(|no| self.heard(&mut manifest, Check::Measured, no))?;
            manifest.refused.measured = false;
        }
        if let Some(checks) = manifest.refused.names() {
            // Whoever selects takes them in.
            return Err(Trouble::refused(format!("{checks} said no of {slot} before")));
        }
        let tiers = self.selection.tiers.iter().copied().collect();
        manifest.gate = Some(slots::Gate { tree, tiers, passed_at: Timestamp::now() });
        self.slots.write(&manifest)?;
        Ok(remarks)
    }

    /// Whether each tier would run, and why.
    pub(super) fn foresee(&self, manifest: &Manifest, commit: &str) -> Vec<String> {
        let root = self.means.workspace.root();
        let standing = |tier: &Tier| -> anyhow::Result<String> {
            let tree = tree(root, commit)?;
            let place = receipt(self.slots, &manifest.name, *tier);
            // What a receipt holds of the lock file is part of the tree.
            let held = Receipt::read(&place)?.map(|held| held.subject.lockfile);
            let lock_hash = held.unwrap_or_default();
            let mut wanted = wanted_with(*tier, manifest, &tree, lock_hash);
            wanted.binaries.extend(self.agents(*tier)?);
            Ok(match self.proof(manifest, *tier, &wanted) {
                Ok(_) => format!("{tier} would not run again: its receipt holds"),
                Err(why) => format!("{tier} would run: {why}"),
            })
        };
        let say =
            |tier| standing(tier).unwrap_or_else(|error| format!("{tier} would run: {error:#}"));
        self.selection.tiers.iter().map(say).collect()
    }

    /// The receipt of a tier, where it holds.
    fn proof(
        &self,
        manifest: &Manifest,
        tier: Tier,
        wanted: &Wanted,
    ) -> std::result::Result<Receipt, String> {
        if manifest.refused.tiers.contains(&tier) {
            return Err("it said no the last time".to_owned());
        }
        proof::valid(&receipt(self.slots, &manifest.name, tier), Timestamp::now(), wanted)
    }

    /// What a check came to that did not pass. Where that speaks against the build, what an earlier gate
    /// said of it is taken back: the slot could be started by its name, or by receipts of other tiers.
    fn heard(&self, manifest: &mut Manifest, check: Check, no: Trouble) -> Trouble {
        let (true, Trouble::Refused { code, why, blame }) = (speaks_against(&no), &no) else {
            return no;
        };
        if room::is_full(self.slots.directory(), why) {
            return no;
        }
        let Err(error) = take_back(self.slots, manifest, check) else { return no };
        let slot = &manifest.name;
        let still = format!("what {slot} says of its gate could not be taken back ({error:#})");
        let instead = "never start it: cargo xtask slots mark-bad";
        let why = format!("{still}, {instead}: {why}");
        Trouble::Refused { code: *code, why, blame: *blame }
    }

    /// The real agent program, where it takes part in a tier: it lies in no slot.
    fn agents(&self, tier: Tier) -> anyhow::Result<BTreeMap<String, String>> {
        if tier != Tier::RealAgent {
            return Ok(BTreeMap::new());
        }
        agents(&self.means.workspace.target_dir().join("claude"))
    }

    /// A tier over real programs, with the slot's own runner.
    fn real(&self, checkout: &Checkout, tier: Tier, slot: &str) -> Result<Report> {
        let means = self.means;
        let root = self.slots.of(slot);
        let _agent = (tier == Tier::RealAgent)
            .then(|| Lent::new(&means.workspace.target_dir().join("claude"), &root.join("claude")))
            .transpose()?;
        let number = tier.number();
        let mut cases = Cases::whole(tier, root.join("bin").join(format!("tier{number}")));
        cases.order.gate = Gate::Closed;
        cases.directory = checkout.root().to_path_buf();
        cases.quarantine = Some(checkout.root().join("harness/quarantine.toml"));
        if tier == Tier::RealAgent {
            cases.api = Some(Api::Loopback);
        }
        cases::run(means, &cases, &format!("gate-tier{number}"))
    }

    /// What a target is measured against.
    pub(super) fn base(&self, commit: &str) -> Base {
        Base::find(self.means.workspace.root(), self.running.as_deref(), commit)
    }

    /// Measures the target against what runs.
    fn measure(&self, yard: &Yard, commit: &str, remarks: &mut Remarks) -> Result<()> {
        let Means { workspace, time, .. } = self.means;
        let report = yard.log("bench-report")?.with_extension("json");
        let log = yard.log("bench")?;
        let base = self.base(commit);
        progress::remark(&format!("measuring, against {}", base.against().name()));
        if report.exists() {
            fs::remove_file(&report).context("remove an old report")?;
        }
        let mut waited = Vec::new();
        let code = measure::in_turn(workspace, time, &mut waited, || {
            let mut command = Command::new(yard.program());
            command.args(base.command(commit)).arg(&report).current_dir(workspace.root());
            ended(run(command, &log, time.left(), time.interrupt())?)
        })?;
        remarks.says.extend(waited);
        if !report.exists() {
            let said = written(&log);
            let no = said_no(code, &format!("nothing was measured: {}", last_line(&said)));
            return Err(room::or_full(workspace.target_dir(), &said, no));
        }
        let report = BenchReport::read(&report).map_err(anyhow::Error::from)?;
        let judged = speed::judge(&report, base.against(), self.speed);
        if judged.code != ExitCode::Pass {
            return Err(Trouble::with(judged.code, judged.says.join("\n")));
        }
        if !judged.says.is_empty() {
            remarks.weight = Weight::Remarkable;
        }
        remarks.says.extend(judged.says);
        remarks.says.push(format!("{} metrics hold", report.verdict.held));
        Ok(())
    }
}

/// What can say no of a slot.
#[derive(Debug, Clone, Copy)]
enum Check {
    Tier(Tier),
    Measured,
}

/// Whether what a check came to is held against the build: that something is missing, or that nothing
/// can be said, is not, nor that somebody ended it.
fn speaks_against(no: &Trouble) -> bool {
    match no {
        Trouble::Refused { code: Some(code), .. } => {
            matches!(code, ExitCode::Failed | ExitCode::InvariantBroken | ExitCode::BuildFailed)
        }
        // A file of ours that could not be read or written, say.
        Trouble::Refused { code: None, .. }
        | Trouble::Late
        | Trouble::Unanswered { .. }
        | Trouble::Undecided(_)
        | Trouble::Interrupted => false,
    }
}

/// Takes back that a slot has passed. The manifest is first: it is what a restart and the launcher go by.
fn take_back(slots: &Slots, manifest: &mut Manifest, check: Check) -> anyhow::Result<()> {
    manifest.gate = None;
    match check {
        Check::Tier(tier) => drop(manifest.refused.tiers.insert(tier)),
        Check::Measured => manifest.refused.measured = true,
    }
    let written = slots.write(manifest);
    if let Check::Tier(tier) = check {
        let receipt = receipt(slots, &manifest.name, tier);
        if receipt.exists() {
            fs::remove_file(&receipt).with_context(|| format!("remove {}", receipt.display()))?;
            receipt.parent().map_or(Ok(()), slots::sync)?;
        }
    }
    written
}

/// Something that holds, told at once: a gate takes long.
fn say(remarks: &mut Remarks, what: String) {
    progress::remark(&what);
    remarks.says.push(what);
}

/// Tier 1: the tests of the commit, run by its own workflow.
fn in_process(means: Means<'_>, yard: &Yard, checkout: &Checkout) -> Result<Report> {
    let log = yard.log("tier1")?;
    let file = log.with_extension("json");
    if file.exists() {
        fs::remove_file(&file).context("remove an old report")?;
    }
    let mut command = crate::workspace::cargo();
    command.args(["xtask", "test-tier", "1", "--gate", "--json"]).arg(&file);
    command.current_dir(checkout.root()).env("CARGO_TARGET_DIR", yard.target());
    // Source that the compiler shows is known by how its lines begin.
    command.env("CARGO_TERM_COLOR", "never");
    let started_at = Timestamp::now();
    let code = ended(run(command, &log, means.time.left(), means.time.interrupt())?)?;
    let report = Report::read(&file).map_err(|_| {
        let said = written(&log);
        let no = said_no(code, &format!("tier 1 left no report: {}", last_line(&said)));
        room::or_full(&yard.target(), &said, no)
    })?;
    if is_of_run(&report, started_at, code) {
        Ok(report)
    } else {
        Err(Trouble::refused("the report of tier 1 is not of this run"))
    }
}

/// Whether a report is of the whole of tier 1 behind a closed gate, of a run that began no sooner and
/// ended with this number, here.
fn is_of_run(report: &Report, started_at: Timestamp, code: i32) -> bool {
    report.tier == Tier::InProcess
        && report.gate == Gate::Closed
        && report.selection.is_everything()
        && started_at <= report.started_at
        && report.machine == Machine::here()
        && code == i32::from(report.verdict.exit_code.number())
}

/// What it means for the gate that a command of the workflow ended with this number and left nothing.
fn said_no(code: i32, why: &str) -> Trouble {
    match ExitCode::from_number(code) {
        Some(ExitCode::Locked) => Trouble::with(
            ExitCode::Locked,
            format!(
                "another run (tiers, contracts, stress or measuring) goes on in this build directory: {why}"
            ),
        ),
        Some(
            code @ (ExitCode::InvariantBroken
            | ExitCode::BuildFailed
            | ExitCode::Inconclusive
            | ExitCode::PreconditionMissing),
        ) => Trouble::with(code, why),
        // There is nothing to hold it against: that is missing, and says nothing about the target.
        Some(ExitCode::NoReference | ExitCode::NothingSelected) => {
            Trouble::with(ExitCode::PreconditionMissing, why)
        }
        _ => Trouble::with(ExitCode::Failed, why),
    }
}

/// What a run has to be for the gate to open.
fn passed(report: &Report) -> Result<()> {
    let verdict = &report.verdict;
    if verdict.exit_code == ExitCode::Pass && verdict.quarantined == 0 && 0 < verdict.passed {
        return Ok(());
    }
    let lacks = report.cases.iter().find(|case| case.outcome == Outcome::MissingPrecondition);
    let lacks = lacks.and_then(|case| case.message.as_deref());
    let lacks = lacks.map_or_else(String::new, |message| format!(": {message}"));
    let mut why = vec![format!("{}: {}{lacks}", report.tier, verdict.exit_code.meaning())];
    why.extend(verdict.reasons.iter().take(REASONS_MAX).cloned());
    let code = match verdict.exit_code {
        ExitCode::InvariantBroken => ExitCode::InvariantBroken,
        ExitCode::PreconditionMissing => ExitCode::PreconditionMissing,
        _ => ExitCode::Failed,
    };
    let why = why.join("\n");
    // Neither a runner that fell over nor a quarantine that has expired says anything of the build.
    let has_only_fallen = tier::has_fallen(report) && verdict.failed == 1;
    let says_nothing = has_only_fallen || verdict.exit_code == ExitCode::FileInvalid;
    Err(if says_nothing { Trouble::refused(why) } else { Trouble::with(code, why) })
}

fn ended(ended: Ended) -> Result<i32> {
    match ended {
        Ended::With(code) => Ok(code),
        Ended::TooLate => Err(Trouble::Late),
        Ended::Interrupted => Err(Trouble::Interrupted),
    }
}

fn last_line(said: &str) -> String {
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    line.unwrap_or("it said nothing").to_owned()
}

/// What git calls the files of a commit.
fn tree(root: &Path, commit: &str) -> anyhow::Result<String> {
    ask(root, &["rev-parse", &format!("{commit}^{{tree}}")])
}

fn receipt(slots: &Slots, slot: &str, tier: Tier) -> PathBuf {
    slots.of(slot).join(format!("receipts/tier-{}.json", tier.number()))
}

/// What the name of the real agent program begins with in a receipt.
const AGENT: &str = "claude/";

/// The hash of every version of the real agent program that is installed in `directory`: which of
/// them a slot's runner takes, that knows.
fn agents(directory: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(BTreeMap::new()) };
    let versions = entries.filter_map(std::result::Result::ok);
    let installed = versions.map(|entry| (entry.file_name(), entry.path().join("claude")));
    installed
        .filter(|(_, program)| program.is_file())
        .map(|(version, program)| {
            Ok((format!("{AGENT}{}", version.to_string_lossy()), sha256(&program)?))
        })
        .collect()
}

/// What a receipt of a tier has to be about.
fn wanted(tier: Tier, manifest: &Manifest, tree: &str, files: &Path) -> anyhow::Result<Wanted> {
    let lockfile = sha256(&files.join("Cargo.lock"))?;
    Ok(wanted_with(tier, manifest, tree, lockfile))
}

fn wanted_with(tier: Tier, manifest: &Manifest, tree: &str, lockfile: String) -> Wanted {
    let binaries = if tier == Tier::InProcess { <_>::default() } else { manifest.programs.clone() };
    Wanted {
        tier,
        tree: harness::receipt::Tree { hash: tree.to_owned(), clean: true },
        lockfile,
        binaries,
        api: (tier == Tier::RealAgent).then(|| Api::Loopback.word().to_owned()),
        machine: Machine::here(),
    }
}

/// Something of the work tree that a slot has only while it is tested: its runner looks for the real
/// agent program beside its own directory.
struct Lent {
    link: PathBuf,
}

impl Lent {
    fn new(what: &Path, link: &Path) -> anyhow::Result<Self> {
        if link.is_symlink() {
            fs::remove_file(link).with_context(|| format!("remove {}", link.display()))?;
        }
        symlink(what, link).with_context(|| format!("make {}", link.display()))?;
        Ok(Self { link: link.to_path_buf() })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // One that stays is replaced by the next.
        drop(fs::remove_file(&self.link));
    }
}

/// What every slot has to have passed.
const TIERS_MIN: [Tier; 2] = [Tier::InProcess, Tier::RealBinaries];

/// Whether the manifest of a slot says that its gate has passed, and no receipt in it says otherwise.
/// How old they are is no matter here: the slot was tested when it was built, and is the same since.
pub(super) fn ensure_passed(slots: &Slots, manifest: &Manifest) -> std::result::Result<(), String> {
    if let Some(checks) = manifest.refused.names() {
        return Err(format!("{checks} said no"));
    }
    let gate = manifest.gate.as_ref().ok_or_else(|| "nor was it tried".to_owned())?;
    if let Some(tier) = TIERS_MIN.iter().find(|tier| !gate.tiers.contains(tier)) {
        return Err(format!("{tier} is no part of what did"));
    }
    for tier in &gate.tiers {
        let held = Receipt::read(&receipt(slots, &manifest.name, *tier));
        let Some(held) = held.map_err(|error| format!("failed to {error}"))? else { continue };
        let mut wanted = wanted_with(*tier, manifest, &gate.tree, held.subject.lockfile.clone());
        // The real agent program is no part of the slot.
        let agents = held.subject.binaries.iter().filter(|(name, _)| name.starts_with(AGENT));
        wanted.binaries.extend(agents.map(|(name, hash)| (name.clone(), hash.clone())));
        held.is_valid(held.written_at, &wanted)
            .map_err(|stale| format!("the receipt of {tier} holds no more ({stale})"))?;
    }
    Ok(())
}

/// The tiers of a gate that has passed, in words.
pub(super) fn shown(gate: &slots::Gate) -> String {
    let tiers: BTreeSet<String> = gate.tiers.iter().map(ToString::to_string).collect();
    let tiers = tiers.into_iter().collect::<Vec<_>>().join(", ");
    format!("{tiers} passed at {:.0}", gate.passed_at)
}

#[cfg(test)]
mod tests;
