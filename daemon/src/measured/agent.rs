//! Our client of the agent program as a session uses it, behind calls that wait: started with a
//! session's arguments and environment, heard by a session's ears, ended by the core's steps.
//!
//! ```text
//!  Settings ── connect ──> Agent ── query | begin, interrupt ──> Agent ── disconnect ──> Closed
//!  (argv, environment)       └ all agents of a Host share its runtime
//! ```
//!
//! The runtime has one thread, the caller's: a session and the tasks of its connection pass frames
//! to each other without waking another thread, and in the daemon they mostly do so too. Agents are
//! heard only while one of the calls runs. Each length of time begins before the first byte is
//! given away, and ends when the caller could act on the answer.
//!
//! Absent: a store, a sender, what a turn means for a message. A use of our tools is answered at
//! once, with the word for success.

mod live;
mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use self::live::Live;
pub use self::settings::Settings;

/// How long tasks may take to be gone once nobody holds them.
const TASKS_GONE_MAX: Duration = Duration::from_secs(1);

/// Why an agent did not do as it should.
#[derive(Debug, thiserror::Error)]
pub enum AgentTrouble {
    /// It, or something it needs, cannot be started.
    #[error("start the agent: {0}")]
    NotStarted(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It does not want to begin, in its own words.
    #[error("begin with the agent: {0}")]
    Refused(String),
    /// It is gone.
    #[error("hear from the agent: it is gone ({exit}): {last_words}")]
    Gone {
        /// How it went.
        exit: String,
        /// The end of what it wrote to its standard error.
        last_words: String,
    },
    /// A turn ended badly.
    #[error("end a turn well: {0}")]
    TurnFailed(String),
    /// Something did not come.
    #[error("see {0} in time")]
    Late(&'static str),
}

/// What a turn took, from before its text was given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// To the first message of the agent: its first block, be it text or the use of a tool.
    pub first_message_after: Duration,
    /// To the result.
    pub result_after: Duration,
}

/// The last that had to be done for an agent to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// Nothing: it went before its input was closed.
    Itself,
    /// Its input was closed.
    InputClosed,
    /// TERM to its group.
    Term,
    /// KILL to its group.
    Kill,
}

/// How an agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// From the wish to the reaped process.
    pub after: Duration,
    /// What it took.
    pub ended_by: EndedBy,
    /// `exit 0`, `signal 9`, ...
    pub exit: String,
}

/// Where agents are heard: one runtime for any number of them.
#[derive(Debug, Clone)]
pub struct Host(Arc<Runtime>);

impl Host {
    /// An empty one.
    ///
    /// # Errors
    /// When the system has no more files to give.
    pub fn new() -> Result<Self, AgentTrouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self(Arc::new(runtime.map_err(|error| AgentTrouble::NotStarted(error.into()))?)))
    }

    /// Starts an agent; returns when it has answered the first request, and is ready.
    ///
    /// # Errors
    /// See [`AgentTrouble`]; nothing runs then.
    pub fn connect(&self, settings: &Settings) -> Result<Agent, AgentTrouble> {
        let live = self.0.block_on(Live::connect(settings.clone()))?;
        Ok(Agent { live, host: self.clone() })
    }

    /// Starts so many agents at once, each with a conversation of its own; returns when all are
    /// ready.
    ///
    /// # Errors
    /// See [`AgentTrouble`]; none of them runs then.
    pub fn connect_all(
        &self,
        settings: &Settings,
        agents: usize,
    ) -> Result<Vec<Agent>, AgentTrouble> {
        let lives = self.0.block_on(async {
            let mut connecting = JoinSet::new();
            for _ in 0..agents {
                connecting.spawn(Live::connect(settings.clone()));
            }
            let mut lives = Vec::with_capacity(agents);
            while let Some(connected) = connecting.join_next().await {
                lives.push(connected.map_err(|cut| AgentTrouble::NotStarted(cut.into()))??);
            }
            Ok(lives)
        })?;
        Ok(lives.into_iter().map(|live| Agent { live, host: self.clone() }).collect())
    }

    /// The tasks that are alive now.
    pub fn alive_tasks(&self) -> usize {
        self.0.metrics().num_alive_tasks()
    }

    /// How many tasks more than `before` stay alive, though they had time to end.
    pub fn tasks_left(&self, before: usize) -> usize {
        let deadline = Instant::now() + TASKS_GONE_MAX;
        self.0.block_on(async {
            while before < self.alive_tasks() && Instant::now() < deadline {
                // Whoever was told to end is polled once more before this returns.
                tokio::task::yield_now().await;
            }
        });
        self.alive_tasks().saturating_sub(before)
    }
}

/// An agent that is ready. Dropping it kills its process group; [`disconnect`](Self::disconnect)
/// ends it in order.
#[derive(Debug)]
pub struct Agent {
    live: Live,
    // Behind what lives in it.
    host: Host,
}

impl Agent {
    /// Starts one by itself, as [`Host::connect`] does among others.
    ///
    /// # Errors
    /// See [`AgentTrouble`].
    pub fn connect(settings: &Settings) -> Result<Self, AgentTrouble> {
        Host::new()?.connect(settings)
    }

    /// The id of its conversation, to be resumed by once it has had a turn.
    pub fn session_id(&self) -> &str {
        self.live.session_id()
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.live.pid()
    }

    /// Gives it a text and waits for the result, and then, untimed, until it owes nothing.
    ///
    /// # Errors
    /// When the turn fails, or has no message.
    pub fn query(&mut self, text: &str) -> Result<Turn, AgentTrouble> {
        self.host.0.block_on(self.live.query(text))
    }

    /// Gives it a text, and waits until it is at it.
    ///
    /// # Errors
    /// When it does not take it up.
    pub fn begin(&mut self, text: &str) -> Result<(), AgentTrouble> {
        self.host.0.block_on(self.live.begin(text))
    }

    /// Interrupts the turn. Returns how long the agent took to acknowledge it, once, untimed, the
    /// turn has ended.
    ///
    /// # Errors
    /// When it refuses, or goes on.
    pub fn interrupt(&mut self) -> Result<Duration, AgentTrouble> {
        self.host.0.block_on(self.live.interrupt())
    }

    /// Ends it as the daemon does: a running turn is interrupted, the input closed, and only what
    /// does not go by itself is signalled. Behind what is timed, whatever it started and left is
    /// ended too.
    pub fn disconnect(self) -> Closed {
        let Self { live, host } = self;
        host.0.block_on(live.disconnect())
    }
}

#[cfg(test)]
mod tests;
