//! A gated restart, as the keeper sees it: orders, and what makes it go back.

use std::fmt::Debug;
use std::time::Duration;

use super::{
    Action, AfterLook, Asked, Blame, Keeper, Next, Order, Pending, Phase, Proof, Refused,
    RolledBack, Standing, State,
};
use crate::limits::{ARMED_MAX, BACK_STOP_MAX};
use crate::time::{Deadline, Now};

impl<S: Clone + Ord + Debug> Keeper<S> {
    /// Takes an order. What takes its time (a switch, a roll back, a restart) is answered by
    /// [`Action::Answer`]; whatever else was obeyed is done when the actions are. One that files
    /// stand for ends with [`Action::Refuse`] where they cannot be written.
    ///
    /// # Errors
    /// When it is not obeyed; nothing has changed.
    pub fn order(&mut self, now: Now, order: Order<S>) -> Result<(), Refused> {
        if self.ends() {
            // Asked for once more, it is still so.
            return if order == Order::Stop { Ok(()) } else { Err(Refused::Stopping) };
        }
        self.before = None;
        let stands_in_files = !matches!(
            order,
            Order::RollBack { .. } | Order::GoTo { .. } | Order::Restart | Order::Stop
        );
        let before = stands_in_files.then(|| Box::new(self.clone()));
        self.obey(now, order)?;
        self.before = before;
        Ok(())
    }

    fn obey(&mut self, now: Now, order: Order<S>) -> Result<(), Refused> {
        match order {
            Order::Arm { id, target, confirm_timeout } => {
                self.arm(now, id, target, confirm_timeout)
            }
            Order::Switch { id } => self.switch(now, &id),
            Order::Confirm { id, proof } => {
                let target = self.expect(&id, Phase::Started)?.target.clone();
                self.expect_running()?;
                if proof == Proof::Given {
                    self.mark(target, Standing::Good, "confirmed");
                }
                self.end_pending();
                Ok(())
            }
            Order::Disarm { id } => {
                self.expect(&id, Phase::Armed)?;
                self.end_pending();
                Ok(())
            }
            Order::RollBack { id, why, blame } => self.order_back(now, &id, why, blame),
            Order::GoTo { slot } => self.go_to(now, slot),
            Order::Restart => self.restart(now),
            Order::MarkBad { slot, why } => {
                let pending = self.pending.as_ref();
                let needed = pending.is_some_and(|it| it.target == slot || it.previous == slot);
                let is_left = self.ordered.is_some() && self.current.as_ref() == Some(&slot);
                if needed || is_left || self.slot() == Some(&slot) || self.is_next(&slot) {
                    return Err(Refused::InUse);
                }
                self.mark(slot, Standing::Bad, &why);
                Ok(())
            }
            Order::Stop => {
                self.end(now);
                Ok(())
            }
        }
    }

    /// It is to end, or has.
    fn ends(&self) -> bool {
        matches!(
            &self.state,
            State::Stopping { next: Next::Nothing, .. }
                | State::Looking { next: AfterLook::Nothing }
                | State::Over
        )
    }

    fn end(&mut self, now: Now) {
        if self.is_before_target() {
            self.call_off("the launcher is to end");
        }
        if let State::Looking { next } = &mut self.state {
            *next = AfterLook::Nothing;
        } else if self.slot().is_none() {
            self.state = State::Over;
            self.actions.push_back(Action::End);
        } else {
            self.stop(now, self.bounds.stop, Next::Nothing);
        }
    }

    /// The slot is started as soon as the daemon that is there has ended.
    fn is_next(&self, slot: &S) -> bool {
        matches!(&self.state, State::Stopping { next: Next::Start(next), .. } if next == slot)
    }

    pub(super) fn phase(&self) -> Option<Phase> {
        self.pending.as_ref().map(|pending| pending.phase)
    }

    /// The target of a restart is the daemon that is there.
    pub(super) fn runs_target(&self) -> bool {
        self.phase() == Some(Phase::Started) && !self.is_before_target()
    }

    /// The target is started as soon as the daemon that is there has ended.
    fn is_before_target(&self) -> bool {
        matches!(self.state, State::Stopping { next: Next::Target, .. })
    }

    /// Everything is written before the daemon that runs is touched: where that cannot be, it stays.
    fn switch(&mut self, now: Now, id: &str) -> Result<(), Refused> {
        let mut pending = self.expect(id, Phase::Armed)?.clone();
        self.expect_running()?;
        pending.phase = Phase::Started;
        pending.tries += 1;
        let target = pending.target.clone();
        self.set_pending(pending);
        self.choose(&target);
        self.armed_by = None;
        self.order = Some(Asked::Up);
        self.stop(now, self.bounds.stop, Next::Target);
        Ok(())
    }

    pub(super) fn start_target(&mut self, now: Now) {
        match self.pending.clone() {
            Some(pending) => self.start(now, pending.target),
            None => self.start_best(now, "no slot can be started"),
        }
    }

    /// Says durably that it goes back, and what of, before anything does.
    pub(super) fn begin_rolling_back(&mut self, now: Now, why: String, blame: Blame) {
        let Some(mut pending) = self.pending.clone() else { return };
        // The mark is first: a launcher that finds the restart under way would blame nobody.
        if blame == Blame::Target {
            self.mark(pending.target.clone(), Standing::Bad, &why);
        }
        let (id, target) = (pending.id.clone(), pending.target.clone());
        self.memory.rolled_back = Some(RolledBack { id, target, why: why.clone(), at: now.wall });
        self.remember();
        if self.why.is_empty() {
            self.why = why;
        }
        // Whoever waits for the target hears of this.
        if self.order.is_some() {
            self.order = Some(Asked::Back);
        }
        self.confirm_by = None;
        pending.phase = Phase::RollingBack;
        self.set_pending(pending);
    }

    /// Goes back from a restart that an earlier launcher did not see to its end: for the reason that it
    /// had, if it had one.
    pub(super) fn go_on_with_rolling_back(&mut self, now: Now, id: &str) {
        let known = self.memory.rolled_back.as_ref().filter(|known| known.id == id);
        let why = known.map_or("the launcher ended before it was confirmed", |known| &known.why);
        self.begin_rolling_back(now, why.to_owned(), Blame::Nobody);
        self.go_back(now);
    }

    /// The target is gone: the one before is started, on a database that is whole.
    pub(super) fn go_back(&mut self, now: Now) {
        if self.pending.is_none() {
            return self.start_best(now, "no slot can be started");
        }
        self.actions.push_back(Action::LookAtDatabase);
        self.state = State::Looking { next: AfterLook::Previous };
    }

    pub(super) fn database_looked(&mut self, now: Now, trouble: Option<String>) {
        let State::Looking { next } = self.state else { return };
        if let Some(why) = trouble {
            // Whoever did it, that was while the target had it open.
            if let Some(pending) = self.pending.clone() {
                self.mark(pending.target, Standing::Bad, &why);
            }
            self.actions.push_back(Action::Alert { why });
        }
        match next {
            AfterLook::Previous => self.start_previous(now),
            AfterLook::Nothing => {
                self.state = State::Over;
                self.actions.push_back(Action::End);
            }
        }
    }

    fn start_previous(&mut self, now: Now) {
        let Some(Pending { target, previous, .. }) = self.pending.clone() else {
            return self.start_best(now, "no slot can be started");
        };
        if self.may_run(&previous) {
            return self.start(now, previous);
        }
        // Else the target would still be the one that is to run.
        self.choose(&previous);
        match self.last_good(Some(&target)) {
            Some(slot) => self.start(now, slot),
            None => self.wait(now, "the slot before cannot be started either"),
        }
    }

    pub(super) fn end_pending(&mut self) {
        self.armed_by = None;
        self.confirm_by = None;
        self.vouched = false;
        self.runner_gone_since = None;
        if self.pending.take().is_none() {
            return;
        }
        // As long as the file stands, the slot that was left is not started by a later launcher.
        self.owed.pending = self.owed.current;
        if !self.owed.pending {
            self.actions.push_back(Action::RemovePending);
        }
    }

    /// When a restart is given up unless something happens.
    pub(super) fn restart_due(&self) -> Option<Deadline> {
        let gone = self.runner_gone_since.map(|since| since + self.bounds.runner_gone);
        let due = [self.armed_by, self.confirm_by, gone].into_iter().flatten().min();
        due.filter(|_| self.may_give_up())
    }

    /// Gives a restart up that nobody confirms or carries out. Whether it did.
    pub(super) fn restart_is_over(&mut self, now: Now) -> bool {
        let at = now.monotonic;
        if self.restart_due().is_none_or(|due| at < due) {
            return false;
        }
        let is_past = |due: Option<Deadline>| due.is_some_and(|due| due <= at);
        let why = if is_past(self.confirm_by) && self.vouched {
            "it was confirmed, which could not be written down"
        } else if is_past(self.confirm_by) {
            "nobody confirmed it in time"
        } else if is_past(self.armed_by) {
            "nobody went on with the restart"
        } else {
            "nobody carries the restart out any more"
        };
        if self.runs_target() {
            // Whoever saw it fail has said so. Whoever was to look was stopped, or the whole machine.
            self.turn_back(now, why.to_owned(), Blame::Nobody);
        } else {
            self.call_off(why);
        }
        true
    }

    fn arm(
        &mut self,
        now: Now,
        id: String,
        target: S,
        confirm_timeout: Duration,
    ) -> Result<(), Refused> {
        let previous = self.idle_slot()?;
        self.expect_nothing_left()?;
        if target == previous {
            return Err(Refused::InUse);
        }
        if self.slots.get(&target) == Some(&Standing::Bad) {
            return Err(Refused::Bad);
        }
        let (phase, tries) = (Phase::Armed, 0);
        self.set_pending(Pending { id, target, previous, phase, tries, confirm_timeout });
        self.armed_by = Some(now.monotonic + ARMED_MAX);
        self.runner_gone_since = None;
        Ok(())
    }

    fn go_to(&mut self, now: Now, slot: S) -> Result<(), Refused> {
        let running = self.idle_or_waiting()?;
        self.expect_nothing_left()?;
        match self.slots.get(&slot) {
            Some(Standing::Good) => {}
            Some(Standing::Bad) => return Err(Refused::Bad),
            Some(Standing::Unknown) | None => return Err(Refused::NotGood),
        }
        self.order = Some(Asked::Up);
        self.ordered = Some(slot.clone());
        if running {
            self.stop(now, self.bounds.stop, Next::Start(slot));
        } else {
            self.start(now, slot);
        }
        Ok(())
    }

    fn restart(&mut self, now: Now) -> Result<(), Refused> {
        let running = self.idle_or_waiting()?;
        self.order = Some(Asked::Up);
        match self.slot().cloned() {
            Some(slot) if running => self.stop(now, self.bounds.stop, Next::Start(slot)),
            _ => self.start_best(now, "no slot can be started"),
        }
        Ok(())
    }

    fn may_give_up(&self) -> bool {
        matches!(self.phase(), Some(Phase::Armed | Phase::Started)) && !self.ends()
    }

    /// Nothing has happened but, maybe, that the daemon was told to end for it.
    fn call_off(&mut self, why: &str) {
        if let State::Stopping { slot, next, .. } = &mut self.state
            && *next == Next::Target
        {
            let slot = slot.clone();
            *next = Next::Start(slot.clone());
            why.clone_into(&mut self.why);
            self.choose(&slot);
        }
        self.end_pending();
    }

    fn order_back(&mut self, now: Now, id: &str, why: String, blame: Blame) -> Result<(), Refused> {
        if self.order.is_some() {
            return Err(Refused::Busy);
        }
        if self.expect(id, Phase::RollingBack).is_err() {
            self.expect(id, Phase::Started)?;
            self.turn_back(now, why, blame);
        }
        self.order = Some(Asked::Back);
        Ok(())
    }

    fn turn_back(&mut self, now: Now, why: String, blame: Blame) {
        self.begin_rolling_back(now, why, blame);
        // Its turns are taken up by the one before in any case.
        self.stop(now, self.bounds.stop.min(BACK_STOP_MAX), Next::Previous);
    }

    fn set_pending(&mut self, pending: Pending<S>) {
        self.pending = Some(pending.clone());
        self.owed.pending = false;
        self.actions.push_back(Action::WritePending(pending));
    }

    fn expect(&self, id: &str, phase: Phase) -> Result<&Pending<S>, Refused> {
        let pending = self.pending.as_ref();
        pending.filter(|it| it.id == id && it.phase == phase).ok_or(Refused::NotPending)
    }

    fn expect_running(&self) -> Result<(), Refused> {
        if matches!(self.state, State::Running { .. }) { Ok(()) } else { Err(Refused::Busy) }
    }

    /// The slot that runs while nothing else is under way.
    fn idle_slot(&self) -> Result<S, Refused> {
        match &self.state {
            State::Running { slot, .. } if self.is_free() => Ok(slot.clone()),
            _ => Err(Refused::Busy),
        }
    }

    /// Whether a daemon runs, while nothing else is under way.
    fn idle_or_waiting(&self) -> Result<bool, Refused> {
        match &self.state {
            State::Waiting { .. } if self.is_free() => Ok(false),
            _ => self.idle_slot().map(|_| true),
        }
    }

    /// No restart is under way, and nobody waits for anything.
    fn is_free(&self) -> bool {
        self.pending.is_none() && self.order.is_none()
    }

    /// A later launcher would not find a restart that is over here.
    fn expect_nothing_left(&self) -> Result<(), Refused> {
        if self.owed.pending { Err(Refused::Busy) } else { Ok(()) }
    }
}
