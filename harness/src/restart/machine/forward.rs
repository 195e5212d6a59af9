//! The way forward: from one action that went well to the next.

use std::time::Duration;

use super::{
    Action, Drain, End, Failure, GROWTH_MAX_BYTES, Grip, Half, LEASE, Manners, Probe, Proof,
    Remarks, Restart, SLICE, Scope, Settled, Sight, Standing, Switched, Told, Weight,
};
use crate::restart::flags::OnFailure;
use crate::restart::machine::{Delivery, Pending};
use crate::restart::report::Outcome;
use crate::restart::step::INTERRUPT_MAX;

impl Restart {
    /// Goes on after `action`, of which `told` came. An answer to another question is a failure.
    pub(super) fn advance(&mut self, now: Duration, action: &Action, told: Told) {
        match (action, told) {
            (Action::Lock, Told::Done(remarks)) => self.said(remarks, Action::Look),
            (Action::Look, Told::Looked(sight)) => self.looked(sight),
            (Action::Select, Told::Done(remarks)) => {
                let dry = self.flags.scope == Scope::DryRun;
                self.said(remarks, if dry { Action::Foresee } else { Action::Build });
            }
            (Action::Foresee, Told::Done(remarks)) => {
                self.account.say(remarks);
                // It was not begun: what it says is what would be done.
                self.account.close(now, Outcome::Skipped);
                self.foresee();
            }
            (Action::Build, Told::Built { slot, remarks }) => {
                self.target = Some(slot);
                self.said(remarks, Action::Gate);
            }
            (Action::Gate, Told::Done(remarks)) => self.said(remarks, Action::Candidate),
            (Action::Candidate, Told::Done(remarks)) => self.said(remarks, Action::Compare),
            (Action::Compare, Told::Done(remarks)) => self.compared(now, remarks),
            (Action::Glance, Told::Idle(idle)) => self.glanced(now, idle),
            (Action::Drain { manners, .. }, Told::Drained { quiet, busy, unsent }) => {
                self.drained(now, *manners, quiet, [busy, unsent]);
            }
            (Action::LetGo, Told::Done(remarks)) => self.let_go(now, remarks),
            (Action::BackUp, Told::BackedUp(file)) => {
                self.account.backup = Some(file);
                self.next(Action::Arm);
            }
            (Action::Arm, Told::Done(remarks)) => self.said(remarks, Action::Switch),
            (Action::Switch, Told::Switched(switched)) => self.switched(now, switched),
            (Action::Switch, Told::WentBack(why)) => self.went_back(now, &why),
            (Action::Verify(probe), told) => self.verified(now, *probe, action, told),
            (Action::Confirm(_), Told::Done(remarks)) => self.said(remarks, Action::Settle),
            (Action::Prune, Told::Done(remarks)) => {
                self.account.say(remarks);
                self.account.close(now, Outcome::Passed);
            }
            (Action::Settle, Told::Settled(settled)) if self.failed.is_none() => {
                self.blessed(now, action, &settled);
            }
            (Action::Release, Told::Resident(bytes)) if self.failed.is_none() => {
                self.released_bytes = Some(bytes);
                self.account.released(now);
                self.next(Action::Verify(Probe::Backlog));
            }
            (_, told) => self.retreat(now, action, told),
        }
    }

    /// What would come after the gate, of a dry run.
    fn foresee(&mut self) {
        let patience_s = self.flags.drain.patience().as_secs();
        self.account.decide(match &self.flags.drain {
            Drain::WhenIdle(_) => format!(
                "would wait {patience_s} s at most for a moment in which nobody is busy, and interrupt nobody"
            ),
            Drain::Within(_) => format!(
                "would hold delivery, wait {patience_s} s at most for who is busy, then interrupt"
            ),
            Drain::Now { .. } => "would hold delivery and interrupt who is busy at once".to_owned(),
        });
        self.account.decide(format!(
            "would watch the target for {} s; without the blessing the launcher goes back after {} s",
            self.flags.soak.as_secs(),
            self.flags.confirm_timeout.as_secs()
        ));
        let previous = self.previous().unwrap_or_default();
        self.account.decide(match self.flags.on_failure {
            OnFailure::RollBack => {
                format!("a target that fails would be gone back from, to {previous}")
            }
            OnFailure::Keep => {
                "a target that fails would go on running, and not be marked good: --no-rollback"
                    .to_owned()
            }
        });
    }

    fn said(&mut self, remarks: Remarks, next: Action) {
        self.account.say(remarks);
        self.next(next);
    }

    fn looked(&mut self, sight: Sight) {
        self.account.before = Some(sight.daemon);
        self.account.previous = Some(sight.slot.clone());
        self.account.say(Remarks::plain(sight.says.clone()));
        self.before = Some(sight);
        self.next(Action::Select);
    }

    fn compared(&mut self, now: Duration, remarks: Remarks) {
        self.account.say(remarks);
        self.patience_ends = None;
        self.drain(now);
    }

    /// How the daemon that runs does is not known: then the target is held to all that is asked of it.
    pub(super) fn not_compared(&mut self, now: Duration, why: String) {
        self.compared(now, Remarks { says: vec![why], weight: Weight::Remarkable });
    }

    /// The next question of a drain.
    fn drain(&mut self, now: Duration) {
        let patience = self.flags.drain.patience();
        let ends = *self.patience_ends.get_or_insert(now + patience);
        let left = ends.saturating_sub(now);
        let slice = |within, manners| Action::Drain { within, lease: LEASE, manners };
        let action = match &self.flags.drain {
            Drain::WhenIdle(_) => Action::Glance,
            Drain::Within(_) if !left.is_zero() => slice(left.min(SLICE), Manners::Wait),
            Drain::Within(_) => {
                self.account.decide("who was still busy at the end of the drain is interrupted");
                slice(INTERRUPT_MAX, Manners::Interrupt)
            }
            Drain::Now { because } => {
                self.account.decide(format!("who is busy is interrupted at once: {because}"));
                slice(INTERRUPT_MAX, Manners::Interrupt)
            }
        };
        self.next(action);
    }

    fn glanced(&mut self, now: Duration, idle: bool) {
        let over = self.patience_ends.is_some_and(|ends| ends <= now);
        if idle {
            self.next(Action::Drain { within: SLICE, lease: LEASE, manners: Manners::Wait });
        } else if over {
            self.not_drained(now, "somebody was busy all the time");
        } else {
            self.next(Action::Glance);
        }
    }

    fn drained(&mut self, now: Duration, manners: Manners, quiet: bool, owed: [u64; 2]) {
        let [busy, unsent] = owed;
        if quiet {
            self.next(Action::BackUp);
        } else if manners == Manners::Interrupt {
            let why = format!(
                "{busy} sessions are busy and {unsent} replies unsent after an interruption"
            );
            self.not_drained(now, &why);
        } else if matches!(self.flags.drain, Drain::WhenIdle(_)) {
            self.next(Action::LetGo);
        } else {
            self.drain(now);
        }
    }

    /// Nobody is made to wait for somebody who is busy.
    fn let_go(&mut self, now: Duration, remarks: Remarks) {
        self.account.released(now);
        self.account.say(remarks);
        self.glanced(now, false);
    }

    fn not_drained(&mut self, now: Duration, why: &str) {
        let failure = Failure::blameless(why);
        let action = Action::Drain { within: SLICE, lease: LEASE, manners: Manners::Wait };
        self.fail(now, &action, failure);
    }

    fn switched(&mut self, now: Duration, switched: Switched) {
        self.grip = Grip::Target;
        self.account.after = Some(switched.daemon);
        self.account.gap_ms = Some(switched.gap_ms);
        if switched.end == End::Killed {
            let says = vec!["the old daemon had to be killed, which is a defect".to_owned()];
            self.account.say(Remarks { says, weight: Weight::Remarkable });
        }
        let expected = self.account.before.map(|before| before.generation + 1);
        if expected == Some(switched.daemon.generation) {
            self.account.split_switch(now, switched.stop_ms);
            self.next(Action::Verify(Probe::Held));
        } else {
            let generation = switched.daemon.generation;
            let why = format!("the target has generation {generation} and not the next one");
            // Where it is later, another daemon was started in between.
            let is_earlier = expected.is_some_and(|expected| generation < expected);
            let failure = if is_earlier { Failure::of_target } else { Failure::blameless };
            self.fail(now, &Action::Switch, failure(why));
        }
    }

    fn verified(&mut self, now: Duration, probe: Probe, action: &Action, told: Told) {
        match (probe, told) {
            (Probe::Held, Told::Done(remarks)) => self.said(remarks, Action::Release),
            (Probe::Backlog, Told::Done(remarks)) => {
                self.said(remarks, Action::Verify(Probe::Soak(Half::First)));
            }
            (Probe::Soak(Half::First), Told::Done(remarks)) => {
                self.said(remarks, Action::Verify(Probe::Soak(Half::Second)));
            }
            (Probe::Soak(Half::Second), Told::Done(remarks)) => {
                self.said(remarks, Action::Verify(Probe::Memory));
            }
            (Probe::Memory, Told::Resident(bytes)) => self.weighed(now, action, bytes),
            (_, told) => self.retreat(now, action, told),
        }
    }

    /// A daemon that grows while nothing is asked of it would grow for ever.
    fn weighed(&mut self, now: Duration, action: &Action, bytes: u64) {
        let growth = bytes.saturating_sub(self.released_bytes.unwrap_or(bytes));
        let mib = growth >> 20;
        if growth <= GROWTH_MAX_BYTES {
            self.said(
                Remarks::plain([format!("it grew by {mib} MiB during the soak")]),
                Action::Confirm(Proof::Proven),
            );
        } else {
            let why = format!("it grew by {mib} MiB during the soak");
            self.fail(now, action, Failure::of_target(why));
        }
    }

    /// What the launcher says after the blessing has to be what was meant.
    fn blessed(&mut self, now: Duration, action: &Action, settled: &Settled) {
        let runs =
            settled.daemon.is_some() && Some(settled.slot.as_str()) == self.target.as_deref();
        let done = settled.pending == Pending::Gone && settled.standing == Standing::Good;
        if runs && done && settled.delivery == Delivery::Open {
            self.account.after = settled.daemon;
            self.account.decide("the target runs, is marked good, and delivers");
            self.next(Action::Prune);
        } else {
            self.fail(now, action, Failure::blameless("the blessing did not hold"));
        }
    }
}
