//! What the host's hooks decide, and what counts when they fail.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::Agent;
use super::frames::Ending;
use super::hooks::Hook;
use super::permission::Refusal;
use super::queue::Told;
use super::turn::Stage;

/// What a call comes back with whose hook said nothing in time.
const CALL_UNANSWERED: &str = "PreToolUse hook did not respond before its timeout (host client may \
    be unreachable). The tool call was not executed; other configured hooks may not have completed.";

/// How a hook did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HookFailure {
    /// The host answered with an error.
    Failed,
    /// The host said nothing in time.
    TimedOut,
}

impl Agent {
    /// The answer of a hook of the running turn.
    pub(super) fn hook_answered(&mut self, answer: Result<Value, HookFailure>) {
        let Some(turn) = &mut self.turn else { return };
        match &mut turn.stage {
            Stage::PromptHooks(hooks) => {
                let Some(hook) = hooks.pop_front() else { return };
                match self.blocked("UserPromptSubmit", &hook, answer) {
                    Some(Block::Said(reason)) => {
                        let prompt = self.turn.as_ref().map(|turn| turn.prompt.clone());
                        let prompt = prompt.unwrap_or_default();
                        self.block_prompt(&format!("{reason}\n\nOriginal prompt: {prompt}"));
                    }
                    Some(Block::Failed(reason)) => self.block_prompt(&reason),
                    None => self.next_prompt_hook(),
                }
            }
            Stage::FoldHooks { hooks, .. } => {
                let Some(hook) = hooks.pop_front() else { return };
                let blocked = self.blocked("UserPromptSubmit", &hook, answer).is_some();
                self.fold_answered(blocked);
            }
            Stage::Calling => self.call_hook_answered(answer),
            Stage::StopHooks(hooks) => {
                let Some(hook) = hooks.pop_front() else { return };
                match self.blocked("Stop", &hook, answer) {
                    Some(Block::Said(reason)) => self.go_on_with_feedback(&reason),
                    Some(Block::Failed(_)) | None => self.next_stop_hook(),
                }
            }
            _ => {}
        }
    }

    /// Whether a hook on a prompt or on the end of a turn says no.
    fn blocked(
        &mut self,
        event: &str,
        hook: &Hook,
        answer: Result<Value, HookFailure>,
    ) -> Option<Block> {
        match answer {
            Ok(answer) if answer["decision"] == "block" => {
                Some(Block::Said(answer["reason"].as_str().unwrap_or_default().to_owned()))
            }
            Ok(_) => None,
            Err(HookFailure::TimedOut) => {
                let ms = hook.timeout.as_millis();
                Some(Block::Failed(format!("{event} hook callback timed out after {ms}ms")))
            }
            Err(HookFailure::Failed) => {
                self.hook_failed(event, hook);
                hook.blocks_on_failure.then(|| Block::Failed(failure_text(&hook.callback)))
            }
        }
    }

    /// A hook kept the prompt from the model: the turn ends with what it said.
    fn block_prompt(&mut self, reason: &str) {
        let text = format!("UserPromptSubmit operation blocked by hook:\n{reason}");
        self.announce();
        self.emit_message(json!({
            "type": "system", "subtype": "informational", "content": text, "level": "warning",
            "prevent_continuation": true,
        }));
        if let Some(turn) = &mut self.turn {
            turn.rounds = 0;
        }
        self.end_turn(&Ending { text, ..Ending::default() });
    }

    /// Says that a hook answered with an error, and what that counts as.
    fn hook_failed(&mut self, event: &str, hook: &Hook) {
        let callback = &hook.callback;
        self.outlet.complain(format!("Error in hook callback {callback}"));
        let counts = if hook.blocks_on_failure {
            "onFailure is \"block\", so this failure counts as a block."
        } else {
            "Its answer was treated as empty."
        };
        if event == "UserPromptSubmit" {
            self.announce();
        }
        self.emit_message(json!({
            "type": "system", "subtype": "informational",
            "content": format!(
                "{event}: Hook callback {callback} failed: the SDK host replied with an error or \
                 an invalid answer. {counts}"
            ),
            "level": "warning", "tag": "hook_callback_failed",
        }));
    }

    /// The answer of a hook on a call.
    fn call_hook_answered(&mut self, answer: Result<Value, HookFailure>) {
        let Some(call) = self.call() else { return };
        let Some(hook) = call.hooks.pop_front() else { return };
        let name = call.name.clone();
        let answer = match answer {
            Ok(answer) => answer,
            Err(HookFailure::TimedOut) => {
                let raw = json!(format!("Error: {CALL_UNANSWERED}"));
                self.finish_call(&json!(CALL_UNANSWERED), true, &raw);
                return;
            }
            Err(HookFailure::Failed) => {
                self.hook_failed("PreToolUse", &hook);
                if hook.blocks_on_failure {
                    let failure = failure_text(&hook.callback);
                    self.refuse_by_hook(&format!("PreToolUse:{name} hook error: {failure}"));
                    return;
                }
                json!({})
            }
        };
        let verdict = &answer["hookSpecificOutput"];
        let Some(call) = self.call() else { return };
        if verdict["updatedInput"].is_object() {
            call.input = verdict["updatedInput"].clone();
        }
        match verdict["permissionDecision"].as_str() {
            Some("deny") => {
                let reason = verdict["permissionDecisionReason"].as_str().unwrap_or("denied");
                self.refuse_by_hook(&format!("PreToolUse:{name} hook error: {reason}"));
                return;
            }
            Some("allow") => call.hook_allows = true,
            Some("ask") => call.hook_asks = true,
            Some("defer") | None => {}
            Some(other) => self.complain(format!("a permissionDecision {other:?}")),
        }
        self.next_call_hook();
    }

    fn refuse_by_hook(&mut self, text: &str) {
        self.refuse_call(&Refusal { text, source: "hook", reason_type: Some("hook") });
    }

    /// Puts what arrived during the tools before the prompt hooks, one message after the other.
    pub(super) fn fold(&mut self, told: VecDeque<Told>) {
        let hooks = self.hooks.of("UserPromptSubmit", None).into();
        self.stage(Stage::FoldHooks { told, hooks });
        self.next_fold();
    }

    fn next_fold(&mut self) {
        let Some(turn) = &mut self.turn else { return };
        let Stage::FoldHooks { told, hooks } = &mut turn.stage else { return };
        let Some(first) = told.front() else {
            self.ask_model();
            return;
        };
        if let Some(hook) = hooks.front().cloned() {
            let input = json!({ "prompt_id": turn.prompt_id, "prompt": first.text });
            self.ask_hook(&hook, &uuid::Uuid::new_v4().to_string(), input);
        } else if let Some(told) = told.pop_front() {
            *hooks = self.hooks.of("UserPromptSubmit", None).into();
            self.take_folded(told);
            self.next_fold();
        }
    }

    fn fold_answered(&mut self, blocked: bool) {
        let again = self.hooks.of("UserPromptSubmit", None).into();
        let Some(turn) = &mut self.turn else { return };
        let Stage::FoldHooks { told, hooks } = &mut turn.stage else { return };
        if blocked {
            *hooks = again;
            if let Some(uuid) = told.pop_front().and_then(|told| told.uuid) {
                self.lifecycle(&uuid, "completed");
            }
        }
        self.next_fold();
    }
}

/// Why a hook says no.
enum Block {
    /// It said so.
    Said(String),
    /// It failed, and that counts as a no.
    Failed(String),
}

fn failure_text(callback: &str) -> String {
    format!(
        "[callback]: failed; blocking because onFailure is \"block\"\nHook callback {callback} \
         failed: the SDK host replied with an error or an invalid answer."
    )
}
