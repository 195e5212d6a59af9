//! The way of a message when nothing goes wrong.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Daemon, Setup, number};
use crate::control::protocol::{Answer, RefusalKind, Request};

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

/// An end of the agent is not one of the conversation.
/// Incidents: J9.
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

/// Both find no session, and only one may make it.
/// Incidents: J1.
/// Pitfall: 2.
#[tokio::test(start_paused = true)]
async fn two_first_messages_of_a_chat_make_one_session_and_one_agent() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "one");
    daemon.write(&number(0), "two");
    daemon.until_sent(&number(0), &["You said: one", "You said: two"]).await;
    daemon.until_done().await;
    assert_eq!(daemon.sessions(), 1);
    assert_eq!(daemon.agents.launches().len(), 1);
    let told = daemon.agents.launches()[0].messages();
    assert!(told[0].contains("one") && told[1].contains("two"), "{told:?}");
    daemon.end().await;
}

/// A cold start of all of them at the same moment.
/// Incidents: J17.
#[tokio::test(start_paused = true)]
async fn twenty_chats_at_once_have_an_agent_each() {
    let mut daemon = Daemon::start().await;
    for n in 0..20 {
        daemon.write(&number(n), &format!("from {n}"));
    }
    daemon.until_done().await;
    for n in 0..20 {
        daemon.until_sent(&number(n), &[&format!("You said: from {n}")]).await;
    }
    assert_eq!(daemon.agents.alive(), 20);
    daemon.end().await;
}

/// A turn that never ends is its own chat's trouble.
/// Danger zone: 1.
#[tokio::test(start_paused = true)]
async fn a_chat_that_hangs_holds_up_no_other() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hang");
    daemon.until("the hanging turn", |daemon| daemon.states() == ["delivered"]).await;
    let began = tokio::time::Instant::now();
    daemon.write(&number(1), "hello");
    daemon.until_sent(&number(1), &["You said: hello"]).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_while_a_tool_runs_are_answered_by_the_same_turn() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "tool: sleep 5; echo done");
    daemon.until("the tool", |daemon| daemon.states() == ["delivered"]).await;
    daemon.write(&number(0), "also this");
    daemon.write(&number(0), "and that");
    let replies = ["The tool said: done", "You said: also this", "You said: and that"];
    daemon.until_sent(&number(0), &replies).await;
    daemon.until_done().await;
    let turns = turns(&daemon);
    assert_eq!(turns, [3], "attempts of each turn");
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_for_a_turn_share_the_next_one() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 10 500");
    daemon.until("the slow turn", |daemon| daemon.states() == ["delivered"]).await;
    for text in ["a", "b", "c"] {
        daemon.write(&number(0), text);
    }
    daemon.until_done().await;
    let replies = ["You said: slow 10 500", "You said: a", "You said: b", "You said: c"];
    daemon.until_sent(&number(0), &replies).await;
    assert_eq!(turns(&daemon).iter().sum::<usize>(), 4, "{:?}", turns(&daemon));
    assert!(turns(&daemon).len() < 4, "{:?}", turns(&daemon));
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_refused_and_starts_nothing() {
    let mut daemon = Daemon::start().await;
    daemon.write("+15555559999", "hello");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["refused(unknown sender)"]);
    assert_eq!((daemon.agents.launches().len(), daemon.sessions()), (0, 0));
    assert_eq!(daemon.sent("+15555559999"), Vec::<String>::new());
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_untrusted_test_directory_gives_nobody_an_admins_rights() {
    let setup = Setup { trust: "false", ..Setup::default() };
    let mut daemon = Daemon::start_with(setup).await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["refused(no rights yet)"]);
    assert_eq!(daemon.agents.launches().len(), 0);
    daemon.end().await;
}

/// What the profile says is what the program is started with.
/// Incidents: 109.
#[tokio::test(start_paused = true)]
async fn the_built_in_contact_has_no_tools_but_reply() {
    let setup = Setup { trust: "false", ..Setup::default() };
    let mut daemon = Daemon::start_with(setup).await;
    daemon.write("harness", "tool: echo hi");
    let refused = "I have no tool Bash here. You said: tool: echo hi";
    daemon.until_sent("harness", &[refused]).await;
    daemon.until_done().await;
    let launches = daemon.agents.launches();
    let argv = &launches[0].argv;
    let after = |name: &str| {
        let at = argv.iter().position(|word| word == name).expect("the option is there");
        argv[at + 1].clone()
    };
    assert_eq!(after("--tools"), "");
    assert_eq!(after("--allowedTools"), "mcp__assistant__reply");
    assert!(argv.contains(&"--setting-sources=".to_owned()), "{argv:?}");
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn every_check_begins_anew_and_remembers_none_of_those_before_it() {
    let mut daemon = Daemon::start().await;
    daemon.write("harness", "the first check");
    daemon.until_done().await;
    let kill = Request::KillSession { session: "test:harness".to_owned() };
    daemon.ask(kill).await.unwrap();
    daemon.until("its agent is gone", |daemon| daemon.agents.alive() == 0).await;
    daemon.write("harness", "recall");
    daemon.until_sent("harness", &["You said: the first check", "I remember nothing."]).await;
    daemon.until_done().await;

    daemon.stop().await;
    daemon.start_again().await;
    daemon.write("harness", "recall");
    daemon.until_done().await;
    assert_eq!(daemon.sent("harness")[2], "I remember nothing.");
    let launches = daemon.agents.launches();
    assert!(launches.iter().all(|launch| launch.argument("--resume").is_none()), "{launches:?}");
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_admins_question_for_permission_is_allowed_with_its_whole_input_and_recorded() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "tool: touch made; echo made");
    daemon.until_sent(&number(0), &["The tool said: made"]).await;
    daemon.until_done().await;
    let asked: Vec<_> = daemon
        .transcript(daemon.session(&number(0)))
        .into_iter()
        .filter(|entry| entry["event"] == "PERMISSION")
        .collect();
    let input = json!({"command": "touch made; echo made", "description": "run it"});
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0]["verdict"], &asked[0]["input"]), (&json!("allow"), &input));
    let allowed = daemon.agents.launches()[0]
        .heard
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["response"]["response"]["behavior"] == "allow")
        .expect("an answer to the question");
    assert_eq!(allowed["response"]["response"]["updatedInput"], input);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn words_of_the_owner_reach_a_chats_session_like_any_message() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    let (chat, text) = (number(0), "from the owner".to_owned());
    daemon.ask(Request::Inject { chat, text, admin: true }).await.unwrap();
    daemon.until("both answered", |daemon| daemon.states() == ["answered", "answered"]).await;
    assert_eq!(daemon.agents.launches().len(), 1);
    let told = daemon.agents.launches()[0].messages();
    assert!(told[1].contains("from the owner"), "{told:?}");
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_text_sent_past_the_agent_reaches_the_chat_once_for_each_key() {
    let mut daemon = Daemon::start().await;
    daemon.write("+15555550999", "not in the contacts");
    daemon.until_done().await;
    for _ in 0..2 {
        let send =
            Request::Send { chat: "+15555550999".into(), text: "look".into(), key: "k1".into() };
        let answer = daemon.ask(send).await.unwrap();
        assert_eq!(answer, Answer::Queued { row: 1, state: "sent".to_owned() });
    }
    daemon.until_sent("+15555550999", &["look"]).await;
    let send = |chat: &str, text: &str| Request::Send {
        chat: chat.to_owned(),
        text: text.to_owned(),
        key: "k1".into(),
    };
    let other = daemon.ask(send("+15555550999", "other")).await;
    assert!(other.is_err(), "what was not sent is not called sent");
    daemon.write("+15555550998", "not in the contacts either");
    daemon.until_done().await;
    daemon.ask(send("+15555550998", "look")).await.unwrap();
    daemon.until_sent("+15555550998", &["look"]).await;
    assert_eq!(daemon.agents.launches().len(), 0);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_text_goes_to_the_chat_of_the_session_that_is_named_and_to_no_made_up_one() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    let send = |chat: &str, key: &str| Request::Send {
        chat: chat.to_owned(),
        text: "look".into(),
        key: key.into(),
    };
    let session = daemon.session(&number(0)).to_string();
    daemon.ask(send(&session, "by row")).await.unwrap();
    daemon.until_sent(&number(0), &["You said: hello", "look"]).await;
    for made_up in ["99", "foo bar", "+15555550998"] {
        let inject =
            Request::Inject { chat: made_up.to_owned(), text: "look".into(), admin: false };
        for request in [send(made_up, "k"), inject] {
            let refusal = daemon.ask(request).await.unwrap_err();
            assert_eq!(refusal.kind, RefusalKind::NotFound);
            let expected = format!("nobody has ever written from chat test:{made_up}");
            assert_eq!(refusal.message, expected);
        }
    }
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn words_of_the_owner_to_somebody_without_rights_are_not_permitted() {
    let mut daemon = Daemon::start().await;
    daemon.write("+15555550999", "not in the contacts");
    daemon.until_done().await;
    let (chat, text) = ("+15555550999".to_owned(), "look".to_owned());
    let refusal = daemon.ask(Request::Inject { chat, text, admin: false }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::NotPermitted);
    assert!(refusal.message.starts_with("this chat has no session: "), "{}", refusal.message);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_said_in_a_chat_is_told_in_both_directions() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    daemon.write(&number(0), "call: mcp__assistant__history {\"limit\": 2}");
    daemon.until_done().await;
    daemon.until("the reply", |daemon| daemon.sent(&number(0)).len() == 2).await;
    let told = &daemon.sent(&number(0))[1];
    assert!(told.contains(r#""from":"you""#) && told.contains("You said: hello"), "{told}");
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn wrong_arguments_of_a_tool_come_back_as_an_error() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), r#"call: mcp__assistant__reply {"txt": "hi"}"#);
    daemon.until_done().await;
    let heard = daemon.agents.launches()[0].heard.lines();
    assert!(heard.iter().any(|line| line.contains(r#""isError":true"#)), "{heard:#?}");
    daemon.end().await;
}

/// Text that went out by itself once told people what was meant for nobody.
/// Incidents: 26.
#[tokio::test(start_paused = true)]
async fn what_an_agent_says_without_the_reply_tool_reaches_nobody() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "silent always");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered"]);
    let transcript = daemon.transcript(daemon.session(&number(0)));
    let turn = transcript.iter().find(|entry| entry["event"] == "TURN").expect("a turn");
    assert_ne!(turn["text"].as_str(), Some(""), "it did say something");
    let count = "SELECT count(*) FROM outbox";
    let texts: i64 = daemon.database().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!((texts, daemon.sent(&number(0)).len()), (0, 0));
    daemon.end().await;
}

/// A picture is a message, with or without a word to it.
/// Incidents: 23.
#[tokio::test(start_paused = true)]
async fn a_message_of_a_file_alone_is_delivered_with_its_path() {
    let daemon = Daemon::start().await;
    let message = json!({"from": number(0), "attachments": ["/nowhere/photo.png"]});
    let draft = daemon.messages().join(".photo");
    std::fs::write(&draft, message.to_string()).unwrap();
    std::fs::rename(draft, daemon.messages().join("photo.json")).unwrap();
    daemon.until("the answer", |daemon| daemon.states() == ["answered"]).await;
    let told = daemon.agents.launches()[0].messages();
    assert!(told[0].contains("(no text)") && told[0].contains("/nowhere/photo.png"), "{told:?}");
    daemon.end().await;
}

/// A heartbeat or a commit for every look wears out the disk and keeps the machine awake.
/// Incidents: 94.
#[tokio::test(start_paused = true)]
async fn a_daemon_with_nothing_to_do_writes_nothing() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    // The last message time is written within a second.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let database = daemon.database();
    // Another number after each commit of somebody else that changed anything.
    let changes = || database.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0));
    let before = changes().unwrap();
    tokio::time::sleep(Duration::from_mins(3)).await;
    assert_eq!(changes().unwrap(), before);
    daemon.write(&number(0), "again");
    daemon.until_done().await;
    assert_ne!(changes().unwrap(), before, "a change would be seen");
    daemon.end().await;
}

/// How many attempts each turn of the first session listed.
fn turns(daemon: &Daemon) -> Vec<usize> {
    let transcript = daemon.transcript(daemon.session(&number(0)));
    let turns = transcript.iter().filter(|entry| entry["event"] == "TURN");
    turns.map(|turn| turn["attempts"].as_array().unwrap().len()).collect()
}
