//! Sessions: what outlives a run.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::contract::frames::{field, is_init, is_result, same};
use crate::contract::launch::{Launch, Session};
use crate::contract::peer::{Exit, Signal};
use crate::contract::play::Play;

pub(crate) async fn a_resumed_session_recalls(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("the word is heron").await?;
    host.leave().await?;

    let session = play.session_id(0);
    let launch = Launch { session: Session::Resume(session.clone()), ..play.launch() };
    let mut host = play.start_with(launch).await?;
    let opening = host.initialize(Value::Null).await?;
    same("the first lines of the second run", &opening.len(), &1)?;
    let turn = host.converse("recall").await?;
    field(turn.one("init", is_init)?, "/session_id", session.as_str())?;
    field(turn.last(), "/result", "I remember: the word is heron")?;
    field(turn.last(), "/session_id", session.as_str())?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn an_unknown_session_is_told_by_a_result(
    play: &mut Play<'_>,
) -> anyhow::Result<()> {
    let session = play.session_id(7);
    let launch = Launch { session: Session::Resume(session.clone()), ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.request(json!({ "subtype": "initialize", "hooks": null })).await?;
    let (said, exit) = host.rest().await?;
    let result = said.one("result", is_result)?;
    field(result, "/subtype", "error_during_execution")?;
    field(result, "/is_error", true)?;
    let words = format!("No conversation found with session ID: {session}");
    field(result, "/errors", json!([words]))?;
    said.none("answer to initialize", |frame| frame["type"] == "control_response")?;
    same("its end", &exit, &Exit::code(1))
}

pub(crate) async fn a_session_id_is_given_once(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("hi").await?;
    host.leave().await?;
    let session = play.session_id(0);
    play.refused(Session::New(session.clone())).await?;
    play.refused(Session::ResumeAs { of: session, id: play.session_id(1) }).await
}

pub(crate) async fn a_fork_goes_its_own_way(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("the word is heron").await?;
    host.leave().await?;

    let origin = play.session_id(0);
    let launch = Launch { session: Session::Fork(origin.clone()), ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    let turn = host.converse("and egret").await?;
    ensure!(turn.last()["session_id"] != origin.as_str(), "a fork has an id of its own");
    let turn = host.converse("recall").await?;
    field(turn.last(), "/result", "I remember: the word is heron | and egret")?;
    host.leave().await?;

    let launch = Launch { session: Session::Resume(origin), ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    let turn = host.converse("recall").await?;
    field(turn.last(), "/result", "I remember: the word is heron")?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn a_killed_session_goes_on(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    host.converse("the word is heron").await?;
    host.tell("slow 100 100").await?;
    host.until("init", is_init).await?;
    host.signal(Signal::Kill)?;
    let (said, exit) = host.rest().await?;
    said.none("result", is_result)?;
    same("its end", &exit, &Exit::signal(9))?;

    let launch = Launch { session: Session::Resume(play.session_id(0)), ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    let turn = host.converse("recall").await?;
    let words = turn.last()["result"].as_str().unwrap_or_default();
    // The prompt of the killed turn may have been written down or not.
    ensure!(words.contains("the word is heron"), "the turns before are remembered: {words}");
    host.leave().await?;
    Ok(())
}
