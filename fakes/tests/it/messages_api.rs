//! The stand-in of the Messages API over a plain TCP connection.

use std::process::Stdio;

use fakes::api::{Options, ServeError, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

struct Api {
    address: std::net::SocketAddr,
    _serving: JoinSet<Result<(), ServeError>>,
}

async fn start(options: Options) -> Api {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, options));
    Api { address, _serving: serving }
}

impl Api {
    /// Sends one request and reads the answer to the end of the connection.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: secret\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.expect("the request is taken");
        let mut answer = Vec::new();
        // A connection that is cut on request ends with an error.
        let _cut = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn say(&self, text: &str, stream: bool) -> String {
        let body = json!({
            "model": "m", "stream": stream, "messages": [{ "role": "user", "content": text }],
            "tools": [{ "name": "mcp__assistant__reply" }],
        });
        self.ask("POST", "/v1/messages?beta=true", &body).await
    }
}

fn events(answer: &str) -> Vec<&str> {
    answer.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
}

#[tokio::test]
async fn a_streamed_answer_has_the_events_of_the_api() {
    let api = start(Options::default()).await;
    let answer = api.say("hi", true).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("content-type: text/event-stream"), "{answer}");
    let expected = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(events(&answer), expected);
    assert!(answer.contains(r#""partial_json":"{\"text\":\"You said: hi\"}""#), "{answer}");
    assert!(answer.contains(r#""stop_reason":"tool_use""#), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_is_one_message() {
    let api = start(Options::default()).await;
    let answer = api.say("hi", false).await;
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let message: Value = serde_json::from_str(body).expect("the body is JSON");
    assert_eq!(message["content"][0]["name"], "mcp__assistant__reply");
    assert_eq!(message["content"][0]["input"], json!({ "text": "You said: hi" }));
    assert_eq!(message["stop_reason"], "tool_use");
}

#[tokio::test]
async fn an_error_comes_as_often_as_asked_for() {
    let api = start(Options::default()).await;
    let answer = api.say("error 529 x1", true).await;
    assert!(answer.starts_with("HTTP/1.1 529"), "{answer}");
    assert!(answer.contains(r#""type":"overloaded_error""#), "{answer}");
    assert!(api.say("error 529 x1", true).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_dropped_stream_ends_without_its_end() {
    let api = start(Options::default()).await;
    let answer = api.say("drop", true).await;
    assert_eq!(events(&answer).last(), Some(&"content_block_delta"));
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    assert!(api.say("drop", true).await.ends_with("0\r\n\r\n"));
}

#[tokio::test]
async fn the_other_routes_answer() {
    let api = start(Options::default()).await;
    assert!(api.ask("HEAD", "/", &json!({})).await.starts_with("HTTP/1.1 200"));
    let counted = api.ask("POST", "/v1/messages/count_tokens", &json!({ "messages": [] })).await;
    assert!(counted.contains("input_tokens"), "{counted}");
    assert!(api.ask("GET", "/v1/models", &json!({})).await.starts_with("HTTP/1.1 404"));
    assert!(api.ask("POST", "/v1/messages", &json!([])).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn the_log_has_no_text_and_no_key() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = dir.path().join("log");
    let api = start(Options { log: Some(log.clone()) }).await;
    api.say("hi", true).await;
    api.say("error 500", false).await;
    let text = std::fs::read_to_string(log).expect("the log is there");
    let lines = "{\"messages\":1,\"path\":\"/v1/messages\",\"status\":200}\n\
                 {\"messages\":1,\"path\":\"/v1/messages\",\"status\":500}\n";
    assert_eq!(text, lines);
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let refused = serve(listener, Options::default()).await;
    assert!(matches!(refused, Err(ServeError::NotLoopback(_))), "{refused:?}");
}

#[tokio::test]
async fn the_program_tells_where_it_listens() {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_fake-messages-api"))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let line = BufReader::new(stdout).lines().next_line().await.expect("a line").expect("a line");
    let address = line.strip_prefix("listening on http://").expect("the words agreed on");
    TcpStream::connect(address).await.expect("it listens there");
}
