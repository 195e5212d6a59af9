//! The transport to the agent program (`claude`): one child per conversation, spoken to over its
//! pipes in lines of JSON.
//!
//! ```text
//!  options ──> process ──(stdout)──> lines ──> wire::decode ──┐
//!  (argv, env)  (child) <─(stdin)──── wire::* lines <─────────┤ connection <──> session
//!               └──(stderr)──> tail of its last words         ┘
//! ```
//!
//! `wire` is the only place that knows the program's protocol; `connection` runs over any reader
//! and writer, so that tests hold the other end of an in-memory pipe. What is absent: deciding
//! anything. When to send, what a result means for a message, and when to end a child is the
//! session's business.

pub(crate) mod connection;
pub(crate) mod lines;
pub(crate) mod login;
pub(crate) mod options;
pub(crate) mod process;
pub(crate) mod wire;
