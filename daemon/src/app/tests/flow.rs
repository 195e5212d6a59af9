//! The way of a message when nothing goes wrong.

use serde_json::json;

use super::{Daemon, number};
use crate::control::protocol::Request;

#[tokio::test(start_paused = true)]
async fn a_message_file_gets_its_reply() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_sent(&number(0), &["You said: hello"]).await;
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered"]);
    let session = daemon.session(&number(0));
    assert_eq!(daemon.events(session), ["SESSION_START", "IN", "TOOL_USE", "OUT", "TURN"]);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_session_is_resumed_by_the_next_message_and_remembers() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    let session = daemon.session(&number(0)).to_string();
    daemon.ask(Request::KillSession { session }).await.unwrap();
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    daemon.write(&number(0), "recall");
    daemon.until_sent(&number(0), &["You said: first", "I remember: first"]).await;

    let launches = daemon.agents.launches();
    assert_eq!(launches.len(), 2);
    let id = launches[0].argument("--session-id").expect("begun under an id of ours");
    assert_eq!(launches[1].argument("--resume"), Some(id));
    assert_eq!(launches[1].argument("--session-id"), None);
    let resumed = daemon.transcript(daemon.session(&number(0)));
    let starts: Vec<_> = resumed.iter().filter(|entry| entry["event"] == "SESSION_START").collect();
    assert_eq!((&starts[0]["resumed"], &starts[1]["resumed"]), (&json!(false), &json!(true)));
    assert_eq!(starts[0]["agent_session"], starts[1]["agent_session"]);
    daemon.until_done().await;
    daemon.end().await;
}
