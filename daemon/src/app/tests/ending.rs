//! The orderly end, and that nothing stays behind.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Daemon, number};
use crate::app::give_up;
use crate::app::signals::Signals;
use crate::control::protocol::Request;

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
