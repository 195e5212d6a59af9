//! The runner of a tier: definitions become cases of the harness, each in a sandbox of its own.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use anyhow::Context;
use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::environment;
use harness::exit_code::ExitCode;
use harness::report::End;
use harness::run::{self, Body, Missing, Need, Room, Skip, Transport};
use harness::tier::Tier;

use crate::case::{Case, Definition, Reach, World};
use crate::live::{self, Account, Api};
use crate::parting;

/// How often a case is tried again that lost its way to the real API.
const LIVE_RETRIES: u32 = 2;

/// What every case starts: the daemon.
const DAEMON: Need = Need { name: "claude-assistant", check: || found(|all| all.daemon().err()) };

/// What cases with a stand-in start.
const FAKE_CLAUDE: Need =
    Need { name: "fake-claude", check: || found(|all| all.fake_claude().err()) };

/// What cases with the real program start.
const CLAUDE: Need = Need { name: "claude", check: || found(|all| all.claude().err()) };

/// What the real program talks to.
const FAKE_MESSAGES_API: Need =
    Need { name: "fake-messages-api", check: || found(|all| all.fake_messages_api().err()) };

/// What the real program needs to ask the real API.
const LOGIN: Need = Need { name: "login of claude", check: login };

/// Runs the cases of a tier that the command line selects; the number to end with.
pub fn run(tier: Tier, definitions: Vec<Definition>) -> ExitCode {
    let account = match account(tier) {
        Ok(account) => account.map(Arc::new),
        Err(error) => {
            tell(&format!("failed to {error:#}"));
            return ExitCode::BadUsage;
        }
    };
    let mut ends = Vec::new();
    for end in definitions.iter().flat_map(|it| it.world.ends(account.as_deref())) {
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
    let cases = definitions.into_iter().map(|it| case(it, account.clone())).collect();
    let is_listing = env::args().any(|word| word == "--list");
    if let Some(account) = account.as_deref().filter(|_| !is_listing) {
        tell(&format!("THE REAL API AT {}, at most {}", live::url(), account.budget));
    }
    let code = run::run(tier, ends, cases);
    if let Some(account) = account.as_deref().filter(|_| !is_listing) {
        let spent = account.spent().map_or_else(|error| format!("{error:#}"), |it| it.to_string());
        tell(&format!("spent: {spent}; ledger: {}", account.ledger.display()));
    }
    code
}

/// The account of a run with the real API, if this is one.
fn account(tier: Tier) -> anyhow::Result<Option<Account>> {
    match (tier, Api::of_environment()?) {
        (_, Api::Loopback) => Ok(None),
        // No other tier asks an API.
        (Tier::InProcess | Tier::RealBinaries | Tier::Running, Api::Live) => Ok(None),
        (Tier::RealAgent, Api::Live) => {
            let programs =
                Programs::beside_this_executable().context("find the build directory")?;
            let logs = environment::path(environment::LOGS);
            let directory = logs.unwrap_or_else(|| programs.target_dir().join("harness/logs"));
            Account::open(&directory).map(Some)
        }
    }
}

impl World {
    /// What stands at the far end of its cases.
    fn ends(self, account: Option<&Account>) -> Vec<End> {
        let end = |integration: &str, real, what: &str| End {
            integration: integration.to_owned(),
            real,
            what: what.to_owned(),
        };
        let api = match account {
            Some(_) => end("api", live::is_real(&live::url()), &live::url()),
            None => end("api", false, "fake-messages-api on the loopback interface"),
        };
        match self {
            Self::Fake => vec![end("agent", false, "fake-claude")],
            Self::Real => vec![end("agent", true, &format!("claude {CLAUDE_VERSION}")), api],
        }
    }

    /// What its cases start.
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Fake => &[DAEMON, FAKE_CLAUDE],
            Self::Real => &[DAEMON, FAKE_MESSAGES_API, CLAUDE],
        }
    }
}

fn login() -> Result<(), Missing> {
    let programs = Programs::beside_this_executable().map_err(anyhow::Error::from);
    let login = programs.and_then(|programs| live::login(&programs));
    login.map(drop).map_err(|error| Missing {
        what: format!("a login of the real program ({error:#})"),
        command: "run claude, then /login; or set ANTHROPIC_API_KEY".to_owned(),
    })
}

fn found(
    missing: impl FnOnce(&Programs) -> Option<harness::binaries::MissingProgram>,
) -> Result<(), Missing> {
    let programs = Programs::beside_this_executable().map_err(|error| Missing {
        what: format!("the build directory ({error})"),
        command: "cargo build".to_owned(),
    })?;
    missing(&programs).map_or(Ok(()), |missing| Err(missing.into()))
}

fn case(definition: Definition, account: Option<Arc<Account>>) -> run::Case {
    let new = |body: Body| run::Case {
        tags: definition.tags.iter().map(ToString::to_string).collect(),
        company: definition.company,
        body,
        ..run::Case::new(definition.name, definition.limit, |_| Ok(()))
    };
    match account {
        None => run::Case {
            needs: [definition.world.needs(), definition.needs].concat(),
            retries: definition.retries,
            ..new(Box::new(move |room| in_room(&definition, room, None)))
        },
        Some(_) if definition.reach == Reach::Loopback => {
            new(Box::new(|_| Err(Skip("it is made for the stand-in of the API".to_owned()).into())))
        }
        Some(account) => run::Case {
            needs: [&[DAEMON, CLAUDE, LOGIN], definition.needs].concat(),
            retries: LIVE_RETRIES,
            ..new(Box::new(move |room| {
                account.ensure_left()?;
                in_room(&definition, room, Some(&account))
            }))
        },
    }
}

/// Runs one case; what it says and leaves is gathered whether it returns or panics.
fn in_room(
    definition: &Definition,
    room: &mut Room,
    account: Option<&Account>,
) -> anyhow::Result<()> {
    let mut case = Case::prepare(definition, room.seed.clone(), account)?;
    room.end_with_mark(case.sandbox.mark());
    let result = catch_unwind(AssertUnwindSafe(|| (definition.run)(&mut case)));
    match result {
        Ok(Ok(())) => {
            let parted = parting::part(&mut case.sandbox, definition.world, room);
            if parted.is_err() {
                parting::keep_traces(case.sandbox, room);
            }
            parted
        }
        Ok(Err(error)) => {
            let lost = account.and_then(|_| live::lost_on_the_way(&case.sandbox));
            parting::keep_traces(case.sandbox, room);
            match lost {
                Some(why) => Err(Transport(format!("{why}: {error:#}")).into()),
                None => Err(error),
            }
        }
        Err(panic) => {
            parting::keep_traces(case.sandbox, room);
            resume_unwind(panic)
        }
    }
}

#[expect(clippy::print_stderr, reason = "a runner says what it costs before it costs it")]
fn tell(line: &str) {
    eprintln!("{line}");
}
