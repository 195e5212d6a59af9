//! The agent at the other end of a duplex stream, under a paused clock.

use std::time::Duration;

use fakes::FakeSdkClient;
use fakes::agent::{Exit, Options};
use fakes::holds::Holds;
use serde_json::json;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::host::{Host, Policy};

/// As large as a pipe.
const PIPE_BYTES: usize = 64 * 1024;

pub(crate) type MemoryHost = Host<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

/// Starts an agent; the set owns its task.
pub(crate) fn start(options: Options, policy: Policy) -> (MemoryHost, JoinSet<Exit>) {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let (reader, writer) = tokio::io::split(far);
    let mut agents = JoinSet::new();
    agents.spawn(FakeSdkClient::serve(reader, writer, options));
    let (reader, writer) = tokio::io::split(near);
    (Host::new(reader, writer, policy), agents)
}

pub(crate) async fn end(mut agents: JoinSet<Exit>) -> Exit {
    agents.join_next().await.expect("one agent").expect("the agent does not panic")
}

#[tokio::test(start_paused = true)]
async fn a_conversation_passes_through_a_duplex() {
    let options = Options::default();
    let heard = options.heard.clone();
    let (mut host, agents) = start(options, Policy::default());
    let opened = host.open().await;
    assert_eq!(opened["response"]["response"]["hook_on_failure_supported"], true);
    assert_eq!(host.converse("hi").await["terminal_reason"], "completed");
    host.converse("recall").await;
    assert_eq!(host.replies, ["You said: hi", "I remember: hi"]);
    host.close().await;
    host.drain().await;
    assert_eq!(end(agents).await, Exit::code(0));
    assert!(heard.lines()[0].contains("initialize"), "{:?}", heard.lines());
    assert!(heard.complaints().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_text_and_a_tool_take_the_time_they_say() {
    let (mut host, _agents) = start(Options::default(), Policy::default());
    host.open().await;
    let begun = Instant::now();
    host.converse("slow 10 100").await;
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    host.converse("tool: sleep 5; echo x").await;
    assert_eq!(begun.elapsed(), Duration::from_secs(6));
    assert_eq!(host.replies, ["You said: slow 10 100", "The tool said: x"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_megabyte_passes_and_comes_back_cut() {
    let (mut host, _agents) = start(Options::default(), Policy::default());
    host.open().await;
    host.converse(&"x".repeat(1024 * 1024)).await;
    assert_eq!(host.replies[0].chars().count(), "You said: ".len() + 2001);
    host.converse("big 3000000").await;
    assert_eq!(host.replies[1].len(), 3_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_strict_agent_says_what_it_did_not_accept() {
    let policy = Policy { permission: Some(json!({ "behavior": "maybe" })), ..Policy::default() };
    let (mut host, agents) = start(Options::default(), policy);
    host.open().await;
    host.tell("tool: touch x").await;
    host.drain().await;
    let exit = end(agents).await;
    assert_eq!(exit.code, fakes::agent::EXIT_STRICT);
    assert_eq!(
        exit.complaint.as_deref(),
        Some("an answer to can_use_tool that is neither allow nor deny")
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_agent_is_a_killed_one_and_its_session_goes_on() {
    let first = Options {
        session_id: Some("7a1c1f9e-3c59-4b63-9d43-0d3a1a4d2c11".to_owned()),
        ..Options::default()
    };
    let second = Options { resume: first.session_id.clone(), session_id: None, ..first.clone() };
    let heard = first.heard.clone();
    let (mut host, mut agents) = start(first, Policy::default());
    host.open().await;
    host.tell("hang").await;
    heard.wait_for(|line| line.contains("hang")).await;
    host.until(|frame| frame["subtype"] == "init").await;
    agents.shutdown().await;
    host.drain().await;
    let (mut host, _agents) = start(second, Policy::default());
    host.open().await;
    host.converse("recall").await;
    assert_eq!(host.replies, ["I remember: hang"]);
}

#[tokio::test(start_paused = true)]
async fn a_held_answer_takes_real_time() {
    let hold = Duration::from_millis(3);
    let holds = Holds { result: hold, ..Holds::default() };
    let options = Options { holds, ..Options::default() };
    let (mut host, _agents) = start(options, Policy::default());
    host.open().await;
    let asked = std::time::Instant::now();
    host.converse("hi").await;
    assert!(hold <= asked.elapsed());
}
