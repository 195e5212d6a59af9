//! A fake world around the keeper: slots that behave as they like, orders at any time, a runner that
//! dies, a disk that takes no writes for a while, a machine that starts nothing or stands still, and
//! launchers that are cut off between any two actions, with or without their daemon.

use std::collections::BTreeSet;
use std::mem;

use proptest::prelude::*;

use super::*;
use crate::limits::CRASH_WAIT_MAX;
use steps::{After, Backup, Database, Disk, Machine, Manner, Step, Survivor};
use steps::{manners, standing, step};

mod steps;

const SLOTS: [Slot; 4] = ["a", "b", "c", "d"];

/// More than every slot in turn needs, with all that is owed.
const ACTIONS_MAX: usize = 40;

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
    /// How many were announced, or tried to be.
    restarts: u32,
    /// The target is the one that was confirmed last.
    confirmed: Option<Slot>,
    /// Something else than the target may end the restart that is under way.
    excused: bool,
    /// Slots whose daemon somebody ended, which speaks against them if it was only just ready.
    sent_away: BTreeSet<Slot>,
    /// Targets that were left.
    left: BTreeSet<Slot>,
    /// Targets that were announced, and not said to stay.
    unproven: BTreeSet<Slot>,
    disk_now: Disk,
    machine: Machine,
    /// The target of the restart under way was started.
    tried: bool,
    /// Somebody said that the target of the restart under way is to stay.
    vouched: bool,
    /// The target whose confirmation is being carried out.
    proving: Option<Slot>,
    /// This launcher could not write which slot is to run, or what it remembers.
    refused: bool,
    /// Marked bad by this launcher, whatever the file says.
    condemned: Vec<Slot>,
    /// How many were so before the last order.
    condemned_before: usize,
    /// Actions since time last went by.
    acted: usize,
    cut: Option<(usize, Survivor)>,
    /// An `Unfit` to be told.
    unfit: Option<Cause>,
    orders_open: u32,
    /// The slot that somebody waits for.
    ordered: Option<Slot>,
    /// The last order takes its time.
    long: bool,
    over: bool,
}

impl World {
    fn new(manners: Vec<Manner>, standings: Vec<Standing>, current: usize, backup: Backup) -> Self {
        // The one that ran last could read what it was given.
        let current = if manners[current] == Manner::Outdated { current + 1 } else { current };
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
            restarts: 0,
            confirmed: None,
            excused: false,
            sent_away: BTreeSet::new(),
            left: BTreeSet::new(),
            unproven: BTreeSet::new(),
            disk_now: Disk::Takes,
            machine: Machine::Well,
            tried: false,
            vouched: false,
            proving: None,
            refused: false,
            condemned: Vec::new(),
            condemned_before: 0,
            acted: 0,
            cut: None,
            unfit: None,
            orders_open: 0,
            ordered: None,
            long: false,
            over: false,
        }
    }

    /// A launcher begins; a daemon of the one before ends first, as its input has ended.
    fn launcher(&mut self) -> Keeper<Slot> {
        self.gone();
        self.unfit = None;
        self.proving = None;
        self.refused = false;
        self.condemned.clear();
        self.looking = false;
        self.alarm = false;
        self.over = false;
        self.orders_open = 0;
        self.ordered = None;
        self.excused = true;
        Keeper::begin(self.now, BOUNDS, self.disk.clone())
    }

    fn run(&mut self, steps: Vec<Step>) {
        let mut keeper = self.launcher();
        self.act(&mut keeper);
        for step in steps {
            self.acted = 0;
            self.step(&mut keeper, step);
            self.act(&mut keeper);
            if let Some(target) = self.proving.take() {
                assert_eq!(self.disk.slots[target], Standing::Good, "for a later launcher");
                assert_eq!(self.disk.pending, None, "for a later launcher");
            }
        }
        // Nobody orders anything any more, nobody carries anything out, no power is cut, and there is
        // room on the disk.
        self.disk_now = Disk::Takes;
        self.machine = Machine::Well;
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
        let id = || format!("r{}", self.restarts);
        let order = match step {
            Step::Pass(seconds) => return self.pass(keeper, seconds),
            Step::StandStill(seconds) => {
                self.now = at(self.now.monotonic + Duration::from_secs(seconds));
                keeper.know(self.disk.slots.clone());
                return keeper.handle_deadline(self.now);
            }
            Step::Disk(disk) => return self.disk_now = disk,
            Step::Machine(machine) => return self.machine = machine,
            Step::EndDaemon => return self.end_daemon(keeper),
            Step::Cut(after, survivor) => return self.cut = Some((after, survivor)),
            Step::RunnerGone => {
                self.runner = false;
                self.excused = true;
                return;
            }
            Step::Arm(target) => {
                self.runner = true;
                self.restarts += 1;
                let (id, target) = (format!("r{}", self.restarts), SLOTS[target]);
                Order::Arm { id, target, confirm_timeout: Duration::from_mins(2) }
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
        let proven = matches!(order, Order::Confirm { proof: Proof::Given, .. });
        let armed = matches!(order, Order::Arm { .. });
        let ordered = if let Order::GoTo { slot } = order { Some(slot) } else { None };
        let blameless = matches!(order, Order::RollBack { blame: Blame::Nobody, .. });
        let target = keeper.pending().map(|pending| pending.target);
        keeper.know(self.disk.slots.clone());
        if keeper.order(self.now, order).is_ok() {
            self.orders_open += u32::from(long);
            self.long = long;
            self.ordered = self.ordered.or(ordered);
            self.condemned_before = self.condemned.len();
            assert!(self.orders_open <= 1, "two orders at once");
            if confirmed {
                self.confirmed = target;
                self.vouched = true;
                self.proving = target.filter(|_| proven);
                self.left.retain(|left| Some(*left) != target);
                self.unproven.retain(|unproven| Some(*unproven) != target);
            }
            if armed {
                (self.tried, self.vouched) = (false, false);
                self.unproven.extend(keeper.pending().map(|pending| pending.target));
            }
            self.excused = !armed && (self.excused || blameless);
        }
    }

    fn end_daemon(&mut self, keeper: &mut Keeper<Slot>) {
        let Some(daemon) = &self.daemon else { return };
        self.sent_away.insert(daemon.slot);
        self.excused = true;
        self.gone();
        keeper.know(self.disk.slots.clone());
        keeper.handle(self.now, Event::Ended { how: "exit 0".into(), cause: Cause::Asked });
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
            self.acted += 1;
            assert!(self.acted < ACTIONS_MAX, "it spins");
            self.look_at(&action);
            if self.refuses(&action) {
                self.refused = true;
                self.excused = true;
                if matches!(self.disk_now, Disk::Refuses(_, After::New)) {
                    self.write(&action);
                }
                let why = "write".to_owned();
                keeper.handle(self.now, Event::Unwritten { write: action, why });
                continue;
            }
            self.write(&action);
            self.carry_out(keeper, &action);
            if let Some(cause) = self.unfit.take() {
                keeper.know(self.disk.slots.clone());
                keeper.handle(self.now, Event::Unfit { why: "unfit".into(), cause });
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
    fn look(&mut self) -> Option<Event<Slot>> {
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

    fn refuses(&self, action: &Action<Slot>) -> bool {
        let file = match action {
            Action::SetCurrent(_) => 1,
            Action::WritePending(_) | Action::RemovePending => 2,
            Action::Mark { .. } => 4,
            Action::Remember(_) => 8,
            _ => 0,
        };
        matches!(self.disk_now, Disk::Refuses(files, _) if files & file != 0)
    }

    /// What must not even be tried.
    fn look_at(&mut self, action: &Action<Slot>) {
        match action {
            Action::RemovePending => {
                assert!(!self.replaced, "nobody was told");
                let Some(ended) = self.disk.pending.clone() else {
                    return assert!(self.refused, "there was none");
                };
                let bad = self.disk.slots[ended.target] == Standing::Bad;
                let confirmed = self.confirmed.take() == Some(ended.target);
                let explained = bad || confirmed || self.excused || !self.tried;
                assert!(ended.phase == Phase::Armed || explained, "{ended:?} was left");
                if ended.phase == Phase::RollingBack {
                    self.left.insert(ended.target);
                }
            }
            Action::Mark { slot, standing, why } => {
                assert_ne!(*standing, Standing::Unknown);
                if *standing == Standing::Bad {
                    let blameless = matches!(self.manners[slot], Manner::Well | Manner::Outdated);
                    let earned = !blameless || self.sent_away.contains(slot);
                    let told = ["asked", "damaged"].contains(&why.as_str());
                    assert!(earned || told, "{slot} is blamed: {why}");
                    self.condemned.push(*slot);
                }
            }
            Action::Remember(memory) => {
                if let (Some(said), Some(says)) =
                    (&self.disk.memory.rolled_back, &memory.rolled_back)
                {
                    let same = said.id != says.id || said.why == says.why;
                    assert!(same, "{said:?} is {says:?} by now");
                }
                let back = memory.rolled_back.as_ref().filter(|back| back.at == self.now.wall);
                if back.is_some_and(|back| back.why.contains("nobody confirmed")) {
                    assert!(!self.vouched, "somebody had");
                    self.excused = true;
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, action: &Action<Slot>) {
        match action.clone() {
            Action::WritePending(pending) => self.disk.pending = Some(pending),
            Action::RemovePending => self.disk.pending = None,
            Action::Mark { slot, standing, .. } => {
                self.disk.slots.insert(slot, standing);
            }
            Action::SetCurrent(slot) => self.disk.current = Some(slot),
            Action::Remember(memory) => self.disk.memory = memory,
            _ => {}
        }
        // A launcher that begins at this moment would start it, with nobody watching.
        if let (None, Some(current)) = (&self.disk.pending, self.disk.current) {
            let known = self.disk.slots[current] != Standing::Unknown;
            assert!(known || !self.unproven.contains(current), "{current} is unproven");
        }
    }

    fn carry_out(&mut self, keeper: &Keeper<Slot>, action: &Action<Slot>) {
        match action {
            Action::Start(slot) => self.start(keeper, slot),
            Action::LookAtDatabase => self.looking = true,
            Action::Alert { .. } => {
                let once = self.alarm || self.refused || self.disk.memory.alerted;
                assert!(once, "called twice");
                self.alarm = false;
                self.replaced = false;
            }
            Action::Answer(_) => {
                self.ordered = None;
                self.orders_open = self.orders_open.checked_sub(1).expect("somebody asked");
            }
            Action::Refuse { .. } => {
                assert!(self.refused, "nothing had failed");
                // Whoever asked is told, and waits no more.
                self.orders_open -= u32::from(self.long);
                self.confirmed = None;
                self.proving = None;
                self.condemned.truncate(self.condemned_before);
            }
            Action::End => {
                assert!(self.daemon.is_none(), "left alone");
                self.over = true;
            }
            Action::Terminate | Action::Kill => {}
            Action::WritePending(_)
            | Action::RemovePending
            | Action::Mark { .. }
            | Action::SetCurrent(_)
            | Action::Remember(_) => {}
        }
    }

    fn start(&mut self, keeper: &Keeper<Slot>, slot: Slot) {
        assert!(self.daemon.is_none(), "two daemons");
        assert!(!self.looking && !self.alarm, "it is not known whether the database is whole");
        assert_ne!(self.database, Database::Away, "there is no database");
        if let (Some(Phase::RollingBack), Backup::Good) =
            (keeper.pending().map(|it| it.phase), self.backup)
        {
            assert_eq!(self.database, Database::Whole, "there was a backup");
        }
        let bad = self.disk.slots[slot] == Standing::Bad || self.condemned.contains(&slot);
        assert!(!bad, "{slot} is marked bad");
        let target = keeper.pending().is_some_and(|it| it.target == slot);
        let written = self.disk.current == Some(slot);
        let ordered = self.ordered == Some(slot);
        assert!(written || ordered || (self.refused && !target), "{slot} is not the one to run");
        let tried = self.disk.pending.as_ref().is_some_and(|it| it.target == slot);
        let good = self.disk.slots[slot] == Standing::Good;
        assert!(tried || good || !self.left.contains(slot), "{slot} was left");
        if let Some(pending) = keeper.pending() {
            assert!(target == (pending.phase == Phase::Started), "{pending:?}");
            assert!(!target || pending.tries == 1, "{pending:?}");
            assert!(!target || self.disk.pending.as_ref() == Some(pending), "{pending:?}");
        }
        self.tried |= target;
        self.unfit = match self.machine {
            Machine::StartsNothing => Some(Cause::Outside),
            _ if self.manners[slot] == Manner::Unfit => Some(Cause::Own),
            _ => None,
        };
        if let Some(cause) = self.unfit {
            self.excused |= cause == Cause::Outside;
            return;
        }
        let since = self.now.monotonic;
        self.daemon = Some(Daemon { slot, ready: false, since, beat: since });
    }

    /// Lets time go by second by second, as the daemon's behaviour wants it.
    fn pass(&mut self, keeper: &mut Keeper<Slot>, seconds: u64) {
        for _ in 0..seconds {
            self.now = at(self.now.monotonic + Duration::from_secs(1));
            self.acted = 0;
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

    fn events(&mut self, keeper: &Keeper<Slot>) -> Vec<Event<Slot>> {
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
        let full = self.machine == Machine::Full;
        if (full || manner == Manner::Outdated) && !daemon.ready && !told {
            self.gone();
            self.excused = true;
            events.push(Event::Ended { how: "exit 64".into(), cause: Cause::Outside });
        } else if ends {
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
        assert_eq!(keeper.unwritten_because(), None, "owed for ever");
        assert_eq!(self.orders_open, 0, "somebody waits for ever");
        let well = |slot: &Slot| matches!(self.manners[slot], Manner::Well | Manner::Damages);
        let good = |slot: &Slot| self.disk.slots[slot] == Standing::Good;
        if SLOTS.iter().any(|slot| well(slot) && good(slot)) {
            let daemon = self.daemon.as_ref().expect("a daemon runs");
            assert!(well(&daemon.slot) && daemon.ready, "{daemon:?}");
            assert_eq!(self.disk.current, Some(daemon.slot), "for a later launcher");
            assert_eq!(keeper.doing(), Doing::Running);
            assert_eq!(self.disk.memory.crashes, [], "forgotten");
        } else {
            // One that was killed has only yet to end.
            let killed = matches!(keeper.state, State::Stopping { kill_at: None, .. });
            assert!(keeper.deadline().is_some() || killed, "it goes on");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever slots, orders, runners, power cuts, the disk and the machine do: it ends on a daemon
    /// that is well if there is one, starts no bad slot and no second daemon, none without a database,
    /// never spins, blames no slot for what it did not do, and every restart ends, confirmed or undone.
    #[test]
    fn it_always_ends_on_a_daemon_that_is_well(
        manners in manners(),
        standings in proptest::collection::vec(standing(), SLOTS.len()),
        current in 0..SLOTS.len(),
        backup in prop_oneof![Just(Backup::Good), Just(Backup::None)],
        steps in proptest::collection::vec(step(), 1..25),
    ) {
        assert!(CRASH_WAIT_MAX < Duration::from_hours(1), "the end is long enough");
        World::new(manners, standings, current, backup).run(steps);
    }
}

/// Which ran well with a configuration of its time.
#[test]
fn a_slot_that_was_ordered_and_cannot_read_the_configuration_is_left_wherever_the_launcher_dies() {
    let (a, b) = (0, 1);
    let waits = vec![Step::Machine(Machine::Full), Step::Pass(5)];
    let runs = vec![Step::Pass(5)];
    for death in 0..24 {
        let survivor = if death % 2 == 0 { Survivor::None } else { Survivor::Daemon };
        let steps = [Step::Cut(death / 2, survivor), Step::GoTo(a), Step::Pass(5)];
        for before in [&waits, &runs] {
            let manners = vec![Manner::Outdated, Manner::Well, Manner::Well, Manner::Well];
            let standings = [Standing::Good, Standing::Good, Standing::Unknown, Standing::Unknown];
            let mut world = World::new(manners, standings.to_vec(), b, Backup::Good);
            world.run([before.as_slice(), &steps].concat());
        }
    }
}
