//! How an agent is ended, whatever it is doing. Under a paused clock every step comes at its
//! deadline to the second.

use std::time::Duration;

use assistant_core::limits::{IDLE_MAX, LAUNCH_MAX};
use assistant_core::session::{Command, Standing};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::world::{Played, World};
use crate::session::NewsKind;
use crate::session::Order;

/// With an agent that runs a turn.
async fn busy() -> (World, Played) {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    agent.take_message().await;
    (world, agent)
}

/// With an agent that has nothing to do.
async fn idle() -> (World, Played) {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    let uuid = agent.take_message().await;
    agent.result(&[&uuid]).await;
    agent.state("idle").await;
    world.told(NewsKind::Idle).await;
    (world, agent)
}

/// Waits until the agent's slot is free, and says how long that took, in seconds.
async fn seconds_to_release(world: &mut World, began: Instant) -> u64 {
    world.told(NewsKind::SlotReleased).await;
    began.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_agent_has_its_input_closed_and_three_seconds_to_leave() {
    let (mut world, mut agent) = idle().await;
    let began = Instant::now();
    world.command(Command::Kill).await;
    assert_eq!(agent.hear().await, None);
    assert_eq!(seconds_to_release(&mut world, began).await, 3);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_agent_is_interrupted_with_its_queue_and_then_has_its_input_closed() {
    let (mut world, mut agent) = busy().await;
    world.command(Command::Kill).await;
    let asked = agent.heard().await;
    assert_eq!(asked["request"], json!({"subtype": "interrupt", "cancel_queued": true}));
    agent.answer(&asked).await;
    agent.state("idle").await;
    assert_eq!(agent.hear().await, None);
    drop(agent);
    world.told(NewsKind::SlotReleased).await;
    let (standing, owed) = (world.facts.borrow().standing, world.facts.borrow().owed);
    assert_eq!((standing, owed), (Standing::Asleep, 1), "parked with the message that it owes");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_stays_busy_is_terminated_after_five_seconds_with_its_input_open() {
    let (mut world, mut agent) = busy().await;
    let began = Instant::now();
    world.command(Command::Kill).await;
    assert_eq!(agent.heard().await["request"]["subtype"], "interrupt");
    assert_eq!(seconds_to_release(&mut world, began).await, 5);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn background_tasks_are_stopped_before_the_turn_is_interrupted() {
    let (mut world, mut agent) = busy().await;
    let tasks = json!([{"task_id": "b1"}, {"task_id": "b2"}]);
    let alive = json!({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks});
    agent.say(&alive).await;
    // A request behind it, so that the session has read both.
    agent.ask("r1", &json!({"subtype": "nothing"})).await;
    world.command(Command::Kill).await;
    for expected in [
        json!({"subtype": "stop_task", "task_id": "b1"}),
        json!({"subtype": "stop_task", "task_id": "b2"}),
        json!({"subtype": "interrupt", "cancel_queued": true}),
    ] {
        assert_eq!(agent.heard().await["request"], expected);
    }
    agent.state("idle").await;
    assert_eq!(agent.hear().await, None);
    drop(agent);
    world.told(NewsKind::SlotReleased).await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_not_ready_yet_is_terminated_at_once() {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.launch().await;
    assert_eq!(agent.heard().await["request"]["subtype"], "initialize");
    let began = Instant::now();
    world.command(Command::Kill).await;
    assert_eq!(seconds_to_release(&mut world, began).await, 0);
    world.end().await;
}

/// Silence from the beginning on is found out, and does not last.
/// Incidents: 62.
#[tokio::test(start_paused = true)]
async fn an_agent_that_never_answers_initialize_is_given_up_after_a_minute_and_tried_again() {
    let mut world = World::new().await;
    world.write("hello").await;
    let _silent = world.launch().await;
    let began = Instant::now();
    assert_eq!(seconds_to_release(&mut world, began).await, LAUNCH_MAX.as_secs());
    let mut agent = world.ready().await;
    agent.take_message().await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_does_not_read_is_terminated_in_time() {
    let (mut world, mut agent) = busy().await;
    // Answers fill the pipe and every queue before it.
    for n in 0..2000 {
        let request = json!({"subtype": "nothing", "padding": "x".repeat(50)});
        let asked =
            json!({"type": "control_request", "request_id": n.to_string(), "request": request});
        agent.say(&asked).await;
    }
    let began = Instant::now();
    world.command(Command::Kill).await;
    assert_eq!(seconds_to_release(&mut world, began).await, 5);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_waits_for_the_running_turn_and_no_longer_than_it_may() {
    let (mut world, mut agent) = busy().await;
    let began = Instant::now();
    world.command(Command::End { turn_grace: Duration::from_secs(15) }).await;
    assert_eq!(agent.heard().await["request"]["subtype"], "interrupt");
    assert_eq!(began.elapsed().as_secs(), 15);
    agent.state("idle").await;
    assert_eq!(agent.hear().await, None);
    drop(agent);
    world.told(NewsKind::SlotReleased).await;
    world.end_of_session().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_without_patience_terminates_whatever_runs() {
    let (mut world, mut agent) = busy().await;
    let began = Instant::now();
    world.command(Command::EndNow).await;
    while agent.hear().await.is_some() {}
    assert_eq!(seconds_to_release(&mut world, began).await, 0);
    world.end_of_session().await;
}

/// To the second, and not before.
/// Danger zone: 5.
#[tokio::test(start_paused = true)]
async fn an_agent_that_is_idle_for_two_hours_is_ended() {
    let (mut world, mut agent) = idle().await;
    let began = Instant::now();
    let heard = tokio::time::timeout(IDLE_MAX * 2, agent.wait_for_end()).await;
    heard.expect("its input is closed");
    assert_eq!(began.elapsed().as_secs(), IDLE_MAX.as_secs());
    drop(agent);
    world.told(NewsKind::SlotReleased).await;
    world.end().await;
}

/// The start is over and a kill has come: the session learns of both at the same moment, in either
/// order.
#[tokio::test(start_paused = true)]
async fn an_agent_that_was_started_as_the_session_was_killed_does_not_stay() {
    for round in 0..8 {
        let mut world = World::new().await;
        world.write("hello").await;
        world.told(NewsKind::SlotAsked).await;
        world.orders.send(Order::SlotGranted).await.unwrap();
        // A task's turn comes before the session's, which the end of the start wakes after it.
        let (orders, mut pipes) = (world.orders.clone(), world.take_pipes());
        let mut killing = JoinSet::new();
        killing.spawn(async move {
            let pipe = pipes.recv().await.expect("an agent is started");
            orders.try_send(Order::Command(Command::Kill)).unwrap();
            pipe
        });
        let pipe = killing.join_next().await.expect("it was there").unwrap();
        world.told(NewsKind::SlotReleased).await;
        let mut agent = Played::new(pipe);
        let gone = tokio::time::timeout(Duration::from_mins(5), agent.wait_for_end()).await;
        assert!(gone.is_ok(), "round {round}: an agent without a slot");
        assert_eq!(world.facts.borrow().standing, Standing::Asleep);
        world.end().await;
    }
}
