//! Stand-ins of the outside world, speaking recorded bytes.
//!
//! - [`agent`]: the agent program as one state machine: lines in, lines out, timers as data. It is
//!   driven in memory by [`FakeSdkClient`] and on stdio by the program `fake-claude`.
//! - [`model`]: what "the model" says next, shared by the agent and by the stand-in of the API.
//! - [`api`]: the Messages API on a loopback address, for the real agent program.
//! - [`scenario`]: faults as data; [`holds`]: answers that come late.
//!
//! Nothing here imports a type of the assistant: a field name that both sides shared could be
//! wrong on both sides, and every test would pass.

pub mod agent;
pub mod api;
pub mod args;
pub mod client;
pub mod holds;
pub mod memory;
pub mod model;
pub mod scenario;
pub mod shell;

pub use client::{FakeSdkClient, Heard};
