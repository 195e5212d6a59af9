//! The ways back: what a failure undoes, and what the world looks like afterwards.

use std::time::Duration;

use super::{
    Action, Blame, Delivery, Failure, Grip, Pending, Proof, ROLL_BACKS_MAX, Restart, Settled,
    Sight, Standing, Told,
};
use crate::exit_code::ExitCode;
use crate::restart::flags::OnFailure;
use crate::restart::machine::Remarks;
use crate::restart::report::Outcome;
use crate::restart::step::Step;

impl Restart {
    /// `action` came to nothing.
    pub(super) fn fail(&mut self, now: Duration, action: &Action, failure: Failure) {
        if self.failed.is_some() {
            self.fail_again(now, action, &failure.why);
            return;
        }
        if *action == Action::Prune {
            self.account
                .say(Remarks { says: vec![failure.why], weight: super::Weight::Remarkable });
            self.account.close(now, Outcome::Passed);
            return;
        }
        let step = action.step().or(self.account.open_step()).unwrap_or(Step::RollBack);
        let code = failure.code.unwrap_or(step.failure());
        self.account.close_failed(now, &failure.why);
        self.actions.clear();
        let why = failure.why;
        let was_tried = action.is_check() || *action == Action::Switch;
        let blame = if was_tried { failure.blame } else { Blame::Nobody };
        self.failed = Some(Failure { code: Some(code), why: why.clone(), blame });
        match self.grip {
            Grip::Nothing if self.before.is_some() => self.next(Action::Untouched),
            Grip::Nothing => self.account.end_with(code, &why),
            Grip::Held => {
                self.account.decide("nothing has happened yet: the hold is ended");
                self.actions.extend([Action::Release, Action::Untouched]);
            }
            Grip::Armed => self.disarm(),
            Grip::Switching => self.next(Action::Settle),
            // The blessing may have come through.
            Grip::Target if self.kept_as.is_some() => self.next(Action::Settle),
            // Nobody asked to keep one of which nothing is known.
            Grip::Target if self.flags.on_failure == OnFailure::Keep && blame == Blame::Target => {
                self.keep();
            }
            Grip::Target | Grip::Back => self.roll_back(),
        }
    }

    fn disarm(&mut self) {
        self.account.decide("nothing has happened yet: the launcher is disarmed, the hold ended");
        self.actions.extend([Action::Disarm, Action::Release, Action::Untouched]);
    }

    /// The target stays although it failed: without the blessing the launcher would go back.
    fn keep(&mut self) {
        self.account.decide(
            "the target stays although it failed, as --no-rollback asks; it is not marked good by that",
        );
        if let Some(failed) = &mut self.failed {
            failed.code = Some(ExitCode::Failed);
        }
        self.next(Action::Confirm(Proof::Unproven));
    }

    fn roll_back(&mut self) {
        let why = self.why();
        let blame = self.failed.as_ref().map_or(Blame::Nobody, |failed| failed.blame);
        self.roll_backs += 1;
        self.account.decide(match blame {
            Blame::Target => {
                format!("it is gone back to the previous slot, and the target marked bad: {why}")
            }
            Blame::Nobody => format!(
                "it is gone back to the previous slot; nothing speaks against the target, which may be tried again: {why}"
            ),
        });
        self.next(Action::RollBack { why, blame });
    }

    /// The launcher has gone back by itself.
    pub(super) fn went_back(&mut self, now: Duration, why: &str) {
        self.account.close_failed(now, why);
        // The launcher has judged for itself.
        self.failed = Some(Failure { code: Some(ExitCode::RolledBack), ..Failure::blameless(why) });
        self.account.decide("the launcher has gone back to the previous slot by itself");
        self.raise(Grip::Back);
        self.next(Action::CheckPrevious);
    }

    /// Something on the way back came to nothing, too.
    fn fail_again(&mut self, now: Duration, action: &Action, why: &str) {
        match action {
            Action::Release => {
                self.account.decide(format!("the hold was not ended, its lease does that: {why}"));
            }
            Action::Disarm => {
                self.account.decide(format!(
                    "the launcher was not disarmed, which it does itself when the lock is gone: {why}"
                ));
            }
            Action::Untouched => {
                self.end_as_it_failed();
                self.account.end_with(
                    ExitCode::InvariantBroken,
                    &format!("the daemon was not seen to be untouched: {why}"),
                );
            }
            Action::RollBack { .. } | Action::Confirm(_) => {
                self.account.decide(format!("{} failed: {why}", action.name()));
                self.account.close_failed(now, why);
                self.next(Action::Settle);
            }
            Action::Alert { .. } => {
                self.account.decide(format!("nobody could be told: {why}"));
                self.account.close(now, Outcome::Failed);
            }
            _ => self.give_up(now, why),
        }
    }

    /// Takes an answer on the way back.
    pub(super) fn retreat(&mut self, now: Duration, action: &Action, told: Told) {
        match (action, told) {
            (Action::Disarm, Told::Done(remarks)) => self.account.say(remarks),
            (Action::Release, Told::Resident(_)) => self.account.released(now),
            (Action::Untouched, Told::Looked(sight)) => self.seen_again(now, &sight),
            (Action::Settle, Told::Settled(settled)) => self.settled(now, &settled),
            (Action::RollBack { .. }, Told::Done(remarks)) => {
                self.account.say(remarks);
                self.next(Action::CheckPrevious);
            }
            (Action::CheckPrevious, Told::Settled(settled)) => self.checked(now, &settled),
            (Action::Alert { .. }, Told::Done(remarks)) => {
                self.account.say(remarks);
                self.account.close(now, Outcome::Failed);
            }
            (action, _) => {
                let why = format!("the answer to {} is one to another question", action.name());
                self.fail(now, action, Failure::blameless(why));
            }
        }
    }

    /// The daemon after a restart that was given up before anything happened.
    fn seen_again(&mut self, now: Duration, sight: &Sight) {
        self.account.released(now);
        self.account.after = Some(sight.daemon);
        self.end_as_it_failed();
        let same = self.before.as_ref().is_some_and(|before| before.daemon == sight.daemon);
        let (pid, generation) = (sight.daemon.pid, sight.daemon.generation);
        if same {
            self.account.decide(format!("untouched: pid {pid}, generation {generation} as before"));
        } else {
            let why =
                format!("another daemon runs than before: pid {pid}, generation {generation}");
            self.account.end_with(ExitCode::InvariantBroken, &why);
        }
    }

    /// The launcher is at rest after something went wrong.
    fn settled(&mut self, now: Duration, settled: &Settled) {
        let is_target = Some(settled.slot.as_str()) == self.target.as_deref();
        let is_previous = Some(settled.slot.as_str()) == self.previous();
        let before = self.before.as_ref().map(|before| before.daemon);
        match settled.pending {
            Pending::Armed if settled.daemon.is_some() && settled.daemon == before => {
                // It refused to begin: why it did is all that happened.
                if let Some(failed) = &mut self.failed {
                    failed.code = Some(ExitCode::Failed);
                }
                self.disarm();
            }
            Pending::Armed => self.actions.extend([Action::Disarm, Action::CheckPrevious]),
            Pending::Begun if self.roll_backs < ROLL_BACKS_MAX => self.roll_back(),
            Pending::Begun => self.give_up(now, "the launcher does not go back"),
            Pending::Gone if is_target && self.is_kept(settled) => self.stays(now, settled),
            Pending::Gone if is_previous => {
                self.raise(Grip::Back);
                self.account.decide("the launcher has gone back to the previous slot by itself");
                self.next(Action::CheckPrevious);
            }
            Pending::Gone => {
                let why = format!("slot {} runs, which is neither", settled.slot);
                self.give_up(now, &why);
            }
        }
    }

    /// Whether the launcher has done as it was asked.
    fn is_kept(&self, settled: &Settled) -> bool {
        let is_marked = match self.kept_as {
            Some(Proof::Proven) => settled.standing == Standing::Good,
            Some(Proof::Unproven) => true,
            None => false,
        };
        is_marked && settled.daemon.is_some() && settled.delivery == Delivery::Open
    }

    /// The target runs for good: it was blessed after all, or is kept although it failed.
    fn stays(&mut self, now: Duration, settled: &Settled) {
        self.account.after = settled.daemon;
        self.account.released(now);
        let failed = self.failed.take();
        if let Some(failed) = failed.filter(|failed| failed.code == Some(ExitCode::Failed)) {
            let why = format!("the failed build runs, as --no-rollback asks: {}", failed.why);
            self.account.end_with(ExitCode::Failed, &why);
            self.account.close(now, Outcome::Failed);
        } else {
            self.account.decide("the blessing came through all the same");
            self.account.soften(Step::Bless);
            self.next(Action::Prune);
        }
    }

    /// What the checks of the previous daemon say.
    fn checked(&mut self, now: Duration, settled: &Settled) {
        let is_previous = Some(settled.slot.as_str()) == self.previous();
        let is_well = settled.daemon.is_some() && settled.delivery == Delivery::Open;
        if is_previous && is_well && settled.pending == Pending::Gone {
            self.account.after = settled.daemon;
            self.account.released(now);
            self.account.end_with(ExitCode::RolledBack, &self.why());
            self.account.close(now, Outcome::Passed);
        } else {
            let why = format!("slot {} does not run as it should", settled.slot);
            self.give_up(now, &why);
        }
    }

    /// A person is needed.
    fn give_up(&mut self, now: Duration, why: &str) {
        let first = self.why();
        self.account.end_with(ExitCode::RollbackFailed, &first);
        self.account.reasons.push(format!("the way back failed: {why}"));
        self.account.close_failed(now, why);
        self.actions.clear();
        self.next(Action::Alert { why: format!("{first}; the way back failed: {why}") });
    }

    fn end_as_it_failed(&mut self) {
        let code = self.failed.as_ref().and_then(|failed| failed.code);
        let why = self.why();
        self.account.end_with(code.unwrap_or(ExitCode::Failed), &why);
    }

    fn why(&self) -> String {
        self.failed.as_ref().map_or_else(String::new, |failed| failed.why.clone())
    }
}
