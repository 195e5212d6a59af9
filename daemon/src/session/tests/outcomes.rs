//! What became of messages, while the store cannot write it down.

use std::time::Duration;

use assistant_core::session::Command;
use tokio::time::{Instant, timeout};

use super::world::{Played, World};
use crate::session::NewsKind;

/// With one message answered that the store knows as delivered.
async fn unsettled() -> (World, Played) {
    let mut world = World::new().await;
    world.write("one").await;
    let mut agent = world.ready().await;
    let uuid = agent.take_message().await;
    world.forbid("UPDATE ON attempts");
    agent.result(&[&uuid]).await;
    agent.state("idle").await;
    world.told(NewsKind::Idle).await;
    assert_eq!(world.states(), ["delivered"]);
    (world, agent)
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_could_not_be_written_down_is_once_it_can() {
    let (world, _agent) = unsettled().await;
    world.allow();
    world.until_states(&["answered"]).await;
    world.end().await;
}

/// What was done is not done again because it could not be written down.
/// Incidents: 10.
#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_while_an_answer_is_not_written_down() {
    let (mut world, mut agent) = unsettled().await;
    world.write("two").await;
    let early = timeout(Duration::from_mins(1), agent.hear()).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(world.states(), ["delivered", "accepted"]);
    world.allow();
    let uuid = agent.take_message().await;
    assert_eq!(world.states(), ["answered", "delivered"]);
    agent.result(&[&uuid]).await;
    world.until_states(&["answered", "answered"]).await;
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_a_session_an_answer_is_tried_to_be_written_down_a_last_time() {
    let (mut world, agent) = unsettled().await;
    world.command(Command::EndNow).await;
    drop(agent);
    world.told(NewsKind::SlotReleased).await;
    world.allow();
    world.until_states(&["answered"]).await;
    world.end_of_session().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_broken_does_not_keep_a_session_from_its_end() {
    let (world, agent) = unsettled().await;
    drop(agent);
    let began = Instant::now();
    world.end().await;
    assert!(began.elapsed().as_secs() <= 10, "{:?}", began.elapsed());
}
