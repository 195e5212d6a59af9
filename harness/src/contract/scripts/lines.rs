//! Lines that are odd, broken, long, or cut in pieces.

use serde_json::{Value, json};

use crate::contract::frames::{answers, field, is_assistant, is_result, same};
use crate::contract::launch::{Launch, Manners};
use crate::contract::peer::Exit;
use crate::contract::play::Play;

/// Longer than what any host of ours takes for a line of reason, shorter than its bound.
const LONG_BYTES: usize = 3_000_000;

async fn open_oddly(play: &mut Play<'_>) -> anyhow::Result<crate::contract::Host> {
    let launch = Launch { manners: Manners::Odd, ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    Ok(host)
}

pub(crate) async fn an_unknown_request_is_refused(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = open_oddly(play).await?;
    let answer = host.ask(json!({ "subtype": "never_heard_of", "x": 1 })).await?;
    field(answer.last(), "/response/subtype", "error")?;
    field(answer.last(), "/response/error_code", "unsupported_request")?;
    let words = "Unsupported control request subtype: never_heard_of";
    field(answer.last(), "/response/error", words)?;
    field(host.converse("hi").await?.last(), "/result", "You said: hi")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn what_is_unknown_is_ignored(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = open_oddly(play).await?;
    let unknown = "00000000-dead-4000-8000-000000000000";
    let answer = json!({ "subtype": "success", "request_id": unknown, "response": {} });
    for line in [
        json!({ "type": "never_heard_of", "x": [1, 2] }),
        json!({ "type": "keep_alive" }),
        json!({ "type": "control_response", "response": answer }),
        json!({ "type": "control_cancel_request", "request_id": unknown }),
    ] {
        host.say(&line).await?;
    }
    let turn = host.converse("hi").await?;
    field(turn.last(), "/result", "You said: hi")?;
    turn.none("answer", |frame| frame["type"] == "control_response")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_broken_line_is_the_end(play: &mut Play<'_>) -> anyhow::Result<()> {
    for line in [
        "this is no JSON\n",
        "{\"type\":\"user\"}\n",
        "{\"type\":\"control_request\",\"request_id\":\"q\"}\n",
    ] {
        let mut host = open_oddly(play).await?;
        host.say_bytes(line.as_bytes()).await?;
        let (said, exit) = host.rest().await?;
        same("what it still says", &said.len(), &0)?;
        same("its end", &exit, &Exit::code(1))?;
    }
    Ok(())
}

pub(crate) async fn a_line_may_be_long(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    // The text itself stays short: a prompt of megabytes is more than a model takes.
    host.tell_with("hi", &json!({ "padding": "x".repeat(LONG_BYTES) })).await?;
    field(host.until("a result", is_result).await?.last(), "/result", "You said: hi")?;
    let turn = host.converse(&format!("big {LONG_BYTES}")).await?;
    let said = turn.one("assistant line", is_assistant)?;
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    same("the length of its text", &length(&said["message"]["content"][0]["text"]), &LONG_BYTES)?;
    same("the length of the result", &length(&turn.last()["result"]), &LONG_BYTES)?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn only_line_ends_count(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let mode = |id: &str, mode: &str| {
        let request = json!({ "subtype": "set_permission_mode", "mode": mode });
        json!({ "type": "control_request", "request_id": id, "request": request }).to_string()
    };
    let (first, second) = (mode("req_a", "plan"), mode("req_b", "default"));
    host.say_bytes(format!("{first}\r\n\n{second}\n").as_bytes()).await?;
    let frames = host.until("both answers", |frame| answers(frame, "req_b")).await?;
    frames.one("the other answer", |frame| answers(frame, "req_a"))?;
    let (message, _) = host.message("hi", &json!({}));
    let message = message.to_string();
    let (head, tail) = message.split_at(message.len() / 2);
    host.say_bytes(head.as_bytes()).await?;
    host.say_bytes(tail.as_bytes()).await?;
    let rest = host.leave().await?;
    field(rest.one("result of a line without an end", is_result)?, "/result", "You said: hi")?;
    Ok(())
}
