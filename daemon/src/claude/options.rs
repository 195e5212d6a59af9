//! What an agent is started with: its arguments and its environment, as pure functions of
//! [`AgentOptions`] and of what this process was itself started with.
//!
//! The environment is an allow-list ([`PASSED`]): a secret that happens to stand in the daemon's
//! environment does not reach an agent, let alone its tools. What an installation needs beyond it
//! (`SSH_AUTH_SOCK`, the variables of a cloud provider, ...) is named in its configuration
//! (`extra_env`). Not on the list on purpose: `CLAUDECODE`, which would make the program believe it
//! runs inside another one; `TERM`, as there is no terminal; any mark, as an agent has its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use uuid::Uuid;

use super::process::Launch;
use crate::processes::{MARK_NAME, Mark};

/// The name of our tool server; the model sees its tools as `mcp__assistant__<tool>`.
pub(crate) const TOOL_SERVER: &str = "assistant";

/// Tells the program that this server is reached over its control channel.
const TOOL_SERVERS: &str = r#"{"mcpServers":{"assistant":{"type":"sdk","name":"assistant"}}}"#;

/// Variables that pass from our environment into an agent's; a trailing `*` stands for any ending.
const PASSED: &[&str] = &[
    // Who and where: what shells and tools expect of any login.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TZ",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    // The language of tools, and that their output is UTF-8.
    "LANG",
    "LANGUAGE",
    "LC_*",
    // The way into the network.
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    // The program's login, and where it keeps it.
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_CUSTOM_HEADERS",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    // How often it tries, and what it sends home.
    "CLAUDE_CODE_MAX_RETRIES",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_TELEMETRY",
    "DISABLE_ERROR_REPORTING",
];

/// Never taken from the configuration either: the program's view of itself, and our view of it.
const RESERVED: &[&str] = &["CLAUDECODE", MARK_NAME];

/// Everything that makes one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgentOptions {
    /// The program, as an absolute path or as a name to look for in `PATH`.
    pub(crate) program: PathBuf,
    /// Where it works; for one conversation always the same.
    pub(crate) working_dir: PathBuf,
    /// Which conversation it takes up.
    pub(crate) session: Start,
    /// The file with our part of the system prompt.
    pub(crate) prompt_file: PathBuf,
    /// The program's own tools that are offered; all others are not.
    pub(crate) tools: Vec<String>,
    /// Our tools, by their bare names, that are used without a question for permission.
    pub(crate) own_tools: Vec<String>,
    /// Whose settings the program reads.
    pub(crate) setting_sources: SettingSources,
    /// The model; the program's default if none is named.
    pub(crate) model: Option<String>,
    /// What the agent and all it starts can be found by.
    pub(crate) mark: Mark,
    /// Where the program keeps its state, if not where it would by itself.
    pub(crate) config_dir: Option<PathBuf>,
    /// Variables that the configuration adds.
    pub(crate) extra_env: BTreeMap<String, String>,
}

/// Which conversation an agent takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// A new one, under an id of ours: one that was used before ends the program at once.
    Fresh(Uuid),
    /// The one that reported this id last.
    Resume(String),
}

/// Whose settings the program reads. Never the user's own: they may allow tools by rules that we
/// would not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingSources {
    /// Those of the working directory.
    Project,
    /// None.
    None,
}

impl AgentOptions {
    /// The program's arguments.
    pub(crate) fn argv(&self) -> Vec<OsString> {
        let mut argv = Argv::default();
        argv.all(["--output-format", "stream-json", "--verbose"]);
        argv.all([OsStr::new("--append-system-prompt-file"), self.prompt_file.as_os_str()]);
        argv.all(["--tools", &self.tools.join(",")]);
        if !self.own_tools.is_empty() {
            let names: Vec<_> = self.own_tools.iter().map(|tool| own_tool_name(tool)).collect();
            argv.all(["--allowedTools", &names.join(",")]);
        }
        argv.all(["--permission-prompt-tool", "stdio"]);
        argv.all(["--mcp-config", TOOL_SERVERS, "--strict-mcp-config"]);
        // One word each from here on: an empty value, or one with a leading dash, would read as
        // the next flag.
        argv.all([match self.setting_sources {
            SettingSources::Project => "--setting-sources=project",
            SettingSources::None => "--setting-sources=",
        }]);
        if let Some(model) = &self.model {
            argv.all([format!("--model={model}")]);
        }
        argv.all([match &self.session {
            Start::Fresh(id) => format!("--session-id={id}"),
            Start::Resume(id) => format!("--resume={id}"),
        }]);
        argv.all(["--input-format", "stream-json"]);
        argv.0
    }

    /// The whole environment of the agent, out of ours.
    pub(crate) fn environment(
        &self,
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> BTreeMap<OsString, OsString> {
        let mut variables = environment(inherited, &self.extra_env);
        let mut fixed = |name: &str, value: &OsStr| variables.insert(name.into(), value.into());
        fixed("PWD", self.working_dir.as_os_str());
        fixed(MARK_NAME, self.mark.to_string().as_ref());
        if let Some(config_dir) = &self.config_dir {
            fixed("CLAUDE_CONFIG_DIR", config_dir.as_os_str());
        }
        variables
    }

    /// All of it, ready to start.
    pub(crate) fn launch(
        &self,
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Launch {
        Launch {
            program: self.program.clone(),
            arguments: self.argv(),
            environment: self.environment(inherited),
            working_dir: self.working_dir.clone(),
            mark: Some(self.mark),
        }
    }
}

/// The name by which the model calls one of our tools.
pub(crate) fn own_tool_name(tool: &str) -> String {
    format!("mcp__{TOOL_SERVER}__{tool}")
}

/// What any start of the program gets out of our environment and `extra`: the part that does not
/// depend on the conversation.
pub(crate) fn environment(
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    extra: &BTreeMap<String, String>,
) -> BTreeMap<OsString, OsString> {
    let passed = inherited.into_iter().filter(|(name, _)| passes(name));
    let extra = extra.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str()));
    let fixed = [
        // Asks for the frames that say when nothing is owed any more.
        ("CLAUDE_CODE_SDK_READS_SESSION_STATE", "1"),
        ("CLAUDE_CODE_ENTRYPOINT", ENTRYPOINT),
        // A daemon's program changes when its owner changes it.
        ("DISABLE_AUTOUPDATER", "1"),
    ];
    passed
        .chain(extra.map(|(name, value)| (name.into(), value.into())))
        .chain(fixed.map(|(name, value)| (name.into(), value.into())))
        .collect()
}

/// The kind of host that the program names to the API. It takes any word; all that is known about
/// its protocol was measured under this one.
const ENTRYPOINT: &str = "sdk-py";

fn passes(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    PASSED.iter().any(|passed| match passed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *passed,
    })
}

#[derive(Default)]
struct Argv(Vec<OsString>);

impl Argv {
    fn all(&mut self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) {
        self.0.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
    }
}

#[cfg(test)]
mod tests;
