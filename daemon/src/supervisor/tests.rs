//! Sessions among each other: who may have an agent, who waits, and what a crash of one means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::app::tests::{Daemon, Setup, number};
use crate::clock::wall_now;
use crate::control::protocol::{Answer, RefusalKind, Request, SessionState};
use crate::session::tests::agents::Launch;

fn two_agents() -> Setup {
    Setup { agents_alive_max: 2, ..Setup::default() }
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_agent_makes_room_and_is_resumed_later() {
    let mut daemon = Daemon::start_with(two_agents()).await;
    for n in 0..3 {
        daemon.write(&number(n), &format!("from {n}"));
        daemon.until_done().await;
    }
    let launched = |daemon: &Daemon| -> Vec<i64> {
        daemon.agents.launches().iter().map(|launch| launch.session).collect()
    };
    let [first, second, third] = [0, 1, 2].map(|n| daemon.session(&number(n)));
    assert_eq!(launched(&daemon), [first, second, third]);
    let lives: Vec<bool> = daemon.agents.launches().iter().map(Launch::lives).collect();
    assert_eq!(lives, [false, true, true]);

    daemon.write(&number(0), "recall");
    daemon.until_sent(&number(0), &["You said: from 0", "I remember: from 0"]).await;
    assert_eq!(launched(&daemon), [first, second, third, first]);
    assert_eq!(daemon.agents.alive(), 2);
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_waits_for_room_until_an_agent_has_nothing_to_do() {
    let mut daemon = Daemon::start_with(two_agents()).await;
    daemon.write(&number(0), "slow 10 1000");
    daemon.write(&number(1), "slow 20 1000");
    daemon.until("both at work", |daemon| daemon.states() == ["delivered", "delivered"]).await;
    let began = tokio::time::Instant::now();
    daemon.write(&number(2), "hello");
    daemon.until("it waits", |daemon| daemon.states().len() == 3).await;
    let waiting = daemon.status().await.sessions.into_iter().map(|session| session.state);
    assert_eq!(
        waiting.collect::<Vec<_>>(),
        [SessionState::Busy, SessionState::Busy, SessionState::Waiting]
    );
    daemon.until_sent(&number(2), &["You said: hello"]).await;
    let waited = began.elapsed();
    assert!(Duration::from_secs(9) < waited && waited < Duration::from_secs(11), "{waited:?}");
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn held_messages_wait_while_the_harness_passes_and_are_delivered_in_order() {
    let mut daemon = Daemon::start().await;
    daemon.ask(Request::hold()).await.unwrap();
    for n in 0..5 {
        daemon.write(&number(0), &format!("m{n}"));
    }
    daemon.write("harness", "are you there");
    daemon.until_sent("harness", &["You said: are you there"]).await;
    tokio::time::advance(Duration::from_mins(5)).await;
    daemon.until("looked at again", |daemon| daemon.states()[..5] == ["accepted"; 5]).await;
    assert!(daemon.status().await.held);
    assert_eq!(daemon.agents.launches().len(), 1);

    daemon.ask(Request::release()).await.unwrap();
    daemon.until_done().await;
    let replies: Vec<String> = (0..5).map(|n| format!("You said: m{n}")).collect();
    assert_eq!(daemon.sent(&number(0)), replies);
    daemon.end().await;
}

/// What ends in one session, be it by a panic or cut short, ends there.
/// Incidents: 38.
/// Pitfall: 7.
#[tokio::test(start_paused = true)]
async fn a_session_that_panics_takes_nobody_down_and_its_messages_are_taken_up_again() {
    // The store's clock is read by whoever asks the store: here by the session, for its attempt.
    let armed = Arc::new(AtomicBool::new(false));
    let trap = Arc::clone(&armed);
    let clock = Arc::new(move || {
        assert!(!trap.swap(false, Ordering::Relaxed), "a panic that was asked for");
        wall_now()
    });
    let mut daemon = Daemon::start_with(Setup { clock, ..Setup::default() }).await;
    daemon.write(&number(1), "hello");
    daemon.until_done().await;

    let slow_start = r#"[{"when": {"on": "connect"}, "what": {"delay_ms": 1000}}]"#;
    daemon.agents.plan(2, slow_start);
    daemon.write(&number(0), "unlucky");
    daemon.until("an agent that starts", |daemon| daemon.agents.launches().len() == 2).await;
    armed.store(true, Ordering::Relaxed);
    daemon.until("the panic", |daemon| daemon.agents.alive() == 1).await;
    assert!(!armed.load(Ordering::Relaxed));
    assert_eq!(daemon.status().await.sessions.len(), 2);

    daemon.write(&number(1), "still there");
    daemon.until_sent(&number(1), &["You said: hello", "You said: still there"]).await;
    daemon.until_sent(&number(0), &["You said: unlucky"]).await;
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_restarted_session_is_up_again_without_a_message() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    let session = number(0);
    daemon.ask(Request::RestartSession { session }).await.unwrap();
    daemon.until("a second agent", |daemon| daemon.agents.launches().len() == 2).await;
    daemon.until("one agent", |daemon| daemon.agents.alive() == 1).await;
    daemon.write(&number(0), "recall");
    daemon.until_sent(&number(0), &["You said: hello", "I remember: hello"]).await;
    assert_eq!(daemon.agents.launches().len(), 2);
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_agent_whose_messages_are_held_makes_room_for_the_harness() {
    let mut daemon = Daemon::start_with(Setup { agents_alive_max: 1, ..Setup::default() }).await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    daemon.ask(Request::hold()).await.unwrap();
    daemon.write(&number(0), "held");
    daemon.until("accepted", |daemon| daemon.rows().len() == 2).await;
    daemon.write("harness", "are you there");
    daemon.until_sent("harness", &["You said: are you there"]).await;
    daemon.ask(Request::release()).await.unwrap();
    daemon.until_done().await;
    daemon.end().await;
}

/// Waits until no session has an agent.
async fn until_asleep(daemon: &Daemon) {
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    for _ in 0..1000 {
        let sessions = daemon.status().await.sessions;
        if sessions.iter().all(|session| session.state == SessionState::Asleep) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("a session does not fall asleep");
}

#[tokio::test(start_paused = true)]
async fn agents_are_ended_and_counted_and_not_sessions() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.write(&number(1), "hello");
    daemon.until_done().await;
    let sessions = |count| Ok(Answer::Sessions { count });
    assert_eq!(daemon.ask(Request::KillSessions).await, sessions(2));
    until_asleep(&daemon).await;
    assert_eq!(daemon.ask(Request::KillSessions).await, sessions(0));
    assert_eq!(daemon.ask(Request::RestartSessions).await, sessions(0));
    let session = daemon.session(&number(0)).to_string();
    let refusal = daemon.ask(Request::KillSession { session: session.clone() }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::NotFound);
    assert_eq!(refusal.message, format!("session {session} has no agent"));
    assert_eq!(daemon.agents.launches().len(), 2);

    assert_eq!(daemon.ask(Request::RestartSession { session }).await, sessions(1));
    daemon.until("its agent", |daemon| daemon.agents.alive() == 1).await;
    assert_eq!(daemon.ask(Request::RestartSessions).await, sessions(1));
    daemon.until("another agent", |daemon| daemon.agents.launches().len() == 4).await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_of_an_earlier_life_is_started_without_a_message() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    daemon.stop().await;
    daemon.start_again().await;
    let session = number(0);
    let refusal = daemon.ask(Request::KillSession { session: session.clone() }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::NotFound);
    let answer = daemon.ask(Request::RestartSession { session }).await;
    assert_eq!(answer, Ok(Answer::Sessions { count: 1 }));
    daemon.until("its agent", |daemon| daemon.agents.alive() == 1).await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_waits_for_room_and_is_ended_waits_for_its_next_message() {
    let mut daemon = Daemon::start_with(Setup { agents_alive_max: 1, ..Setup::default() }).await;
    daemon.write(&number(0), "slow 10 1000");
    daemon.until("at work", |daemon| daemon.states() == ["delivered"]).await;
    daemon.write(&number(1), "not now");
    daemon.until("it waits", |daemon| daemon.states().len() == 2).await;
    let session = number(1);
    let ended = daemon.ask(Request::KillSession { session }).await;
    assert_eq!(ended, Ok(Answer::Sessions { count: 1 }));

    daemon.until("the first is answered", |daemon| daemon.states()[0] == "answered").await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(daemon.agents.launches().len(), 1, "it stays ended");
    daemon.write(&number(1), "now");
    daemon.until_sent(&number(1), &["You said: not now", "You said: now"]).await;
    daemon.until_done().await;
    daemon.end().await;
}
