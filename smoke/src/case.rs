//! What a case is, and what it gets: a seed, a sandbox with an agent, and a time limit.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use anyhow::Context;
use harness::binaries::{MissingProgram, Programs};
use harness::sandbox::{Agent, Contact, Sandbox, Settings};
use harness::seed::Seed;

use crate::api::FakeApi;

/// The owner of every sandbox.
pub const OWNER: &str = "+15555550123";
/// More admins, for more chats at once.
pub const ADMINS: [&str; 6] =
    [OWNER, "+15555550124", "+15555550125", "+15555550126", "+15555550127", "+15555550128"];
/// Somebody with a tier that is served by nobody yet.
pub const FAMILY: &str = "+15555550140";
/// Somebody nobody knows.
pub const STRANGER: &str = "+15555550199";

/// How long anything that should happen at once may take on a machine under load.
pub const SOON: Duration = Duration::from_secs(20);

/// Which agent program answers in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// `fake-claude`.
    Fake,
    /// The real program, against a stand-in of the API.
    Real,
}

/// One case, before it runs.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its stable id: `tier2::daemon::a_second_daemon_is_refused`.
    pub name: &'static str,
    /// Which agent program answers.
    pub world: World,
    /// How long it may take.
    pub limit: Duration,
    /// What it does.
    pub run: fn(&mut Case) -> anyhow::Result<()>,
}

impl Definition {
    /// A case with the stand-in of the agent program; it may take `limit_s` seconds.
    pub const fn fake(
        name: &'static str,
        limit_s: u64,
        run: fn(&mut Case) -> anyhow::Result<()>,
    ) -> Self {
        Self { name, world: World::Fake, limit: Duration::from_secs(limit_s), run }
    }

    /// A case with the real agent program; it may take `limit_s` seconds.
    pub const fn real(
        name: &'static str,
        limit_s: u64,
        run: fn(&mut Case) -> anyhow::Result<()>,
    ) -> Self {
        Self { world: World::Real, ..Self::fake(name, limit_s, run) }
    }
}

/// A case that runs.
#[derive(Debug)]
pub struct Case {
    /// Every random choice comes from here.
    pub seed: Seed,
    /// The home; its daemon is not started yet.
    pub sandbox: Sandbox,
    /// What the sandbox was made with.
    pub settings: Settings,
    /// The programs of this build.
    pub programs: Programs,
    /// The stand-in of the API, where the real program runs.
    pub api: Option<FakeApi>,
}

impl Case {
    /// Prepares a case: finds the programs, makes the home, starts the API where one is needed.
    pub fn prepare(definition: &Definition, seed: Seed) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_executable().context("find the build directory")?;
        let (agent, api) = match definition.world {
            World::Fake => (Agent::new(programs.fake_claude()?), None),
            World::Real => {
                let api = FakeApi::start(&programs.fake_messages_api()?)?;
                (real_agent(&programs, &api)?, Some(api))
            }
        };
        let mut settings = Settings::new(agent, OWNER);
        settings.contacts = contacts();
        let sandbox = Sandbox::new(programs.daemon()?, &settings)?;
        Ok(Self { seed, sandbox, settings, programs, api })
    }
}

/// Checks that every program which cases of this kind start is there.
pub fn require(world: World) -> Result<(), MissingProgram> {
    let programs = Programs::beside_this_executable().map_err(|error| MissingProgram {
        path: "target".into(),
        command: format!("cargo build ({error})"),
    })?;
    programs.daemon()?;
    match world {
        World::Fake => programs.fake_claude()?,
        World::Real => {
            programs.fake_messages_api()?;
            programs.claude()?
        }
    };
    Ok(())
}

/// The people of every sandbox. Their names are made to be found again where they must not be.
fn contacts() -> Vec<Contact> {
    let mut contacts: Vec<Contact> = (1..)
        .zip(ADMINS)
        .map(|(number, handle)| Contact::new(&format!("Zadminname{number}"), "admin", handle))
        .collect();
    contacts.push(Contact::new("Zfamilyname", "family", FAMILY));
    contacts
}

/// The real program, kept from every network but the stand-in, and from waiting long when that
/// fails.
fn real_agent(programs: &Programs, api: &FakeApi) -> anyhow::Result<Agent> {
    Ok(Agent::new(programs.claude()?)
        .with_env("ANTHROPIC_BASE_URL", api.url())
        .with_env("ANTHROPIC_API_KEY", "not-a-key")
        .with_env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .with_env("CLAUDE_CODE_MAX_RETRIES", "2")
        .with_env("DISABLE_TELEMETRY", "1")
        .with_env("DISABLE_ERROR_REPORTING", "1"))
}

/// Something that allows no tolerance is off: a message lost, doubled or out of order, a process or
/// a file left over, a text where none may be. A run with such a failure ends with a number of its
/// own.
#[derive(Debug)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "an exact invariant is broken: {}", self.0)
    }
}

impl Error for Broken {}

/// Fails with [`Broken`] unless the list of what is wrong is empty.
pub fn unbroken(what: &str, wrong: &[String]) -> anyhow::Result<()> {
    /// More of the same says nothing new.
    const SHOWN_MAX: usize = 10;
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = wrong.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n  ");
    Err(Broken(format!("{what}: {} of them:\n  {shown}", wrong.len())).into())
}
