//! What a sandbox's daemon is told: the agent, the contacts, the deadlines.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::MARK_NAME;

/// The prefix of the mark that the daemon itself gives to every agent it starts.
pub const AGENT_ENV_MARK: &str = "CLAUDE_ASSISTANT_AGENT=";

/// What the real program needs of the caller's environment to find its login.
pub const LOGIN_VARIABLES: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
];

/// Where an agent program keeps its own state: transcripts, settings, login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentState {
    /// In a directory of the sandbox, which goes away with it.
    Sandboxed,
    /// Wherever the program keeps it by itself: naming even the default place moves some of it.
    Own,
    /// In this directory.
    At(PathBuf),
}

/// The agent program of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The program to start for every session.
    pub program: PathBuf,
    /// Where it keeps its own state.
    pub state: AgentState,
    /// The model to ask for; `None` leaves it to the program.
    pub model: Option<String>,
    /// Variables that every agent gets.
    pub env: Vec<(String, String)>,
}

impl Agent {
    /// An agent program with nothing else set.
    pub fn new(program: PathBuf) -> Self {
        Self { program, state: AgentState::Sandboxed, model: None, env: Vec::new() }
    }

    /// The same agent with one more variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A person the sandbox's daemon knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// How the person is called.
    pub name: String,
    /// `admin`, `partner`, `family`, `favorite` or `bots`.
    pub tier: String,
    /// Numbers and addresses.
    pub handles: Vec<String>,
}

impl Contact {
    /// A contact with one handle.
    pub fn new(name: &str, tier: &str, handle: &str) -> Self {
        Self { name: name.to_owned(), tier: tier.to_owned(), handles: vec![handle.to_owned()] }
    }
}

/// The settings of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The agent program.
    pub agent: Agent,
    /// Who is known.
    pub contacts: Vec<Contact>,
    /// Whether the message directory is watched, besides being polled.
    pub watch: bool,
    /// The deadline of a whole shutdown, in seconds.
    pub shutdown_deadline_s: u32,
    /// How long a running turn may go on in a shutdown, in seconds.
    pub turn_grace_s: u32,
    /// Variables of the caller that are let through, besides `PATH`; given last, so that `HOME`
    /// and `TMPDIR` can be let through too.
    pub inherit: Vec<String>,
}

impl Settings {
    /// Settings for this agent: one admin, file watching on, short deadlines.
    pub fn new(agent: Agent, admin_handle: &str) -> Self {
        Self {
            agent,
            contacts: vec![Contact::new("Sandbox Owner", "admin", admin_handle)],
            watch: true,
            shutdown_deadline_s: 10,
            turn_grace_s: 2,
            inherit: Vec::new(),
        }
    }

    /// The text of `config.toml` for a sandbox at `root`.
    pub(super) fn config_toml(&self, root: &Path, mark_value: &str) -> String {
        let mut out = String::from("[agent]\n");
        put(&mut out, "program", &quoted_path(&self.agent.program));
        match &self.agent.state {
            AgentState::Sandboxed => put(&mut out, "config_dir", &quoted_path(&root.join("agent"))),
            AgentState::At(path) => put(&mut out, "config_dir", &quoted_path(path)),
            AgentState::Own => {}
        }
        if let Some(model) = &self.agent.model {
            put(&mut out, "model", &quoted(model));
        }
        put(&mut out, "working_dir", &quoted_path(&root.join("work")));
        out.push_str("\n[agent.env]\n");
        put(&mut out, MARK_NAME, &quoted(mark_value));
        for (name, value) in &self.agent.env {
            put(&mut out, &quoted(name), &quoted(value));
        }
        out.push_str("\n[test]\n");
        put(&mut out, "dir", &quoted_path(&root.join("messages")));
        // Messages of a sandbox are written by the check that owns it.
        put(&mut out, "trust", "true");
        put(&mut out, "watch", if self.watch { "true" } else { "false" });
        out.push_str("\n[shutdown]\n");
        put(&mut out, "deadline_s", &self.shutdown_deadline_s.to_string());
        put(&mut out, "turn_grace_s", &self.turn_grace_s.to_string());
        out
    }

    /// The text of `contacts.toml`.
    pub(super) fn contacts_toml(&self) -> String {
        let mut out = String::new();
        for contact in &self.contacts {
            let handles: Vec<String> =
                contact.handles.iter().map(|handle| quoted(handle)).collect();
            out.push_str("[[contact]]\n");
            put(&mut out, "name", &quoted(&contact.name));
            put(&mut out, "tier", &quoted(&contact.tier));
            put(&mut out, "handles", &format!("[{}]", handles.join(", ")));
            out.push('\n');
        }
        out
    }
}

fn put(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("a string takes every text");
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A TOML basic string. JSON's escapes are a subset of TOML's, except that TOML also wants DEL
/// escaped, which JSON leaves as it is.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
