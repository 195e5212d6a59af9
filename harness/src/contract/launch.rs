//! How a peer is started: as arguments and environment of the program.

/// The name of the host's tool server.
const SERVER: &str = "assistant";
/// The host's one tool, as the model knows it.
pub(super) const REPLY_TOOL: &str = "mcp__assistant__reply";

/// How one run of the program begins.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The contract that starts it.
    pub contract: &'static str,
    /// Which start of the contract this is, from 0.
    pub run: usize,
    /// Whose conversation it is.
    pub session: Session,
    /// Whether the host brings a tool of its own.
    pub serves_tools: bool,
    /// Whether the answer is told while it comes.
    pub in_pieces: bool,
    /// How often the program tries the API again.
    pub retries: u32,
    /// Whether the host will say what a good host never says.
    pub manners: Manners,
}

/// Whose conversation a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// A new one with this id.
    New(String),
    /// An earlier one.
    Resume(String),
    /// A new one, with an id of the program's choice, that remembers an earlier one.
    Fork(String),
    /// An earlier one under another id, which is a fork without being called one.
    ResumeAs {
        /// The earlier one.
        of: String,
        /// The id it should get.
        id: String,
    },
}

/// What the host is going to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Only what a good host says: a strict stand-in may refuse everything else.
    Proper,
    /// Also what no good host says.
    Odd,
}

impl Launch {
    /// The arguments, without the program's name.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["--output-format", "stream-json", "--verbose", "--system-prompt", ""]
                .map(str::to_owned)
                .to_vec();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).into()));
        add(&["--setting-sources=", "--tools", "Bash", "--permission-prompt-tool", "stdio"]);
        if self.serves_tools {
            let config = serde_json::json!({
                "mcpServers": { SERVER: { "type": "sdk", "name": SERVER } },
            });
            add(&["--mcp-config", &config.to_string(), "--strict-mcp-config"]);
            add(&["--allowedTools", REPLY_TOOL]);
        }
        if self.in_pieces {
            add(&["--include-partial-messages"]);
        }
        match &self.session {
            Session::New(id) => add(&[&format!("--session-id={id}")]),
            Session::Resume(id) => add(&[&format!("--resume={id}")]),
            Session::Fork(of) => add(&[&format!("--resume={of}"), "--fork-session"]),
            Session::ResumeAs { of, id } => {
                add(&[&format!("--resume={of}"), &format!("--session-id={id}")]);
            }
        }
        add(&["--input-format", "stream-json"]);
        arguments
    }

    /// What the contract needs in the environment, beside what keeps the program from the world.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("CLAUDE_CODE_SDK_READS_SESSION_STATE".to_owned(), "1".to_owned()),
            ("CLAUDE_CODE_MAX_RETRIES".to_owned(), self.retries.to_string()),
        ]
    }
}
