//! The command line and environment of `fake-claude`, read as strictly as the real program reads
//! its own: what is not known is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::agent::{Answers, Branch, Options, Shell, default_tools};
use crate::holds::Holds;
use crate::memory::Memory;
use crate::scenario::Scenario;

/// What a command line asks for.
#[derive(Debug)]
pub enum Start {
    /// `--version`.
    Version,
    /// A run of the agent.
    Run(Box<Options>),
}

/// Why a command line is refused: text for stderr, with exit code 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Options that take a value, as `--x value` or `--x=value`.
const WITH_VALUE: [&str; 20] = [
    "--output-format",
    "--input-format",
    "--permission-prompt-tool",
    "--append-system-prompt",
    "--append-system-prompt-file",
    "--system-prompt",
    "--system-prompt-file",
    "--tools",
    "--allowedTools",
    "--disallowedTools",
    "--mcp-config",
    "--setting-sources",
    "--session-id",
    "--resume",
    "--model",
    "--fallback-model",
    "--permission-mode",
    "--add-dir",
    "--settings",
    "--max-turns",
];

/// Options that take a value and change nothing that a stand-in of the model could show.
const WITHOUT_EFFECT: [&str; 8] = [
    "--max-budget-usd",
    "--task-budget",
    "--betas",
    "--plugin-dir",
    "--thinking",
    "--thinking-display",
    "--max-thinking-tokens",
    "--effort",
];

/// Options without a value.
const BARE: [&str; 8] = [
    "--verbose",
    "--strict-mcp-config",
    "--print",
    "-p",
    "--continue",
    "--fork-session",
    "--include-partial-messages",
    "--fake-strict",
];

/// The modes `--permission-mode` takes.
const MODES: [&str; 7] =
    ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "manual", "plan"];

/// Reads a command line (without the program's name) and the environment.
pub fn read(
    args: impl IntoIterator<Item = String>,
    env: &BTreeMap<String, String>,
) -> Result<Start, Refusal> {
    let Some(given) = sort(args)? else { return Ok(Start::Version) };
    let refuse = |text: &str| Err(Refusal(text.to_owned()));
    let value = |name: &str| given.get(name).map(String::as_str);
    if value("--output-format") != Some("stream-json")
        || value("--input-format") != Some("stream-json")
    {
        return refuse("error: fake-claude speaks stream-json only, on both sides");
    }
    if !given.contains_key("--verbose") {
        return refuse("Error: When using --print, --output-format=stream-json requires --verbose");
    }
    if value("--permission-prompt-tool").is_some_and(|tool| tool != "stdio") {
        return refuse("error: fake-claude knows no permission prompt tool but stdio");
    }
    let mode = value("--permission-mode").unwrap_or("default");
    if !MODES.contains(&mode) {
        return refuse(&format!(
            "error: option '--permission-mode <mode>' argument '{mode}' is invalid."
        ));
    }
    let sandboxed = env.get("IS_SANDBOX").is_some_and(|value| value == "1");
    if mode == "bypassPermissions" && rustix::process::geteuid().is_root() && !sandboxed {
        return refuse(
            "--dangerously-skip-permissions cannot be used with root/sudo privileges for security \
             reasons",
        );
    }
    for name in ["--append-system-prompt-file", "--system-prompt-file"] {
        if let Some(path) = value(name).filter(|path| std::fs::read_to_string(path).is_err()) {
            return refuse(&format!("Error: system prompt file not found: {path}"));
        }
    }
    check_session(&given)?;
    Ok(Start::Run(Box::new(options(&given, env)?)))
}

/// Sorts the arguments by name; `None` = `--version` stood among them.
fn sort(
    args: impl IntoIterator<Item = String>,
) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let mut given = BTreeMap::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        if matches!(name, "--version" | "-v") {
            return Ok(None);
        } else if WITH_VALUE.contains(&name) || WITHOUT_EFFECT.contains(&name) {
            let value = value.or_else(|| args.next());
            let Some(value) = value else {
                return Err(Refusal(format!("error: option '{name} <value>' argument missing")));
            };
            given.insert(name.to_owned(), value);
        } else if BARE.contains(&name) && value.is_none() {
            given.insert(name.to_owned(), String::new());
        } else if name.starts_with('-') {
            return Err(Refusal(format!("error: unknown option '{name}'")));
        } else {
            return Err(Refusal("error: fake-claude takes its prompt on stdin only".to_owned()));
        }
    }
    Ok(Some(given))
}

fn check_session(given: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let Some(id) = given.get("--session-id") else { return Ok(()) };
    let goes_on = given.contains_key("--resume") || given.contains_key("--continue");
    if goes_on && !given.contains_key("--fork-session") {
        return Err(Refusal(
            "Error: --session-id can only be used with --continue or --resume if --fork-session \
             is also specified."
                .to_owned(),
        ));
    }
    if uuid::Uuid::parse_str(id).is_err() {
        return Err(Refusal("Error: Invalid session ID. Must be a valid UUID.".to_owned()));
    }
    Ok(())
}

fn options(
    given: &BTreeMap<String, String>,
    env: &BTreeMap<String, String>,
) -> Result<Options, Refusal> {
    let defaults = Options::default();
    let has = |name: &str| given.contains_key(name);
    let is_on = |name: &str| env.get(name).is_some_and(|value| value == "1");
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let config_dir = match env.get("CLAUDE_CONFIG_DIR") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env.get("HOME").map_or("/", String::as_str)).join(".claude"),
    };
    let scenario = match env.get("FAKE_CLAUDE_SCENARIO") {
        Some(path) => Scenario::read(path.as_ref())
            .map_err(|error| Refusal(format!("error: failed to {error}")))?,
        None => Scenario::default(),
    };
    let holds = match env.get("FAKE_CLAUDE_HOLDS") {
        Some(text) => {
            Holds::parse(text).map_err(|error| Refusal(format!("error: failed to {error}")))?
        }
        None => Holds::default(),
    };
    let memory = Memory::on_disk(&config_dir, &cwd);
    // Where there is nothing to continue, a new session begins.
    let newest = || has("--continue").then(|| memory.newest()).flatten();
    let resume = given.get("--resume").cloned().or_else(newest);
    let turns_max = given.get("--max-turns").map(|most| {
        most.parse().map_err(|_| Refusal(format!("error: --max-turns {most} is no number")))
    });
    let without = given.get("--disallowedTools").map(|list| split(list)).unwrap_or_default();
    let mut own = given.get("--tools").map_or_else(default_tools, |list| tools(list));
    own.retain(|tool| !without.contains(tool));
    let key = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"]
        .into_iter()
        .find(|name| env.contains_key(*name));
    Ok(Options {
        session_id: given.get("--session-id").cloned(),
        resume,
        branch: if has("--fork-session") { Branch::Fork } else { Branch::Same },
        turns_max: turns_max.transpose()?,
        answers: if has("--include-partial-messages") { Answers::InPieces } else { Answers::Whole },
        tools: own,
        allowed: given.get("--allowedTools").map(|list| split(list)).unwrap_or_default(),
        servers: given
            .get("--mcp-config")
            .map(|json| servers(json))
            .transpose()?
            .unwrap_or_default(),
        model: given.get("--model").cloned().unwrap_or(defaults.model),
        permission_mode: given
            .get("--permission-mode")
            .cloned()
            .unwrap_or(defaults.permission_mode),
        permission_prompt: given.contains_key("--permission-prompt-tool"),
        session_state_frames: is_on("CLAUDE_CODE_SDK_READS_SESSION_STATE"),
        strict: is_on("FAKE_CLAUDE_STRICT") || given.contains_key("--fake-strict"),
        retries_max: env
            .get("CLAUDE_CODE_MAX_RETRIES")
            .and_then(|value| value.parse().ok())
            .unwrap_or(defaults.retries_max),
        api_key_source: key.map(str::to_owned),
        cwd: cwd.display().to_string(),
        shell: Shell::Driver,
        scenario,
        holds,
        memory,
        heard: defaults.heard,
    })
}

fn tools(list: &str) -> Vec<String> {
    if list == "default" { default_tools() } else { split(list) }
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The host's servers in `--mcp-config`; a server of any other kind cannot be simulated.
fn servers(json: &str) -> Result<Vec<String>, Refusal> {
    let invalid = |why: &str| Refusal(format!("Error: Invalid MCP configuration: {why}"));
    let config: Value = serde_json::from_str(json).map_err(|error| invalid(&error.to_string()))?;
    let servers = config["mcpServers"].as_object().ok_or_else(|| invalid("no mcpServers"))?;
    servers
        .iter()
        .map(|(name, server)| {
            if server["type"] == "sdk" {
                Ok(name.clone())
            } else {
                Err(invalid(&format!("{name} is not of type sdk")))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
