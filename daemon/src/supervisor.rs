//! Which sessions exist: the only place that starts or ends one.
//!
//! ```text
//!  router ── Wake ──┐                      ┌─ routed (a number that changes) ─> session
//!  desk ─── Ask ────┼──> supervisor ───────┼─ orders ─────────────────────────> session
//!  session ─ News ──┘    roster, tasks     └─ facts <────────────────────────── session
//! ```
//!
//! It never waits for a session: orders are tried, wake-ups are a number. So no slow session holds
//! up another, and creating one is no more than spawning its task.

mod ending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use assistant_core::access::Profile;
use assistant_core::roster::{self, Roster, SessionRow};
use assistant_core::session::{Command, Hold, Standing};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::session::{
    self, Facts, News, NewsKind, ORDERS_WAITING_MAX, Order, Strings, Surroundings,
};
use crate::store::{Activity, SessionRecord};

/// Questions that wait for the supervisor. It answers at once; who asks waits for room.
pub(crate) const ASKS_WAITING_MAX: usize = 64;

/// News that waits for the supervisor: a few from each of a roster's sessions.
const NEWS_WAITING_MAX: usize = 256;

/// How often the supervisor looks whether a session with messages was forgotten: the last resort
/// after a session's task crashed.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// What is asked of the supervisor.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Rows were routed to this session.
    Wake(SessionRecord),
    /// Delivery stops or goes on.
    Hold(Hold),
    /// End this session's agent, or keep it from starting one; the answer is whether there was
    /// anything to end.
    Kill(SessionRow, oneshot::Sender<bool>),
    /// Start this session's agent, after its end where it has one; the answer is whether it may be.
    Restart(SessionRecord, oneshot::Sender<bool>),
    /// Tell every session that has an agent; the answer is how many.
    TellAgents(Command, oneshot::Sender<u64>),
    /// End every agent that works or starts, but the harness's; what they owe waits for delivery.
    PutAway,
    /// Show all sessions that run.
    Show(oneshot::Sender<Shown>),
    /// Say that the loop turns.
    Ping(oneshot::Sender<()>),
}

/// What there is to see.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Each session's facts.
    pub(crate) sessions: BTreeMap<SessionRow, Facts>,
    /// Those among them whose agents start, work or end; not the harness's, which passes every hold.
    pub(crate) at_work: Vec<SessionRow>,
}

struct Live {
    profile: Profile,
    orders: mpsc::Sender<Order>,
    routed: watch::Sender<u64>,
    facts: watch::Receiver<Facts>,
}

impl Live {
    /// Whether an agent runs for it, be it just started or about to end.
    fn has_agent(&self) -> bool {
        match self.facts.borrow().standing {
            Standing::Starting | Standing::Idle | Standing::Resting => true,
            Standing::Busy | Standing::Closing => true,
            Standing::Asleep | Standing::Waiting | Standing::Dead | Standing::Ended => false,
        }
    }

    /// Whether a restart has to wait for its agent.
    fn is_at_work(&self) -> bool {
        let standing = self.facts.borrow().standing;
        let at_work = matches!(standing, Standing::Starting | Standing::Busy | Standing::Closing);
        at_work && self.profile != Profile::Harness
    }

    /// Whether there is something to end: an agent, or the wish for one.
    fn is_astir(&self) -> bool {
        let standing = self.facts.borrow().standing;
        self.has_agent() || matches!(standing, Standing::Waiting | Standing::Dead)
    }
}

/// The supervisor.
pub(crate) struct Supervisor {
    surroundings: Arc<Surroundings>,
    roster: Roster,
    /// Every session sees it.
    hold: watch::Sender<Hold>,
    live: BTreeMap<SessionRow, Live>,
    tasks: JoinSet<SessionRow>,
    rows: BTreeMap<Id, SessionRow>,
    news: mpsc::Receiver<News>,
    tell: mpsc::Sender<News>,
}

impl Supervisor {
    /// Without sessions, and with delivery held or not.
    pub(crate) fn new(
        surroundings: Arc<Surroundings>,
        agents_alive_max: usize,
        hold: Hold,
    ) -> Self {
        let (tell, news) = mpsc::channel(NEWS_WAITING_MAX);
        Self {
            surroundings,
            roster: Roster::new(agents_alive_max),
            hold: watch::Sender::new(hold),
            live: BTreeMap::new(),
            tasks: JoinSet::new(),
            rows: BTreeMap::new(),
            news,
            tell,
        }
    }

    /// Runs until cancelled, then ends every session: a running turn may take `turn_grace`; once
    /// `hurry` is cancelled, none may.
    pub(crate) async fn run(
        mut self,
        mut asks: mpsc::Receiver<Ask>,
        cancel: CancellationToken,
        hurry: CancellationToken,
        turn_grace: Duration,
    ) {
        let mut sweep = sweep();
        while !cancel.is_cancelled() {
            tokio::select! {
                () = cancel.cancelled() => {}
                ask = asks.recv() => match ask {
                    Some(ask) => self.answer(ask),
                    None => break,
                },
                Some(news) = self.news.recv() => self.on_news(news).await,
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    self.on_ended(ended).await;
                }
                _ = sweep.tick() => self.sweep().await,
            }
        }
        asks.close();
        self.end_all(&hurry, turn_grace).await;
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Wake(record) => self.wake(record),
            Ask::Hold(hold) => {
                self.hold.send_replace(hold);
                info!(?hold, "delivery");
            }
            Ask::Kill(row, answer) => {
                let live = self.live.get(&row).filter(|live| live.is_astir());
                let told = live.is_some_and(|live| order(live, Order::Command(Command::Kill)));
                // Who asked may have gone.
                let _gone = answer.send(told);
            }
            Ask::Restart(record, answer) => {
                let row = record.row;
                let told = (self.live.contains_key(&row) || self.begin(record))
                    && self.live.get(&row).is_some_and(restart);
                let _gone = answer.send(told);
            }
            Ask::TellAgents(command, answer) => {
                let with_agent = self.live.values().filter(|live| live.has_agent());
                let told = with_agent.filter(|live| order(live, Order::Command(command)));
                let _gone = answer.send(told.count() as u64);
            }
            Ask::PutAway => {
                for live in self.live.values().filter(|live| live.is_at_work()) {
                    order(live, Order::Command(Command::PutAway));
                }
            }
            Ask::Show(answer) => drop(answer.send(self.shown())),
            Ask::Ping(answer) => drop(answer.send(())),
        }
    }

    fn shown(&self) -> Shown {
        let facts = |(&row, live): (&SessionRow, &Live)| (row, live.facts.borrow().clone());
        let at_work = self.live.iter().filter(|(_, live)| live.is_at_work());
        Shown {
            sessions: self.live.iter().map(facts).collect(),
            at_work: at_work.map(|(&row, _)| row).collect(),
        }
    }

    fn wake(&mut self, record: SessionRecord) {
        let row = record.row;
        if !self.live.contains_key(&row) && !self.begin(record) {
            return;
        }
        if let Some(live) = self.live.get(&row) {
            live.routed.send_modify(|count| *count += 1);
        }
    }

    /// Spawns the session's task. Says whether the session may be.
    fn begin(&mut self, record: SessionRecord) -> bool {
        let row = record.row;
        let Some(profile) = Profile::of(&record.chat, record.facts.tier) else {
            warn!(session = row.0, "no rights for this session yet, messages wait");
            return false;
        };
        let (orders_in, orders) = mpsc::channel(ORDERS_WAITING_MAX);
        let (routed_in, routed) = watch::channel(0);
        let (facts, facts_out) = watch::channel(Facts::new(&record));
        let hold = self.hold.subscribe();
        let strings = Strings { orders, hold, routed, news: self.tell.clone(), facts };
        let surroundings = Arc::clone(&self.surroundings);
        let task = self.tasks.spawn(async move {
            session::run(record, profile, surroundings, strings).await;
            row
        });
        self.rows.insert(task.id(), row);
        let live = Live { profile, orders: orders_in, routed: routed_in, facts: facts_out };
        self.live.insert(row, live);
        true
    }

    async fn on_news(&mut self, News { session, kind }: News) {
        self.roster.handle(match kind {
            NewsKind::SlotAsked => roster::Event::Asked(session),
            NewsKind::SlotReleased => roster::Event::Released(session),
            NewsKind::Idle => roster::Event::Idle(session),
            NewsKind::Busy => roster::Event::Busy(session),
        });
        self.obey_roster();
        let activity = match kind {
            NewsKind::SlotAsked => Activity::Active,
            NewsKind::SlotReleased => Activity::Inactive,
            NewsKind::Idle | NewsKind::Busy => return,
        };
        if let Err(failure) = self.surroundings.store.set_active(session, activity).await {
            error!(session = session.0, error = %failure, "activity not recorded");
        }
    }

    fn obey_roster(&mut self) {
        while let Some(action) = self.roster.poll_action() {
            let (row, what) = match action {
                roster::Action::Grant(row) => (row, Order::SlotGranted),
                roster::Action::Evict(row) => (row, Order::Command(Command::Evict)),
            };
            if let Some(live) = self.live.get(&row) {
                order(live, what);
            }
        }
    }

    /// A session's task is over: asked to end, or crashed. A crash takes nobody else down.
    async fn on_ended(&mut self, ended: Result<(Id, SessionRow), JoinError>) {
        let (id, crashed) = match &ended {
            Ok((id, _)) => (*id, false),
            Err(failure) => (failure.id(), true),
        };
        let Some(row) = self.rows.remove(&id) else { return };
        self.live.remove(&row);
        self.roster.handle(roster::Event::Released(row));
        self.obey_roster();
        if crashed {
            error!(session = row.0, "session crashed, its messages wait for the next look");
            self.end_leftovers(row).await;
        }
    }

    /// Wakes sessions whose messages nobody looks after.
    async fn sweep(&mut self) {
        let store = &self.surroundings.store;
        let (owing, records) =
            match (store.sessions_with_unfinished().await, store.sessions().await) {
                (Ok(owing), Ok(records)) => (owing, records),
                (Err(failure), _) | (_, Err(failure)) => {
                    error!(error = %failure, "sessions not looked at");
                    return;
                }
            };
        let forgotten = |record: &SessionRecord| {
            owing.contains(&record.row) && !self.live.contains_key(&record.row)
        };
        let forgotten: Vec<SessionRecord> = records.into_iter().filter(forgotten).collect();
        for record in forgotten {
            self.wake(record);
        }
    }
}

/// The first tick is at once: what an earlier life of the daemon left unanswered is taken up.
fn sweep() -> Interval {
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweep
}

fn restart(live: &Live) -> bool {
    order(live, Order::Command(Command::Restart))
}

/// Whether the session took it.
fn order(live: &Live, order: Order) -> bool {
    match live.orders.try_send(order) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Full(_)) => {
            error!("a session does not take its orders");
            false
        }
        Err(mpsc::error::TrySendError::Closed(_)) => false,
    }
}

#[cfg(test)]
mod tests;
