//! The orderly end, and that nothing stays behind.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;
use tokio::task::{Id, try_id};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Daemon, Setup, number};
use crate::app::crew::Stage;
use crate::app::give_up;
use crate::app::signals::Signals;
use crate::clock::wall_now;
use crate::control::protocol::{Request, SessionState};
use crate::exit::Code;

/// Seconds of an end, and what became of the one message.
#[track_caller]
fn check(took: Duration, seconds: u64, daemon: &Daemon, state: &str) {
    assert_eq!(took.as_secs(), seconds, "{took:?}");
    assert_eq!(daemon.states(), [state]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_turn_that_runs() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 10 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let took = daemon.stop().await;
    check(took, 9, &daemon, "answered");
    assert_eq!(daemon.sent(&number(0)), ["You said: slow 10 1000"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_outlasts_its_grace_is_interrupted_and_delivered_again_by_the_next_life() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 30 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let took = daemon.stop().await;
    check(took, 15, &daemon, "delivered");
    let told = daemon.agents.launches()[0].heard.lines();
    assert!(told.iter().any(|line| line.contains(r#""subtype":"interrupt""#)), "{told:#?}");
    daemon.start_again().await;
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (2, 0));
    daemon.end().await;
}

/// It is the same end, with less patience.
/// Incidents: 47.
#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_the_agents_at_once() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hang");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let took = daemon.stop_hurried_by(tokio::time::sleep(Duration::from_secs(2))).await;
    check(took, 2, &daemon, "delivered");
}

/// Sends this process a signal that it listens to.
fn signal_ourselves() {
    let us = rustix::process::getpid();
    rustix::process::kill_process(us, rustix::process::Signal::TERM).unwrap();
}

/// With real time, as signals are real: none of it passes but if the test fails.
#[tokio::test]
async fn the_second_signal_hurries_and_the_third_ends_the_waiting() {
    const FAILED_AFTER: Duration = Duration::from_secs(10);
    let mut signals = Signals::listen().unwrap();
    let (hurry, never) = (CancellationToken::new(), Duration::from_hours(1));
    let mut waiting = pin!(give_up(&mut signals, hurry.clone(), never, never));
    signal_ourselves();
    let hurried = timeout(FAILED_AFTER, async {
        tokio::select! {
            () = &mut waiting => false,
            () = hurry.cancelled() => true,
        }
    });
    assert_eq!(hurried.await, Ok(true));
    signal_ourselves();
    assert_eq!(timeout(FAILED_AFTER, waiting).await, Ok(()));
}

/// A daemon must not outlive the launcher that would start its successor.
#[tokio::test]
async fn the_end_of_the_launchers_pipe_is_one_signal_and_what_it_says_is_none() {
    let mut signals = Signals::listen().unwrap();
    let (mut launcher, pipe) = pipe::pipe().unwrap();
    signals.end_with(pipe);
    launcher.write_all(b"anything\n").await.unwrap();
    let early = timeout(Duration::from_millis(20), signals.next()).await;
    assert!(early.is_err(), "the launcher is there");
    drop(launcher);
    signals.next().await;
    let again = timeout(Duration::from_millis(20), signals.next()).await;
    assert!(again.is_err(), "it is gone once");
}

#[tokio::test(start_paused = true)]
async fn a_stop_on_request_is_passed_on() {
    let daemon = Daemon::start().await;
    assert!(!daemon.is_asked_to_stop());
    daemon.ask(Request::Stop).await.unwrap();
    assert!(daemon.is_asked_to_stop());
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_during_the_stop_wait_for_the_next_life() {
    let mut daemon = Daemon::start().await;
    daemon.stop().await;
    daemon.write(&number(0), "too late");
    daemon.start_again().await;
    daemon.until_sent(&number(0), &["You said: too late"]).await;
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_hundred_agents_later_no_task_is_left() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    daemon.ask(Request::KillSessions).await.unwrap();
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    let tasks_of_a_session = 1;
    let before = Daemon::tasks() - tasks_of_a_session;
    for round in 0..5 {
        for n in 0..20 {
            daemon.write(&number(n), &format!("silent always {round}"));
        }
        daemon.until_done().await;
        daemon.ask(Request::KillSessions).await.unwrap();
        daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    }
    assert_eq!(daemon.agents.launches().len(), 101);
    assert_eq!(Daemon::tasks() - 20 * tasks_of_a_session, before);
    daemon.end().await;
}

/// How an agent comes to its end in the middle of a turn.
#[derive(Debug, Clone, Copy)]
enum End {
    Killed,
    KilledWithAll,
    Restarted,
    RestartedWithAll,
    Crashed,
    WithItsDaemon,
    WithItsCrashedDaemon,
}

/// What has a session take up what it owes.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// The end itself.
    ByItself,
    Message,
    Restart,
    NextLife,
}

async fn check_taken_up(end: End, begin: Begin) {
    let mut daemon = Daemon::start().await;
    // A stop waits fifteen seconds for a turn.
    let text = if matches!(end, End::WithItsDaemon) { "slow 17 1000" } else { "slow 2 1000" };
    daemon.write(&number(0), text);
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    end_agent(&mut daemon, end).await;
    match begin {
        Begin::ByItself => {}
        Begin::Message => {
            until_asleep(&daemon).await;
            daemon.write(&number(0), "and this");
        }
        Begin::Restart => {
            until_asleep(&daemon).await;
            let session = number(0);
            daemon.ask(Request::RestartSession { session }).await.unwrap();
        }
        Begin::NextLife => {
            until_asleep(&daemon).await;
            daemon.stop().await;
            daemon.start_again().await;
        }
    }
    daemon.until_done().await;
    let row = &daemon.rows()[0];
    assert_eq!((row.state.as_str(), row.attempts.0), ("answered", 2), "{end:?} {begin:?}");
    let answer = format!("You said: {text}");
    assert!(daemon.sent(&number(0)).contains(&answer), "{end:?} {begin:?}");
    daemon.end().await;
}

async fn end_agent(daemon: &mut Daemon, end: End) {
    let session = number(0);
    let asked = match end {
        End::Killed => Request::KillSession { session },
        End::KilledWithAll => Request::KillSessions,
        End::Restarted => Request::RestartSession { session },
        End::RestartedWithAll => Request::RestartSessions,
        End::Crashed => return daemon.agents.kill(daemon.session(&session)),
        End::WithItsDaemon => {
            daemon.stop().await;
            return daemon.start_again().await;
        }
        End::WithItsCrashedDaemon => {
            daemon.crash().await;
            return daemon.start_again().await;
        }
    };
    daemon.ask(asked).await.unwrap();
}

/// Waits until the session has no agent and wants none.
async fn until_asleep(daemon: &Daemon) {
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    for _ in 0..1000 {
        let sessions = daemon.status().await.sessions;
        if sessions.iter().all(|session| session.state == SessionState::Asleep) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the session does not fall asleep");
}

/// No way of ending an agent may forget what was owed, and no way of beginning one may pass it by.
/// Incidents: 2, 3.
#[tokio::test(start_paused = true)]
async fn however_an_agent_ends_and_the_next_begins_what_is_owed_is_answered() {
    for end in [
        End::Restarted,
        End::RestartedWithAll,
        End::Crashed,
        End::WithItsDaemon,
        End::WithItsCrashedDaemon,
    ] {
        check_taken_up(end, Begin::ByItself).await;
    }
    for end in [End::Killed, End::KilledWithAll] {
        for begin in [Begin::Message, Begin::Restart, Begin::NextLife] {
            check_taken_up(end, begin).await;
        }
    }
}

/// A daemon without one of its parts would be there, and deaf.
/// Each of them is seen to end, and what was under way is taken up by the next life.
/// Incidents: 12, K17.
#[tokio::test(start_paused = true)]
async fn a_part_that_panics_ends_the_daemon_as_a_defect() {
    for stage in [Stage::Sources, Stage::Router, Stage::Supervisor, Stage::Sender] {
        // The store's clock is read by whoever asks the store, in the task that asks.
        let armed: Arc<Mutex<Option<Id>>> = Arc::default();
        let trap = Arc::clone(&armed);
        let clock = Arc::new(move || {
            let caught = trap.lock().unwrap().take_if(|task| try_id() == Some(*task));
            assert_eq!(caught, None, "a panic that was asked for");
            wall_now()
        });
        let mut daemon = Daemon::start_with(Setup { clock, ..Setup::default() }).await;
        *armed.lock().unwrap() = Some(daemon.task_of(stage));
        daemon.write(&number(0), "hello");
        let served = timeout(Duration::from_mins(10), daemon.serve());
        assert_eq!(served.await.expect("it ends"), Code::Bug, "{stage:?}");
        assert_eq!(*armed.lock().unwrap(), None, "{stage:?}");
        daemon.start_again().await;
        daemon.until_done().await;
        // A reply that nobody sent is in the outbox still, and its message is answered once more.
        let replies = if stage == Stage::Sender { 2 } else { 1 };
        daemon.until_sent(&number(0), &["You said: hello", "You said: hello"][..replies]).await;
        daemon.end().await;
    }
}
