//! The answer while it comes: the events of the API, for a host that asked to see them.
//!
//! The finished line of a block stands before the event that closes the block, as with the program.

use serde_json::{Value, json};

use super::{Agent, Answers};

impl Agent {
    /// A request goes out.
    pub(super) fn tell_requesting(&mut self) {
        if self.options.answers == Answers::InPieces {
            self.emit_message(json!({
                "type": "system", "subtype": "status", "status": "requesting",
            }));
        }
    }

    /// The answer begins.
    pub(super) fn stream_start(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        turn.block = 0;
        let message = json!({
            "id": turn.message_id, "type": "message", "role": "assistant",
            "model": self.options.model, "content": [], "stop_reason": null,
            "stop_sequence": null, "usage": super::frames::usage(1),
        });
        self.stream(&json!({ "type": "message_start", "message": message }));
    }

    /// A block begins.
    pub(super) fn stream_block(&mut self, block: &Value) {
        let index = self.block();
        self.stream(&json!({
            "type": "content_block_start", "index": index, "content_block": block,
        }));
    }

    /// A piece of the block.
    pub(super) fn stream_piece(&mut self, delta: &Value) {
        let index = self.block();
        self.stream(&json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    }

    /// The block is over.
    pub(super) fn stream_block_end(&mut self) {
        let index = self.block();
        self.stream(&json!({ "type": "content_block_stop", "index": index }));
        if let Some(turn) = &mut self.turn {
            turn.block += 1;
        }
    }

    /// The answer is over.
    pub(super) fn stream_end(&mut self, stop_reason: &str) {
        let delta = json!({ "stop_reason": stop_reason, "stop_sequence": null });
        let usage = super::frames::usage(1);
        self.stream(&json!({ "type": "message_delta", "delta": delta, "usage": usage }));
        self.stream(&json!({ "type": "message_stop" }));
    }

    fn block(&self) -> u32 {
        self.turn.as_ref().map_or(0, |turn| turn.block)
    }

    fn stream(&mut self, event: &Value) {
        if self.options.answers == Answers::InPieces {
            self.emit_message(json!({
                "type": "stream_event", "event": event, "parent_tool_use_id": null,
            }));
        }
    }
}
