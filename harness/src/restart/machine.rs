//! Decides what a restart does next, given what came back.
//!
//! ```text
//!                       grip on the daemon   a failure means
//!  0-5  before the hold: nothing             seen to be untouched
//!  6-7  held             hold                release, untouched
//!  8    arming           hold, maybe armed   disarm, release, untouched
//!  9-10 switching        launcher's          settle: whoever runs then decides
//!  11   verifying        new daemon          roll back, check the previous one
//!  12   blessing         new daemon          settle: blessed after all, or roll back
//! ```
//!
//! One action is under way at a time. The driver takes it with [`poll_action`](Restart::poll_action),
//! carries it out until [`deadline`](Restart::deadline), and tells what came of it with
//! [`handle`](Restart::handle), or with [`handle_deadline`](Restart::handle_deadline) that nothing did.
//! Time is told as how long the restart runs. From the moment the launcher is asked to switch, the
//! exit code says where the world ended and no longer why: 0, 25 or 26, unless the target was to be
//! kept.
//!
//! Absent: what a check looks at, and any wish of the launcher to go back by itself; that is found by
//! settling.

mod account;
mod back;
mod forward;
mod told;

use std::collections::VecDeque;
use std::time::Duration;

pub use self::account::Account;
pub use self::told::{
    Blame, Delivery, End, Event, Failure, Pending, Remarks, Settled, Sight, Standing, Switched,
    Told, Weight,
};
use super::flags::{Drain, Flags, Scope};
use super::step::{COMPARE_MAX, LEASE, MEMORY_MAX, PROBE_MAX, RELEASE_MAX, SLICE, Step};
use crate::exit_code::ExitCode;

/// How much larger the new daemon may be after the soak than when it was released.
pub const GROWTH_MAX_BYTES: u64 = 64 << 20;

/// How often the launcher is asked to go back: it may itself have begun anew in between.
const ROLL_BACKS_MAX: u32 = 2;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Take the lock; [`Told::Done`].
    Lock,
    /// See what runs, and that there is room; [`Told::Looked`].
    Look,
    /// Find the checks that the change needs; [`Told::Done`].
    Select,
    /// See whether there is a slot and receipts already; [`Told::Done`]. The end of a dry run.
    Foresee,
    /// Have a slot of the target; [`Told::Built`].
    Build,
    /// Have its checks pass; [`Told::Done`].
    Gate,
    /// Try it on a copy of the database; [`Told::Done`].
    Candidate,
    /// Have the daemon that runs pass what the target will have to; [`Told::Done`]. Where it does not, or
    /// cannot be asked, that is remarked: the target may be what mends it.
    Compare,
    /// See whether nobody is busy, without holding anything; [`Told::Idle`].
    Glance,
    /// Hold, and wait for quiet; [`Told::Drained`].
    Drain {
        /// For how long.
        within: Duration,
        /// How long the hold is to last if nobody renews it.
        lease: Duration,
        /// Whether who is busy is interrupted first.
        manners: Manners,
    },
    /// End the hold for now, as somebody became busy; [`Told::Done`].
    LetGo,
    /// Copy the database; [`Told::BackedUp`].
    BackUp,
    /// Have the launcher prepare, if the daemon is still the one of the beginning; [`Told::Done`].
    Arm,
    /// Have it stop the old daemon and start the target, held; [`Told::Switched`] or
    /// [`Told::WentBack`].
    Switch,
    /// Check what runs; [`Told::Done`], for [`Probe::Memory`] [`Told::Resident`].
    Verify(Probe),
    /// End the hold; [`Told::Resident`].
    Release,
    /// Have the launcher stay with the target; [`Told::Done`].
    Confirm(Proof),
    /// Keep the slots, copies and reports that are worth keeping; [`Told::Done`].
    Prune,
    /// End what was armed; [`Told::Done`].
    Disarm,
    /// Wait until nothing is held for a restart, and see who runs; [`Told::Looked`].
    Untouched,
    /// Wait until the launcher is at rest, and see where; [`Told::Settled`].
    Settle,
    /// Have it go back; [`Told::Done`].
    RollBack {
        /// Why, for the mark of the slot.
        why: String,
        /// Whether there is to be one.
        blame: Blame,
    },
    /// Release what is held and check the previous daemon; [`Told::Settled`].
    CheckPrevious,
    /// Tell a person; [`Told::Done`].
    Alert {
        /// What happened.
        why: String,
    },
}

/// What is checked of the new daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It is healthy and answers while all others are held.
    Held,
    /// What waited is with its agents.
    Backlog,
    /// All of tier 4, over half of the soak.
    Soak(Half),
    /// How large it is.
    Memory,
}

/// Of the soak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The first.
    First,
    /// The second.
    Second,
}

/// What is known of a target that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Every check of it said yes: it is blessed, which marks it good.
    Proven,
    /// One said no, and it is wanted all the same: its mark stays as it was.
    Unproven,
}

/// How who is busy is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Waited for.
    Wait,
    /// Put away: its messages wait and are delivered again.
    Interrupt,
}

/// Whether a wish to end is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It is: what is under way is given up.
    Open,
    /// It is not, and what is under way is not disturbed: it is the quickest end there is.
    Deaf,
}

/// What a failure would have to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grip {
    /// Nothing was done to anybody.
    Nothing,
    /// Delivery may be held.
    Held,
    /// The launcher may be prepared, too.
    Armed,
    /// The launcher was asked to switch.
    Switching,
    /// The target runs.
    Target,
    /// It is given up: the way back is taken.
    Back,
}

/// A restart under way.
#[derive(Debug)]
pub struct Restart {
    flags: Flags,
    grip: Grip,
    /// What is to be taken, in order; the first of them is under way once it was.
    actions: VecDeque<Action>,
    under_way: Option<Action>,
    due: Option<Duration>,
    /// When no more than looking on is left of a drain.
    patience_ends: Option<Duration>,
    before: Option<Sight>,
    /// The slot of the target, once it is known.
    target: Option<String>,
    released_bytes: Option<u64>,
    roll_backs: u32,
    /// As what the launcher was asked to keep the target, if it was.
    kept_as: Option<Proof>,
    /// Why the way back is taken.
    failed: Option<Failure>,
    account: Account,
}

impl Restart {
    /// One that has done nothing yet.
    pub fn new(flags: Flags) -> Self {
        let account = Account::new(&flags);
        Self {
            flags,
            grip: Grip::Nothing,
            actions: VecDeque::from([Action::Lock]),
            under_way: None,
            due: None,
            patience_ends: None,
            before: None,
            target: None,
            released_bytes: None,
            roll_backs: 0,
            kept_as: None,
            failed: None,
            account,
        }
    }

    /// What is to be done now; `None` while something is under way, and at the end.
    pub fn poll_action(&mut self, now: Duration) -> Option<Action> {
        if self.under_way.is_some() {
            return None;
        }
        let action = self.actions.pop_front()?;
        self.begin(now, &action);
        self.under_way = Some(action.clone());
        Some(action)
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.under_way.is_none() && self.actions.is_empty()
    }

    /// Until when the action under way has time.
    pub const fn deadline(&self) -> Option<Duration> {
        self.due
    }

    /// The step that the action under way belongs to.
    pub fn step(&self) -> Option<Step> {
        self.account.open_step()
    }

    /// Whether what is under way is to be given up when somebody wants the restart to end. It is not
    /// on the way back, nor when all that is left is to tidy up.
    pub fn hearing(&self) -> Hearing {
        let pruning =
            self.under_way == Some(Action::Prune) || self.actions.contains(&Action::Prune);
        if pruning || self.failed.is_some() { Hearing::Deaf } else { Hearing::Open }
    }

    /// What is known so far.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Takes what came of the action under way. What comes when nothing is under way, or too late,
    /// changes nothing.
    pub fn handle(&mut self, now: Duration, event: Event) {
        if matches!(event, Event::Interrupted) {
            self.interrupt(now);
            return;
        }
        let Some(action) = self.under_way.take() else { return };
        self.due = None;
        match event {
            Event::Told(told) => self.advance(now, &action, told),
            Event::Failed(Failure { why, .. }) | Event::Unanswered(why)
                if action == Action::Compare =>
            {
                self.not_compared(now, why);
            }
            Event::Failed(failure) => self.fail(now, &action, failure),
            Event::Unanswered(why) => self.fail_late(now, &action, why),
            Event::Interrupted => {}
        }
    }

    /// Takes that the action under way has no more time. A no-op when it still has.
    pub fn handle_deadline(&mut self, now: Duration) {
        let Some(due) = self.due.filter(|due| *due <= now) else { return };
        let Some(action) = self.under_way.take() else { return };
        self.due = None;
        let own = action.limit(&self.flags).is_some();
        let began = self.account.began(own);
        let limit = due.saturating_sub(began).as_secs();
        let why = format!("{} did not end within {limit} s", action.name());
        if action == Action::Compare {
            self.not_compared(now, why);
        } else {
            self.fail_late(now, &action, why);
        }
    }

    /// A daemon that gives no answer keeps its checks waiting; whatever else is late is nobody's fault.
    fn fail_late(&mut self, now: Duration, action: &Action, why: String) {
        let blame = if action.is_check() { Blame::Target } else { Blame::Nobody };
        let code = action.step().map(Step::lateness);
        self.fail(now, action, Failure { code, why, blame });
    }

    /// Before anything has happened it is given up; afterwards it is gone back. The way back itself
    /// is not interrupted: it is the quickest end there is.
    fn interrupt(&mut self, now: Duration) {
        if self.hearing() == Hearing::Deaf || self.is_over() {
            return;
        }
        let action = self.under_way.take().or_else(|| self.actions.front().cloned());
        self.due = None;
        self.actions.clear();
        let Some(action) = action else { return };
        let failure = Failure {
            code: Some(ExitCode::Inconclusive),
            why: "it was interrupted".to_owned(),
            blame: Blame::Nobody,
        };
        self.fail(now, &action, failure);
    }

    fn begin(&mut self, now: Duration, action: &Action) {
        match action {
            Action::Drain { .. } => self.raise(Grip::Held),
            Action::Arm => self.raise(Grip::Armed),
            Action::Switch => self.raise(Grip::Switching),
            Action::Confirm(proof) => self.kept_as = Some(*proof),
            Action::RollBack { .. } => self.raise(Grip::Back),
            _ => {}
        }
        let step = action.step();
        let began = self.account.begin(now, action, step);
        let due = match action.limit(&self.flags) {
            Some(limit) => now + limit,
            None => began + step.unwrap_or(Step::RollBack).limit(&self.flags),
        };
        self.due = Some(due);
    }

    /// What was once done stays done until it is undone.
    fn raise(&mut self, grip: Grip) {
        self.grip = self.grip.max(grip);
    }

    fn next(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// The slot of the beginning.
    fn previous(&self) -> Option<&str> {
        self.before.as_ref().map(|before| before.slot.as_str())
    }
}

impl Action {
    /// The step it belongs to; none for what undoes a step that failed.
    const fn step(&self) -> Option<Step> {
        match self {
            Self::Lock => Some(Step::Lock),
            Self::Look => Some(Step::Preflight),
            Self::Select => Some(Step::Select),
            Self::Foresee | Self::Build => Some(Step::Build),
            Self::Gate => Some(Step::Gate),
            Self::Candidate | Self::Compare => Some(Step::Candidate),
            Self::Glance | Self::Drain { .. } | Self::LetGo => Some(Step::Drain),
            Self::BackUp => Some(Step::BackUp),
            Self::Arm => Some(Step::Arm),
            Self::Switch => Some(Step::Stop),
            Self::Verify(_) => Some(Step::Verify),
            Self::Confirm(_) => Some(Step::Bless),
            Self::RollBack { .. } | Self::CheckPrevious => Some(Step::RollBack),
            // These belong to whatever is open.
            Self::Release
            | Self::Prune
            | Self::Disarm
            | Self::Untouched
            | Self::Settle
            | Self::Alert { .. } => None,
        }
    }

    /// Whether it asks something of the target while that runs.
    const fn is_check(&self) -> bool {
        matches!(self, Self::Verify(_) | Self::Release)
    }

    /// How long it may take, where that is not up to its step.
    fn limit(&self, flags: &Flags) -> Option<Duration> {
        match self {
            Self::Verify(probe) => Some(probe.limit(flags)),
            Self::Release => Some(RELEASE_MAX),
            Self::Compare => Some(COMPARE_MAX),
            Self::Disarm => Some(Duration::from_secs(10)),
            // A hold that could not be ended ends by itself.
            Self::Untouched => Some(Duration::from_secs(LEASE.as_secs() + 30)),
            Self::Settle | Self::CheckPrevious => Some(Duration::from_mins(3)),
            Self::Prune => Some(Duration::from_secs(30)),
            Self::Alert { .. } => Some(Duration::from_mins(1)),
            _ => None,
        }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Lock => "taking the lock",
            Self::Look => "looking at what runs",
            Self::Select => "selecting checks",
            Self::Foresee => "looking what is there already",
            Self::Build => "the build",
            Self::Gate => "the gate",
            Self::Candidate => "the candidate",
            Self::Compare => "the check of the daemon that runs",
            Self::Glance => "looking who is busy",
            Self::Drain { .. } => "the drain",
            Self::LetGo => "ending the hold for now",
            Self::BackUp => "the copy of the database",
            Self::Arm => "arming the launcher",
            Self::Switch => "the switch",
            Self::Verify(Probe::Held) => "the check while held",
            Self::Verify(Probe::Backlog) => "the backlog",
            Self::Verify(Probe::Soak(Half::First)) => "the first half of the soak",
            Self::Verify(Probe::Soak(Half::Second)) => "the second half of the soak",
            Self::Verify(Probe::Memory) => "looking at the memory",
            Self::Release => "the release",
            Self::Confirm(Proof::Proven) => "the blessing",
            Self::Confirm(Proof::Unproven) => "keeping the target",
            Self::Prune => "pruning",
            Self::Disarm => "disarming the launcher",
            Self::Untouched => "seeing that the daemon is untouched",
            Self::Settle => "waiting for the launcher to be at rest",
            Self::RollBack { .. } => "the roll back",
            Self::CheckPrevious => "the check of the previous daemon",
            Self::Alert { .. } => "telling a person",
        }
    }
}

impl Probe {
    /// How long it may take. All of them, one after the other, end within their step.
    fn limit(self, flags: &Flags) -> Duration {
        match self {
            Self::Held | Self::Backlog => PROBE_MAX,
            Self::Soak(_) => flags.soak / 2 + PROBE_MAX,
            Self::Memory => MEMORY_MAX,
        }
    }
}

#[cfg(test)]
mod tests;
