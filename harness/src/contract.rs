//! What the agent program promises a host, as numbered contracts over a seam of byte lines.
//!
//! A [`Contract`] is a script: it starts a peer, writes lines, reads lines, and says what must hold.
//! Whoever can start a peer ([`Starter`]) can be put to the test: the stand-in in memory, the
//! stand-in over pipes, the replay of a recording, the real program. What an implementation cannot
//! show is a [`Capability`] that it lacks; the contracts that need it are skipped, and said to be.
//!
//! ```text
//! contract ─> script ─> Play ─ start ─> Starter ─> Peer (reader, writer, life)
//!                        └─> Host: lines in, lines out, everything kept in a Transcript
//! ```
//!
//! The model behind a peer has to follow the words of people: `tool: CMD`, `bg: CMD`, `slow N MS`,
//! `error CODE [xN]`, `drop`, `silent`, `recall`, `big N`; anything else comes back as `You said: …`.
//!
//! Absent on purpose: any type of the stand-ins or of the daemon. The lines are written here once
//! more, by hand, so that a wrong field name cannot agree with itself.

mod always;
mod frames;
mod host;
mod launch;
mod list;
mod peer;
mod pipes;
mod play;
mod recording;
mod recordings;
mod replay;
mod scripts;
mod shape;
mod transcript;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use frames::kind;
pub use host::Host;
pub use launch::{Launch, Manners, Session};
pub use list::ALL;
pub use peer::{Exit, Life, Peer, Pending, Signal, Starter};
pub use pipes::Pipes;
pub use play::Play;
pub use recording::{Recording, RecordingError, Step};
pub use recordings::Recordings;
pub use replay::Replay;
pub use shape::{Difference, compare, compared_fields, is_of};
pub use transcript::{Entry, Line, Transcript};

/// What an implementation may be unable to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// It can be sent SIGTERM.
    Terminate,
    /// It can be killed, and what it remembers outlives it.
    Kill,
    /// It meets the very bytes: lines of any length, in any pieces.
    Bytes,
}

impl fmt::Display for Capability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Kill => "a kill",
            Self::Bytes => "the bytes of lines",
        })
    }
}

/// The script of a contract.
pub type Script = for<'a> fn(&'a mut Play<'_>) -> Pending<'a, anyhow::Result<()>>;

/// One promise of the agent program.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// Its stable number: `C07`.
    pub id: &'static str,
    /// What it is called: the words of a test's name.
    pub title: &'static str,
    /// What the program promises, in one sentence.
    pub promise: &'static str,
    /// Where the fact comes from.
    pub source: &'static str,
    /// What an implementation has to be able to do.
    pub needs: &'static [Capability],
    /// What is said and what must come back.
    pub script: Script,
}

impl Contract {
    /// The contract with that number.
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|contract| contract.id.eq_ignore_ascii_case(id))
    }

    /// What of its needs `starter` cannot do.
    pub fn lacks(&self, starter: &dyn Starter) -> Option<Capability> {
        self.needs.iter().copied().find(|need| !starter.can(*need))
    }
}

/// How a contract went on one implementation.
#[derive(Debug)]
pub struct Outcome {
    /// The contract's number.
    pub contract: &'static str,
    /// Kept, broken or skipped.
    pub verdict: Verdict,
    /// Everything that was said.
    pub transcript: Transcript,
}

/// What became of a contract.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The implementation did what it promises.
    Kept,
    /// It did not: what was found, with the last lines.
    Broken(String),
    /// It cannot show this.
    Skipped(Capability),
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Kept => write!(out, "{} kept", self.contract),
            Verdict::Broken(why) => write!(out, "{} BROKEN: {why}", self.contract),
            Verdict::Skipped(lacks) => {
                write!(out, "{} skipped: {lacks} cannot be shown", self.contract)
            }
        }
    }
}

/// Runs one contract. The starter has to be fresh: what it remembers belongs to this contract.
pub async fn run(contract: &'static Contract, starter: &mut dyn Starter) -> Outcome {
    let transcript = Transcript::default();
    if let Some(lacks) = contract.lacks(starter) {
        return Outcome { contract: contract.id, verdict: Verdict::Skipped(lacks), transcript };
    }
    let mut play = Play::new(contract, starter);
    let played = (contract.script)(&mut play).await;
    let transcript = play.into_transcript();
    let judged = played.and_then(|()| always::check(&transcript));
    let verdict = match judged {
        Ok(()) => Verdict::Kept,
        Err(error) => Verdict::Broken(format!("{error:#}\n{}", transcript.tail())),
    };
    Outcome { contract: contract.id, verdict, transcript }
}

/// Opens what stays open as long as this process lives: a pair of sockets, over which the runtime
/// hears of children. Whoever counts open files calls this before counting.
pub fn open_for_good() {
    // A runtime that cannot be made is told of by the first contract that needs one.
    drop(tokio::runtime::Builder::new_current_thread().enable_all().build());
}

/// Runs one contract on a thread without a runtime of its own.
pub fn run_alone(contract: &'static Contract, starter: &mut dyn Starter) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let broken = |why: String| Outcome {
        contract: contract.id,
        verdict: Verdict::Broken(why),
        transcript: Transcript::default(),
    };
    match runtime {
        Ok(runtime) => {
            let played = AssertUnwindSafe(|| runtime.block_on(run(contract, starter)));
            catch_unwind(played).unwrap_or_else(|_| broken("the script panicked".to_owned()))
        }
        Err(error) => broken(format!("failed to build a runtime: {error}")),
    }
}

#[cfg(test)]
mod tests;
