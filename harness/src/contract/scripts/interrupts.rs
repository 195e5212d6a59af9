//! `interrupt`, at every moment.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::contract::frames::{
    Frames, answered, asks, field, is_init, is_lifecycle, is_result, is_tool_result, same,
};
use crate::contract::host::Host;
use crate::contract::play::Play;

/// Longer than any of these conversations.
const LONG: &str = "slow 100 100";
/// A tool that never ends by itself, and that the program asks about.
const ENDLESS: &str = "tool: touch started; tail -f /dev/null";

async fn interrupt(host: &mut Host) -> anyhow::Result<Frames> {
    let answer = host.ask(json!({ "subtype": "interrupt" })).await?;
    field(answer.last(), "/response/subtype", "success")?;
    answer.none("result before the answer", is_result)?;
    Ok(answer)
}

/// The result of an interrupted turn.
fn is_cut(result: &Value, reason: &str) -> anyhow::Result<()> {
    field(result, "/subtype", "error_during_execution")?;
    field(result, "/is_error", true)?;
    field(result, "/terminal_reason", reason)?;
    ensure!(result["errors"].is_array(), "it says what went wrong");
    Ok(())
}

pub(crate) async fn an_interrupt_cuts_an_answer(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let uuid = host.tell(LONG).await?;
    let start = host.until("init", is_init).await?;
    let answer = interrupt(&mut host).await?;
    let turn = start.and(answer).and(host.idle().await?);
    is_cut(turn.one("result", is_result)?, "aborted_streaming")?;
    same("the states", &turn.lifecycle(&uuid), &vec!["queued", "started", "cancelled"])?;
    field(host.converse("hi").await?.last(), "/result", "You said: hi")?;
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn an_interrupt_ends_a_tool(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.answers_with("can_use_tool", json!({ "behavior": "allow" }));
    host.tell(ENDLESS).await?;
    host.until("a question", |frame| asks(frame, "can_use_tool")).await?;
    let answer = interrupt(&mut host).await?;
    let turn = answer.and(host.idle().await?);
    is_cut(turn.one("result", is_result)?, "aborted_tools")?;
    let back = turn.one("the tool's result", is_tool_result)?;
    field(back, "/message/content/0/is_error", true)?;
    field(host.converse("hi").await?.last(), "/result", "You said: hi")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn an_idle_interrupt_changes_nothing(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let before = interrupt(&mut host).await?;
    field(before.last(), "/response/response/still_queued", json!([]))?;
    let turn = host.converse("hi").await?;
    field(turn.last(), "/result", "You said: hi")?;
    host.idle().await?;
    let after = interrupt(&mut host).await?;
    before.and(after).and(host.leave().await?).none("result", is_result)
}

pub(crate) async fn an_interrupt_leaves_the_queue(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let first = host.tell(LONG).await?;
    host.until("init", is_init).await?;
    let second = host.tell("two").await?;
    host.until("its place in the queue", |frame| is_lifecycle(frame, &second)).await?;
    let answer = interrupt(&mut host).await?;
    field(answer.last(), "/response/response/still_queued", json!([second]))?;
    let turn = host.until("a result", is_result).await?;
    is_cut(turn.last(), "aborted_streaming")?;
    same("the messages answered", &answered(turn.last()), &vec![first.as_str()])?;
    let turn = host.idle().await?;
    let result = turn.one("result", is_result)?;
    same("the messages answered", &answered(result), &vec![second.as_str()])?;
    field(result, "/result", "You said: two")?;
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn an_interrupt_can_empty_the_queue(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.tell(LONG).await?;
    let start = host.until("init", is_init).await?;
    let capabilities = start.last()["capabilities"].as_array().into_iter().flatten();
    ensure!(
        capabilities.into_iter().any(|name| name == "interrupt_cancel_queued_v1"),
        "init says that it can do so"
    );
    let second = host.tell("two").await?;
    host.until("its place in the queue", |frame| is_lifecycle(frame, &second)).await?;
    let request = json!({ "subtype": "interrupt", "cancel_queued": true });
    let answer = host.ask(request).await?;
    field(answer.last(), "/response/response/cancelled", json!([second]))?;
    field(answer.last(), "/response/response/still_queued", json!([]))?;
    let all = answer.and(host.idle().await?);
    is_cut(all.one("result", is_result)?, "aborted_streaming")?;
    same("the states", &all.lifecycle(&second), &vec!["cancelled"])?;
    let turn = host.converse("hi").await?;
    field(turn.last(), "/result", "You said: hi")?;
    host.leave().await?.none("result", is_result)
}
