//! A world around the runner: a launcher that keeps its promises, a daemon that may die, and a script
//! of mishaps.
//!
//! The launcher's promises: an armed restart without a runner is forgotten; a begun one without a
//! runner, without a daemon, or without a blessing in time is gone back from; a dead daemon is started
//! again. A hold ends with its lease, with its daemon, or with the file of the restart.

use super::*;
use crate::restart::report::Seen;

/// What happens to one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Good,
    /// It says that it failed, and did nothing; a check says no.
    Fails,
    /// It cannot be tried: a check says neither yes nor no.
    Unable,
    /// It never ends, and did nothing.
    Hangs,
    /// Something that it asks for gives no answer in its time.
    Silent,
    /// It is done, and nobody hears of it.
    Lost,
    /// Before it: the launcher dies, and its service manager starts it again.
    LauncherDies,
    /// Before it.
    DaemonDies,
    /// The target does not do what is asked here.
    Unwell,
    Interrupted,
    /// The same, and what is under way is given up by that if it may be.
    InterruptedInVain,
    /// The runner ends here, without a word.
    Killed,
    /// Somebody talks.
    Busy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Daemon {
    seen: Seen,
    slot: &'static str,
    /// Started under the hold of the file of the restart.
    held_by_file: bool,
}

/// How long the service manager and the launcher take to start something.
const START: Duration = Duration::from_secs(2);

/// How much of the runner's time a step of it takes.
const TICK: Duration = Duration::from_millis(500);

#[expect(clippy::struct_excessive_bools, reason = "a world has many independent facts")]
#[derive(Debug)]
pub(super) struct World {
    now: Duration,
    current: &'static str,
    pending: Option<Pending>,
    begun_at: Duration,
    confirm_timeout: Duration,
    target_good: bool,
    target_bad: bool,
    /// Whether a check was made of the target that did not say yes.
    said_no: bool,
    /// Whether a target that failed was to stay.
    kept: bool,
    daemon: Option<Daemon>,
    daemon_died: bool,
    lease_ends: Option<Duration>,
    launcher_back_at: Option<Duration>,
    daemon_back_at: Duration,
    runner: bool,
    generation: i64,
    pub(super) interruptions: usize,
    pub(super) holds: usize,
    pub(super) seen: Vec<Action>,
}

/// Runs a restart with a fate for each of its actions; no restart where the runner was killed.
pub(super) fn play(flags: &Flags, script: &[Fate]) -> (World, Option<Restart>) {
    let mut world = World::new(flags);
    let mut restart = Restart::new(flags.clone());
    let mut fates = script.iter();
    while let Some(action) = restart.poll_action(world.now) {
        assert!(world.seen.len() < 1000, "it never ends: {:?}", world.seen);
        world.seen.push(action.clone());
        let fate = *fates.next().unwrap_or(&Fate::Good);
        world.pass(TICK);
        match fate {
            Fate::Killed => {
                world.runner = false;
                world.pass(Duration::from_mins(15));
                return (world, None);
            }
            Fate::LauncherDies => world.launcher_back_at = Some(world.now + START),
            Fate::DaemonDies => world.kill_daemon(),
            _ => {}
        }
        let due = restart.deadline().expect("something is under way");
        match fate {
            Fate::Fails => {
                world.said_no |= action.is_check();
                restart.handle(world.now, said_no("it was to fail"));
            }
            Fate::Unable => restart.handle(world.now, failed("it could not be tried")),
            Fate::Interrupted => {
                // What was asked for may still come about.
                let event = world.carry_out(&action, Fate::Good);
                restart.handle(world.now, Event::Interrupted);
                restart.handle(world.now, event);
            }
            Fate::InterruptedInVain => {
                let event = match restart.hearing() {
                    Hearing::Open => failed("it was interrupted"),
                    Hearing::Deaf => world.carry_out(&action, Fate::Good),
                };
                restart.handle(world.now, Event::Interrupted);
                restart.handle(world.now, event);
            }
            Fate::Silent => {
                world.said_no |= action.is_check();
                let why = "it gave no answer within 3 s".to_owned();
                restart.handle(world.now, Event::Unanswered(why));
            }
            Fate::Hangs | Fate::Lost => {
                if fate == Fate::Lost {
                    drop(world.carry_out(&action, Fate::Good));
                }
                world.said_no |= action.is_check();
                world.pass(due.saturating_sub(world.now));
                restart.handle_deadline(world.now);
            }
            _ => {
                let event = world.carry_out(&action, fate);
                restart.handle(world.now, event);
            }
        }
        world.ensure_old_one_stays(&restart);
    }
    assert!(restart.is_over());
    world.runner = false;
    world.pass(Duration::from_mins(15));
    (world, Some(restart))
}

/// A restart in which all is well until this is under way; when that began.
pub(super) fn play_until(flags: &Flags, wanted: &Action) -> (Restart, Duration) {
    let (mut world, mut restart) = (World::new(flags), Restart::new(flags.clone()));
    loop {
        let action = restart.poll_action(world.now).expect("it comes to it");
        if action == *wanted {
            return (restart, world.now);
        }
        let event = world.carry_out(&action, Fate::Good);
        restart.handle(world.now, event);
    }
}

fn failed(why: &str) -> Event {
    Event::Failed(Failure::blameless(why))
}

fn said_no(why: &str) -> Event {
    Event::Failed(Failure::of_target(why))
}

fn done() -> Event {
    Event::Told(Told::Done(Remarks::default()))
}

impl World {
    fn new(flags: &Flags) -> Self {
        let seen = Seen { pid: 107, generation: 7 };
        Self {
            now: Duration::ZERO,
            current: "previous",
            pending: None,
            begun_at: Duration::ZERO,
            confirm_timeout: flags.confirm_timeout,
            target_good: false,
            target_bad: false,
            said_no: false,
            kept: false,
            daemon: Some(Daemon { seen, slot: "previous", held_by_file: false }),
            daemon_died: false,
            lease_ends: None,
            launcher_back_at: None,
            daemon_back_at: Duration::ZERO,
            runner: true,
            generation: 7,
            interruptions: 0,
            holds: 0,
            seen: Vec::new(),
        }
    }

    pub(super) fn slot(&self) -> &'static str {
        self.daemon.map_or("none", |daemon| daemon.slot)
    }

    fn is_held(&self) -> bool {
        let by_file = self.daemon.is_some_and(|daemon| daemon.held_by_file);
        by_file && self.pending.is_some() || self.lease_ends.is_some()
    }

    /// Time goes by, and the launcher does what it promises.
    fn pass(&mut self, time: Duration) {
        let ends = self.now + time;
        while self.now < ends {
            self.now = (self.now + TICK).min(ends);
            self.lease_ends = self.lease_ends.filter(|ends| self.now < *ends);
            if self.launcher_back_at.is_some_and(|at| self.now < at) {
                continue;
            }
            let began = self.launcher_back_at.take().is_some();
            self.keep_promises(began);
        }
    }

    fn keep_promises(&mut self, began: bool) {
        let confirm_late = self.begun_at + self.confirm_timeout <= self.now;
        match self.pending {
            Some(Pending::Armed) if began || !self.runner => self.pending = None,
            // Nobody was there to judge.
            Some(Pending::Begun) if began || !self.runner => self.go_back(Blame::Nobody),
            Some(Pending::Begun) if confirm_late || self.daemon.is_none() => {
                self.go_back(Blame::Target);
            }
            _ => {}
        }
        if self.daemon.is_none() && self.daemon_back_at <= self.now {
            self.start(false);
        }
    }

    fn launcher(&self) -> bool {
        self.launcher_back_at.is_none()
    }

    fn kill_daemon(&mut self) {
        self.daemon = None;
        self.daemon_died = true;
        self.lease_ends = None;
        self.daemon_back_at = self.now + START;
    }

    fn start(&mut self, held_by_file: bool) {
        self.generation += 1;
        let pid = 100 + u32::try_from(self.generation).expect("few generations");
        let seen = Seen { pid, generation: self.generation };
        self.lease_ends = None;
        self.daemon = Some(Daemon { seen, slot: self.current, held_by_file });
    }

    fn go_back(&mut self, blame: Blame) {
        self.current = "previous";
        self.target_bad |= blame == Blame::Target;
        self.target_good = false;
        self.pending = None;
        self.start(false);
    }

    /// Does what an action asks for, as far as the world lets it.
    fn carry_out(&mut self, action: &Action, fate: Fate) -> Event {
        let told = |told| Event::Told(told);
        match action {
            Action::Lock
            | Action::Select
            | Action::Foresee
            | Action::Gate
            | Action::Candidate
            | Action::Compare
            | Action::Prune
            | Action::Alert { .. } => done(),
            Action::Build => {
                told(Told::Built { slot: "target".into(), remarks: Remarks::default() })
            }
            Action::BackUp => told(Told::BackedUp("backups/x.db".into())),
            Action::Look => self.sight().map_or_else(|| failed("nobody runs"), told),
            Action::Glance => {
                self.pass(Duration::from_secs(1));
                told(Told::Idle(fate != Fate::Busy))
            }
            Action::Drain { within, lease, manners } => self.drain(fate, *within, *lease, *manners),
            Action::LetGo | Action::Release => self.release(action),
            Action::Arm => self.arm(),
            Action::Switch => self.switch(fate),
            Action::Verify(probe) => self.verify(*probe, fate),
            Action::Confirm(proof) => self.confirm(*proof),
            Action::Disarm => self.disarm(),
            Action::Untouched => {
                while self.is_held() || self.daemon.is_none() {
                    self.pass(TICK);
                }
                self.sight().map_or_else(|| failed("nobody runs"), told)
            }
            Action::Settle | Action::CheckPrevious => self.settle(action),
            Action::RollBack { blame, .. } => self.roll_back(*blame),
        }
    }

    fn sight(&self) -> Option<Told> {
        let daemon = self.daemon?;
        let (daemon, slot) = (daemon.seen, daemon.slot.to_owned());
        Some(Told::Looked(Sight { daemon, slot, says: Vec::new() }))
    }

    fn drain(&mut self, fate: Fate, within: Duration, lease: Duration, manners: Manners) -> Event {
        if self.daemon.is_none() {
            return failed("nobody runs");
        }
        self.holds += usize::from(self.lease_ends.is_none());
        self.interruptions += usize::from(manners == Manners::Interrupt);
        if fate == Fate::Busy {
            self.pass(within);
        }
        self.lease_ends = Some(self.now + lease);
        let quiet = fate != Fate::Busy;
        Event::Told(Told::Drained { quiet, busy: u64::from(!quiet), unsent: 0 })
    }

    fn release(&mut self, action: &Action) -> Event {
        let Some(daemon) = &mut self.daemon else {
            self.said_no = true;
            return said_no("nobody runs");
        };
        daemon.held_by_file = false;
        self.lease_ends = None;
        if *action == Action::LetGo { done() } else { Event::Told(Told::Resident(10 << 20)) }
    }

    /// The driver compares who runs with who ran at the beginning.
    fn arm(&mut self) -> Event {
        let is_same = self.daemon.is_some_and(|daemon| daemon.seen.generation == 7);
        if !self.launcher() || !is_same {
            return failed("not armed");
        }
        self.pending = Some(Pending::Armed);
        done()
    }

    fn switch(&mut self, fate: Fate) -> Event {
        if !self.launcher() || self.pending != Some(Pending::Armed) {
            return failed("not switched");
        }
        self.pending = Some(Pending::Begun);
        self.begun_at = self.now;
        self.current = "target";
        if fate == Fate::Unwell {
            self.go_back(Blame::Target);
            return Event::Told(Told::WentBack("no READY".to_owned()));
        }
        self.start(true);
        let daemon = self.daemon.expect("it was started").seen;
        Event::Told(Told::Switched(Switched {
            daemon,
            stop_ms: 100,
            end: End::InOrder,
            gap_ms: 300,
        }))
    }

    fn verify(&mut self, probe: Probe, fate: Fate) -> Event {
        if self.slot() != "target" || fate == Fate::Unwell && probe != Probe::Memory {
            self.said_no = true;
            return said_no("it does not answer");
        }
        self.said_no |= fate == Fate::Unwell;
        let grown = if fate == Fate::Unwell { GROWTH_MAX_BYTES + 1 } else { 0 };
        if probe == Probe::Memory {
            Event::Told(Told::Resident((10 << 20) + grown))
        } else {
            done()
        }
    }

    fn confirm(&mut self, proof: Proof) -> Event {
        if !self.launcher() || self.pending != Some(Pending::Begun) {
            return failed("nothing to bless");
        }
        self.pending = None;
        match proof {
            Proof::Proven => self.target_good = true,
            Proof::Unproven => self.kept = true,
        }
        done()
    }

    fn disarm(&mut self) -> Event {
        if !self.launcher() || self.pending != Some(Pending::Armed) {
            return failed("not armed");
        }
        self.pending = None;
        done()
    }

    fn settle(&mut self, action: &Action) -> Event {
        if *action == Action::CheckPrevious && self.daemon.is_some() {
            drop(self.release(action));
        }
        while !self.launcher() || self.daemon.is_none() || self.pending.is_none() && self.is_held()
        {
            self.pass(TICK);
        }
        let good = self.current == "previous" || self.target_good;
        Event::Told(Told::Settled(Settled {
            slot: self.slot().to_owned(),
            daemon: self.daemon.map(|daemon| daemon.seen),
            pending: self.pending.unwrap_or(Pending::Gone),
            standing: if good { Standing::Good } else { Standing::Other },
            delivery: if self.is_held() { Delivery::Held } else { Delivery::Open },
        }))
    }

    fn roll_back(&mut self, blame: Blame) -> Event {
        assert!(blame == Blame::Nobody || self.said_no, "blamed without evidence: {:?}", self.seen);
        if !self.launcher() || self.pending != Some(Pending::Begun) {
            return failed("nothing to go back from");
        }
        self.go_back(blame);
        done()
    }

    /// As long as the launcher was not asked to switch, nobody but death touches the old daemon.
    fn ensure_old_one_stays(&self, restart: &Restart) {
        if restart.grip < Grip::Switching && !self.daemon_died {
            let generation = self.daemon.map(|daemon| daemon.seen.generation);
            assert_eq!(generation, Some(7), "touched after {:?}", self.seen);
        }
    }

    /// Long after everything: somebody healthy answers everybody.
    pub(super) fn ensure_well(&self, what: &str) {
        let what = format!("{what}: {:?}", self.seen);
        let daemon = self.daemon.unwrap_or_else(|| panic!("nobody runs: {what}"));
        assert!(!self.is_held(), "left held: {what}");
        assert_eq!(self.pending, None, "left pending: {what}");
        assert_eq!(daemon.slot, self.current, "{what}");
        let blessed = self.target_good && !self.target_bad;
        let healthy = daemon.slot == "previous" || blessed || self.kept;
        assert!(healthy, "an unblessed target runs: {what}");
    }

    /// The exit code says what happened.
    pub(super) fn ensure_said(&self, restart: &Restart, what: &str) {
        let account = restart.account();
        let code = account.code();
        let what = format!("{what}, {code:?}: {:?} {:?}", self.seen, account.reasons);
        let was_switched = self.seen.contains(&Action::Switch);
        match code {
            ExitCode::Pass => assert!(self.target_good && self.slot() == "target", "{what}"),
            ExitCode::RolledBack => assert!(was_switched && self.slot() == "previous", "{what}"),
            ExitCode::RollbackFailed => {
                let told = self.seen.iter().any(|action| matches!(action, Action::Alert { .. }));
                assert!(was_switched && told, "{what}");
            }
            ExitCode::Failed if self.slot() == "target" => {
                assert!(self.kept && self.said_no && !self.target_good, "{what}");
            }
            _ => {
                assert_eq!(self.slot(), "previous", "{what}");
                assert!(!self.target_good, "{what}");
                let same = self.generation == 7 || self.daemon_died;
                assert!(same, "{what}");
            }
        }
        assert_eq!(code == ExitCode::Pass, account.reasons.is_empty(), "{what}");
    }
}
