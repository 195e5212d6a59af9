//! What cuts a turn short: the host's `interrupt`, and a message that cannot wait.

use serde_json::{Value, json};

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
        self.succeed(id, Some(body));
        match self.turn.as_ref().map(|turn| &turn.stage) {
            None => {}
            Some(Stage::Calling) => self.interrupt_call(asked),
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
            let text = partial.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            self.end_turn(&Ending {
                terminal_reason: Some("aborted_streaming"),
                text,
                ..Ending::default()
            });
        }
    }

    /// The answer of a hook; `Err` = it failed or said nothing in time.
    pub(super) fn hook_answered(&mut self, answer: Result<Value, String>) {
        let Some(turn) = &mut self.turn else { return };
        match &mut turn.stage {
            Stage::PromptHooks(hooks) => {
                let hook = hooks.pop_front();
                match answer {
                    Ok(answer) if answer["decision"] == "block" => {
                        let reason = answer["reason"].as_str().unwrap_or_default();
                        self.block_prompt(reason);
                        return;
                    }
                    Err(error) if error == "timed out" => {
                        self.block_prompt("UserPromptSubmit hook callback timed out");
                        return;
                    }
                    Err(_) => {
                        let callback = hook.map(|hook| hook.callback).unwrap_or_default();
                        self.hook_failed("UserPromptSubmit", &callback);
                    }
                    Ok(_) => {}
                }
                self.next_prompt_hook();
            }
            Stage::Calling => self.call_hook_answered(answer),
            Stage::StopHooks(hooks) => {
                let hook = hooks.pop_front();
                match answer {
                    Ok(answer) if answer["decision"] == "block" => {
                        let reason = answer["reason"].as_str().unwrap_or_default();
                        self.go_on_with_feedback(reason);
                        return;
                    }
                    Err(_) => {
                        let callback = hook.map(|hook| hook.callback).unwrap_or_default();
                        self.hook_failed("Stop", &callback);
                    }
                    Ok(_) => {}
                }
                self.next_stop_hook();
            }
            _ => {}
        }
    }

    /// A hook kept the prompt from the model: the turn ends with what it said.
    fn block_prompt(&mut self, reason: &str) {
        self.announce();
        let text = format!("UserPromptSubmit operation blocked by hook:\n{reason}");
        self.emit_message(json!({
            "type": "system", "subtype": "informational", "content": text, "level": "warning",
            "prevent_continuation": true,
        }));
        if let Some(turn) = &mut self.turn {
            turn.rounds = 0;
        }
        self.end_turn(&Ending { text, ..Ending::default() });
    }

    /// A hook answered with an error, which counts as an empty answer.
    pub(super) fn hook_failed(&mut self, event: &str, callback: &str) {
        self.outlet.complain(format!("Error in hook callback {callback}"));
        let content = format!(
            "{event}: Hook callback {callback} failed: the SDK host replied with an error or an \
             invalid answer. Its answer was treated as empty."
        );
        self.emit_message(json!({
            "type": "system", "subtype": "informational", "content": content, "level": "warning",
            "tag": "hook_callback_failed",
        }));
    }
}
