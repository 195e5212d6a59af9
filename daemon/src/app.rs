//! The daemon: builds its tasks, runs them, and takes them down in the order in which messages
//! flow.
//!
//! ```text
//!  up:    store ─> predecessors ended ─> sender, supervisor, router ─> sources ─> socket ─> READY
//!  down:  sources ─> router ─> supervisor (turns, agents) ─> sender ─> socket ─> store
//! ```
//!
//! Everything below runs in tasks that this module owns. A task that ends by itself is a defect and
//! ends the process.

mod crew;
mod desk;
mod heartbeat;
mod holds;
pub(crate) mod signals;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use assistant_core::access::TestTrust;
use assistant_core::limits::AGENTS_ALIVE_MAX;
use assistant_core::session::Hold;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock::{Clock, wall_now};
use crate::config::{Config, Home};
use crate::contacts::Contacts;
use crate::control::peer;
use crate::control::server::{Asked, REQUESTS_WAITING_MAX, Server};
use crate::exit::{Code, Failure};
use crate::intake::Intake;
use crate::processes::{self, HomeId, adopted, leftovers};
use crate::ready::Ready;
use crate::restarts::Restarts;
use crate::router::Router;
use crate::sender::Sender;
use crate::session::{Spawner, Surroundings};
use crate::source::SourceFacts;
use crate::source::test_dir::TestDir;
use crate::store::{self, Generation, Store, StoreThread};
use crate::supervisor::{ASKS_WAITING_MAX, Ask, Supervisor};
use crate::watcher::{Watcher, Word};
use crew::{Crew, Stage};
use desk::Desk;
use heartbeat::Heartbeat;
use holds::{Holds, Warden};
use signals::Signals;

/// How long before the end of the shutdown's deadline agents are not waited for any more: enough
/// for TERM and KILL of the last ones, and for the store.
const HURRY_BEFORE_DEADLINE: Duration = Duration::from_secs(4);

/// How long the store may take to write what it was asked and to end, once nobody asks any more. A
/// disk that is stuck must not keep the process for ever, nor longer than a launcher waits before it kills
/// (`STOP_MARGIN` behind the deadline).
const STORE_END_MAX: Duration = Duration::from_secs(4);

/// How long ended tasks may take to be put away, and how often to look.
const PUT_AWAY_MAX: Duration = Duration::from_millis(200);
const PUT_AWAY_LOOK: Duration = Duration::from_millis(1);

/// What a daemon runs with. The home is prepared, and its lock is held by the caller.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where everything is kept.
    pub(crate) home: Home,
    /// The checked configuration.
    pub(crate) config: Config,
    /// Who is known.
    pub(crate) contacts: Contacts,
    /// When the process began, as near as it knows.
    pub(crate) began: Instant,
    /// How it was started.
    pub(crate) descent: Descent,
    /// Who watches it.
    pub(crate) watcher: Option<Arc<Watcher>>,
}

/// How a daemon was started, where that was not by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Descent {
    /// The slot whose program it is.
    pub(crate) slot: Option<String>,
    /// The file that holds delivery for as long as it is there.
    pub(crate) held_by: Option<PathBuf>,
    /// Whose end its standard input's end means.
    pub(crate) parent: Parent,
}

/// Whose end ends a daemon in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Nobody's: standard input is never read.
    #[default]
    Nobody,
    /// The launcher's, which holds the other end of standard input.
    Launcher,
}

/// What the stages share.
struct Shared {
    settings: Settings,
    clock: Clock,
    store: Store,
    generation: Generation,
    spawner: Spawner,
    facts: Arc<SourceFacts>,
    agent_version: Arc<Mutex<Option<String>>>,
    /// Taken by the warden.
    holds: Option<holds::Beginning>,
    stop: CancellationToken,
}

impl Shared {
    /// Tells who watches, if anybody does.
    fn tell(&self, word: Word<'_>) {
        if let Some(watcher) = &self.settings.watcher
            && let Err(error) = watcher.say(word)
        {
            warn!(%error, "who watches was not told");
        }
    }
}

/// Runs until a signal or a `stop`.
///
/// # Errors
/// When it cannot begin.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<Code> {
    let mut signals = Signals::listen().context("listen to signals")?;
    if settings.descent.parent == Parent::Launcher {
        signals.end_with_stdin().context("listen to the launcher's pipe")?;
    }
    if let Err(error) = processes::become_subreaper() {
        info!(%error, "detached tools are known by their mark alone");
    }
    let (store, writer) = store::open(&settings.home.database(), Arc::new(wall_now))
        .map_err(|error| Failure::to(Code::Usage, &error))?;
    let thread = writer.start().context("start the store")?;
    let begun = begin(settings, store.clone()).await;
    let code = match begun {
        Ok((shared, crew)) => serve(shared, crew, &mut signals).await,
        Err(failure) => Err(failure),
    };
    if tokio::time::timeout(STORE_END_MAX, finish(store, thread)).await.is_err() {
        error!("the store does not end");
        return Ok(Code::Aborted);
    }
    code
}

async fn begin(settings: Settings, store: Store) -> anyhow::Result<(Shared, Crew)> {
    let generation = store.begin_generation().await.context("begin a generation")?;
    let home_id = HomeId::of(settings.home.root());
    leftovers::end(home_id, ..generation.0.unsigned_abs()).await;
    let held_by = settings.descent.held_by.clone();
    let holds = holds::Beginning::look(&store, held_by, settings.home.restart_lock());
    let holds = holds.await.context("look who holds delivery")?;
    let held = holds.hold() == Hold::Held;
    let spawner = Spawner::Program(settings.config.agent.program.clone());
    let shared = Shared {
        settings,
        clock: Clock::start(),
        store,
        generation,
        spawner,
        facts: Arc::default(),
        agent_version: Arc::default(),
        holds: Some(holds),
        stop: CancellationToken::new(),
    };
    let server = Server::bind(&shared.settings.home.socket(), peer::owner_or_agent())
        .map_err(Failure::from)?;
    let (requests, asked) = mpsc::channel(REQUESTS_WAITING_MAX);
    let (shared, mut crew) = start(shared, home_id, asked);
    crew.start(Stage::Control, |cancel| server.serve(requests, cancel));
    crew.start(Stage::Strays, end_strays);
    crew.start(Stage::Reaper, reap);
    #[cfg(feature = "faults")]
    crate::faults::before_ready().await;
    let slot = shared.settings.descent.slot.clone();
    let ready = Ready { slot, held, ..Ready::now(shared.settings.began, generation.0) };
    ready.announce();
    shared.tell(Word::Ready(&ready));
    Ok((shared, crew))
}

/// Starts every stage of the flow, the last one first, and the desk for `requests`. What
/// belongs to the process (socket, signals, orphans) is the caller's.
fn start(mut shared: Shared, home_id: HomeId, requests: mpsc::Receiver<Asked>) -> (Shared, Crew) {
    let mut crew = Crew::default();
    let (queued, accepted) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let config = &shared.settings.config;
    let test_outbox = config.test.dir.join("outbox");
    let sender = Sender { store: shared.store.clone(), queued: Arc::clone(&queued), test_outbox };
    crew.start(Stage::Sender, |cancel| sender.run(cancel));

    let spawner = std::mem::replace(&mut shared.spawner, Spawner::Program("".into()));
    let surroundings = surroundings(&shared, home_id, spawner, &queued);
    let agents_alive_max =
        config.agent.agents_alive_max.map_or(AGENTS_ALIVE_MAX, |max| max.get() as usize);
    let (asks, asked) = mpsc::channel(ASKS_WAITING_MAX);
    let (warden, holds, hold) = warden(&mut shared, &asks);
    crew.start(Stage::Holds, |cancel| warden.run(cancel));
    let config = &shared.settings.config;
    let supervisor = Supervisor::new(surroundings, agents_alive_max, hold);
    let (hurry, turn_grace) = (crew.hurry.clone(), config.shutdown.turn_grace);
    crew.start(Stage::Supervisor, |cancel| supervisor.run(asked, cancel, hurry, turn_grace));

    let router = router(&shared, &accepted, &asks);
    crew.start(Stage::Router, |cancel| router.run(cancel));

    let intake = Intake::new(shared.store.clone(), accepted);
    if config.test.enabled {
        let source = test_dir(&shared, &intake);
        crew.start(Stage::Sources, |cancel| source.run(cancel));
    }
    if let Some(heartbeat) = heartbeat(&shared, &asks) {
        crew.start(Stage::Heartbeat, |cancel| heartbeat.run(cancel));
    }
    let desk = desk(&shared, intake, (asks, holds), queued);
    crew.start(Stage::Desk, |cancel| desk.run(requests, cancel));
    let store = shared.store.clone();
    crew.start(Stage::StoreWatch, move |cancel| watch_store(store, cancel));
    let (store, clock) = (shared.store.clone(), shared.clock);
    crew.start(Stage::Touches, move |cancel| write_touches(store, clock, cancel));
    (shared, crew)
}

fn warden(shared: &mut Shared, asks: &mpsc::Sender<Ask>) -> (Warden, Holds, Hold) {
    let beginning = shared.holds.take().expect("a daemon is begun once");
    let hold = beginning.hold();
    let (warden, holds) = Warden::new(beginning, shared.store.clone(), asks.clone(), shared.clock);
    (warden, holds, hold)
}

fn heartbeat(shared: &Shared, asks: &mpsc::Sender<Ask>) -> Option<Heartbeat> {
    let watcher = shared.settings.watcher.as_ref()?;
    Some(Heartbeat {
        watcher: Arc::clone(watcher),
        every: watcher.beat_every?,
        supervisor: asks.clone(),
        store: shared.store.clone(),
    })
}

fn surroundings(
    shared: &Shared,
    home_id: HomeId,
    spawner: Spawner,
    queued: &Arc<Notify>,
) -> Arc<Surroundings> {
    let agent = &shared.settings.config.agent;
    Arc::new(Surroundings {
        store: shared.store.clone(),
        home: shared.settings.home.clone(),
        home_id,
        generation: shared.generation,
        clock: shared.clock,
        queued: Arc::clone(queued),
        restarts: restarts(shared, queued),
        contacts: shared.settings.contacts.clone(),
        trust: TestTrust::of(shared.settings.config.test.trust),
        spawner,
        agent_version: Arc::clone(&shared.agent_version),
        memory: shared.settings.config.memory.clone(),
        config_dir: agent.config_dir.clone(),
        extra_env: agent.env.clone(),
    })
}

fn restarts(shared: &Shared, queued: &Arc<Notify>) -> Restarts {
    Restarts::of(&shared.settings.home, shared.store.clone(), Arc::clone(queued))
}

fn router(shared: &Shared, accepted: &Arc<Notify>, asks: &mpsc::Sender<Ask>) -> Router {
    let config = &shared.settings.config;
    let work_root = config.agent.working_dir.clone();
    Router {
        store: shared.store.clone(),
        contacts: shared.settings.contacts.clone(),
        trust: TestTrust::of(config.test.trust),
        accepted: Arc::clone(accepted),
        supervisor: asks.clone(),
        work_root: work_root.unwrap_or_else(|| shared.settings.home.work_root()),
        model: config.agent.model.clone(),
    }
}

fn test_dir(shared: &Shared, intake: &Intake) -> TestDir {
    let test = &shared.settings.config.test;
    TestDir {
        dir: test.dir.clone(),
        home_id: HomeId::of(shared.settings.home.root()),
        generation: shared.generation.0.unsigned_abs(),
        watch: test.watch,
        intake: intake.clone(),
        facts: Arc::clone(&shared.facts),
        clock: shared.clock,
    }
}

fn desk(
    shared: &Shared,
    intake: Intake,
    (supervisor, holds): (mpsc::Sender<Ask>, Holds),
    queued: Arc<Notify>,
) -> Desk {
    Desk {
        store: shared.store.clone(),
        intake,
        supervisor,
        holds,
        slot: shared.settings.descent.slot.clone(),
        restarts: restarts(shared, &queued),
        queued,
        contacts: shared.settings.contacts.clone(),
        config: shared.settings.config.clone(),
        facts: Arc::clone(&shared.facts),
        agent_version: Arc::clone(&shared.agent_version),
        clock: shared.clock,
        generation: shared.generation,
        stop: shared.stop.clone(),
    }
}

/// Runs until someone wants it to end, or a stage does.
async fn serve(shared: Shared, mut crew: Crew, signals: &mut Signals) -> anyhow::Result<Code> {
    let code = tokio::select! {
        () = shared.stop.cancelled() => Code::Done,
        () = signals.next() => Code::Done,
        stage = crew.ended() => {
            error!(?stage, "a task ended by itself");
            if stage == Some(Stage::StoreWatch) {
                // Nothing that a turn brings from here on can be kept: none is waited for.
                crew.hurry.cancel();
            }
            Code::Bug
        }
    };
    info!("stopping");
    shared.tell(Word::Stopping);
    let deadline = shared.settings.config.shutdown.deadline;
    let began = Instant::now();
    let hurry_after = deadline.saturating_sub(HURRY_BEFORE_DEADLINE).max(deadline / 2);
    let hurry = crew.hurry.clone();
    let code = tokio::select! {
        () = crew.take_down() => code,
        () = give_up(signals, hurry, hurry_after, deadline) => {
            error!("not everything ended in time");
            Code::Aborted
        }
    };
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    // What is left now has no owner: checks from outside read it here.
    info!(elapsed_ms, tasks_alive = tasks_left().await, "stopped");
    Ok(code)
}

/// Tasks that nobody has ended. One that has ended is counted until its thread has put it away, which
/// is a moment after its owner heard of its end.
async fn tasks_left() -> usize {
    let alive = || Handle::current().metrics().num_alive_tasks();
    let all_gone = async {
        while 0 < alive() {
            tokio::time::sleep(PUT_AWAY_LOOK).await;
        }
    };
    let _in_time = tokio::time::timeout(PUT_AWAY_MAX, all_gone).await;
    alive()
}

/// At the deadline's eve, or a second signal, agents are ended at once; a third one, or the
/// deadline, ends the waiting.
async fn give_up(
    signals: &mut Signals,
    hurry: CancellationToken,
    hurry_after: Duration,
    deadline: Duration,
) {
    let began = tokio::time::Instant::now();
    tokio::select! {
        () = signals.next() => warn!("second signal, agents are ended at once"),
        () = tokio::time::sleep_until(began + hurry_after) => {
            warn!("taking too long, agents are ended at once");
        }
    }
    hurry.cancel();
    tokio::select! {
        () = signals.next() => {}
        () = tokio::time::sleep_until(began + deadline) => {}
    }
}

/// What an agent started ends with the daemon, also what hides whose it is: behind the end it would
/// count as the owner's.
async fn end_strays(cancel: CancellationToken) {
    cancel.cancelled().await;
    leftovers::end_descendants().await;
}

async fn reap(cancel: CancellationToken) {
    if let Err(error) = adopted::reap_adopted(cancel.clone()).await {
        error!(%error, "ended children of agents are not reaped");
        cancel.cancelled().await;
    }
}

/// Without its store the daemon is no use: the end of this task ends the process.
async fn watch_store(store: Store, cancel: CancellationToken) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = store.ended() => error!("nothing is stored any more"),
    }
}

/// Writes last message times, at most once a second.
async fn write_touches(store: Store, clock: Clock, cancel: CancellationToken) {
    let mut tick = tokio::time::interval(store::TOUCHES_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(failure) = store.flush_touches(clock.monotonic()).await {
            error!(error = %failure, "last message times not written");
        }
    }
}

/// Everything asked of the store is on the disk, and its thread gone.
async fn finish(store: Store, thread: StoreThread) {
    if let Err(failure) = store.flush().await {
        error!(error = %failure, "store not flushed");
    }
    info!(commits = store.commits(), "store flushed");
    drop(store);
    let joined = tokio::task::spawn_blocking(move || thread.join()).await;
    if !matches!(joined, Ok(Ok(()))) {
        error!("the store ended badly");
    }
}

#[cfg(test)]
pub(crate) mod tests;
