//! The protocol of the agent program: what its lines mean, and what ours look like. Nothing else in
//! the crate knows it.
//!
//! It was measured on version 2.1.330 and has no written form and no number; it grows by new fields
//! and new types. So [`decode`] never fails: what is unknown becomes [`Frame::Other`], what is no
//! JSON object [`Frame::Garbage`], and a field that is missing or has another type than expected
//! reads as absent. The other direction is strict, because one bad line ends the program: every
//! line is made by a function of `encode`, from values, never from text.
//!
//! Absent: partial messages (`stream_event`) and the mirror of transcripts, which are not asked for.

mod answers;
mod decode;
mod encode;
mod frame;
mod surrogates;

pub(crate) use answers::Welcome;
pub(crate) use decode::decode;
pub(crate) use encode::{
    HookAnswer, allow, deny, hook_answer, initialize, interrupt, mcp_answer, refuse, stop_task,
    user,
};
pub(crate) use frame::{
    AgentRequest, AgentState, Assistant, Block, Frame, HookCall, Lifecycle, Permission, TurnResult,
};

#[cfg(test)]
mod tests;
