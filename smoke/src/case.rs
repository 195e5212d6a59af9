//! What a case is, and what it gets: a seed, a sandbox with an agent, and a time limit.

use std::time::Duration;

use anyhow::Context;
use harness::binaries::Programs;
use harness::run::Company;
use harness::run::Need;
pub use harness::run::{Broken, unbroken};
use harness::sandbox::{Agent, Contact, Sandbox, Settings};
use harness::seed::Seed;

use crate::api::FakeApi;
use crate::live::Account;

/// The owner of every sandbox.
pub const OWNER: &str = "+15555550123";
/// More admins, for more chats at once.
pub const ADMINS: [&str; 10] = [
    OWNER,
    "+15555550124",
    "+15555550125",
    "+15555550126",
    "+15555550127",
    "+15555550128",
    "+15555550129",
    "+15555550130",
    "+15555550131",
    "+15555550132",
];
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

/// Which API a case with the real program may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The stand-in alone: what it says is part of the case.
    Loopback,
    /// The real one too.
    Anywhere,
}

/// One case, before it runs.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its stable id: `tier2::daemon::a_second_daemon_is_refused`.
    pub name: &'static str,
    /// Which agent program answers.
    pub world: World,
    /// Which API it may ask.
    pub reach: Reach,
    /// What it is about.
    pub tags: &'static [&'static str],
    /// How long it may take.
    pub limit: Duration,
    /// What it needs, besides the programs of its world.
    pub needs: &'static [Need],
    /// How often it is tried again after an error marked [`Transport`](harness::run::Transport).
    pub retries: u32,
    /// What else may run meanwhile.
    pub company: Company,
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
        Self {
            name,
            world: World::Fake,
            reach: Reach::Loopback,
            tags: &[],
            limit: Duration::from_secs(limit_s),
            needs: &[],
            retries: 0,
            company: Company::Nobody,
            run,
        }
    }

    /// A case with the real agent program; it may take `limit_s` seconds.
    pub const fn real(
        name: &'static str,
        limit_s: u64,
        run: fn(&mut Case) -> anyhow::Result<()>,
    ) -> Self {
        Self { world: World::Real, ..Self::fake(name, limit_s, run) }
    }

    /// The same case, which may also run against the real API.
    #[must_use]
    pub const fn also_live(self) -> Self {
        Self { reach: Reach::Anywhere, ..self }
    }

    /// The same case, about these things.
    #[must_use]
    pub const fn tagged(self, tags: &'static [&'static str]) -> Self {
        Self { tags, ..self }
    }

    /// The same case, where these are there.
    #[must_use]
    pub const fn needing(self, needs: &'static [Need]) -> Self {
        Self { needs, ..self }
    }

    /// The same case, which mostly waits: others that do may run meanwhile.
    #[must_use]
    pub const fn beside_others(self) -> Self {
        Self { company: Company::Others, ..self }
    }

    /// The same case, tried again so often when something did not get through.
    #[must_use]
    pub const fn retried(self, retries: u32) -> Self {
        Self { retries, ..self }
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
    /// The stand-in of the API, where the real program asks that.
    pub api: Option<FakeApi>,
}

impl Case {
    /// Prepares a case: finds the programs, makes the home, starts the API where one is needed. With
    /// an account the real program asks the real API.
    pub fn prepare(
        definition: &Definition,
        seed: Seed,
        account: Option<&Account>,
    ) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_executable().context("find the build directory")?;
        let (mut settings, api) = match (definition.world, account) {
            (World::Fake, _) => (Settings::new(Agent::new(programs.fake_claude()?), OWNER), None),
            (World::Real, Some(account)) => (account.settings(&programs)?, None),
            (World::Real, None) => {
                let api = FakeApi::start(&programs.fake_messages_api()?)?;
                (Settings::new(real_agent(&programs, &api)?, OWNER), Some(api))
            }
        };
        settings.contacts = contacts();
        let sandbox = Sandbox::new(programs.daemon()?, &settings)?;
        Ok(Self { seed, sandbox, settings, programs, api })
    }
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
