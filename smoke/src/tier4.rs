//! Tier 4: the daemon that runs and answers people, after a restart or at any other time.
//!
//! Safe on the home of an owner: it reads, it writes one test message, as the built-in contact that
//! has no rights but to be answered, and it takes its own reply away. That contact's agent is ended
//! before, so that the check meets one that knows nothing of earlier checks, and after.
//!
//! All cases of a run look at one [`Round`]: what was there at its beginning, one exchange of
//! messages, and a soak in which nothing may go wrong.

mod down;
mod exchange;
mod health;
mod home;
mod watch;

use std::env;
use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use harness::environment;
use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::report::End;
use harness::run::{self, Missing, Need, Room, Undecided};
use harness::tier::Tier;

pub use self::down::Down;
pub use self::exchange::Exchange;
pub use self::health::{healthy, sessions_back};
pub use self::home::Home;
pub use self::watch::{Origin, Watch};

/// How long nothing may go wrong, unless the environment says otherwise.
const SOAK: Duration = Duration::from_secs(30);

/// How much longer than its work a case may take.
const MARGIN: Duration = Duration::from_secs(30);

/// A daemon that answers: without one there is nothing to check, which is an error.
const RUNNING: Need = Need { name: "running daemon", check: running };

/// One look at a running daemon, from its beginning on.
#[derive(Debug)]
pub struct Round {
    /// Where the daemon lives.
    pub home: Home,
    /// What its logs held at the beginning, or at that of the first of several rounds.
    pub watch: Watch,
    exchange: OnceLock<Result<Exchange, Unseen>>,
}

/// Why there is no exchange; every case that looks at it says so.
#[derive(Debug)]
struct Unseen {
    why: String,
    /// It speaks against nobody.
    is_undecided: bool,
}

impl Unseen {
    fn of(error: &anyhow::Error) -> Self {
        let is_undecided = error.downcast_ref::<Undecided>().is_some();
        Self { why: format!("{error:#}"), is_undecided }
    }

    fn error(&self) -> anyhow::Error {
        let why = self.why.clone();
        if self.is_undecided { Undecided(why).into() } else { anyhow!(why) }
    }
}

impl Round {
    /// Begins a round on this home, where these sessions may be down.
    pub fn begin(home: Home, down: Down) -> anyhow::Result<Self> {
        Self::begin_from(Origin::default(), home, down)
    }

    /// The same, watched from where an earlier round began, if there was one.
    pub fn begin_from(origin: Origin, home: Home, down: Down) -> anyhow::Result<Self> {
        let watch = Watch::begin(&home, down, origin)?;
        Ok(Self { home, watch, exchange: OnceLock::new() })
    }

    /// The exchange of messages of this round; made when it is asked for first.
    pub fn exchange(&self) -> anyhow::Result<&Exchange> {
        let made = self.exchange.get_or_init(|| {
            Exchange::make(&self.home, &self.watch).map_err(|error| Unseen::of(&error))
        });
        made.as_ref().map_err(Unseen::error)
    }
}

/// The round of this run, begun by the first case that runs.
type Shared = Arc<OnceLock<Result<Round, String>>>;

type Look = fn(&Round, &Room) -> anyhow::Result<()>;

/// Runs the cases of this tier that the command line selects; the number to end with.
pub fn run() -> ExitCode {
    let read = || {
        // Before any case runs: what makes no sense speaks against no daemon.
        Down::of_environment()?;
        Origin::of_environment()?;
        soak()
    };
    let soak = match read() {
        Ok(soak) => soak,
        Err(error) => {
            tell(&format!("failed to {error:#}"));
            return ExitCode::BadUsage;
        }
    };
    let shared = Shared::default();
    let case = |id: &str, limit: Duration, look: Look| {
        let shared = Arc::clone(&shared);
        let body = move |room: &mut Room| look(begun(&shared)?, room);
        run::Case { needs: vec![RUNNING], ..run::Case::new(id, limit + MARGIN, body) }
    };
    let cases = vec![
        case("tier4::status::the_daemon_is_healthy", Duration::ZERO, |round, _| {
            healthy(&round.home, round.watch.down()).map(drop)
        }),
        case("tier4::sessions::all_that_should_be_back_are_back", Duration::ZERO, |round, _| {
            sessions_back(&round.home, round.watch.down())
        }),
        case("tier4::check::a_message_is_routed_and_answered", exchange::LIMIT, answered),
        case("tier4::check::the_start_prompt_is_in_place", exchange::LIMIT, |round, _| {
            round.exchange()?.ensure_prompted(&round.home)
        }),
        case("tier4::soak::nothing_goes_wrong_for_a_while", soak, |round, _| {
            round.watch.soak(&round.home, soak_or_default())
        }),
    ];
    run::run(Tier::Running, ends(), cases)
}

fn answered(round: &Round, room: &Room) -> anyhow::Result<()> {
    let exchange = round.exchange()?;
    let said = exchange.to_string();
    room.note(&said);
    tell(&said);
    exchange.ensure_completed()
}

fn begun(shared: &Shared) -> anyhow::Result<&Round> {
    let begin = || {
        let (home, down) = (Home::of_environment()?, Down::of_environment()?);
        Round::begin_from(Origin::of_environment()?, home, down)
    };
    let round = shared.get_or_init(|| begin().map_err(|error| format!("{error:#}")));
    round.as_ref().map_err(|error| anyhow!("{error}"))
}

/// How long the soak is, by the environment.
fn soak() -> anyhow::Result<Duration> {
    soak_of(env::var_os(environment::SOAK).as_deref(), Gate::from_environment())
}

/// How long a soak of this many seconds is. Where everything is checked it cannot be cut short.
fn soak_of(text: Option<&OsStr>, gate: Gate) -> anyhow::Result<Duration> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(SOAK) };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    let soak = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let soak = soak.with_context(|| {
        format!("read {}: {} is no number of seconds", environment::SOAK, text.display())
    })?;
    ensure!(
        gate == Gate::Open || SOAK <= soak,
        "take {} of {} seconds: behind a closed gate it is {} at least",
        environment::SOAK,
        text.display(),
        SOAK.as_secs()
    );
    Ok(soak)
}

/// The same; it was read before any case ran.
fn soak_or_default() -> Duration {
    soak().unwrap_or(SOAK)
}

fn running() -> Result<(), Missing> {
    let start = || "claude-assistant start".to_owned();
    let home = Home::of_environment()
        .map_err(|error| Missing { what: format!("a daemon: {error:#}"), command: start() })?;
    home.status().map(drop).map_err(|_| Missing {
        what: format!("a daemon that answers on {}", home.root().display()),
        command: start(),
    })
}

/// What stands at the far end: whatever the running daemon is configured with.
fn ends() -> Vec<End> {
    if env::args().any(|word| word == "--list") {
        return Vec::new();
    }
    Home::of_environment().and_then(|home| home.ends()).unwrap_or_default()
}

#[expect(clippy::print_stderr, reason = "a runner says what it has cost")]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests;
