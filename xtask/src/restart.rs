//! `cargo xtask safe-restart`: a new build takes the place of the daemon that answers people, or
//! nothing changes.
//!
//! ```text
//! harness::restart::machine ──action──> here ──verbs of the daemon's program──> daemon, launcher
//!            ^                           │
//!            └──────── what came ────────┘                  ──> state/restart/reports/<id>/
//! ```
//!
//! What is done next is decided by the machine; here each action is carried out, one file for a group
//! of them. Absent: sockets and the database, which the daemon's program knows, and signals to any
//! process but those that are started here: the launcher stops and starts daemons.

mod arguments;
mod build;
mod cases;
mod gate;
mod home;
mod leave;
mod lock;
mod looks;
mod measure;
mod passage;
mod preflight;
mod progress;
mod select;
mod slots;
mod stuck;
mod time;
mod trouble;
mod verify;
mod views;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::restart::flags::{Flags, Scope};
use harness::restart::machine::{Action, Event, Hearing, Remarks, Restart, Sight, Told};
use harness::restart::render;
use harness::restart::report::{self, Report};
use harness::restart::step::Step;
use harness::seed::Seed;
use jiff::Timestamp;

pub(crate) use self::arguments::{Arguments, SlotArguments, StatusArguments};
use self::build::Yard;
use self::gate::Trial;
use self::home::Home;
use self::lock::{Holder, Lock};
use self::passage::Passage;
use self::progress::Progress;
use self::select::Selection;
use self::slots::Slots;
use self::stuck::Stuck;
use self::time::Time;
use self::trouble::{Result, Trouble};
use self::verify::Subject;
use crate::checkout::ask;
use crate::running::Interrupt;
use crate::tier;
use crate::workspace::Workspace;

/// The lock of restarts, below the home.
const LOCK: &str = "run/restart.lock";

/// What an action works with.
#[derive(Clone, Copy)]
struct Means<'a> {
    workspace: &'a Workspace,
    interrupt: &'a Interrupt,
    limit: Duration,
    /// Where runs of cases leave what they leave.
    runs: &'a Path,
}

/// What is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    /// As it was asked for.
    asked: String,
    commit: Option<String>,
    /// A slot that was named; none where one is built.
    slot: Option<String>,
    /// What the asker may not know.
    remark: Option<String>,
}

/// `cargo xtask slots`.
pub(crate) fn slots(arguments: &SlotArguments) -> ExitCode {
    answered(looks::slots(arguments))
}

/// `cargo xtask restart-status`.
pub(crate) fn status(arguments: &StatusArguments) -> ExitCode {
    answered(looks::status(arguments))
}

/// `cargo xtask safe-restart`.
pub(crate) fn safe_restart(
    workspace: &Workspace,
    arguments: &Arguments,
) -> anyhow::Result<ExitCode> {
    let flags = match arguments.words().read() {
        Ok(flags) => flags,
        Err(error) => {
            return Ok(answered(Err(Trouble::with(
                ExitCode::BadUsage,
                format!("failed to {error}"),
            ))));
        }
    };
    let interrupt = Interrupt::listen().context("listen to signals")?;
    Ok(answered(run(workspace, arguments, flags, &interrupt)))
}

/// A refusal is an answer.
fn answered(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|trouble| {
        eprintln!("xtask: {trouble}");
        trouble.failure().code.unwrap_or(ExitCode::Failed)
    })
}

/// All of it, to the report and the verdict.
fn run(
    workspace: &Workspace,
    arguments: &Arguments,
    flags: Flags,
    interrupt: &Interrupt,
) -> Result<ExitCode> {
    let missing = |error: anyhow::Error| {
        Trouble::with(ExitCode::PreconditionMissing, format!("failed to {error:#}"))
    };
    let home = Home::find(arguments.home.as_deref()).map_err(missing)?;
    let target = target(workspace, arguments)?;
    let id = arguments.request.clone().unwrap_or_else(fresh_id);
    if !is_id(&id) {
        let why = format!("{id:?} is no id of a restart");
        return Err(Trouble::with(ExitCode::BadUsage, why));
    }
    let started_at = Timestamp::now();
    let mut runner = Runner {
        workspace,
        runs: home.report(&id).join("runs"),
        home,
        id,
        flags: flags.clone(),
        interrupt,
        deaf: Interrupt::never(),
        target,
        who: if arguments.request.is_some() { "a request from inside" } else { "a person" },
        began: Instant::now(),
        before: None,
        stuck: Stuck::default(),
        selection: None,
        slot: None,
        lock: None,
        yard: None,
    };
    let restart = runner.drive(Restart::new(flags));
    let report = runner.report(&restart, started_at);
    if let Err(error) = leave::report(&runner.home, &report, arguments.json.as_deref()) {
        // What became of the daemon is more than what became of the report.
        eprintln!("xtask: failed to {error:#}");
    }
    print!("\n{}", render::terminal(&report, tier::colour()));
    let place = runner.home.report(&runner.id);
    println!("report: {}", place.display());
    println!("{}", report.verdict.says.lines().next().unwrap_or_default());
    Ok(report.verdict.exit_code)
}

/// What was asked to run, found in the repository.
fn target(workspace: &Workspace, arguments: &Arguments) -> Result<Target> {
    if let Some(slot) = &arguments.slot {
        if !slots::is_name(slot) {
            return Err(Trouble::with(
                ExitCode::BadUsage,
                format!("{slot:?} is no name of a slot"),
            ));
        }
        let (asked, slot) = (slot.clone(), Some(slot.clone()));
        return Ok(Target { asked, commit: None, slot, remark: None });
    }
    let asked = arguments.target.clone();
    let named = format!("{asked}^{{commit}}");
    let root = workspace.root();
    let commit = ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
        .map_err(|_| {
            Trouble::with(ExitCode::BadUsage, format!("failed to find the revision {asked}"))
        })?;
    let dirty = !ask(root, &["status", "--porcelain"])?.is_empty();
    let remark = dirty.then(|| {
        "the work tree has changes, which are no part of it: the commit is built".to_owned()
    });
    Ok(Target { asked, commit: Some(commit), slot: None, remark })
}

/// `r<milliseconds>-<4 digits>`.
fn fresh_id() -> String {
    let chance = Seed::fresh().next() & 0xffff;
    format!("r{}-{chance:04x}", Timestamp::now().as_millisecond())
}

/// An id becomes a name of files.
fn is_id(id: &str) -> bool {
    slots::is_name(id) && id.starts_with('r')
}

/// A restart under way.
struct Runner<'a> {
    workspace: &'a Workspace,
    home: Home,
    /// Beside its report.
    runs: PathBuf,
    id: String,
    flags: Flags,
    interrupt: &'a Interrupt,
    /// For the way back, which nobody interrupts.
    deaf: Interrupt,
    target: Target,
    who: &'static str,
    began: Instant,
    before: Option<Sight>,
    /// Just before the hold: the target is not to be blamed for it.
    stuck: Stuck,
    selection: Option<Selection>,
    slot: Option<String>,
    /// Held to the end.
    lock: Option<Lock>,
    /// The build directory, held until the gate has passed.
    yard: Option<Lock>,
}

impl Runner<'_> {
    /// Carries out what the machine wants, until it wants nothing more.
    fn drive(&mut self, mut restart: Restart) -> Restart {
        let mut progress = Progress::begin();
        let mut told_of_interrupt = false;
        let mut ended = 0;
        while let Some(action) = restart.poll_action(self.began.elapsed()) {
            ended = tell_ended(&mut progress, &restart, ended);
            let due = restart.deadline().unwrap_or(Duration::MAX);
            let limit = due.saturating_sub(self.began.elapsed());
            // What is only foreseen is not begun.
            if let Some(step) = restart.step().filter(|_| action != Action::Foresee) {
                progress.begins(step, action.name(), step.limit(&self.flags));
            }
            let result = self.carry_out(&action, limit, restart.hearing());
            let interrupted = self.interrupt.came() && !told_of_interrupt;
            if interrupted {
                told_of_interrupt = true;
                restart.handle(self.began.elapsed(), Event::Interrupted);
            }
            match result {
                Ok(told) => restart.handle(self.began.elapsed(), Event::Told(told)),
                Err(Trouble::Late) => {
                    restart.handle_deadline(self.began.elapsed().max(due));
                }
                Err(trouble) => {
                    restart.handle(self.began.elapsed(), Event::Failed(trouble.failure()));
                }
            }
        }
        tell_ended(&mut progress, &restart, ended);
        restart
    }

    /// Does one thing.
    fn carry_out(&mut self, action: &Action, limit: Duration, hearing: Hearing) -> Result<Told> {
        let interrupt = match hearing {
            Hearing::Open => self.interrupt,
            Hearing::Deaf => &self.deaf,
        };
        let means = Means { workspace: self.workspace, interrupt, limit, runs: &self.runs };
        let passage = Passage { home: &self.home, id: &self.id, limit, interrupt };
        match action {
            Action::Lock => self.take_lock(),
            Action::Look => {
                let sight = preflight::look(&self.home, &self.target, self.flags.scope)?;
                self.before = Some(sight.clone());
                Ok(Told::Looked(sight))
            }
            Action::Select => self.select(),
            Action::Foresee => self.foresee(means),
            Action::Build => {
                if self.target.slot.is_none() {
                    let holder = Holder::here(self.who, &self.target.asked);
                    self.yard = Some(Yard::of(self.workspace).lock(&holder)?);
                }
                let (slot, remarks) = self.build(means)?;
                self.slot = Some(slot.clone());
                Ok(Told::Built { slot, remarks })
            }
            Action::Gate => {
                let passed = self.gate(means).map(Told::Done);
                self.yard = None;
                passed
            }
            Action::Candidate => {
                let time = Time::from_now(limit, interrupt);
                passage::candidate(&self.home, &self.id, self.slot()?, time)
            }
            Action::Glance => passage.glance(),
            Action::Drain { within, lease, manners } => {
                if let Some(stuck) = passage.stuck()? {
                    self.stuck = stuck;
                }
                passage.drain(*within, *lease, *manners)
            }
            Action::LetGo => passage.release().map(|_| Told::Done(Remarks::default())),
            Action::BackUp => passage.back_up(),
            Action::Arm => {
                let before = self.before.as_ref().ok_or_else(lost)?;
                passage.arm(self.slot()?, before, self.flags.confirm_timeout)
            }
            Action::Switch => passage.switch(),
            Action::Verify(probe) => {
                let subject = Subject::new(means, &self.home, self.slot()?, None);
                subject.not_blaming(&self.stuck).look(*probe, self.flags.soak)
            }
            Action::Release => passage.release().map(Told::Resident),
            Action::Confirm(proof) => passage.confirm(*proof),
            Action::Prune => {
                let previous = self.before.as_ref().map(|before| before.slot.as_str());
                let needed: Vec<&str> = self.slot.as_deref().into_iter().chain(previous).collect();
                Ok(Told::Done(leave::prune(&self.home, &needed)?))
            }
            Action::Disarm => passage.disarm(),
            Action::Untouched => passage.untouched(),
            Action::Settle => passage.settle().map(Told::Settled),
            Action::RollBack { why, blame } => passage.roll_back(why, *blame),
            Action::CheckPrevious => self.check_previous(means),
            Action::Alert { why } => Ok(Told::Done(leave::alert(&self.home, why, limit)?)),
        }
    }

    /// A dry run only looks who has it.
    fn take_lock(&mut self) -> Result<Told> {
        let path = self.home.at(LOCK);
        if self.flags.scope == Scope::DryRun {
            lock::ensure_free(&path)?;
            return Ok(Told::Done(Remarks::default()));
        }
        let holder = Holder::here(self.who, &self.target.asked);
        self.lock = Some(Lock::take(&path, &holder)?);
        passage::sweep(&self.home).map_err(|error| {
            Trouble::with(ExitCode::PreconditionMissing, format!("failed to {error:#}"))
        })?;
        Ok(Told::Done(Remarks::default()))
    }

    fn select(&mut self) -> Result<Told> {
        let slots = self.slots();
        if let Some(slot) = &self.target.slot {
            self.target.commit = slots.manifest(slot)?.commit;
            let says = vec!["no tests: the slot has passed its gate".to_owned()];
            return Ok(Told::Done(Remarks::plain(says)));
        }
        let commit = self.target.commit.clone().ok_or_else(lost)?;
        let running = slots.manifest(&slots.current()?)?.commit;
        let changed = select::changed(self.workspace.root(), running.as_deref(), &commit);
        let selection = select::select(&self.flags.gate, &changed);
        let remarks = Remarks::plain(selection.says.clone());
        self.selection = Some(selection);
        Ok(Told::Done(remarks))
    }

    /// What would be done from here on.
    fn foresee(&self, means: Means<'_>) -> Result<Told> {
        let mut says = Vec::new();
        match (&self.target.slot, &self.target.commit, &self.selection) {
            (None, Some(commit), Some(selection)) => {
                let slots = self.slots();
                if let Some(manifest) = slots.of_commit(commit)? {
                    says.push(format!("slot {} would be taken: nothing is built", manifest.name));
                    says.extend(self.trial(means, &slots, selection)?.foresee(&manifest, commit));
                } else {
                    says.push(format!("commit {commit} would be built: it has no slot"));
                    says.extend(selection.tiers.iter().map(|tier| format!("{tier} would run")));
                }
                if selection.measured {
                    says.push(self.trial(means, &slots, selection)?.base(commit).foreseen());
                }
            }
            _ => says.push(format!("slot {} would be taken as it is", self.target.asked)),
        }
        Ok(Told::Done(Remarks::plain(says)))
    }

    fn build(&self, means: Means<'_>) -> Result<(String, Remarks)> {
        if let Some(slot) = &self.target.slot {
            return Ok((slot.clone(), Remarks::plain(["it is built already".to_owned()])));
        }
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        if let Some(manifest) = self.slots().of_commit(commit)? {
            let says = format!("{} is of this commit: nothing is built", manifest.name);
            return Ok((manifest.name, Remarks::plain([says])));
        }
        let time = (means.interrupt, means.limit);
        let slot = build::build(self.workspace, &self.home, commit, time)?;
        let says = format!("{slot} was built");
        Ok((slot, Remarks::plain([says])))
    }

    fn gate(&self, means: Means<'_>) -> Result<Remarks> {
        let slots = self.slots();
        let slot = self.slot()?;
        if self.target.slot.is_some() {
            let gate = slots.manifest(slot)?.gate.ok_or_else(lost)?;
            return Ok(Remarks::plain([gate::shown(&gate)]));
        }
        let selection = self.selection.as_ref().ok_or_else(lost)?;
        let commit = self.target.commit.as_deref().ok_or_else(lost)?;
        self.trial(means, &slots, selection)?.pass(slot, commit)
    }

    fn trial<'t>(
        &'t self,
        means: Means<'t>,
        slots: &'t Slots,
        selection: &'t Selection,
    ) -> Result<Trial<'t>> {
        let running = slots.manifest(&slots.current()?)?.commit;
        Ok(Trial { means, slots, selection, running, speed: self.flags.speed })
    }

    fn check_previous(&self, means: Means<'_>) -> Result<Told> {
        let time = Time::from_now(means.limit, means.interrupt);
        let passage =
            |limit| Passage { home: &self.home, id: &self.id, limit, interrupt: means.interrupt };
        // A hold of a restart that is no more: that there is none is no failure.
        let _nothing_held = passage(time.left()).release();
        let settled = passage(time.left()).settle()?;
        let subject = Subject::new(means, &self.home, &settled.slot, self.slot.as_deref());
        subject.brief("previous", time)?;
        Ok(Told::Settled(settled))
    }

    fn slots(&self) -> Slots {
        Slots::at(self.home.slots())
    }

    fn slot(&self) -> Result<&str> {
        self.slot.as_deref().ok_or_else(lost)
    }

    /// How the target's slot is marked by now, whoever has marked it.
    fn standing(&self) -> Option<report::Standing> {
        let slot = self.slot.as_deref()?;
        // A mark that cannot be read is none to rely on.
        let mark = self.slots().standing(slot).ok()?;
        Some(match mark.as_deref() {
            Some("good") => report::Standing::Good,
            Some("bad") => report::Standing::Bad,
            _ => report::Standing::Unproven,
        })
    }

    fn report(&self, restart: &Restart, started_at: Timestamp) -> Report {
        let account = restart.account();
        Report {
            schema: report::SCHEMA.to_owned(),
            id: self.id.clone(),
            scope: self.flags.scope,
            started_at,
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            repeat: repeat(),
            target: report::Target {
                asked: self.target.asked.clone(),
                commit: self.target.commit.clone(),
                slot: self.slot.clone(),
            },
            previous: account.previous.clone(),
            standing: self.standing(),
            before: account.before,
            after: account.after,
            gap_ms: account.gap_ms,
            held_ms: account.held_ms,
            backup: account.backup.clone(),
            steps: account.steps.clone(),
            decisions: account.decisions.clone(),
            verdict: account.verdict(),
        }
    }
}

/// An answer that the machine would not have asked for yet.
fn lost() -> Trouble {
    Trouble::refused("an earlier step has left nothing to go on with")
}

/// The command that was typed.
fn repeat() -> String {
    let words = std::env::args()
        .skip(1)
        .map(|word| if word.contains([' ', '"']) { format!("{word:?}") } else { word });
    std::iter::once("cargo xtask".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Tells of the steps that have ended since; how many have in all.
fn tell_ended(progress: &mut Progress, restart: &Restart, told: usize) -> usize {
    let open: Option<Step> = restart.step();
    let begun = |step: &&report::StepReport| {
        step.outcome != report::Outcome::Skipped && Some(step.step) != open
    };
    let ended: Vec<&report::StepReport> = restart.account().steps.iter().filter(begun).collect();
    for step in ended.iter().skip(told) {
        progress.ended(step);
    }
    told.max(ended.len())
}

#[cfg(test)]
mod tests;
