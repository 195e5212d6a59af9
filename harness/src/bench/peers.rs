//! How a driver speaks with the hosts of the side-by-side comparison: one JSON line each way, over a
//! host's stdin and stdout.
//!
//! ```text
//!  host    {"host": "claude-agent-sdk 0.2.187, Python 3.11.7"}
//!  driver  {"do": "connect"}                              host  {"ms": 312.5}
//!  driver  {"do": "query", "text": "hello"}               host  {"first_ms": 30.1, "ms": 58.2}
//!  driver  {"do": "resume"}                               host  {"failed": ".."}
//! ```
//!
//! A host is a process that uses one library to drive agents: ours, or the published SDK. It takes
//! every time itself, by its own clock, around the call of its library. It has [`Settings`] as its
//! only argument, and ends its agents and itself when its input ends.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a host gives its agents: the JSON object that is its only argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The agent program.
    pub claude: PathBuf,
    /// A folder of the host's own: `work` in it is where agents work, `config` where the program
    /// keeps its state.
    pub dir: PathBuf,
    /// What agents see of an environment, beyond what each library sets by itself.
    pub variables: BTreeMap<String, String>,
    /// The whole system prompt.
    pub system_prompt: String,
}

/// What a host says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The library and its version, and that of the language where it matters.
    pub host: String,
}

/// What a driver asks.
///
/// Six of them are about the one conversation that is open; the crowd is apart from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask {
    /// Open a new conversation.
    Connect,
    /// Open the conversation again that was closed last.
    Resume,
    /// Say this and wait for the result.
    Query {
        /// What to say.
        text: String,
    },
    /// Say this, and wait until the agent says that the turn runs, and no longer. That it has asked
    /// the API by then is for the driver to see: no library tells.
    Begin {
        /// What to say.
        text: String,
    },
    /// Interrupt the turn that runs; the time is that to the acknowledgement. Answered once the turn
    /// has ended.
    Interrupt,
    /// Close the conversation, whatever it does.
    Disconnect,
    /// Open one, say this, wait for the result, close it; so many times.
    Cycles {
        /// How many times.
        count: usize,
        /// What to say.
        text: String,
    },
    /// Open further conversations until there are so many, and say this in each.
    Gather {
        /// How many there are then.
        count: usize,
        /// What to say.
        text: String,
    },
    /// Close those.
    Scatter,
}

/// What a host answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// What it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// Of a query: the time to the first message of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_ms: Option<f64>,
    /// It did not work: why, behind "failed to".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Answer {
    /// Done, without a time.
    pub fn done() -> Self {
        Self::default()
    }

    /// It took so long.
    pub fn took(ms: f64) -> Self {
        Self { ms: Some(ms), ..Self::default() }
    }

    /// It did not work.
    pub fn failed(why: impl Into<String>) -> Self {
        Self { failed: Some(why.into()), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
