//! The loop of a restart: each action that the machine wants is carried out, and what came of it is
//! told.
//!
//! ```text
//! lock, look, select, build, gate, candidate   prepare, preflight: before anything is held
//! glance .. switch, release, confirm, back     passage: the verbs of the daemon's program
//! compare, verify, check of the previous one   verify: the slot's tier 4 runner
//! prune, alert                                 leave
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::exit_code::ExitCode;
use harness::restart::flags::{Flags, Scope};
use harness::restart::machine::{Action, Event, Hearing, Remarks, Restart, Sight, Told};

use super::home::Home;
use super::lock::{Holder, Lock};
use super::passage::Passage;
use super::progress::Progress;
use super::select::Selection;
use super::slots::Slots;
use super::stuck::Stuck;
use super::target::Target;
use super::time::Time;
use super::trouble::{Result, Trouble};
use super::verify::Subject;
use super::{LOCK, Means, leave, lock, passage, preflight, verify};
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// A restart under way.
pub(super) struct Runner<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) home: Home,
    /// Beside its report.
    pub(super) runs: PathBuf,
    pub(super) id: String,
    pub(super) flags: Flags,
    pub(super) interrupt: &'a Interrupt,
    /// For the way back, which nobody interrupts.
    pub(super) deaf: Interrupt,
    pub(super) target: Target,
    pub(super) who: &'static str,
    pub(super) began: Instant,
    pub(super) before: Option<Sight>,
    /// Just before the hold: the target is not to be blamed for it.
    pub(super) stuck: Stuck,
    pub(super) selection: Option<Selection>,
    pub(super) slot: Option<String>,
    /// Held to the end.
    pub(super) lock: Option<Lock>,
    /// The build directory, held until the gate has passed.
    pub(super) yard: Option<Lock>,
}

impl<'a> Runner<'a> {
    /// One that has done nothing yet, for a person who asks for nothing special.
    pub(super) fn new(
        workspace: &'a Workspace,
        home: Home,
        id: String,
        target: Target,
        interrupt: &'a Interrupt,
    ) -> Self {
        Self {
            workspace,
            runs: home.report(&id).join("runs"),
            home,
            id,
            flags: Flags::default(),
            interrupt,
            deaf: Interrupt::never(),
            target,
            who: "a person",
            began: Instant::now(),
            before: None,
            stuck: Stuck::default(),
            selection: None,
            slot: None,
            lock: None,
            yard: None,
        }
    }

    /// Carries out what the machine wants, until it wants nothing more.
    pub(super) fn drive(&mut self, mut restart: Restart) -> Restart {
        let mut progress = Progress::begin();
        let mut told_of_interrupt = false;
        while let Some(action) = restart.poll_action(self.began.elapsed()) {
            progress.tell_ended(&restart);
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
            match event(result) {
                Some(event) => restart.handle(self.began.elapsed(), event),
                None => restart.handle_deadline(self.began.elapsed().max(due)),
            }
        }
        progress.tell_ended(&restart);
        restart
    }

    /// Does one thing.
    fn carry_out(&mut self, action: &Action, limit: Duration, hearing: Hearing) -> Result<Told> {
        let interrupt = match hearing {
            Hearing::Open => self.interrupt,
            Hearing::Deaf => &self.deaf,
        };
        let time = Time::from_now(limit, interrupt);
        let means = Means { workspace: self.workspace, time, runs: &self.runs };
        let passage = Passage { home: &self.home, id: &self.id, time };
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
                self.yard = self.take_yard()?;
                let (slot, remarks) = self.build(means)?;
                self.slot = Some(slot.clone());
                Ok(Told::Built { slot, remarks })
            }
            Action::Gate => {
                let passed = self.gate(means).map(Told::Done);
                self.yard = None;
                passed
            }
            Action::Candidate => passage::candidate(&self.home, &self.id, self.slot()?, time),
            Action::Compare => {
                let (stuck, remarks) = self.compare(means, passage)?;
                self.stuck = stuck;
                Ok(Told::Done(remarks))
            }
            Action::Glance => passage.glance(),
            Action::Drain { within, lease, manners } => {
                self.stuck = passage.stuck(&self.stuck)?;
                let drained = passage.drain(*within, *lease, *manners)?;
                if let Told::Drained { quiet: true, .. } = drained {
                    // A turn that was waited for may have failed.
                    self.stuck = passage.stuck(&self.stuck)?;
                }
                Ok(drained)
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
                subject.not_blaming(&self.stuck).watched().look(*probe, self.flags.soak)
            }
            Action::Release => passage.release().map(Told::Resident),
            Action::Confirm(proof) => passage.confirm(*proof),
            Action::Prune => {
                let needed = [self.slot()?, self.previous()?];
                Ok(Told::Done(leave::prune(&self.home, &needed)?))
            }
            Action::Disarm => passage.disarm(),
            Action::Untouched => passage.untouched(),
            Action::Settle => passage.settle().map(Told::Settled),
            Action::RollBack { why, blame } => passage.roll_back(why, *blame),
            Action::CheckPrevious => {
                verify::check_previous(means, passage, &self.stuck, self.slot.as_deref())
            }
            Action::Alert { why } => Ok(Told::Done(leave::alert(&self.home, why, limit)?)),
        }
    }

    /// Has the daemon that runs answer what its successor will have to; what is stuck with it.
    fn compare(&self, means: Means<'_>, passage: Passage<'_>) -> Result<(Stuck, Remarks)> {
        let mut stuck = passage.stuck(&self.stuck)?;
        let (previous, target) = (self.previous()?, self.slot.as_deref());
        let subject = Subject::new(means, &self.home, previous, target).not_blaming(&stuck);
        let (answers, remarks) = subject.compare()?;
        stuck.is_mute = !answers;
        Ok((stuck, remarks))
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
        // What older ones have left may take the room that this one needs.
        let says = leave::keep(&self.home).err().map(|error| format!("failed to {error:#}"));
        Ok(Told::Done(Remarks::plain(says)))
    }

    pub(super) fn slots(&self) -> Slots {
        Slots::at(self.home.slots())
    }

    pub(super) fn slot(&self) -> Result<&str> {
        self.slot.as_deref().ok_or_else(lost)
    }

    fn previous(&self) -> Result<&str> {
        self.before.as_ref().map(|before| before.slot.as_str()).ok_or_else(lost)
    }
}

/// An answer that the machine would not have asked for yet.
pub(super) fn lost() -> Trouble {
    Trouble::refused("an earlier step has left nothing to go on with")
}

/// What the machine is told of an action; nothing where that has just had no more time.
fn event(result: Result<Told>) -> Option<Event> {
    match result {
        Ok(told) => Some(Event::Told(told)),
        Err(Trouble::Late) => None,
        Err(unanswered @ Trouble::Unanswered { .. }) => {
            Some(Event::Unanswered(unanswered.to_string()))
        }
        Err(trouble) => Some(Event::Failed(trouble.failure())),
    }
}

#[cfg(test)]
mod tests;
