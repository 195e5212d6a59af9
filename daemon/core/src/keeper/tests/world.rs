//! A fake world around the keeper: slots that behave as they like, orders at any time, a runner that
//! dies, and launchers that are cut off between any two actions, with or without their daemon.

use std::collections::BTreeSet;
use std::mem;

use proptest::prelude::*;

use super::*;
use crate::limits::CRASH_WAIT_MAX;

const SLOTS: [Slot; 4] = ["a", "b", "c", "d"];

/// How a slot's daemon behaves, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Well,
    /// Its files are not what they should be.
    Unfit,
    EndsAtStart,
    NeverReady,
    /// It is ready and says nothing more.
    Hangs,
    /// It is ready, and ends after so many seconds.
    EndsAfter(u64),
    /// It does what it should, and leaves a damaged database.
    Damages,
}

/// The database, as it lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Database {
    Whole,
    Damaged,
    /// The damaged one is moved away, and the copy that takes its place lies beside.
    Away,
}

/// Whether there is a backup that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backup {
    Good,
    None,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Pass(u64),
    Arm(usize),
    Switch,
    Confirm(Proof),
    Disarm,
    Back(Blame),
    GoTo(usize),
    Restart,
    MarkBad(usize),
    RunnerGone,
    /// A new launcher begins, as the daemon was told to stop.
    Stop,
    /// The launcher ends when so many more actions are done; with its daemon, or not.
    Cut(usize, Survivor),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Survivor {
    None,
    Daemon,
}

/// The daemon that is there.
#[derive(Debug, Clone)]
struct Daemon {
    slot: Slot,
    ready: bool,
    since: Monotonic,
    beat: Monotonic,
}

/// What outlives a launcher.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the world of its own")]
struct World {
    manners: BTreeMap<Slot, Manner>,
    now: Now,
    disk: Found<Slot>,
    daemon: Option<Daemon>,
    database: Database,
    backup: Backup,
    /// The database is looked at; it takes until the next second.
    looking: bool,
    /// It was found damaged, and a person has yet to be called.
    alarm: bool,
    /// Its backup took its place, and no person was called for it so far.
    replaced: bool,
    runner: bool,
    /// The target is the one that was confirmed last.
    confirmed: Option<Slot>,
    /// Something else than the target may end the restart that is under way.
    excused: bool,
    /// Targets that were left.
    left: BTreeSet<Slot>,
    cut: Option<(usize, Survivor)>,
    /// An `Unfit` to be told.
    unfit: bool,
    orders_open: u32,
    over: bool,
}

impl World {
    fn new(manners: Vec<Manner>, standings: Vec<Standing>, current: usize, backup: Backup) -> Self {
        let slots = SLOTS.into_iter().zip(standings).collect();
        Self {
            manners: SLOTS.into_iter().zip(manners).collect(),
            now: at(Duration::from_secs(1)),
            disk: Found {
                slots,
                current: Some(SLOTS[current]),
                pending: None,
                memory: Memory::default(),
            },
            daemon: None,
            database: Database::Whole,
            backup,
            looking: false,
            alarm: false,
            replaced: false,
            runner: true,
            confirmed: None,
            excused: false,
            left: BTreeSet::new(),
            cut: None,
            unfit: false,
            orders_open: 0,
            over: false,
        }
    }

    /// A launcher begins; a daemon of the one before ends first, as its input has ended.
    fn launcher(&mut self) -> Keeper<Slot> {
        self.gone();
        self.unfit = false;
        self.looking = false;
        self.alarm = false;
        self.over = false;
        self.orders_open = 0;
        self.excused = true;
        Keeper::begin(self.now, BOUNDS, self.disk.clone())
    }

    fn run(&mut self, steps: Vec<Step>) {
        let mut keeper = self.launcher();
        self.act(&mut keeper);
        for step in steps {
            self.step(&mut keeper, step);
            self.act(&mut keeper);
        }
        // Nobody orders anything any more, nobody carries anything out, and no power is cut.
        self.runner = false;
        self.excused = true;
        self.cut = None;
        if self.over {
            keeper = self.launcher();
        }
        self.pass(&mut keeper, 3 * 60 * 60);
        self.check_rest(&keeper);
    }

    fn step(&mut self, keeper: &mut Keeper<Slot>, step: Step) {
        let id = || "r".to_owned();
        let order = match step {
            Step::Pass(seconds) => return self.pass(keeper, seconds),
            Step::Cut(after, survivor) => {
                self.cut = Some((after, survivor));
                return;
            }
            Step::RunnerGone => {
                self.runner = false;
                self.excused = true;
                return;
            }
            Step::Arm(target) => {
                self.runner = true;
                let confirm_timeout = Duration::from_mins(2);
                Order::Arm { id: id(), target: SLOTS[target], confirm_timeout }
            }
            Step::Switch => Order::Switch { id: id() },
            Step::Confirm(proof) => Order::Confirm { id: id(), proof },
            Step::Disarm => Order::Disarm { id: id() },
            Step::Back(blame) => Order::RollBack { id: id(), why: "asked".into(), blame },
            Step::GoTo(slot) => Order::GoTo { slot: SLOTS[slot] },
            Step::Restart => Order::Restart,
            Step::MarkBad(slot) => Order::MarkBad { slot: SLOTS[slot], why: "asked".into() },
            Step::Stop => Order::Stop,
        };
        let long = matches!(
            order,
            Order::Switch { .. } | Order::RollBack { .. } | Order::GoTo { .. } | Order::Restart
        );
        let confirmed = matches!(order, Order::Confirm { .. });
        let armed = matches!(order, Order::Arm { .. });
        let blameless = matches!(order, Order::RollBack { blame: Blame::Nobody, .. });
        let target = keeper.pending().map(|pending| pending.target);
        keeper.know(self.disk.slots.clone());
        if keeper.order(self.now, order).is_ok() {
            self.orders_open += u32::from(long);
            assert!(self.orders_open <= 1, "two orders at once");
            if confirmed {
                self.confirmed = target;
            }
            self.excused = !armed && (self.excused || blameless);
        }
    }

    /// Carries out what the keeper wants, or its end comes between two actions.
    fn act(&mut self, keeper: &mut Keeper<Slot>) {
        while let Some(action) = keeper.poll_action() {
            match &mut self.cut {
                Some((0, _)) => {
                    *keeper = self.cut_off();
                    continue;
                }
                Some((left, _)) => *left -= 1,
                None => {}
            }
            self.carry_out(action);
            if self.unfit {
                self.unfit = false;
                keeper.know(self.disk.slots.clone());
                keeper.handle(self.now, Event::Unfit { why: "unfit".into() });
            }
        }
        if self.over {
            *keeper = self.launcher();
            self.act(keeper);
        }
    }

    /// The launcher ends at once, and the next one begins.
    fn cut_off(&mut self) -> Keeper<Slot> {
        if matches!(self.cut, Some((_, Survivor::None))) {
            self.gone();
        }
        self.cut = None;
        self.launcher()
    }

    /// The daemon is no more, and its database as it left it.
    fn gone(&mut self) {
        let left = self.daemon.take();
        if left.is_some_and(|it| self.manners[it.slot] == Manner::Damages) {
            self.database = Database::Damaged;
        }
    }

    /// Looks at the database, and puts its backup in its place in two steps; between them the power
    /// may be cut. `None` if it was.
    fn look(&mut self) -> Option<Event> {
        assert!(self.daemon.is_none(), "somebody has it open");
        let begun_at = self.database;
        while self.database != Database::Whole {
            match &mut self.cut {
                Some((0, _)) => return None,
                Some((left, _)) => *left -= 1,
                None => {}
            }
            self.database = match (self.database, self.backup) {
                (Database::Damaged, Backup::None) => break,
                (Database::Damaged, Backup::Good) => {
                    self.replaced = true;
                    Database::Away
                }
                (Database::Away | Database::Whole, _) => Database::Whole,
            };
        }
        self.alarm = begun_at != Database::Whole || self.replaced;
        let trouble = self.alarm.then(|| "damaged".to_owned());
        Some(Event::DatabaseLooked { trouble })
    }

    fn carry_out(&mut self, action: Action<Slot>) {
        match action {
            Action::Start(slot) => self.start(slot),
            Action::Terminate | Action::Kill => {}
            Action::LookAtDatabase => self.looking = true,
            Action::WritePending(pending) => self.disk.pending = Some(pending),
            Action::RemovePending => {
                let ended = self.disk.pending.take().expect("there was one");
                let bad = self.disk.slots[ended.target] == Standing::Bad;
                let confirmed = self.confirmed.take() == Some(ended.target);
                let explained = bad || confirmed || self.excused;
                assert!(ended.phase == Phase::Armed || explained, "{ended:?} was left");
                assert!(!self.replaced, "nobody was told");
                if ended.phase == Phase::RollingBack {
                    self.left.insert(ended.target);
                }
            }
            Action::Mark { slot, standing, .. } => {
                assert_ne!(standing, Standing::Unknown);
                self.disk.slots.insert(slot, standing);
            }
            Action::SetCurrent(slot) => self.disk.current = Some(slot),
            Action::Remember(memory) => self.disk.memory = memory,
            Action::Alert { .. } => {
                assert!(self.alarm || self.disk.memory.alerted, "called twice");
                self.alarm = false;
                self.replaced = false;
            }
            Action::Answer(_) => {
                self.orders_open = self.orders_open.checked_sub(1).expect("somebody asked");
            }
            Action::End => {
                assert!(self.daemon.is_none(), "left alone");
                self.over = true;
            }
        }
    }

    fn start(&mut self, slot: Slot) {
        assert!(self.daemon.is_none(), "two daemons");
        assert!(!self.looking && !self.alarm, "it is not known whether the database is whole");
        assert_ne!(self.database, Database::Away, "there is no database");
        if let (Some(Phase::RollingBack), Backup::Good) =
            (self.disk.pending.as_ref().map(|it| it.phase), self.backup)
        {
            assert_eq!(self.database, Database::Whole, "there was a backup");
        }
        assert_ne!(self.disk.slots[slot], Standing::Bad, "{slot} is marked bad");
        assert_eq!(self.disk.current, Some(slot));
        let tried = self.disk.pending.as_ref().is_some_and(|it| it.target == slot);
        let good = self.disk.slots[slot] == Standing::Good;
        assert!(tried || good || !self.left.contains(slot), "{slot} was left");
        if let Some(pending) = &self.disk.pending {
            let target = pending.target == slot;
            assert!(target == (pending.phase == Phase::Started), "{pending:?}");
            assert!(!target || pending.tries == 1, "{pending:?}");
        }
        if self.manners[slot] == Manner::Unfit {
            self.unfit = true;
            return;
        }
        let since = self.now.monotonic;
        self.daemon = Some(Daemon { slot, ready: false, since, beat: since });
    }

    /// Lets time go by second by second, as the daemon's behaviour wants it.
    fn pass(&mut self, keeper: &mut Keeper<Slot>, seconds: u64) {
        for _ in 0..seconds {
            self.now = at(self.now.monotonic + Duration::from_secs(1));
            if mem::take(&mut self.looking) {
                match self.look() {
                    Some(looked) => {
                        keeper.know(self.disk.slots.clone());
                        keeper.handle(self.now, looked);
                    }
                    None => *keeper = self.cut_off(),
                }
                self.act(keeper);
            }
            for event in self.events(keeper) {
                keeper.know(self.disk.slots.clone());
                keeper.handle(self.now, event);
                self.act(keeper);
            }
            keeper.know(self.disk.slots.clone());
            keeper.handle_deadline(self.now);
            self.act(keeper);
        }
    }

    fn events(&mut self, keeper: &Keeper<Slot>) -> Vec<Event> {
        let mut events = Vec::new();
        if keeper.pending().is_some() {
            let runner = if self.runner { Runner::There } else { Runner::Gone };
            events.push(Event::Runner(runner));
        }
        let now = self.now.monotonic;
        let Some(daemon) = &mut self.daemon else { return events };
        let manner = self.manners[daemon.slot];
        // It is told to end only while the keeper waits for that.
        let told = matches!(keeper.state, State::Stopping { .. });
        let killed = matches!(keeper.state, State::Stopping { kill_at: None, .. });
        let ends = match manner {
            Manner::EndsAtStart => true,
            Manner::EndsAfter(seconds) => {
                daemon.since + Duration::from_secs(seconds) <= now || told
            }
            Manner::Hangs if daemon.ready => killed,
            _ => told,
        };
        if ends {
            self.gone();
            events.push(Event::Ended { how: "ended".into(), cause: Cause::Own });
        } else if !daemon.ready && manner != Manner::NeverReady {
            daemon.ready = true;
            daemon.beat = now;
            events.push(Event::Ready);
        } else if daemon.ready && manner != Manner::Hangs {
            events.push(Event::Beat);
        }
        events
    }

    /// When all is quiet: no restart is left over, and what can run does.
    fn check_rest(&self, keeper: &Keeper<Slot>) {
        assert_eq!(self.disk.pending, None, "pending for ever");
        assert_eq!(self.orders_open, 0, "somebody waits for ever");
        let well = |slot: &Slot| matches!(self.manners[slot], Manner::Well | Manner::Damages);
        let good = |slot: &Slot| self.disk.slots[slot] == Standing::Good;
        if SLOTS.iter().any(|slot| well(slot) && good(slot)) {
            let daemon = self.daemon.as_ref().expect("a daemon runs");
            assert!(well(&daemon.slot) && daemon.ready, "{daemon:?}");
            assert_eq!(keeper.doing(), Doing::Running);
            assert_eq!(self.disk.memory.crashes, [], "forgotten");
        } else {
            assert!(keeper.deadline().is_some(), "it goes on");
        }
    }
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Well),
        1 => Just(Manner::Unfit),
        1 => Just(Manner::EndsAtStart),
        1 => Just(Manner::NeverReady),
        1 => Just(Manner::Hangs),
        1 => (1_u64..150).prop_map(Manner::EndsAfter),
        2 => Just(Manner::Damages),
    ]
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![2 => Just(Standing::Good), 2 => Just(Standing::Unknown), 1 => Just(Standing::Bad)]
}

fn step() -> impl Strategy<Value = Step> {
    let survivor = prop_oneof![Just(Survivor::None), Just(Survivor::Daemon)];
    let proof = prop_oneof![Just(Proof::Given), Just(Proof::Lacking)];
    let blame = prop_oneof![Just(Blame::Target), Just(Blame::Nobody)];
    prop_oneof![
        6 => (1_u64..40).prop_map(Step::Pass),
        1 => (100_u64..2000).prop_map(Step::Pass),
        4 => (0..SLOTS.len()).prop_map(Step::Arm),
        4 => Just(Step::Switch),
        2 => proof.prop_map(Step::Confirm),
        1 => Just(Step::Disarm),
        1 => blame.prop_map(Step::Back),
        1 => (0..SLOTS.len()).prop_map(Step::GoTo),
        1 => Just(Step::Restart),
        1 => (0..SLOTS.len()).prop_map(Step::MarkBad),
        1 => Just(Step::RunnerGone),
        1 => Just(Step::Stop),
        2 => (0_usize..8, survivor).prop_map(|(after, survivor)| Step::Cut(after, survivor)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever slots, orders, runners and power cuts do: it ends on a daemon that is well if there
    /// is one, starts no bad slot and no second daemon, none without a database, and every restart ends,
    /// confirmed or undone.
    #[test]
    fn it_always_ends_on_a_daemon_that_is_well(
        manners in proptest::collection::vec(manner(), SLOTS.len()),
        standings in proptest::collection::vec(standing(), SLOTS.len()),
        current in 0..SLOTS.len(),
        backup in prop_oneof![Just(Backup::Good), Just(Backup::None)],
        steps in proptest::collection::vec(step(), 1..25),
    ) {
        assert!(CRASH_WAIT_MAX < Duration::from_hours(1), "the end is long enough");
        World::new(manners, standings, current, backup).run(steps);
    }
}
