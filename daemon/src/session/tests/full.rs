//! A conversation that has no room for another turn.

use serde_json::{Value, json};

use super::world::{Played, World};
use crate::claude::options::Start;
use crate::session::{NewsKind, Order};

/// The id that the program reports for the conversation before.
const FULL: &str = "0f0f0f0f-0000-4000-8000-000000000001";

impl Played {
    /// Names its conversation, as the program does when a turn begins.
    async fn name_conversation(&mut self) {
        self.say(&json!({"type": "system", "subtype": "init", "session_id": FULL})).await;
    }

    /// Ends a turn that had no room, and names its conversation once more.
    async fn no_room(&mut self, uuid: &Value) {
        let line = json!({
            "type": "result", "subtype": "success", "is_error": true, "num_turns": 0,
            "terminal_reason": "blocking_limit", "result": "", "user_message_uuids": [uuid],
        });
        self.say(&line).await;
        self.name_conversation().await;
    }
}

/// Neither by this agent's successor nor by a later life of the daemon, which goes by the record.
/// Incidents: 28.
#[tokio::test(start_paused = true)]
async fn a_conversation_that_stays_full_is_off_the_record_and_the_next_agent_begins_another() {
    let mut world = World::new().await;
    world.write("hello").await;
    let mut agent = world.ready().await;
    let uuid = agent.take_message().await;
    agent.name_conversation().await;
    agent.result(&[&uuid]).await;
    agent.state("idle").await;
    world.told(NewsKind::Idle).await;
    assert_eq!(on_record(&world).await.as_deref(), Some(FULL));

    world.write("one too many").await;
    for _ in 0..3 {
        let uuid = agent.take_message().await;
        agent.no_room(&uuid).await;
    }
    assert_eq!(agent.heard().await["request"]["subtype"], "interrupt");
    agent.name_conversation().await;
    agent.state("idle").await;
    assert_eq!(agent.hear().await, None, "its input is closed");
    drop(agent);
    world.told(NewsKind::SlotAsked).await;
    assert_eq!(on_record(&world).await, None);

    world.orders.send(Order::SlotGranted).await.unwrap();
    let pipe = world.take_pipes().recv().await.expect("an agent is started");
    assert!(matches!(pipe.0.session, Start::Fresh(_)), "{:?}", pipe.0.session);
    let mut next = Played::new(pipe);
    next.answer_initialize().await;
    let message = next.heard().await.to_string();
    assert!(message.contains("[Your memory of this chat begins here"), "{message}");
    world.end().await;
}

/// The conversation that an agent of the next life would resume.
async fn on_record(world: &World) -> Option<String> {
    let mut sessions = world.store.sessions().await.unwrap();
    sessions.pop().expect("the session is on record").agent_session
}
