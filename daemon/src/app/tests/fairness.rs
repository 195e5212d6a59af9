//! One chat in trouble is nobody else's: sessions come and go beside each other, and whoever waits
//! for something waits alone.

use std::time::Duration;

use rusqlite::Connection;
use tokio::time::Instant;

use super::{Daemon, Setup, WriterOn, number};
use crate::control::protocol::{Request, SessionState};

/// What a chat with nothing in its way may wait for its answer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A new chat and a known one are answered at once, and so is who asks for the status.
async fn check_others(daemon: &mut Daemon, known: &str, new: &str) {
    let began = Instant::now();
    let mut expected = daemon.sent(known);
    expected.push("You said: me too".to_owned());
    daemon.write(known, "me too");
    daemon.write(new, "and me");
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    daemon.until_sent(known, &expected).await;
    daemon.until_sent(new, &["You said: and me"]).await;
    daemon.status().await;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

/// The state in which the status shows the first chat's session.
async fn state(daemon: &Daemon) -> SessionState {
    let chat = format!("test:{}", number(0));
    let sessions = daemon.status().await.sessions;
    sessions.into_iter().find(|session| session.chat == chat).expect("its session").state
}

/// A start is a task of its session alone, and nothing that others need is held during it.
/// Danger zone: 1.
/// Pitfall: 2.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_slow_to_start_holds_up_no_other() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(1), "hello");
    daemon.until_done().await;
    daemon.agents.plan(2, r#"[{"when": {"on": "connect"}, "what": {"delay_ms": 50000}}]"#);
    daemon.write(&number(0), "slow to start");
    daemon.until("its agent", |daemon| daemon.agents.launches().len() == 2).await;
    check_others(&mut daemon, &number(1), &number(2)).await;
    assert_eq!(state(&daemon).await, SessionState::Starting);
    daemon.until_sent(&number(0), &["You said: slow to start"]).await;
    daemon.until_done().await;
    daemon.end().await;
}

/// The same for an end, which may take seconds.
/// Danger zone: 1.
/// Pitfall: 2.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_slow_to_end_holds_up_no_other() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(1), "hello");
    daemon.until_done().await;
    // An agent that does not listen any more has five seconds to be interrupted in.
    daemon.agents.plan(2, r#"[{"when": {"on": "turn"}, "what": "stall"}]"#);
    daemon.write(&number(0), "never answered");
    daemon.until("the turn", |daemon| daemon.rows().last().unwrap().state == "delivered").await;
    for session in [number(0), number(1)] {
        daemon.ask(Request::KillSession { session }).await.unwrap();
    }
    check_others(&mut daemon, &number(1), &number(2)).await;
    assert_eq!(state(&daemon).await, SessionState::Closing);
    daemon.write(&number(0), "try again");
    daemon.until_done().await;
    daemon.end().await;
}

/// Every agent has a task of its own session to begin, live and end in, so many at once are as
/// good as one.
/// Pitfall: 7.
#[tokio::test(start_paused = true)]
async fn agents_that_are_restarted_all_at_once_come_back_each_to_its_own() {
    let mut daemon = Daemon::start().await;
    for n in 0..20 {
        daemon.write(&number(n), &format!("from {n}"));
    }
    daemon.until_done().await;
    daemon.ask(Request::RestartSessions).await.unwrap();
    daemon.until("all of them again", |daemon| daemon.agents.launches().len() == 40).await;
    for n in 0..20 {
        daemon.write(&number(n), "recall");
    }
    daemon.until_done().await;
    for n in 0..20 {
        let replies = [format!("You said: from {n}"), format!("I remember: from {n}")];
        daemon.until_sent(&number(n), &[&replies[0], &replies[1]]).await;
    }
    assert_eq!((daemon.agents.launches().len(), daemon.agents.alive()), (40, 20));
    daemon.end().await;
}

/// Rights, tools, place and model are what an agent is: a restart changes none of them.
/// Incidents: 41, J14.
#[tokio::test(start_paused = true)]
async fn a_restarted_agent_is_what_it_was_but_for_how_it_begins() {
    let mut daemon = Daemon::start_with(Setup { model: Some("opus"), ..Setup::default() }).await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    daemon.write("harness", "hello");
    daemon.until_done().await;
    daemon.ask(Request::RestartSessions).await.unwrap();
    daemon.until("both again", |daemon| daemon.agents.launches().len() == 4).await;
    let launches = daemon.agents.launches();
    // The built-in contact's conversation ends with its agent.
    let resumed = [launches[0].argument("--session-id"), None];
    for (before, resumed) in launches[..2].iter().zip(resumed) {
        let again = launches[2..].iter().find(|again| again.session == before.session).unwrap();
        let begins =
            |word: &&String| word.starts_with("--session-id=") || word.starts_with("--resume=");
        let rest = |argv: &[String]| -> Vec<String> {
            argv.iter().filter(|word| !begins(word)).cloned().collect()
        };
        assert_eq!(rest(&again.argv), rest(&before.argv));
        assert_eq!(again.argument("--model"), Some("opus"));
        assert_eq!(again.argument("--resume"), resumed);
    }
    daemon.end().await;
}

/// Who writes after hours goes on with the same conversation.
/// Incidents: 44.
#[tokio::test(start_paused = true)]
async fn an_agent_that_idled_away_is_resumed_by_the_next_message() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    tokio::time::advance(Duration::from_hours(3)).await;
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    daemon.write(&number(0), "recall");
    daemon.until_sent(&number(0), &["You said: first", "I remember: first"]).await;
    let launches = daemon.agents.launches();
    assert_eq!(launches[1].argument("--resume"), launches[0].argument("--session-id"));
    daemon.until_done().await;
    daemon.end().await;
}

/// A message and the order to end meet in every order, a little later each time, in many chats at
/// once: each conversation goes on as the one that it was.
/// Incidents: 43, 44.
#[tokio::test(start_paused = true)]
async fn however_a_message_and_an_end_meet_the_conversation_is_kept() {
    const CHATS: usize = 4;
    const ROUNDS: usize = 8;
    let mut daemon = Daemon::start().await;
    for chat in 0..CHATS {
        daemon.write(&number(chat), &format!("first of {chat}"));
    }
    daemon.until_done().await;
    for round in 0..ROUNDS {
        for chat in 0..CHATS {
            meet(&daemon, chat, round + chat).await;
        }
        // What the ends cut off waits for the next message.
        for chat in 0..CHATS {
            say(&daemon, chat).await;
        }
        daemon.until("nothing owed", |daemon| daemon.owed() == 0).await;
    }
    let launches = daemon.agents.launches();
    for chat in 0..CHATS {
        let session = daemon.session(&number(chat));
        let mut ours = launches.iter().filter(|launch| launch.session == session);
        let begun = ours.next().expect("it had an agent").argument("--session-id");
        assert!(ours.all(|later| later.argument("--resume") == begun), "of chat {chat}");
    }
    let ends = launches.len() - CHATS;
    assert!(CHATS * ROUNDS / 2 < ends, "{ends} ends in {} meetings", CHATS * ROUNDS);
    daemon.write(&number(0), "recall");
    daemon.until("the recall", |daemon| daemon.sent(&number(0)).len() == 2).await;
    assert!(daemon.sent(&number(0))[1].contains("first of 0"));
    daemon.until("nothing owed", |daemon| daemon.owed() == 0).await;
    daemon.end().await;
}

/// A message that stands in the inbox at once, so that no look at a directory decides who is first.
async fn say(daemon: &Daemon, chat: usize) {
    let text = "silent always".to_owned();
    daemon.ask(Request::Inject { chat: number(chat), text, admin: false }).await.unwrap();
}

/// One message, and an end that is asked for so many turns of the other tasks later.
async fn meet(daemon: &Daemon, chat: usize, later: usize) {
    let end = async {
        for _ in 0..later {
            tokio::task::yield_now().await;
        }
        // It may have no agent at the moment.
        drop(daemon.ask(Request::KillSession { session: number(chat) }).await);
    };
    tokio::join!(say(daemon, chat), end);
}

/// The store waits on a thread of its own for a database that somebody else has locked; the one
/// thread on which everything else runs goes on.
/// Incidents: J11.
#[tokio::test]
async fn a_locked_database_is_waited_for_beside_everything_else() {
    const TICKS: u32 = 50;
    /// Less than the store waits for a lock, more than a busy machine lets a thread wait.
    const STILL_MAX: Duration = Duration::from_secs(3);
    let mut daemon =
        Daemon::start_with(Setup { writer: WriterOn::Thread, ..Setup::default() }).await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    let other = Connection::open(daemon.home().database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    daemon.write(&number(0), "while it is locked");
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let mut latest = Duration::ZERO;
    for _ in 0..TICKS {
        let due = ticks.tick().await;
        latest = latest.max(due.elapsed());
    }
    assert_eq!(daemon.rows().len(), 1, "nothing was stored meanwhile");
    other.execute_batch("COMMIT").unwrap();
    daemon.until_sent(&number(0), &["You said: hello", "You said: while it is locked"]).await;
    daemon.until_done().await;
    // Whoever waited for the database here would have waited until the store gave up.
    assert!(latest < STILL_MAX, "stood still for {latest:?}");
    daemon.end().await;
}
