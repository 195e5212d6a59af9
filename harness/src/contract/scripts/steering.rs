//! Messages that meet a running turn.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::contract::frames::{
    answered, field, is_init, is_lifecycle, is_result, is_tool_result, is_tool_use, same,
};
use crate::contract::play::Play;

/// A tool that runs long enough for a message to arrive meanwhile.
const TOOL: &str = "tool: sleep 1; echo done";
/// An answer that takes long enough.
const SLOW: &str = "slow 10 100";

pub(crate) async fn a_message_is_folded_at_a_tool(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let first = host.tell(TOOL).await?;
    let start = host.until("the call", is_tool_use).await?;
    let second = host.tell("mid").await?;
    let turn = start.and(host.idle().await?);
    turn.one("init", is_init)?;
    let end = turn.place("result", is_result)?;
    let result = &turn[end];
    same("the messages answered", &answered(result), &vec![first.as_str(), second.as_str()])?;
    field(result, "/result", "The tool said: done\nYou said: mid")?;
    same("the states", &turn.lifecycle(&second), &vec!["queued", "started", "completed"])?;
    let folded = turn
        .place("its end", |frame| is_lifecycle(frame, &second) && frame["state"] == "completed")?;
    ensure!(folded < end, "the end of a folded message before the result: {turn}");
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn waiting_messages_become_one_turn(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let first = host.tell(SLOW).await?;
    host.until("init", is_init).await?;
    let second = host.tell("two").await?;
    let third = host.tell("three").await?;
    let turn = host.until("a result", is_result).await?;
    same("the messages answered", &answered(turn.last()), &vec![first.as_str()])?;
    let merged = host.idle().await?;
    merged.one("init", is_init)?;
    let result = merged.one("result", is_result)?;
    same("the messages answered", &answered(result), &vec![second.as_str(), third.as_str()])?;
    let words = result["result"].as_str().unwrap_or_default();
    ensure!(words.contains("two") && words.contains("three"), "both are answered: {words}");
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn a_message_may_wait_or_cut(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let first = host.tell(TOOL).await?;
    host.until("the call", is_tool_use).await?;
    let later = host.tell_with("later", &json!({ "priority": "later" })).await?;
    let turn = host.until("a result", is_result).await?;
    same("the messages answered", &answered(turn.last()), &vec![first.as_str()])?;
    let turn = host.idle().await?;
    let result = turn.one("result", is_result)?;
    same("the messages answered", &answered(result), &vec![later.as_str()])?;

    let cut = host.tell(TOOL).await?;
    host.until("the call", is_tool_use).await?;
    let now = host.tell_with("now", &json!({ "priority": "now" })).await?;
    let turn = host.until("a result", is_result).await?;
    turn.one("the tool's result", is_tool_result)?;
    let result = turn.last();
    same("the messages answered", &answered(result), &vec![cut.as_str()])?;
    field(result, "/subtype", "success")?;
    field(result, "/is_error", false)?;
    field(result, "/terminal_reason", "aborted_tools")?;
    let turn = host.idle().await?;
    same("the end of what was cut", &turn.lifecycle(&cut), &vec!["cancelled"])?;
    let result = turn.one("result", is_result)?;
    same("the messages answered", &answered(result), &vec![now.as_str()])?;
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn a_waiting_message_can_be_cancelled(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let first = host.tell(SLOW).await?;
    let start = host.until("init", is_init).await?;
    let second = host.tell("two").await?;
    let queued = host.until("its place in the queue", |frame| is_lifecycle(frame, &second)).await?;
    let cancel = |uuid: &str| json!({ "subtype": "cancel_async_message", "message_uuid": uuid });
    let unknown = "00000000-dead-4000-8000-000000000000";
    let mut all = start.and(queued);
    for (uuid, is_cancelled) in [(second.as_str(), true), (first.as_str(), false), (unknown, false)]
    {
        let answer = host.ask(cancel(uuid)).await?;
        field(answer.last(), "/response/response/cancelled", is_cancelled)?;
        // Only what was cancelled is named.
        let named = is_cancelled.then_some(uuid).map_or(Value::Null, Value::from);
        field(answer.last(), "/response/response/message_uuid", named)?;
        all = all.and(answer);
    }
    let all = all.and(host.idle().await?).and(host.leave().await?);
    let result = all.one("result", is_result)?;
    same("the messages answered", &answered(result), &vec![first.as_str()])?;
    same("the states", &all.lifecycle(&second), &vec!["queued", "cancelled"])
}

pub(crate) async fn a_message_is_taken_once(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let uuid = host.tell("hi").await?;
    host.idle().await?;
    host.tell_with("hi", &json!({ "uuid": uuid })).await?;
    let other = host.tell("ho").await?;
    let turn = host.until("a result", is_result).await?;
    same("the messages answered", &answered(turn.last()), &vec![other.as_str()])?;
    field(turn.last(), "/result", "You said: ho")?;
    host.leave().await?.none("result", is_result)
}
