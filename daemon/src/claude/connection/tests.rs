use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, DuplexStream, duplex, split};
use tokio::time::timeout;

use super::*;

/// A connection, and the agent's end of it: what it reads and writes, with room for `bytes` each
/// way.
fn connect(bytes: usize) -> (Connection, DuplexStream) {
    let (ours, agents) = duplex(bytes);
    let (reader, writer) = split(ours);
    (Connection::open(reader, writer), agents)
}

/// Waits for what must come; a test that would hang fails instead.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("it comes in time")
}

fn withdrawn(request_id: &str) -> Frame {
    Frame::Withdrawn { request_id: request_id.to_owned() }
}

fn withdrawal(request_id: impl Into<serde_json::Value>) -> Vec<u8> {
    let line = json!({"type": "control_cancel_request", "request_id": request_id.into()});
    format!("{line}\n").into_bytes()
}

#[tokio::test]
async fn frames_come_in_order_and_are_counted_and_the_end_is_none() {
    let (mut connection, mut agent) = connect(4096);
    let lines: [&[u8]; 5] = [
        &withdrawal("a"),
        b"Debugger attached\n",
        b"\n",
        b"{\"type\":\"keep_alive\"}\n",
        &withdrawal("b"),
    ];
    agent.write_all(&lines.concat()).await.unwrap();
    drop(agent);
    let mut frames = Vec::new();
    while let Some(frame) = soon(connection.next()).await {
        frames.push(frame);
    }
    let other = Frame::Other { kind: "keep_alive".into() };
    assert_eq!(frames, [withdrawn("a"), Frame::Garbage { bytes: 17 }, other, withdrawn("b")]);
    assert_eq!(connection.next().await, None);
    let counters = Counters { lines_in: 4, garbage: 1, too_long: 0, other: 1 };
    assert_eq!(connection.counters(), counters);
}

#[tokio::test]
async fn closing_the_input_lets_what_is_queued_through_and_nothing_more() {
    // Too small for even one line, so that all are queued when the input closes.
    let (connection, mut agent) = connect(4);
    for line in ["first\n", "second\n", "third\n"] {
        connection.outgoing().try_send(line.into()).unwrap();
    }
    connection.close_input();
    soon(connection.outgoing().closed()).await;
    assert!(connection.outgoing().reserve().await.is_err());
    let mut read = String::new();
    soon(agent.read_to_string(&mut read)).await.unwrap();
    assert_eq!(read, "first\nsecond\nthird\n");
}

#[tokio::test]
async fn the_agent_may_go_on_speaking_after_its_input_was_closed() {
    let (mut connection, mut agent) = connect(4096);
    connection.close_input();
    let mut read = Vec::new();
    soon(agent.read_to_end(&mut read)).await.unwrap();
    agent.write_all(&withdrawal("late")).await.unwrap();
    assert_eq!(soon(connection.next()).await, Some(withdrawn("late")));
}

#[tokio::test]
async fn an_agent_that_does_not_read_holds_up_nobody_who_reads_it() {
    let (mut connection, mut agent) = connect(64);
    // It waits for us to read while we wait for it to read: the arm that reads breaks the tie.
    let outgoing = connection.outgoing();
    let mut sent = 0;
    let mut seen = 0;
    let agent_side = async {
        for number in 0..200 {
            agent.write_all(&withdrawal(number.to_string())).await.unwrap();
        }
        let mut read = vec![0; 200 * 32];
        agent.read_exact(&mut read).await.unwrap();
    };
    let our_side = async {
        while sent < 200 || seen < 200 {
            tokio::select! {
                permit = outgoing.reserve(), if sent < 200 => {
                    permit.unwrap().send(vec![b'x'; 32]);
                    sent += 1;
                }
                frame = connection.next() => {
                    frame.unwrap();
                    seen += 1;
                }
            }
        }
    };
    soon(async { tokio::join!(agent_side, our_side) }).await;
    assert_eq!((sent, seen), (200, 200));
}

#[tokio::test]
async fn dropping_the_connection_closes_both_ends() {
    let (connection, mut agent) = connect(4096);
    drop(connection);
    let mut read = Vec::new();
    soon(agent.read_to_end(&mut read)).await.unwrap();
    assert!(read.is_empty());
    assert!(agent.write_all(b"{}\n").await.is_err());
}

#[tokio::test]
async fn an_agent_that_is_gone_shows_as_a_closed_way_out() {
    let (connection, agent) = connect(4096);
    drop(agent);
    connection.outgoing().send(b"{}\n".to_vec()).await.unwrap();
    soon(connection.outgoing().closed()).await;
}

#[tokio::test]
async fn a_line_over_the_bound_is_a_frame_and_not_the_end() {
    let (mut connection, mut agent) = connect(1 << 20);
    let speak = async {
        let line = vec![b'x'; super::super::lines::LINE_BYTES_MAX + 1];
        agent.write_all(&line).await.unwrap();
        agent.write_all(b"\n").await.unwrap();
        agent.write_all(&withdrawal("after")).await.unwrap();
    };
    let hear = async {
        let bytes = super::super::lines::LINE_BYTES_MAX as u64 + 1;
        assert_eq!(connection.next().await, Some(Frame::TooLong { bytes }));
        assert_eq!(connection.next().await, Some(withdrawn("after")));
    };
    soon(async { tokio::join!(speak, hear) }).await;
    assert_eq!(connection.counters().too_long, 1);
}
