//! What the assistant decides: who may talk, what the agent reads, and what happens next.
//!
//! The crate is pure: no files, clocks, environment, threads or async. Time, randomness and ids
//! come in as values. Machines (`session`, `roster`, ...) share four verbs: `handle`,
//! `handle_deadline`, `poll_action`, `deadline`.

pub mod access;
pub mod backoff;
pub mod chat;
pub mod debounce;
pub mod framing;
pub mod keeper;
pub mod limits;
pub mod message;
pub mod prompt;
pub mod roster;
pub mod routing;
pub mod session;
pub mod storm;
pub mod time;
