//! Which agent answers in `try`: the real program where it is installed and logged in, else the
//! stand-in. The daemon itself is asked (`doctor --json`), so that there is one truth about it.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use harness::binaries::Programs;
use harness::sandbox::{Agent, AgentState, LOGIN_VARIABLES, Sandbox, Settings};
use serde_json::Value;

use super::OWNER;

/// The agent that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgentChoice {
    /// The stand-in: no account, no cost, canned answers.
    Fake,
    /// The real program, with your own login.
    Real,
}

/// How long `doctor` may take: it starts the agent program once.
const DOCTOR_LIMIT: Duration = Duration::from_mins(1);

/// What was decided, and why.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Which of the two it is.
    pub(crate) answers: AgentChoice,
    /// The agent for the config.
    pub(crate) agent: Agent,
    /// Variables of the caller that it needs.
    pub(crate) inherit: Vec<String>,
    /// One line for the person at the terminal, to be shown before anything is sent.
    pub(crate) announcement: String,
}

/// Decides which agent answers.
pub(crate) fn choose(
    daemon: &Path,
    programs: &Programs,
    wanted: Option<AgentChoice>,
) -> anyhow::Result<Choice> {
    let fake = |why: &str| -> anyhow::Result<Choice> {
        Ok(Choice {
            answers: AgentChoice::Fake,
            agent: Agent::new(programs.fake_claude()?),
            inherit: Vec::new(),
            announcement: format!("agent: the stand-in (fake-claude), {why}; nothing costs money"),
        })
    };
    if wanted == Some(AgentChoice::Fake) {
        return fake("as you asked");
    }
    match (real(daemon)?, wanted) {
        (Ok(choice), _) => Ok(choice),
        (Err(why), Some(_)) => bail!("use the real agent: {why}"),
        (Err(why), None) => fake(&why),
    }
}

/// The real agent, or why it cannot answer.
fn real(daemon: &Path) -> anyhow::Result<Result<Choice, String>> {
    let Some(program) = in_path("claude") else {
        return Ok(Err("because claude is not in PATH".to_owned()));
    };
    let mut agent = Agent::new(program.clone());
    agent.state = AgentState::Own;
    let mut settings = Settings::new(agent.clone(), OWNER);
    settings.inherit = LOGIN_VARIABLES.iter().map(|&name| name.to_owned()).collect();
    let sandbox = Sandbox::new(daemon.to_path_buf(), &settings).context("make a home")?;
    let report = match sandbox.cli(&["doctor", "--json"], DOCTOR_LIMIT) {
        Ok(finished) => finished.stdout,
        Err(error) => return Ok(Err(format!("because the check of claude did not end ({error})"))),
    };
    Ok(login_of(&report).map(|login| Choice {
        answers: AgentChoice::Real,
        agent,
        inherit: settings.inherit,
        announcement: format!(
            "agent: the real one, {} ({login}); EVERY MESSAGE COSTS MONEY on that account",
            program.display()
        ),
    }))
}

/// What `doctor --json` says about the agent's login: how it is logged in, or why it is not. The
/// report is a list of `{name, verdict, what}`; without a program there is no entry for the login.
fn login_of(report: &str) -> Result<String, String> {
    let findings: Vec<Value> = serde_json::from_str(report)
        .map_err(|_| "because doctor gave no report about claude".to_owned())?;
    let find = |name: &str| findings.iter().find(|finding| finding["name"] == name);
    let Some(finding) = find("login").or_else(|| find("program")) else {
        return Err("because doctor says nothing about claude".to_owned());
    };
    let what = finding["what"].as_str().unwrap_or("nothing more is known").to_owned();
    if finding["name"] == "login" && finding["verdict"] == "found" {
        Ok(what)
    } else {
        Err(format!("because claude is {what}"))
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests;
