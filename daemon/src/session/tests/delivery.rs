//! What has to be on disk before an agent reads anything.

use std::time::Duration;

use assistant_core::session::Hold;
use tokio::time::timeout;

use super::world::World;
use crate::session::Order;

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

/// Nothing is delivered behind the back of whoever holds delivery.
#[tokio::test(start_paused = true)]
async fn a_hold_reaches_a_session_that_has_no_room_for_another_order() {
    let mut world = World::new().await;
    world.write("one").await;
    let mut agent = world.ready().await;
    let uuid = agent.take_message().await;
    agent.result(&[&uuid]).await;
    world.until_states(&["answered"]).await;
    // It takes none of these before the next line waits.
    while world.orders.try_send(Order::SlotGranted).is_ok() {}
    world.hold.send_replace(Hold::Held);
    world.write("two").await;
    let heard = timeout(Duration::from_mins(1), agent.hear()).await;
    assert!(heard.is_err(), "{heard:?}");
    assert_eq!(world.states(), ["answered", "accepted"]);
    world.hold.send_replace(Hold::Released);
    agent.take_message().await;
    world.end().await;
}
