//! What the agent program says, as values.

use serde_json::Value;

/// One line of the program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    /// The answer to a request of ours.
    Response {
        /// The id we gave the request.
        request_id: String,
        /// Its body (`null` where it has none), or the program's words for why not.
        outcome: Result<Value, String>,
    },
    /// A request of the program; it waits until it is answered under the same id.
    Request {
        /// What the answer has to carry.
        request_id: String,
        /// What is asked.
        request: AgentRequest,
    },
    /// The program does not wait for this answer any more; one that comes is ignored.
    Withdrawn {
        /// The id of the request.
        request_id: String,
    },
    /// A turn begins (not: the program is ready; it is sent at every turn).
    Init(Init),
    /// What the program is about.
    State(AgentState),
    /// One finished block of an answer.
    Assistant(Assistant),
    /// Tools have ended.
    ToolResults(Vec<ToolResult>),
    /// A turn has ended.
    Result(TurnResult),
    /// The ids of all background tasks that live now.
    Tasks(Vec<String>),
    /// A task (a tool in the foreground too) has ended.
    TaskEnded {
        /// Its id.
        task_id: String,
        /// `completed`, `failed` or `stopped`.
        status: String,
    },
    /// A call of the API failed and will be tried again.
    Retrying(Retrying),
    /// The conversation was cleared: what comes has a new agent session id.
    Reset,
    /// How much of the subscription is used.
    RateLimit(RateLimit),
    /// How far a message of ours has come.
    Lifecycle {
        /// The uuid we gave the message.
        uuid: String,
        /// Its state.
        state: Lifecycle,
    },
    /// Older parts of the conversation were replaced by a summary.
    Compacted,
    /// A line of a type we have no use for, or that came without what makes it usable.
    Other {
        /// `type`, and behind a slash `subtype` if it has one.
        kind: String,
    },
    /// Not a JSON object.
    Garbage {
        /// Its length.
        bytes: usize,
    },
    /// Longer than a line may be; its content is lost.
    TooLong {
        /// Its length.
        bytes: u64,
    },
}

/// What the program asks of us.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AgentRequest {
    /// May this tool be used? Answered by `allow` or `deny`.
    CanUseTool(Permission),
    /// A hook that we registered. Answered by `hook_answer`.
    Hook(HookCall),
    /// JSON-RPC for one of our tool servers. Answered by `mcp_answer`.
    Mcp {
        /// Which server.
        server: String,
        /// A request or a notification.
        message: Value,
    },
    /// Nothing we know. Answered by `refuse`.
    Unknown {
        /// Its kind.
        subtype: String,
    },
}

/// A question for permission.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Permission {
    /// The tool's name.
    pub(crate) tool_name: String,
    /// Its whole input.
    pub(crate) input: Value,
    /// The id of the use, as in [`Block::ToolUse`].
    pub(crate) tool_use_id: String,
    /// The path the question is about, if it is about one.
    pub(crate) blocked_path: Option<String>,
    /// The subagent that asks, if it is one.
    pub(crate) agent_id: Option<String>,
}

/// A hook's call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HookCall {
    /// The id that we registered.
    pub(crate) callback_id: String,
    /// `hook_event_name` of the input: `PreToolUse`, `Stop`, ...
    pub(crate) event: String,
    /// For `PreToolUse`: the tool's name, else empty.
    pub(crate) tool_name: String,
    /// The use of the tool; a random id for events that are not about a tool.
    pub(crate) tool_use_id: String,
    /// For `Stop`: this hook has already sent the agent back once in this turn.
    pub(crate) stop_hook_active: bool,
    /// Everything it came with.
    pub(crate) input: Value,
}

/// The first frame of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Init {
    /// The id to resume this conversation by.
    pub(crate) agent_session: String,
    /// The program's version; absent before 2.0.
    pub(crate) version: Option<String>,
    /// The model in use.
    pub(crate) model: String,
    /// The tools offered to the model.
    pub(crate) tools: Vec<String>,
    /// The tool servers.
    pub(crate) mcp_servers: Vec<McpStatus>,
    /// What the program can do beyond the common protocol (`interrupt_cancel_queued_v1`, ...).
    pub(crate) capabilities: Vec<String>,
}

/// A tool server as the program sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct McpStatus {
    /// Its name.
    pub(crate) name: String,
    /// `connected`, `failed`, ...
    pub(crate) status: String,
}

/// What the program is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgentState {
    /// A turn runs.
    Running,
    /// It waits for an answer of ours.
    RequiresAction,
    /// Nothing is owed, background work included.
    Idle,
}

/// One block of an answer (the program sends a line for each).
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Assistant {
    /// Usually one.
    pub(crate) blocks: Vec<Block>,
    /// The use of the tool that started the subagent which speaks; `None` is the agent itself.
    pub(crate) parent_tool_use: Option<String>,
    /// The kind of failure, if the text is the program's own about a failed call of the API
    /// (`authentication_failed`, `rate_limit`, `server_error`, ...).
    pub(crate) api_error: Option<String>,
    /// The text was cut by an interrupt.
    pub(crate) aborted: bool,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    /// What the agent says; it reaches nobody.
    Text(String),
    /// A tool is called.
    ToolUse {
        /// The id of this use.
        id: String,
        /// The tool.
        name: String,
        /// Its input.
        input: Value,
    },
    /// The agent thinks.
    Thinking,
    /// A block of another kind.
    Other,
}

/// How a tool has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolResult {
    /// The use, as in [`Block::ToolUse`].
    pub(crate) id: String,
    /// Whether it failed, or was not allowed.
    pub(crate) is_error: bool,
}

/// How a turn has ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct TurnResult {
    /// The id to resume by.
    pub(crate) agent_session: String,
    /// The uuids of the messages that this turn took up, those folded into it included.
    pub(crate) listed: Vec<String>,
    /// Whether it failed; `subtype` does not say it.
    pub(crate) is_error: bool,
    /// `success`, `error_during_execution`, `error_max_turns`, ...
    pub(crate) subtype: String,
    /// `completed`, `api_error`, `aborted_streaming`, `aborted_tools`, `blocking_limit`, ...
    pub(crate) terminal_reason: Option<String>,
    /// HTTP status of the API's failure.
    pub(crate) api_status: Option<u16>,
    /// The API's name of the failure (`permission_error`, ...).
    pub(crate) api_error_type: Option<String>,
    /// Calls of the model, roughly; 0 if it was never asked.
    pub(crate) num_turns: u64,
    /// The text to show: the errors, else the result, else nothing.
    pub(crate) text: String,
    /// Why the model stopped: `end_turn`, `refusal`, ...
    pub(crate) stop_reason: Option<String>,
    /// Cost of the whole conversation so far in dollars, resumed parts included.
    pub(crate) cost_usd_total: Option<f64>,
    /// How long the turn took.
    pub(crate) duration_ms: Option<u64>,
    /// What started the turn if it was not a message (`task-notification`, ...).
    pub(crate) origin_kind: Option<String>,
}

/// An attempt at the API failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Retrying {
    /// The one that comes next, from 1.
    pub(crate) attempt: u64,
    /// How many there will be.
    pub(crate) max: u64,
    /// How long until then.
    pub(crate) delay_ms: u64,
    /// HTTP status; `None` for the network.
    pub(crate) status: Option<u16>,
}

/// How much of the subscription is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RateLimit {
    /// `allowed`, `allowed_warning` or `rejected`.
    pub(crate) status: String,
    /// When it begins anew, in seconds since the Unix epoch.
    pub(crate) resets_at_s: Option<i64>,
}

/// How far a message of ours has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// It waits for the end of a turn.
    Queued,
    /// The model has it.
    Started,
    /// Its turn has ended.
    Completed,
    /// It will not run, or its turn was cut.
    Cancelled,
    /// A state we do not know.
    Other,
}
