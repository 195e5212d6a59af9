//! An API that fails.

use anyhow::ensure;
use serde_json::Value;

use crate::contract::frames::{Frames, field, is_assistant, is_result, same};
use crate::contract::play::Play;

/// The statuses that the program tries again, 401 among them.
const RETRIED: [u16; 4] = [401, 429, 500, 529];

fn is_retry(frame: &Value) -> bool {
    frame["type"] == "system" && frame["subtype"] == "api_retry"
}

/// The end of a turn that the API did not let happen.
fn failed(turn: &Frames, status: u16) -> anyhow::Result<()> {
    let result = turn.last();
    field(result, "/subtype", "success")?;
    field(result, "/is_error", true)?;
    field(result, "/terminal_reason", "api_error")?;
    field(result, "/api_error_status", status)?;
    ensure!(result["result"].as_str().is_some_and(|text| !text.is_empty()), "it says why");
    let said = turn.one("assistant line", is_assistant)?;
    field(said, "/message/model", "<synthetic>")?;
    field(said, "/is_api_error_message", true)
}

pub(crate) async fn an_api_error_is_a_result(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    for status in RETRIED {
        let turn = host.converse(&format!("error {status}")).await?;
        let retry = turn.one("word of a retry", is_retry)?;
        field(retry, "/error_status", status)?;
        field(retry, "/attempt", 1)?;
        field(retry, "/max_retries", 1)?;
        failed(&turn, status)?;
    }
    let turn = host.converse("error 400").await?;
    turn.none("word of a retry", is_retry)?;
    failed(&turn, 400)?;
    field(host.converse("hi").await?.last(), "/result", "You said: hi")?;
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn a_retry_is_told(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    for (text, status, words) in [
        ("error 500 x1", Value::from(500), "You said: error 500 x1"),
        ("drop", Value::Null, "You said: drop"),
    ] {
        let turn = host.converse(text).await?;
        let retry = turn.one("word of a retry", is_retry)?;
        field(retry, "/attempt", 1)?;
        field(retry, "/error_status", status)?;
        ensure!(retry["retry_delay_ms"].is_number() && retry["error"].is_string(), "says more");
        field(turn.last(), "/is_error", false)?;
        field(turn.last(), "/result", words)?;
    }
    host.leave().await?;
    Ok(())
}

pub(crate) async fn the_last_result_is_the_exit_code(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("error 400").await?;
    host.leave_with(1).await?;

    let launch = crate::contract::Launch {
        session: crate::contract::Session::New(play.session_id(1)),
        ..play.launch()
    };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    host.converse("error 400").await?;
    let turn = host.converse("hi").await?;
    same("the number of the result", &turn.last()["result_index"], &Value::from(1))?;
    host.leave_with(0).await?;
    Ok(())
}
