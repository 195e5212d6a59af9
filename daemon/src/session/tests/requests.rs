//! What the agent asks, and what it is answered.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{Played, World};
use crate::session::frames::CALLS_OPEN_MAX;
use crate::store::OutgoingRow;

/// A call of `reply` by the agent.
fn reply(tool_use: &str, arguments: &Value) -> Value {
    let params = json!({
        "name": "reply", "arguments": arguments, "_meta": {"claudecode/toolUseId": tool_use},
    });
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
    json!({"subtype": "mcp_message", "server_name": "assistant", "message": message})
}

/// What a call came back with: its text, and whether it is an error.
fn told(answer: &Value) -> (&str, bool) {
    let result = &answer["response"]["mcp_response"]["result"];
    (result["content"][0]["text"].as_str().unwrap(), result["isError"].as_bool().unwrap())
}

async fn at_work() -> (World, Played) {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    agent.take_message().await;
    (world, agent)
}

#[tokio::test(start_paused = true)]
async fn a_request_of_an_unknown_kind_is_refused() {
    let (world, mut agent) = at_work().await;
    let answer = agent.ask("r1", &json!({"subtype": "elicitation"})).await;
    assert_eq!(answer["subtype"], "error");
    assert_eq!(answer["error"], "unsupported request: elicitation");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_for_a_server_that_is_not_ours_is_refused() {
    let (world, mut agent) = at_work().await;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let request = json!({"subtype": "mcp_message", "server_name": "other", "message": message});
    let answer = agent.ask("r1", &request).await;
    assert_eq!(answer["response"]["mcp_response"]["error"]["message"], "no such server");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_agents_own_requests_are_served_before_it_has_answered_ours() {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.launch().await;
    let asked = agent.heard().await;
    assert_eq!(asked["request"]["subtype"], "initialize");
    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}});
    let request = json!({"subtype": "mcp_message", "server_name": "assistant", "message": message});
    let answer = agent.ask("r1", &request).await;
    let server = &answer["response"]["mcp_response"]["result"]["serverInfo"]["name"];
    assert_eq!(server, "claude-assistant");
    agent.answer(&asked).await;
    agent.take_message().await;
    world.end().await;
}

/// No call stays open for ever.
/// Incidents: 90.
#[tokio::test(start_paused = true)]
async fn a_reply_that_nobody_sends_comes_back_as_queued_after_twenty_seconds() {
    let (world, mut agent) = at_work().await;
    let began = tokio::time::Instant::now();
    let answer = agent.ask("r1", &reply("toolu_1", &json!({"text": "hi"}))).await;
    assert_eq!(told(&answer), ("queued, do not repeat", false));
    assert_eq!(began.elapsed().as_secs(), 20);
    world.end().await;
}

/// What is kept of open calls has a bound, whoever asks, and makes room again.
/// Incidents: 90.
#[tokio::test(start_paused = true)]
async fn one_call_more_than_may_be_open_is_refused_until_others_are_over() {
    let (world, mut agent) = at_work().await;
    for n in 0..CALLS_OPEN_MAX {
        let request = reply(&format!("toolu_{n}"), &json!({"text": "hi"}));
        let id = format!("r{n}");
        agent.say(&json!({"type": "control_request", "request_id": id, "request": request})).await;
        // A withdrawn one goes on, and is counted.
        if n == 0 {
            agent.say(&json!({"type": "control_cancel_request", "request_id": id})).await;
        }
    }
    let refused = agent.ask("more", &reply("toolu_more", &json!({"text": "hi"}))).await;
    assert_eq!(refused["subtype"], "error", "{refused}");
    assert_eq!(refused["error"], "too many calls at once, try again later");
    for _ in 1..CALLS_OPEN_MAX {
        let answer = agent.heard().await["response"].clone();
        assert_eq!(told(&answer), ("queued, do not repeat", false));
    }
    let answer = agent.ask("again", &reply("toolu_more", &json!({"text": "hi"}))).await;
    assert_eq!(told(&answer), ("queued, do not repeat", false));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_use_of_the_reply_tool_is_one_text() {
    let (world, mut agent) = at_work().await;
    for request in ["r1", "r2"] {
        agent.ask(request, &reply("toolu_1", &json!({"text": "hi"}))).await;
    }
    agent.ask("r3", &reply("toolu_2", &json!({"text": "hi"}))).await;
    let source = assistant_core::chat::Source::Test;
    let outgoing = world.store.next_outgoing(source, OutgoingRow(0), 10).await.unwrap().rows;
    let keys: Vec<&str> = outgoing.iter().map(|one| one.asked.key.as_str()).collect();
    assert_eq!(keys, ["toolu_1", "toolu_2"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_with_wrong_arguments_is_an_error_and_sends_nothing() {
    let (world, mut agent) = at_work().await;
    for arguments in [json!({}), json!({"text": 5}), json!({"text": "a", "to": "b"}), json!([])] {
        let answer = agent.ask("r1", &reply("toolu_1", &arguments)).await;
        let (text, is_error) = told(&answer);
        assert!(is_error && text.starts_with("not sent: "), "{arguments}: {text}");
    }
    let source = assistant_core::chat::Source::Test;
    assert_eq!(world.store.next_outgoing(source, OutgoingRow(0), 10).await.unwrap().rows, []);
    world.end().await;
}

/// The agent is about to end a turn; whether it is reminded that it sent nothing.
async fn is_reminded(agent: &mut Played, id: &str) -> bool {
    let input = json!({"hook_event_name": "Stop", "stop_hook_active": false});
    let request = json!({"subtype": "hook_callback", "callback_id": "stop", "input": input});
    agent.ask(id, &request).await["response"]["decision"] == "block"
}

/// A reminder to one that has replied brings a second reply.
/// Incidents: J21.
#[tokio::test(start_paused = true)]
async fn a_turn_that_sent_nothing_is_reminded_and_one_that_did_is_not() {
    let (world, mut agent) = at_work().await;
    assert!(is_reminded(&mut agent, "r1").await);
    agent.ask("r2", &reply("toolu_1", &json!({"text": "hi"}))).await;
    assert!(!is_reminded(&mut agent, "r3").await);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_no_turn_has_taken_up_is_no_reason_to_remind() {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    assert_eq!(agent.heard().await["type"], "user");
    assert!(!is_reminded(&mut agent, "r1").await);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_request_is_not_answered() {
    let (world, mut agent) = at_work().await;
    let request = reply("toolu_1", &json!({"text": "hi"}));
    agent.say(&json!({"type": "control_request", "request_id": "r1", "request": request})).await;
    agent.say(&json!({"type": "control_cancel_request", "request_id": "r1"})).await;
    tokio::time::advance(Duration::from_secs(30)).await;
    let answer = agent.ask("r2", &json!({"subtype": "nothing"})).await;
    assert_eq!(answer["subtype"], "error");
    world.end().await;
}
