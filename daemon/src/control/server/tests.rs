use std::os::unix::fs::PermissionsExt as _;

use tokio::io::AsyncReadExt as _;

use super::super::client::{AskError, ask};
use super::*;
use crate::control::protocol::TEXT_BYTES_MAX;

/// What the app says of a text that came whole.
fn accepted(text: &str) -> Answer {
    Answer::Accepted { row: i64::try_from(text.len()).unwrap() }
}

/// A daemon's socket over an app that answers by what it is asked.
struct Play {
    _dir: tempfile::TempDir,
    path: PathBuf,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Play {
    fn begin() -> Self {
        Self::begin_with(PeerCheck::new(|_| Ok(())), Bounds::default())
    }

    fn begin_with(check: PeerCheck, bounds: Bounds) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let mut server = Server::bind(&path, check).unwrap();
        server.bounds = bounds;
        let cancel = CancellationToken::new();
        let (requests, mut asked) = mpsc::channel(REQUESTS_WAITING_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(server.serve(requests, cancel.clone()));
        tasks.spawn(async move {
            let mut answering = JoinSet::new();
            while let Some(Asked::<Request, Answer> { request, answer }) = asked.recv().await {
                let given = match request {
                    Request::Inject { text, .. } => Ok(accepted(&text)),
                    Request::KillSession { session } => {
                        let message = format!("no session is called {session}");
                        Err(Refusal::new(RefusalKind::NotFound, message))
                    }
                    // Never answered, and never given up.
                    Request::Hold { .. } => {
                        std::mem::forget(answer);
                        continue;
                    }
                    // Answered after as long as it said, and that is more than others have.
                    Request::Drain { within_s, .. } => {
                        answering.spawn(async move {
                            let nothing = std::future::pending::<()>();
                            let _over = timeout(Duration::from_secs(within_s), nothing).await;
                            drop(answer.send(Ok(Answer::Done)));
                        });
                        continue;
                    }
                    // Given up.
                    Request::Release { .. } => continue,
                    _ => Ok(Answer::Done),
                };
                drop(answer.send(given));
            }
        });
        Self { _dir: dir, path, cancel, tasks }
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.unwrap()
    }

    /// What the daemon says to these bytes; the connection stays open on our side.
    async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A daemon that has heard enough stops listening.
        drop(stream.write_all(bytes).await);
        heard(&mut stream).await
    }

    async fn check(&self, bytes: &[u8], answer: &str) {
        assert_eq!(self.say(bytes).await, answer);
        self.check_goes_on().await;
    }

    async fn check_goes_on(&self) {
        assert_eq!(ask(&self.path, Request::Ping).await.unwrap(), Answer::Done);
    }

    async fn end(mut self) {
        self.cancel.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        assert!(!self.path.exists());
    }
}

async fn heard(stream: &mut UnixStream) -> String {
    let mut answer = Vec::new();
    let mut block = [0; 4096];
    // Unread bytes of ours make the end of the connection an error; what was said stands before.
    while let Ok(count @ 1..) = stream.read(&mut block).await {
        answer.extend_from_slice(&block[..count]);
    }
    String::from_utf8(answer).unwrap()
}

fn refusal(kind: &str, message: &str) -> String {
    format!("{{\"error\":{{\"kind\":\"{kind}\",\"message\":\"{message}\"}}}}\n")
}

/// Who can write to the socket can talk as the owner.
/// Incidents: 110.
#[tokio::test]
async fn a_request_is_answered_and_the_socket_is_private() {
    let play = Play::begin();
    assert_eq!(std::fs::metadata(&play.path).unwrap().permissions().mode() & 0o777, 0o600);
    play.check(b"{\"v\":1,\"verb\":\"ping\"}\n", "{\"ok\":\"done\"}\n").await;
    play.end().await;
}

#[tokio::test]
async fn the_apps_refusal_reaches_who_asked() {
    let play = Play::begin();
    let outcome = ask(&play.path, Request::KillSession { session: "9".into() }).await;
    let Err(AskError::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal, Refusal::new(RefusalKind::NotFound, "no session is called 9"));
    play.end().await;
}

#[tokio::test]
async fn garbage_is_refused_without_being_quoted() {
    let play = Play::begin();
    for (line, message) in [
        (&b"hello, this is me\n"[..], "the line is no request (column 1)"),
        (b"\xff\xfe\x00\n", "the line is no request (column 1)"),
        (b"\n", "the line is no request (column 0)"),
        (b"[]\n", "the request has no version"),
        (b"{\"verb\":\"ping\"}\n", "the request has no version"),
        (b"{\"v\":1}\n", "the request has no known verb, or lacks a key of it"),
        (b"{\"v\":1,\"verb\":\"dance\"}\n", "the request has no known verb, or lacks a key of it"),
        (
            b"{\"v\":1,\"verb\":\"inject\",\"chat\":7}\n",
            "the request has no known verb, or lacks a key of it",
        ),
    ] {
        play.check(line, &refusal("malformed", message)).await;
    }
    let message = "this daemon speaks version 1, not 2";
    play.check(b"{\"v\":2,\"verb\":\"ping\"}\n", &refusal("version", message)).await;
    play.end().await;
}

#[tokio::test]
async fn a_line_over_the_bound_is_refused() {
    let play = Play::begin();
    let message = format!("the line is longer than {REQUEST_BYTES_MAX} bytes");
    play.check(&vec![b'x'; 2 * REQUEST_BYTES_MAX], &refusal("too_long", &message)).await;
    play.end().await;
}

/// The bound is that of a message, not the default of some reader.
/// Incidents: K19.
#[tokio::test]
async fn the_longest_text_passes_however_it_is_escaped_and_one_byte_more_does_not() {
    let play = Play::begin();
    for letter in ["a", "\u{1}", "\"", "é"] {
        let text = letter.repeat(TEXT_BYTES_MAX / letter.len());
        let expected = accepted(&text);
        let request = Request::Inject { chat: "test:c".into(), text, admin: false };
        let answer = ask(&play.path, request).await.unwrap();
        assert_eq!(answer, expected);
    }
    let text = "a".repeat(TEXT_BYTES_MAX + 1);
    let request = Request::Inject { chat: "test:c".into(), text, admin: false };
    let failure = Failure::from(ask(&play.path, request).await.unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    assert_eq!(failure.message, "the text has 1048577 bytes, at most 1048576");
    play.end().await;
}

#[tokio::test]
async fn a_line_without_end_and_a_silent_visit_do_no_harm() {
    let play = Play::begin();
    let mut cut = play.connect().await;
    cut.write_all(b"{\"v\":1").await.unwrap();
    cut.shutdown().await.unwrap();
    assert_eq!(heard(&mut cut).await, refusal("malformed", "the line has no end"));
    let mut silent = play.connect().await;
    silent.shutdown().await.unwrap();
    assert_eq!(heard(&mut silent).await, "");
    drop(play.connect().await);
    play.check_goes_on().await;
    play.end().await;
}

#[tokio::test]
async fn a_slow_client_is_refused_and_keeps_no_place() {
    let bounds = Bounds { read: Duration::from_millis(20), ..Bounds::default() };
    let play = Play::begin_with(PeerCheck::new(|_| Ok(())), bounds);
    let mut slow = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = play.connect().await;
        stream.write_all(b"{\"v\":1,").await.unwrap();
        slow.push(stream);
    }
    for stream in &mut slow {
        let answer = heard(stream).await;
        assert_eq!(answer, refusal("too_slow", "the request took longer than 20ms"));
    }
    play.check_goes_on().await;
    play.end().await;
}

#[tokio::test]
async fn what_is_too_much_is_told_that_it_is_busy() {
    let play = Play::begin();
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        open.push(play.connect().await);
    }
    let answer = play.say(b"{\"v\":1,\"verb\":\"ping\"}\n").await;
    assert_eq!(answer, refusal("busy", "8 connections are open already"));
    drop(open);
    play.check_goes_on().await;
    play.end().await;
}

#[tokio::test]
async fn a_hundred_at_once_are_all_answered_in_the_end() {
    let play = Play::begin();
    let mut clients = JoinSet::new();
    for _ in 0..100 {
        let path = play.path.clone();
        clients.spawn(async move { ask(&path, Request::Ping).await.unwrap() });
    }
    let answers = clients.join_all().await;
    assert_eq!(answers, vec![Answer::Done; 100]);
    play.end().await;
}

#[tokio::test]
async fn whoever_the_check_refuses_is_not_even_heard() {
    let own = std::process::id();
    let check = PeerCheck::new(move |pid| {
        assert_eq!(pid, own);
        Err("an agent may not ask")
    });
    let play = Play::begin_with(check, Bounds::default());
    let refused = refusal("not_permitted", "an agent may not ask");
    assert_eq!(play.say(b"{\"v\":1,\"verb\":\"stop\"}\n").await, refused);
    assert_eq!(play.say(&vec![b'x'; REQUEST_BYTES_MAX]).await, refused);
    let failure = Failure::from(ask(&play.path, Request::Stop).await.unwrap_err());
    assert_eq!(failure.code, Code::Denied);
    play.end().await;
}

#[tokio::test]
async fn a_check_that_panics_refuses() {
    let play = Play::begin_with(PeerCheck::new(|_| panic!("on purpose")), Bounds::default());
    let refused = refusal("not_permitted", "who asks could not be found out");
    assert_eq!(play.say(b"{\"v\":1,\"verb\":\"ping\"}\n").await, refused);
    play.end().await;
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_on_a_deadline_or_with_the_app() {
    let bounds = Bounds { answer: Duration::from_millis(20), ..Bounds::default() };
    let play = Play::begin_with(PeerCheck::new(|_| Ok(())), bounds);
    let late = refusal("failed", "no answer within 20ms; it may still happen");
    assert_eq!(play.say(b"{\"v\":1,\"verb\":\"hold\"}\n").await, late);
    let stopping = refusal("stopping", "the daemon is stopping");
    assert_eq!(play.say(b"{\"v\":1,\"verb\":\"release\"}\n").await, stopping);
    play.end().await;
}

#[tokio::test]
async fn a_request_that_asks_to_wait_has_its_time_beyond_the_deadline_of_others() {
    let bounds = Bounds { answer: Duration::from_millis(500), ..Bounds::default() };
    let play = Play::begin_with(PeerCheck::new(|_| Ok(())), bounds);
    let drain = b"{\"v\":1,\"verb\":\"drain\",\"within_s\":1,\"lease_s\":30}\n";
    play.check(drain, "{\"ok\":\"done\"}\n").await;
    play.end().await;
}

#[tokio::test]
async fn nobody_there_is_told_apart_from_somebody_who_says_no() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    let failure = Failure::from(ask(&path, Request::Ping).await.unwrap_err());
    assert_eq!(failure, Failure::new(Code::Unreachable, "no daemon is running"));
    // A socket that nobody listens on any more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let failure = Failure::from(ask(&path, Request::Ping).await.unwrap_err());
    assert_eq!(failure.code, Code::Unreachable);
}

#[tokio::test]
async fn a_stale_socket_is_replaced_but_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let check = PeerCheck::new(|_| Ok(()));
    drop(Server::bind(&path, check.clone()).unwrap());
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    let failure = Failure::from(Server::bind(&path, check).unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    assert!(failure.message.ends_with("cannot be made a socket: something else stands there"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}

#[tokio::test]
async fn a_path_that_is_too_long_is_said_so() {
    let path = PathBuf::from(format!("/{}", "x".repeat(107)));
    let failure = Failure::from(Server::bind(&path, PeerCheck::new(|_| Ok(()))).unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    assert!(
        failure.message.contains("too long for a socket (108 bytes, at most 107)"),
        "{failure}"
    );
}
