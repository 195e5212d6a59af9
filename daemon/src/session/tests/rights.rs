//! Messages that were routed to a session by rights which do not hold any more.

use std::time::Duration;

use tokio::time::timeout;

use super::world::World;
use crate::session::NewsKind;

/// A contact of the session's handle.
fn contact(tier: &str) -> String {
    format!("[[contact]]\nname = \"owner\"\ntier = \"{tier}\"\nhandles = [\"+15555550123\"]\n")
}

/// The agent hears nothing of a message, which ends in this state.
async fn check(contacts: &str, expected: &str) {
    let mut world = World::knowing(contacts).await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    world.until_states(&[expected]).await;
    world.told(NewsKind::Idle).await;
    let heard = timeout(Duration::from_mins(1), agent.hear()).await;
    assert!(heard.is_err(), "{heard:?}");
    let (owed, conversation) = {
        let facts = world.facts.borrow();
        (facts.owed, facts.agent_session.clone())
    };
    assert_eq!((owed, conversation), (0, None), "nothing owed, and nothing to come back to");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_somebody_who_was_removed_is_refused_at_its_delivery() {
    check("", "refused: unknown sender").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_somebody_who_is_no_admin_any_more_is_refused_at_its_delivery() {
    check(&contact("family"), "refused: no rights yet").await;
}

#[tokio::test(start_paused = true)]
async fn a_message_is_not_delivered_because_its_refusal_could_not_be_written_down() {
    let mut world = World::knowing("").await;
    world.write("hello").await;
    world.forbid("UPDATE ON inbox");
    let mut agent = world.ready().await;
    let heard = timeout(Duration::from_mins(1), agent.hear()).await;
    assert!(heard.is_err(), "{heard:?}");
    assert_eq!(world.states(), ["accepted"]);
    world.allow();
    world.until_states(&["refused: unknown sender"]).await;
    world.end().await;
}
