//! What the program asks the host: for permission, and its hooks.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::contract::frames::{
    asks, asks_hook, field, is_init, is_result, is_tool_result, is_tool_use, same, tool_text,
    withdraws,
};
use crate::contract::host::Host;
use crate::contract::play::Play;

const PERMISSION: &str = "can_use_tool";

async fn open_with_hook(play: &mut Play<'_>, event: &str) -> anyhow::Result<Host> {
    let mut host = play.start().await?;
    let hook = json!([{ "matcher": null, "hookCallbackIds": [format!("hook_{event}")] }]);
    host.initialize(json!({ event: hook })).await?;
    Ok(host)
}

fn is_question(frame: &Value) -> bool {
    asks(frame, PERMISSION)
}

pub(crate) async fn an_allowed_call_runs_as_changed(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell("tool: touch asked").await?;
    let asked = host.until("a question", is_question).await?;
    let question = asked.last().clone();
    field(&question, "/request/tool_name", "Bash")?;
    field(&question, "/request/input/command", "touch asked")?;
    let call = asked.one("tool_use", is_tool_use)?;
    field(&question, "/request/tool_use_id", call["message"]["content"][0]["id"].clone())?;
    let changed = json!({ "command": "echo changed", "description": "run it" });
    let allow = json!({ "behavior": "allow", "updatedInput": changed });
    host.answer(&question, allow).await?;
    let turn = host.idle().await?;
    let back = turn.one("tool_result", is_tool_result)?;
    same("what ran", &tool_text(back), &"changed".to_owned())?;
    field(back, "/message/content/0/is_error", false)?;
    let result = turn.one("result", is_result)?;
    field(result, "/permission_denials", json!([]))?;
    field(result, "/result", "The tool said: changed")?;
    turn.none("second question", is_question)?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_denied_call_does_not_run(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.answers_with(PERMISSION, json!({ "behavior": "deny", "message": "Not here." }));
    let turn = host.converse("tool: touch denied; echo ran").await?;
    turn.one("question", is_question)?;
    let back = turn.one("tool_result", is_tool_result)?;
    field(back, "/message/content/0/is_error", true)?;
    same("what came back", &tool_text(back), &"Not here.".to_owned())?;
    let result = turn.last();
    field(result, "/subtype", "success")?;
    field(result, "/is_error", false)?;
    field(result, "/permission_denials/0/tool_name", "Bash")?;
    field(result, "/result", "The tool said: Not here.")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_denial_may_end_the_turn(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let deny = json!({ "behavior": "deny", "message": "Stop.", "interrupt": true });
    host.answers_with(PERMISSION, deny);
    let turn = host.converse("tool: touch denied").await?;
    let result = turn.last();
    field(result, "/subtype", "error_during_execution")?;
    field(result, "/is_error", true)?;
    field(result, "/terminal_reason", "aborted_tools")?;
    field(host.converse("hi").await?.last(), "/result", "You said: hi")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_question_is_withdrawn_by_an_interrupt(
    play: &mut Play<'_>,
) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell("tool: touch pending").await?;
    let question = host.until("a question", is_question).await?.last().clone();
    let stopped = host.ask(json!({ "subtype": "interrupt" })).await?;
    stopped.one("withdrawal before the answer", |f| withdraws(f, &question["request_id"]))?;
    let ended = host.until("a result", is_result).await?;
    field(ended.last(), "/terminal_reason", "aborted_tools")?;
    // The answer was on its way when the question was withdrawn.
    let late = json!({ "behavior": "allow", "updatedInput": question["request"]["input"] });
    host.answer(&question, late).await?;
    let turn = host.converse("hi").await?;
    field(turn.last(), "/result", "You said: hi")?;
    turn.none("result of the tool", is_tool_result)?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_hook_can_refuse_a_call(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = open_with_hook(play, "PreToolUse").await?;
    let decide = |decision: &str| {
        json!({ "hookSpecificOutput": {
            "hookEventName": "PreToolUse", "permissionDecision": decision,
            "permissionDecisionReason": "by rule",
        } })
    };
    host.answers_with("PreToolUse", decide("deny"));
    let turn = host.converse("tool: touch hooked; echo ran").await?;
    let asked = turn.one("question of the hook", |frame| asks_hook(frame, "PreToolUse"))?;
    field(asked, "/request/callback_id", "hook_PreToolUse")?;
    field(asked, "/request/input/tool_name", "Bash")?;
    field(asked, "/request/input/tool_input/command", "touch hooked; echo ran")?;
    turn.none("question for permission", is_question)?;
    let back = turn.one("tool_result", is_tool_result)?;
    same("what came back", &tool_text(back), &"PreToolUse:Bash hook error: by rule".to_owned())?;
    field(turn.last(), "/permission_denials/0/tool_name", "Bash")?;

    host.answers_with("PreToolUse", decide("allow"));
    let turn = host.converse("tool: touch hooked; echo ran").await?;
    turn.none("question for permission", is_question)?;
    same("what ran", &tool_text(turn.one("result", is_tool_result)?), &"ran".to_owned())?;
    field(turn.last(), "/permission_denials", json!([]))?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_stop_hook_reminds_once(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = open_with_hook(play, "Stop").await?;
    let remind = json!({ "decision": "block", "reason": "say something" });
    host.answers_in_turn("Stop", vec![remind, json!({})]);
    host.tell("silent").await?;
    let turn = host.idle().await?;
    let asked = turn.all(|frame| asks_hook(frame, "Stop"));
    same("how often it was asked", &asked.len(), &2)?;
    field(asked[0], "/request/input/stop_hook_active", false)?;
    field(asked[1], "/request/input/stop_hook_active", true)?;
    let feedback = turn.one("feedback", |frame| frame["isSynthetic"] == true)?;
    field(feedback, "/message/content/0/text", "Stop hook feedback:\nsay something")?;
    let result = turn.one("result", is_result)?;
    field(result, "/is_error", false)?;
    field(result, "/result", "You said: silent")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_prompt_hook_comes_before_the_turn(play: &mut Play<'_>) -> anyhow::Result<()> {
    let event = "UserPromptSubmit";
    let mut host = open_with_hook(play, event).await?;
    let refuse = json!({ "decision": "block", "reason": "not this one" });
    host.answers_in_turn(event, vec![json!({}), refuse]);
    let turn = host.converse("hi").await?;
    let asked = turn.place("question of the hook", |frame| asks_hook(frame, event))?;
    field(&turn[asked], "/request/input/prompt", "hi")?;
    ensure!(asked < turn.place("init", is_init)?, "the hook before the turn: {turn}");

    let turn = host.converse("ho").await?;
    let result = turn.last();
    field(result, "/subtype", "success")?;
    field(result, "/is_error", false)?;
    field(result, "/num_turns", 0)?;
    let words = result["result"].as_str().unwrap_or_default();
    ensure!(
        words.contains("blocked by hook") && words.contains("not this one"),
        "says why: {words}"
    );
    turn.none("assistant line", |frame| frame["type"] == "assistant")?;
    host.leave().await?;
    Ok(())
}
