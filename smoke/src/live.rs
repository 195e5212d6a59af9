//! The real API instead of the stand-in on the loopback interface: with the user's own login, few
//! cases, and a budget.
//!
//! ```text
//!  daemon ── stdio ── meter (this executable again) ── stdio ── claude ── API
//!                       └── ledger: one line per request and per result, shared by all agents
//! ```
//!
//! What an agent asks of the API is seen on its own output, so the one place that can count it and
//! end it is between the daemon and the program. The program is told how many dollars are left, too.
//! No cost is spent beyond the request that is under way when the budget is used up.

pub mod budget;
pub mod meter;

use std::env;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use harness::binaries::Programs;
use harness::environment;
use harness::sandbox::{Agent, AgentState, LOGIN_VARIABLES, Sandbox, Settings};
use serde_json::Value;

use self::budget::{Budget, Spent};
use crate::case::OWNER;
use crate::views::events;

/// Where the program asks unless it is told otherwise.
const API_URL: &str = "https://api.anthropic.com";

/// The model of live cases: they check the way to the API, not the model.
const MODEL: &str = "haiku";

/// How long the program may take to say whether it is logged in.
const LOGIN_LIMIT: Duration = Duration::from_mins(1);

/// Which API the real program asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// The stand-in, at no cost.
    Loopback,
    /// The real one, which costs money.
    Live,
}

impl Api {
    /// What the environment says: the stand-in, unless the real one is named.
    pub fn of_environment() -> anyhow::Result<Self> {
        let Some(name) = env::var_os(environment::API) else { return Ok(Self::Loopback) };
        match name.to_str() {
            Some("" | "loopback") => Ok(Self::Loopback),
            Some("live") => Ok(Self::Live),
            _ => {
                bail!("read {}: {} is neither loopback nor live", environment::API, name.display())
            }
        }
    }
}

/// Where the program asks with this environment.
pub fn url() -> String {
    env::var("ANTHROPIC_BASE_URL").ok().filter(|url| !url.is_empty()).unwrap_or(API_URL.to_owned())
}

/// Whether that is somewhere else than on this machine.
pub fn is_real(url: &str) -> bool {
    !["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|local| url.strip_prefix(local).is_some_and(|rest| !rest.starts_with('.')))
}

/// The account of one run: what it may spend, and where it is written down what it did.
#[derive(Debug, Clone)]
pub struct Account {
    /// What it may spend.
    pub budget: Budget,
    /// The ledger.
    pub ledger: PathBuf,
}

impl Account {
    /// An account with what the environment allows, and a ledger of this run in `directory`. Under
    /// nextest, which gives every case a process, all of a run share one.
    pub fn open(directory: &Path) -> anyhow::Result<Self> {
        let budget = Budget::of_environment()?;
        let run = env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string());
        let ledger = directory.join(format!("ledger-{run}.jsonl"));
        let opened = fs::create_dir_all(directory)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&ledger));
        opened.with_context(|| format!("open {}", ledger.display()))?;
        Ok(Self { budget, ledger })
    }

    /// What was spent so far.
    pub fn spent(&self) -> anyhow::Result<Spent> {
        Spent::read(&self.ledger).with_context(|| format!("read {}", self.ledger.display()))
    }

    /// Fails when nothing may be spent any more: a case that cannot run has not passed.
    pub fn ensure_left(&self) -> anyhow::Result<()> {
        let spent = self.spent()?;
        ensure!(!self.budget.is_used_up(&spent), "spend more than {}: {spent} so far", self.budget);
        Ok(())
    }

    /// The settings of a sandbox whose agents ask the real API, metered.
    pub fn settings(&self, programs: &Programs) -> anyhow::Result<Settings> {
        let meter = env::current_exe().context("find this executable")?;
        let mut agent = Agent::new(meter)
            .with_env(meter::PROGRAM, &programs.claude()?.to_string_lossy())
            .with_env(meter::LEDGER, &self.ledger.to_string_lossy())
            .with_env(meter::BUDGET, &self.budget.to_string())
            .with_env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .with_env("CLAUDE_CODE_MAX_RETRIES", "2");
        agent.state = AgentState::Own;
        agent.model = Some(MODEL.to_owned());
        let mut settings = Settings::new(agent, OWNER);
        settings.inherit = LOGIN_VARIABLES.iter().map(|&name| name.to_owned()).collect();
        Ok(settings)
    }
}

/// Asks the program whether it is logged in, as an agent of a live case would be started. Asks
/// nothing of the API.
pub fn login(programs: &Programs) -> anyhow::Result<String> {
    let mut agent = Agent::new(programs.claude()?);
    agent.state = AgentState::Own;
    let mut settings = Settings::new(agent, OWNER);
    settings.inherit = LOGIN_VARIABLES.iter().map(|&name| name.to_owned()).collect();
    let sandbox = Sandbox::new(programs.daemon()?, &settings)?;
    let said = sandbox.cli(&["doctor", "--json"], LOGIN_LIMIT)?;
    let findings: Vec<Value> = serde_json::from_str(&said.stdout).context("read the findings")?;
    let login = findings.iter().find(|finding| finding["name"] == "login");
    let login = login.context("ask the program for its login")?;
    let what = login["what"].as_str().unwrap_or_default().to_owned();
    ensure!(login["verdict"] == "found", "find a login of the program: {what}");
    Ok(what)
}

/// Why a failed case is worth another try: a turn in it failed of the network, or of an API that is
/// busy or unwell. Being refused or out of money is not among the reasons.
pub fn lost_on_the_way(sandbox: &Sandbox) -> Option<String> {
    const PASSING: [&str; 7] =
        ["api 429", "api 500", "api 502", "api 503", "api 504", "api 529", "api unreachable"];
    let seen = events(sandbox).ok()?;
    let errors = seen.iter().filter(|event| event.kind == "ERROR");
    errors
        .filter_map(|event| event.entry["what"].as_str())
        .find(|what| PASSING.iter().any(|passing| what.contains(passing)))
        .map(str::to_owned)
}
