//! Drives the keeper: tells it what happens, and does what it wants, in its order.

use std::path::PathBuf;

use assistant_core::keeper::{self, Action, Cause, Event, Keeper, Order, Outcome, Runner};
use assistant_core::limits::STOP_MARGIN;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, info, warn};

use super::carrier::{Above, Carrier};
use super::child::{self, Child, Start};
use super::configured::Configured;
use super::protocol::{Answer, Request, RolledBack, Stopped, Up, ms};
use super::report::{REPORTS_WAITING_MAX, Report};
use super::{Settings, database, files};
use crate::app::signals::Signals;
use crate::clock::Clock;
use crate::config::Home;
use crate::control::lock::{self, Held};
use crate::control::peer;
use crate::control::protocol::{Refusal, RefusalKind};
use crate::control::server::Asked;
use crate::notify::{Notifier, READY, SOCKET_VARIABLE, STOPPING, WATCHDOG};
use crate::processes;
use crate::slots::{Manifest, Pending, SlotError, SlotName, Slots};
use crate::store;

pub(super) type Asker = oneshot::Sender<Result<Answer, Refusal>>;

/// The running launcher.
pub(super) struct Driver {
    pub(super) home: Home,
    pub(super) slots: Slots,
    pub(super) keeper: Keeper<SlotName>,
    pub(super) clock: Clock,
    pub(super) child: Option<Child>,
    /// `pending.json` as it stands.
    pub(super) pending: Option<Pending>,
    pub(super) carrier: Carrier,
    pub(super) configured: Configured,
    /// Who waits for the order under way.
    pub(super) asker: Option<Asker>,
    /// Why the order that was just given is not obeyed after all.
    pub(super) refused: Option<String>,
    bounds: keeper::Bounds,
    /// They are not for the configuration to say.
    bounds_given: bool,
    /// Daemons started.
    started: u64,
    /// The end of the daemon before, as far as it was ordered.
    pub(super) stopping: Option<Stopping>,
    manager: Option<Notifier>,
    peers: peer::Daemon,
    tasks: JoinSet<()>,
    reports: mpsc::Sender<Report>,
    reported: mpsc::Receiver<Report>,
    /// Why the slot that was to be started was not, and what that speaks against.
    unfit: Option<(String, Cause)>,
    /// It was said that the launcher is ready.
    begun: bool,
    /// How many have ordered it to stop.
    signals: u32,
    over: bool,
}

/// A daemon that was told to end.
#[derive(Debug)]
pub(super) struct Stopping {
    began: Instant,
    ended: Option<Stopped>,
    killed: bool,
}

impl Driver {
    /// Begins with what the files say. Nothing is started yet.
    pub(super) fn begin(settings: Settings, peers: peer::Daemon) -> Self {
        let Settings { home, user_home, config, bounds: given } = settings;
        let usual = || keeper::Bounds::with_shutdown(config.shutdown.deadline);
        let bounds = given.unwrap_or_else(usual);
        let clock = Clock::start();
        let (found, pending) = files::found(&home);
        let (reports, reported) = mpsc::channel(REPORTS_WAITING_MAX);
        let above = std::env::var_os(SOCKET_VARIABLE).filter(|socket| !socket.is_empty());
        let manager = above.as_ref().and_then(|socket| {
            Notifier::to(socket)
                .inspect_err(|error| warn!(%error, "the service manager cannot be told"))
                .ok()
        });
        Self {
            slots: Slots::of(&home),
            carrier: {
                let above = above.map_or(Above::Others, |_| Above::Systemd);
                Carrier::of(&home, above, peers.clone())
            },
            configured: Configured::of(&home, user_home, config),
            keeper: Keeper::begin(clock.now(), bounds, found),
            home,
            clock,
            child: None,
            pending,
            asker: None,
            refused: None,
            bounds,
            bounds_given: given.is_some(),
            started: 0,
            stopping: None,
            manager,
            peers,
            tasks: JoinSet::new(),
            reports,
            reported,
            unfit: None,
            begun: false,
            signals: 0,
            over: false,
        }
    }

    /// Runs until it is ordered to stop, and the daemon has.
    pub(super) async fn run(
        &mut self,
        signals: &mut Signals,
        asked: &mut mpsc::Receiver<Asked<Request, Answer>>,
    ) {
        let mut look = interval(self.bounds.runner_gone / 2);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut deaf = false;
        self.act().await;
        while !self.over {
            tokio::select! {
                () = signals.next() => self.stop_by_signal(),
                next = asked.recv(), if !deaf => {
                    deaf = next.is_none();
                    self.heed(next).await;
                }
                Some(report) = self.reported.recv() => self.hear(report).await,
                () = self.clock.sleep_until(self.keeper.deadline()) => self.meet_deadline().await,
                _ = look.tick() => self.look_around().await,
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
            }
            self.act().await;
        }
        self.tasks.shutdown().await;
    }

    /// What came while this stood still is heard first.
    async fn meet_deadline(&mut self) {
        tokio::task::yield_now().await;
        while let Ok(report) = self.reported.try_recv() {
            self.hear(report).await;
        }
        self.learn();
        self.keeper.handle_deadline(self.clock.now());
    }

    /// Gives the keeper an order.
    pub(super) fn order(&mut self, order: Order<SlotName>) -> Result<(), keeper::Refused> {
        let stops = order == Order::Stop;
        self.learn();
        self.keeper.order(self.clock.now(), order)?;
        if stops {
            self.tell_manager(STOPPING);
        }
        Ok(())
    }

    /// Has it know what happened.
    fn happen(&mut self, event: Event<SlotName>) {
        self.learn();
        self.keeper.handle(self.clock.now(), event);
    }

    /// Has it know which slots there are. Where that cannot be read, it goes by what it knew.
    fn learn(&mut self) {
        let said = |slot: &SlotName| self.keeper.standing(slot);
        if let Some(standings) = files::standings(&self.slots, said) {
            self.keeper.know(standings);
        }
    }

    async fn heed(&mut self, next: Option<Asked<Request, Answer>>) {
        let Some(Asked { request, answer, .. }) = next else {
            error!("nobody can ask the launcher any more: it ends");
            return self.stop_by_signal();
        };
        self.answer(request, answer).await;
    }

    fn stop_by_signal(&mut self) {
        self.signals += 1;
        if 1 < self.signals {
            warn!("second signal, the daemon is hurried");
            if let Some(child) = &self.child {
                child.terminate();
            }
        }
        // That it is stopping already is no news.
        let _ = self.order(Order::Stop);
    }

    async fn hear(&mut self, report: Report) {
        let current = self.child.as_ref().map(|child| child.number);
        match report {
            Report::Ready { number, ready } if current == Some(number) => {
                info!(pid = ready.pid, generation = ready.generation, "daemon ready");
                if let Some(child) = &mut self.child {
                    child.ready = Some(ready);
                    child.beat = Some(Instant::now());
                }
                self.happen(Event::Ready);
                self.begun();
                self.carrier.tell(&mut self.tasks);
            }
            Report::Ended { number, how, cause } if current == Some(number) => {
                info!(how, "daemon ended");
                self.child = None;
                self.peers.is(None);
                if let Some(stopping) = &mut self.stopping {
                    let elapsed_ms = ms(stopping.began.elapsed());
                    stopping.ended = Some(Stopped { elapsed_ms, killed: stopping.killed });
                }
                self.happen(Event::Ended { how, cause });
            }
            Report::Beat { number } if current == Some(number) => self.beat(),
            Report::Ready { .. } | Report::Ended { .. } | Report::Beat { .. } => {}
            Report::DatabaseLooked { trouble } => self.happen(Event::DatabaseLooked { trouble }),
            Report::Carried { id, exit_code } => {
                self.carrier.carried(&id, exit_code);
                self.carrier.tell(&mut self.tasks);
            }
        }
        self.act().await;
    }

    fn beat(&mut self) {
        if let Some(child) = &mut self.child {
            child.beat = Some(Instant::now());
        }
        self.keeper.handle(self.clock.now(), Event::Beat);
        self.tell_manager(WATCHDOG);
    }

    /// Once a second: who carries out the restart, and what became of others.
    async fn look_around(&mut self) {
        if self.keeper.doing() != keeper::Doing::Running {
            // Every step between two daemons has its deadline, and this loop turns.
            self.tell_manager(WATCHDOG);
        }
        if self.keeper.doing() == keeper::Doing::Waiting {
            self.begun();
        }
        let home = self.home.clone();
        let held = processes::walk(move || lock::look(&home.restart_lock())).await;
        let runner = if matches!(held, Ok(Held::Free)) { Runner::Gone } else { Runner::There };
        if self.keeper.pending().is_some() {
            self.happen(Event::Runner(runner));
        }
        if runner == Runner::Gone && self.carrier.settle_orphans().await {
            self.carrier.tell(&mut self.tasks);
        }
    }

    /// Whoever started the launcher hears that it is ready: with its first daemon, or when there is
    /// none to be had. It would be ended for being late else, in the middle of a wait.
    fn begun(&mut self) {
        if !self.begun {
            self.begun = true;
            self.tell_manager(READY);
        }
    }

    fn tell_manager(&self, words: &str) {
        if let Some(manager) = &self.manager
            && let Err(error) = manager.say(words)
        {
            warn!(%error, "the service manager was not told");
        }
    }

    /// Does what the keeper wants, until it wants nothing more.
    pub(super) async fn act(&mut self) {
        while let Some(action) = self.keeper.poll_action() {
            if let Err(why) = self.carry_out(action.clone()).await {
                // It is tried again and again: said once.
                if self.keeper.unwritten_because() != Some(&why) {
                    error!(why, "not written down");
                }
                self.keeper.handle(self.clock.now(), Event::Unwritten { write: action, why });
            }
            if let Some((why, cause)) = self.unfit.take() {
                warn!(why, ?cause, "slot not started");
                self.happen(Event::Unfit { why, cause });
            }
        }
    }

    /// Carries it out, or says why a write failed.
    async fn carry_out(&mut self, action: Action<SlotName>) -> Result<(), String> {
        match action {
            Action::Start(slot) => self.start(slot).await,
            Action::Terminate => self.terminate(),
            Action::Kill => self.kill(),
            Action::LookAtDatabase => self.look_at_database(),
            Action::WritePending(pending) => return self.write_pending(&pending),
            Action::RemovePending => return self.remove_pending(),
            Action::Mark { slot, standing, why } => return self.mark(&slot, standing, &why),
            Action::SetCurrent(slot) => {
                return self.slots.set_current(&slot).map_err(|error| error.to_string());
            }
            Action::Remember(memory) => {
                return files::remember(&self.home, memory).map_err(|error| error.to_string());
            }
            Action::Alert { why } => {
                self.carrier.alert(&self.configured.now().restart, &why, &mut self.tasks);
            }
            Action::Answer(outcome) => self.settle(outcome),
            Action::Refuse { why } => {
                self.refused = Some(why);
                self.show_pending();
            }
            Action::End => self.over = true,
        }
        Ok(())
    }

    fn terminate(&mut self) {
        info!("daemon told to end");
        self.stopping = Some(Stopping { began: Instant::now(), ended: None, killed: false });
        if let Some(child) = &self.child {
            child.terminate();
        }
    }

    fn kill(&mut self) {
        warn!("daemon killed: it did not end in time");
        if let Some(stopping) = &mut self.stopping {
            stopping.killed = true;
        }
        if let Some(child) = &self.child {
            child.kill();
        }
    }

    /// In a task, so that whoever asks is answered meanwhile.
    fn look_at_database(&mut self) {
        let (home, pending) = (self.home.clone(), self.pending.clone());
        let reports = self.reports.clone();
        self.tasks.spawn(async move {
            let look = move || database::look_after(&home, pending.as_ref());
            let looked = tokio::task::spawn_blocking(look).await;
            let trouble = looked.unwrap_or_else(|failed| {
                error!(error = %failed, "the look at the database broke off");
                Some("the look at the database broke off".to_owned())
            });
            drop(reports.send(Report::DatabaseLooked { trouble }).await);
        });
    }

    async fn start(&mut self, slot: SlotName) {
        if let Err(error) = self.check(&slot).await {
            let cause = if error.is_of_machine() { Cause::Outside } else { Cause::Own };
            self.unfit = Some((error.to_string(), cause));
            return;
        }
        let program = self.slots.program(&slot);
        // What was only announced holds nobody up.
        let held = self.keeper.pending().is_some_and(|it| it.phase != keeper::Phase::Armed);
        let held_by: Option<PathBuf> = held.then(|| self.home.pending_file());
        let start = Start {
            home: &self.home,
            program: &program,
            slot: &slot,
            held_by: held_by.as_deref(),
            heartbeat: self.bounds.heartbeat,
            patience: self.bounds.stop,
            ours: &self.peers,
        };
        self.started += 1;
        if !self.bounds_given {
            // The daemon reads the same file now, and goes by it until its end.
            let deadline = self.configured.now().shutdown.deadline;
            self.keeper.stops_within(deadline + STOP_MARGIN);
        }
        match Child::start(self.started, &start, &mut self.tasks, &self.reports) {
            Ok(child) => {
                info!(pid = child.pid, slot = slot.as_str(), "daemon started");
                self.peers.is(Some(child.pid));
                self.child = Some(child);
            }
            Err(error) => {
                let cause = child::cause_of_no_start(&error);
                self.unfit = Some((format!("it cannot be started: {error}"), cause));
            }
        }
    }

    /// What a slot that may be started holds; if it may not, why.
    pub(super) async fn check(&self, slot: &SlotName) -> Result<Manifest, SlotError> {
        let (slots, slot) = (self.slots.clone(), slot.clone());
        let database = self.home.database();
        processes::walk(move || {
            let min_reader = store::min_reader(&database).unwrap_or_else(|error| {
                // The daemon says more about it, and better.
                warn!(%error, "the database's schema is not known");
                None
            });
            slots.check(&slot, min_reader)
        })
        .await
    }

    /// Answers whoever waits for the order that has come to something.
    fn settle(&mut self, outcome: Outcome) {
        let Some(asker) = self.asker.take() else { return };
        let answer = match outcome {
            Outcome::Up => self.up().map(Answer::Up),
            Outcome::RolledBack { .. } => {
                let went_back = self.keeper.memory().rolled_back.as_ref();
                let went_back = went_back.map(|it| Answer::RolledBack(RolledBack::from(it)));
                went_back.ok_or_else(|| "nothing was rolled back".to_owned())
            }
            Outcome::Failed { why } => Err(why),
        };
        // Who asked may have gone.
        drop(asker.send(answer.map_err(|why| Refusal::new(RefusalKind::Failed, why))));
    }

    fn up(&mut self) -> Result<Up, String> {
        let stopping = self.stopping.take();
        let (child, slot) = self.child.as_ref().zip(self.keeper.slot()).ok_or("no daemon runs")?;
        let ready = child.ready.as_ref().ok_or("the daemon is not ready")?;
        let gap = stopping.as_ref().map_or(child.began, |stopping| stopping.began);
        Ok(Up {
            slot: slot.clone(),
            pid: ready.pid,
            generation: ready.generation,
            ready_ms: ready.elapsed_ms,
            stop: stopping.and_then(|stopping| stopping.ended),
            gap_ms: ms(gap.elapsed()),
        })
    }

    /// The command of a request is started, in a task of the launcher.
    pub(super) fn carry(&mut self, id: &str) -> Result<(), String> {
        let config = &self.configured.now().restart;
        self.carrier.begin(id, config, &mut self.tasks, &self.reports)
    }
}
