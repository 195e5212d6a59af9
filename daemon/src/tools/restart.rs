//! `restart`: asks for a restart of the assistant's own program. It returns at once; how it went is told
//! to this chat by the daemon, not by the agent.

use serde_json::{Value, json};

use super::{Outcome, Reach};
use crate::slots::request::Initiator;

pub(crate) const NAME: &str = "restart";

pub(super) fn description() -> Value {
    json!({
        "name": NAME,
        "description":
            "Restarts the assistant's own program into the newest version of its source, after \
             all its tests. Only when a message of this chat asks for it now, never because an \
             earlier one did. Returns at once; how it went is told to this chat without you.",
        "inputSchema": {"type": "object", "properties": {}, "additionalProperties": false},
    })
}

pub(super) async fn carry_out(reach: &Reach) -> Outcome {
    match reach.restarts.ask(Initiator::Session(reach.session.0)).await {
        Ok(id) => Outcome::done(format!("asked for as {id}: do not ask again")),
        Err(refusal) => Outcome::refused(format!("not restarted: {refusal}")),
    }
}
