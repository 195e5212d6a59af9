use fakes::agent::Options;
use fakes::client::{FakeSdkClient, Heard};
use fakes::scenario::Scenario;
use serde_json::Value;
use tokio::io::{duplex, split};

use super::*;
use crate::claude::connection::Connection;
use crate::session::frames::STOP_HOOK;

/// `q:TEXT` asks and waits for the result, `b:TEXT` only begins, `i` interrupts, `d` disconnects.
/// The answer is what the agent heard, behind what it told.
async fn play(options: Options, script: &str) -> String {
    let (ours, theirs) = duplex(64 * 1024);
    let heard = options.heard.clone();
    let mut agents = JoinSet::new();
    agents.spawn(async move {
        let (reader, writer) = split(theirs);
        FakeSdkClient::serve(reader, writer, options).await
    });
    let (reader, writer) = split(ours);
    let connection = Connection::open(reader, writer);
    let begun = Live::over(connection, None, "unknown".to_owned(), Some(STOP_HOOK)).await;
    let mut live = match begun {
        Ok(live) => live,
        Err(trouble) => return trouble.to_string(),
    };
    let mut told = Vec::new();
    for word in script.split_whitespace() {
        let outcome = match (word.split_once(':').unwrap_or((word, "")), live.as_mut()) {
            (_, Err(trouble)) => Err(AgentTrouble::Refused(trouble.to_string())),
            (("q", text), Ok(live)) => live.query(text).await.map(|turn| {
                assert!(turn.first_message_after <= turn.result_after, "{turn:?}");
                "answered".to_owned()
            }),
            (("b", text), Ok(live)) => live.begin(text).await.map(|()| "begun".to_owned()),
            (("i", _), Ok(live)) => live.interrupt().await.map(|_| "interrupted".to_owned()),
            (("d", _), Ok(_)) => break,
            (other, _) => panic!("no such word: {other:?}"),
        };
        told.push(outcome.unwrap_or_else(|trouble| trouble.to_string()));
    }
    if let Ok(live) = live {
        told.push(format!("{:?}", live.disconnect().await.ended_by));
    }
    format!("{} | {}", told.join(", "), kinds(&heard).join(" "))
}

/// What was heard, by the kind of each line.
fn kinds(heard: &Heard) -> Vec<String> {
    let kind = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        let told = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
        told("/request/subtype").or_else(|| told("/type")).unwrap_or("?").to_owned()
    };
    heard.lines().iter().map(kind).filter(|kind| kind != "control_response").collect()
}

fn faulty(steps: &str) -> Options {
    Options { scenario: Scenario::parse(steps).unwrap(), ..Options::default() }
}

#[tokio::test(start_paused = true)]
async fn two_questions_are_answered_and_an_idle_agent_only_has_its_input_closed() {
    assert_eq!(
        play(Options::default(), "q:hello q:again d").await,
        "answered, answered, InputClosed | initialize user user"
    );
}

#[tokio::test(start_paused = true)]
async fn behind_an_interrupt_nothing_is_owed() {
    assert_eq!(
        play(Options::default(), "b:hang i q:again d").await,
        "begun, interrupted, answered, InputClosed | initialize user interrupt user"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_in_a_turn_is_interrupted_before_its_input_is_closed() {
    assert_eq!(
        play(Options::default(), "b:hang d").await,
        "begun, InputClosed | initialize user interrupt"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_stays_silent_is_asked_by_a_signal() {
    let stall = r#"[{"when": {"on": "turn"}, "what": "stall"}]"#;
    assert_eq!(play(faulty(stall), "b:hello d").await, "begun, Term | initialize user interrupt");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_unknown_is_no_agent() {
    let unknown = Options { resume: Some("gone".to_owned()), ..Options::default() };
    let told = play(unknown, "q:hello").await;
    assert!(told.starts_with("begin with the agent: begin with the agent: "), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_fails_says_so_and_the_agent_stays() {
    let failing = r#"[{"when": {"on": "turn", "n": 1}, "what": {"api_status": 400}}]"#;
    assert_eq!(
        play(faulty(failing), "q:hello q:again d").await,
        "end a turn well: api_error, answered, InputClosed | initialize user user"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_goes_in_a_turn_is_told_with_its_end() {
    let going = r#"[{"when": {"on": "turn"}, "what": {"exit": 3}}]"#;
    assert_eq!(
        play(faulty(going), "q:hello d").await,
        "hear from the agent: it is gone (closed): , Itself | initialize user"
    );
}

/// The words of a command that are not about its conversation, and that one.
fn words(command: &std::process::Command) -> (Vec<String>, String) {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let (conversation, rest) =
        words.partition(|word| word.starts_with("--session-id=") || word.starts_with("--resume="));
    let conversation: Vec<String> = conversation;
    assert_eq!(conversation.len(), 1, "{conversation:?}");
    (rest, conversation[0].clone())
}

#[test]
fn by_hand_it_is_started_as_a_session_starts_it() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new("/bin/claude".as_ref(), dir.path()).unwrap();
    let settings = settings.variable("ANTHROPIC_BASE_URL", "http://127.0.0.1:1");
    let ((by_hand, new), (by_hand_again, other)) =
        (words(&settings.command()), words(&settings.command()));
    assert_ne!(new, other);
    assert_eq!(by_hand, by_hand_again);
    let (launch, session_id) = settings.resuming("an-id").launch();
    assert_eq!(session_id, "an-id");
    let rest: Vec<_> = launch.arguments.iter().map(|word| word.to_string_lossy()).collect();
    assert!(rest.contains(&"--resume=an-id".into()), "{rest:?}");
    assert_eq!(rest.len(), by_hand.len() + 1);
    let named = |name: &str| launch.environment.get(std::ffi::OsStr::new(name)).cloned();
    assert_eq!(named("ANTHROPIC_BASE_URL"), Some("http://127.0.0.1:1".into()));
    assert_eq!(named("HOME"), Some(dir.path().canonicalize().unwrap().into()));
    assert!(named("CARGO_MANIFEST_DIR").is_none());
}

#[test]
fn other_arguments_keep_the_conversation_and_the_form_of_the_input() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new("/bin/claude".as_ref(), dir.path()).unwrap();
    let (launch, _) = settings.arguments(["--verbose".into()]).resuming("an-id").launch();
    let words: Vec<_> = launch.arguments.iter().map(|word| word.to_string_lossy()).collect();
    assert_eq!(words, ["--verbose", "--resume=an-id", "--input-format", "stream-json"]);
}

#[test]
fn a_program_that_is_none_says_so_and_leaves_no_task() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::new().unwrap();
    let settings = Settings::new(&dir.path().join("none"), dir.path()).unwrap();
    let trouble = host.connect(&settings).unwrap_err().to_string();
    assert!(trouble.starts_with("start the agent: start "), "{trouble}");
    let settings = Settings::new("/bin/true".as_ref(), dir.path()).unwrap();
    let trouble = host.connect_all(&settings, 2).unwrap_err().to_string();
    assert_eq!(trouble, "hear from the agent: it is gone (exit 0): ");
    assert_eq!(host.tasks_left(0), 0);
}
