//! What has to be on disk before an agent reads anything.

use std::time::Duration;

use tokio::time::timeout;

use super::world::World;

#[tokio::test(start_paused = true)]
async fn nothing_goes_to_the_agent_before_its_attempt_is_durable() {
    let mut world = World::new().await;
    world.write("one").await;
    world.forbid("INSERT ON attempts");
    let mut agent = world.ready().await;
    let heard = timeout(Duration::from_mins(1), agent.hear()).await;
    assert!(heard.is_err(), "{heard:?}");
    assert_eq!(world.states(), ["accepted"]);
    world.allow();
    let uuid = agent.take_message().await;
    assert_eq!(world.states(), ["delivered"]);
    agent.result(&[&uuid]).await;
    world.until_states(&["answered"]).await;
    world.end().await;
}
