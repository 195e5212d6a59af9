//! What cuts a turn short: the host's `interrupt`, and a message that cannot wait.

use serde_json::json;

use super::action::Action;
use super::calls::REJECTED;
use super::frames::Ending;
use super::turn::Stage;
use super::{Agent, Timer};
use crate::model::Entry;

/// What the result of a tool that ran says beyond [`REJECTED`].
const CORRECTION: &str = " Correction to the text above: this call was stopped while running, not \
    refused before it ran. It may have run in part or in full, and its changes may have been \
    written.";

impl Agent {
    /// `interrupt`: withdraws its questions, answers, then ends the turn.
    pub(super) fn interrupt(&mut self, id: &str, cancels_queued: bool) {
        let asked = !self.asks.find(|ask| *ask == super::asks::Ask::Permission).is_empty();
        self.withdraw_asks();
        let mut body = json!({});
        if cancels_queued {
            let cancelled = self.queue.cancel_all();
            for uuid in &cancelled {
                self.lifecycle(uuid, "cancelled");
            }
            body["cancelled"] = json!(cancelled);
        }
        body["still_queued"] = json!(self.queue.uuids());
        self.outlet.hold(self.options.holds.interrupt);
        self.succeed(id, Some(body));
        match self.turn.as_ref().map(|turn| &turn.stage) {
            None => {}
            Some(Stage::Calling) => {
                if asked {
                    self.session_state("running");
                }
                self.interrupt_call(asked);
            }
            Some(Stage::PromptHooks(_)) => self.interrupt_prompt(),
            Some(Stage::StopHooks(_)) => self.interrupt_stop_hook(),
            Some(_) => self.interrupt_answer(),
        }
    }

    fn interrupt_call(&mut self, asked: bool) {
        let ran = self.stop_running_job();
        if asked {
            self.note_denial();
        }
        let text = if ran { format!("{REJECTED}{CORRECTION}") } else { REJECTED.to_owned() };
        self.reject_calls(&text);
        self.end_interrupted_tools();
    }

    /// Ends the job of the call under way; whether there was one.
    fn stop_running_job(&mut self) -> bool {
        let Some(key) = self.call().and_then(|call| call.job) else { return false };
        self.stop_job(key);
        true
    }

    /// Ends a job.
    pub(super) fn stop_job(&mut self, key: u64) {
        if self.simulated_ends.remove(&key).is_some() {
            self.cancel_timer(&Timer::Job(key));
        } else {
            self.deeds.push_back(Action::Kill { key });
        }
    }

    /// A prompt that was not let through yet: no round counts.
    fn interrupt_prompt(&mut self) {
        self.announce();
        self.emit_user_text("[Request interrupted by user]", &json!({}));
        if let Some(turn) = &mut self.turn {
            turn.rounds = 0;
        }
        self.end_turn(&Ending {
            interrupted: true,
            cancelled: true,
            is_error: true,
            errors: Some("prompt_check: the turn was stopped before its prompt was checked"),
            terminal_reason: Some("aborted_streaming"),
            ..Ending::default()
        });
    }

    /// The answer stood already: the result is that of a good end.
    fn interrupt_stop_hook(&mut self) {
        let text = self.turn.as_ref().map(|turn| turn.last_text.clone()).unwrap_or_default();
        self.end_turn(&Ending {
            cancelled: true,
            terminal_reason: Some("completed"),
            stop_reason: Some("end_turn"),
            text,
            ..Ending::default()
        });
    }

    fn interrupt_answer(&mut self) {
        self.announce();
        self.abandon_request();
        self.remember(Entry::Cut);
        self.emit_user_text("[Request interrupted by user]", &json!({}));
        if let Some(turn) = &mut self.turn {
            turn.rounds += 1;
        }
        self.end_turn(&Ending {
            interrupted: true,
            cancelled: true,
            is_error: true,
            terminal_reason: Some("aborted_streaming"),
            ..Ending::default()
        });
    }

    /// A message with priority `now` cuts an answer at once; tools are let finish.
    pub(super) fn cut_for_urgent(&mut self) {
        let cuts = self.turn.as_ref().is_some_and(|turn| {
            matches!(turn.stage, Stage::Streaming { .. } | Stage::Retrying | Stage::Hanging)
        });
        if cuts {
            let partial = self.abandon_request();
            self.end_turn(&Ending {
                // A turn that had said nothing yet ends as if it was interrupted.
                interrupted: partial.is_none(),
                is_error: partial.is_none(),
                cancelled: true,
                terminal_reason: Some("aborted_streaming"),
                text: partial.unwrap_or_default(),
                ..Ending::default()
            });
        }
    }
}
