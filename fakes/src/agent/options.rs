//! How an agent is set up, and how it ends.

use crate::client::Heard;
use crate::holds::Holds;
use crate::memory::Memory;
use crate::scenario::Scenario;

/// The version the stand-in says it is: the one whose lines were recorded.
pub const VERSION: &str = "2.1.330";

/// What an agent is started with. The defaults are those of a test in memory.
#[derive(Debug, Clone)]
pub struct Options {
    /// The id the session gets; absent = a random one. An id that is in use is refused.
    pub session_id: Option<String>,
    /// The session to go on with; an unknown one ends the agent.
    pub resume: Option<String>,
    /// What becomes of the session that is resumed.
    pub branch: Branch,
    /// How many requests to the model a turn may take.
    pub turns_max: Option<u32>,
    /// How an answer is told.
    pub answers: Answers,
    /// The program's own tools that are offered.
    pub tools: Vec<String>,
    /// Tools that are never asked about.
    pub allowed: Vec<String>,
    /// The host's tool servers.
    pub servers: Vec<String>,
    /// The model's name.
    pub model: String,
    /// The permission mode at the start.
    pub permission_mode: String,
    /// Whether the host answers permission questions.
    pub permission_prompt: bool,
    /// Whether `session_state_changed` frames are written.
    pub session_state_frames: bool,
    /// Whether a line that cannot be checked ends the agent with exit code 3.
    pub strict: bool,
    /// How often the API is tried again.
    pub retries_max: u32,
    /// Where the key of the API came from, as `account` tells it.
    pub api_key_source: Option<String>,
    /// The working directory, as the frames tell it.
    pub cwd: String,
    /// What runs the tools.
    pub shell: Shell,
    /// What goes wrong.
    pub scenario: Scenario,
    /// What comes late.
    pub holds: Holds,
    /// Where conversations stay.
    pub memory: Memory,
    /// A log of the lines that the agent heard.
    pub heard: Heard,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            session_id: None,
            resume: None,
            branch: Branch::Same,
            turns_max: None,
            answers: Answers::Whole,
            tools: default_tools(),
            allowed: vec![crate::model::REPLY_TOOL.to_owned()],
            servers: vec!["assistant".to_owned()],
            model: "claude-opus-5-5".to_owned(),
            permission_mode: "default".to_owned(),
            permission_prompt: true,
            session_state_frames: true,
            strict: true,
            retries_max: 10,
            api_key_source: Some("ANTHROPIC_API_KEY".to_owned()),
            cwd: "/work".to_owned(),
            shell: Shell::Simulated,
            scenario: Scenario::default(),
            holds: Holds::default(),
            memory: Memory::default(),
            heard: Heard::default(),
        }
    }
}

/// The tools that are offered when no list is given.
pub fn default_tools() -> Vec<String> {
    ["Task", "Bash", "Edit", "Read", "Skill", "ToolSearch", "WebFetch", "WebSearch", "Write"]
        .map(str::to_owned)
        .to_vec()
}

/// What becomes of a session that is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// It goes on.
    Same,
    /// It stays, and another one begins with its memory.
    Fork,
}

/// How an answer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Each block when it is finished.
    Whole,
    /// Also the events of the API, while it comes.
    InPieces,
}

/// What runs the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Nothing runs: `sleep` is a timer, `echo` an output.
    Simulated,
    /// The driver runs them and reports what came out.
    Driver,
}

/// How an agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The exit code; with a signal, that of a shell (128 + signal).
    pub code: i32,
    /// The signal it died of.
    pub signal: Option<i32>,
    /// What a strict agent did not accept.
    pub complaint: Option<String>,
}

impl Exit {
    /// An end with an exit code.
    pub const fn code(code: i32) -> Self {
        Self { code, signal: None, complaint: None }
    }
}
