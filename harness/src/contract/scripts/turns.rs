//! The way of a turn: what comes, in which order, with which fields.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::contract::frames::{
    answered, answers, asks_server, field, is_assistant, is_init, is_lifecycle, is_result,
    is_tool_result, is_tool_use, kind, same, tool_text,
};
use crate::contract::launch::{Launch, REPLY_TOOL};
use crate::contract::play::Play;

pub(crate) async fn speaks_only_when_spoken_to(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.start().await?;
    let opening = host.initialize(Value::Null).await?;
    same("the first lines", &opening.len(), &1)?;
    field(opening.last(), "/response/subtype", "success")?;
    ensure!(opening.last()["response"]["response"].is_object(), "the answer has a body");
    let session = play.session_id(0);
    ensure!(!opening.last().to_string().contains(&session), "no session id before a turn");
    let rest = host.leave().await?;
    same("the last lines", &rest.len(), &0)
}

pub(crate) async fn a_turn_has_one_init_and_one_result(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let session = play.session_id(0);
    for (text, words) in [("hi", "You said: hi"), ("ho", "You said: ho")] {
        let uuid = host.tell(text).await?;
        let turn = host.idle().await?;
        let init = turn.place("init", is_init)?;
        let said = turn.place("assistant line", is_assistant)?;
        let end = turn.place("result", is_result)?;
        ensure!(init < said && said < end, "init, assistant, result in this order: {turn}");
        for frame in [&turn[init], &turn[said], &turn[end]] {
            field(frame, "/session_id", session.as_str())?;
        }
        ensure!(turn[init]["tools"].is_array() && turn[init]["cwd"].is_string(), "init is whole");
        field(&turn[init], "/permissionMode", "default")?;
        field(&turn[said], "/message/content/0/text", words)?;
        field(&turn[said], "/parent_tool_use_id", Value::Null)?;
        let result = &turn[end];
        field(result, "/subtype", "success")?;
        field(result, "/is_error", false)?;
        field(result, "/terminal_reason", "completed")?;
        field(result, "/result", words)?;
        field(result, "/num_turns", 1)?;
        same("the messages answered", &answered(result), &vec![uuid.as_str()])?;
    }
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn a_message_is_followed_to_its_end(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let uuid = host.tell("hi").await?;
    let turn = host.idle().await?;
    same("its states", &turn.lifecycle(&uuid), &vec!["queued", "started", "completed"])?;
    let result = turn.place("result", is_result)?;
    let completed = turn.place("end of the message", |frame| {
        is_lifecycle(frame, &uuid) && frame["state"] == "completed"
    })?;
    ensure!(result < completed, "the end of the message after its result: {turn}");
    let states: Vec<&str> = turn
        .iter()
        .filter(|frame| frame["subtype"] == "session_state_changed")
        .filter_map(|frame| frame["state"].as_str())
        .collect();
    same("the states of the session", &states, &vec!["running", "idle"])?;
    same("the last frame", &kind(turn.last()), &"system/session_state_changed".to_owned())?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn requests_are_answered_by_id(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let mode = host.request(json!({ "subtype": "set_permission_mode", "mode": "plan" })).await?;
    let wrong = host.request(json!({ "subtype": "set_permission_mode", "mode": "no" })).await?;
    let servers = host.request(json!({ "subtype": "mcp_status" })).await?;
    let task = host.request(json!({ "subtype": "stop_task", "task_id": "none" })).await?;
    let again = host.request(json!({ "subtype": "initialize", "hooks": null })).await?;
    let frames = host.leave().await?;
    let answer = |id: &str| frames.one("answer", |frame| answers(frame, id));
    field(answer(&mode)?, "/response/response/mode", "plan")?;
    field(answer(&wrong)?, "/response/subtype", "error")?;
    field(answer(&wrong)?, "/response/error_code", "invalid_mode")?;
    field(answer(&servers)?, "/response/response/mcpServers", json!([]))?;
    field(answer(&task)?, "/response/subtype", "success")?;
    field(answer(&again)?, "/response/subtype", "success")?;
    frames.one("status with the new mode", |frame| {
        frame["subtype"] == "status" && frame["permissionMode"] == "plan"
    })?;
    Ok(())
}

pub(crate) async fn a_tool_runs_between_two_lines(play: &mut Play<'_>) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let turn = host.converse("tool: echo from the tool").await?;
    let call = turn.place("tool_use", is_tool_use)?;
    let back = turn.place("tool_result", is_tool_result)?;
    ensure!(call < back, "the call before its result: {turn}");
    let words = turn.one("text before the call", |frame| {
        is_assistant(frame) && frame["message"]["content"][0]["text"] == "Running."
    })?;
    let id = &turn[call]["message"]["content"][0]["id"];
    field(words, "/message/id", turn[call]["message"]["id"].clone())?;
    field(&turn[back], "/message/content/0/tool_use_id", id.clone())?;
    field(&turn[back], "/message/content/0/is_error", false)?;
    same("the tool's words", &tool_text(&turn[back]), &"from the tool".to_owned())?;
    field(turn.last(), "/result", "The tool said: from the tool")?;
    field(turn.last(), "/num_turns", 2)?;
    host.leave().await?;
    Ok(())
}

pub(crate) async fn our_tools_are_called_over_the_line(play: &mut Play<'_>) -> anyhow::Result<()> {
    let launch = Launch { serves_tools: true, ..play.launch() };
    let mut host = play.start_with(launch).await?;
    let opening = host.initialize(Value::Null).await?;
    let hello = opening.one("greeting of the server", |f| asks_server(f, "initialize"))?;
    field(hello, "/request/server_name", "assistant")?;
    field(hello, "/request/message/jsonrpc", "2.0")?;
    ensure!(hello["request"]["message"]["params"]["protocolVersion"].is_string(), "a version");
    host.tell("hi").await?;
    let turn = host.idle().await?;
    let init = turn.one("init", is_init)?;
    let tools = init["tools"].as_array().into_iter().flatten();
    ensure!(tools.into_iter().any(|tool| tool == REPLY_TOOL), "init names our tool");
    field(init, "/mcp_servers/0/status", "connected")?;
    let use_id = turn.one("tool_use", is_tool_use)?["message"]["content"][0]["id"].clone();
    let call = turn.one("tools/call", |frame| asks_server(frame, "tools/call"))?;
    let message = &call["request"]["message"];
    field(message, "/params/name", "reply")?;
    field(message, "/params/arguments", json!({ "text": "You said: hi" }))?;
    field(message, "/params/_meta/claudecode~1toolUseId", use_id.clone())?;
    ensure!(!message["id"].is_null(), "a call has an id");
    turn.none("question about it", |frame| frame["request"]["subtype"] == "can_use_tool")?;
    let back = turn.one("tool_result", is_tool_result)?;
    field(back, "/message/content/0/tool_use_id", use_id)?;
    same("what came back", &tool_text(back), &"sent".to_owned())?;
    field(turn.one("result", is_result)?, "/result", "Done.")?;
    let all = opening.and(turn).and(host.leave().await?);
    all.one("tools/list", |frame| asks_server(frame, "tools/list"))?;
    all.one("word that we are ready", |f| asks_server(f, "notifications/initialized"))?;
    Ok(())
}

pub(crate) async fn a_task_ends_in_a_turn_nobody_asked_for(
    play: &mut Play<'_>,
) -> anyhow::Result<()> {
    let mut host = play.open().await?;
    let uuid = host.tell("bg: sleep 1; echo late").await?;
    let asked = host.until("the result of the message", is_result).await?;
    same("the messages answered", &answered(asked.last()), &vec![uuid.as_str()])?;
    field(asked.last(), "/origin", Value::Null)?;
    let task = asked.one("start of the task", |frame| frame["subtype"] == "task_started")?;
    let task = task["task_id"].clone();
    let injected = host.until("the result of the task's end", is_result).await?;
    let told = injected.place("word of its end", |f| f["subtype"] == "task_notification")?;
    field(&injected[told], "/task_id", task)?;
    field(&injected[told], "/status", "completed")?;
    let init = injected.place("init", is_init)?;
    ensure!(told < init, "the word of the end before the turn: {injected}");
    let result = injected.last();
    field(result, "/origin/kind", "task-notification")?;
    field(result, "/is_error", false)?;
    same("the messages answered", &answered(result), &Vec::<&str>::new())?;
    host.leave().await?.none("result", is_result)
}

pub(crate) async fn an_answer_can_be_watched(play: &mut Play<'_>) -> anyhow::Result<()> {
    let launch = Launch { in_pieces: true, ..play.launch() };
    let mut host = play.start_with(launch).await?;
    host.initialize(Value::Null).await?;
    let turn = host.converse("tool: echo x").await?;
    let is_event = |frame: &Value| frame["type"] == "stream_event";
    let events = turn.all(is_event);
    let named = |name: &str| events.iter().filter(|e| e["event"]["type"] == name).count();
    same("answers that began", &named("message_start"), &2)?;
    same("answers that ended", &named("message_stop"), &2)?;
    same("blocks that began", &named("content_block_start"), &3)?;
    same("blocks that ended", &named("content_block_stop"), &3)?;
    ensure!(events.iter().all(|event| event["session_id"].is_string()), "events have a session");
    let pieces: Vec<&str> =
        events.iter().filter_map(|event| event["event"]["delta"]["text"].as_str()).collect();
    same("the pieces", &pieces.concat(), &"Running.The tool said: x".to_owned())?;
    // The line of a block is there before the block is closed.
    for (at, frame) in turn.iter().enumerate().filter(|(_, frame)| is_assistant(frame)) {
        let next = turn.iter().skip(at + 1).find(|frame| is_event(frame));
        let next = next.map_or(&Value::Null, |event| &event["event"]["type"]);
        same("the event after a line", &next.as_str(), &Some("content_block_stop"))?;
        field(frame, "/message/stop_reason", Value::Null)?;
    }
    field(turn.last(), "/result", "The tool said: x")?;
    host.leave().await?;
    Ok(())
}
