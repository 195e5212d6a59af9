use std::sync::Arc;

use assistant_core::chat::Source;
use tokio::sync::Notify;

use super::*;
use crate::scene::{Scene, soon};
use crate::store::{NewSession, SessionFacts, SessionKind};

/// A home beside the scene's store.
fn restarts(scene: &Scene) -> (Restarts, Requests) {
    let home = Home::at(scene.path("home"));
    std::fs::create_dir_all(scene.path("home/state/restart")).unwrap();
    let requests = Requests::of(&home);
    (Restarts::of(&home, scene.store.clone(), Arc::new(Notify::new())), requests)
}

async fn session(scene: &Scene, chat: &str) -> i64 {
    let facts = SessionFacts {
        name: "a name".to_owned(),
        kind: SessionKind::Direct,
        contact: "a name".to_owned(),
        tier: assistant_core::access::Tier::Admin,
        model: None,
    };
    let chat = ChatId::parse(chat).unwrap();
    let new = NewSession { chat, working_dir: scene.path("work"), facts };
    soon(scene.store.ensure_session(new)).await.unwrap().row.0
}

fn done(id: &str, initiator: Initiator, exit_code: Option<i32>) -> RestartRequest {
    RestartRequest {
        id: id.to_owned(),
        initiator,
        asked_at: "2026-01-01T00:00:00Z".to_owned(),
        state: RequestState::Done,
        command: None,
        exit_code,
        says: None,
        told: false,
    }
}

const OUTBOX: &str = "SELECT chat, key, text FROM outbox ORDER BY row";

/// Whatever messenger they write on: the chat is looked up by its session, never guessed.
/// Incidents: 77, K20, K21.
#[tokio::test(start_paused = true)]
async fn who_asked_is_told_in_every_source_and_nobody_else_is() {
    let scene = Scene::new();
    let (restarts, requests) = restarts(&scene);
    let chats = ["test:+15555550123", "signal:+15555550124", "imessage:+15555550125"];
    assert_eq!(Source::ALL.len(), chats.len());
    let mut rows = Vec::new();
    for chat in chats {
        rows.push(session(&scene, chat).await);
    }
    session(&scene, "signal:+15555550199").await;
    for (row, code) in rows.into_iter().zip([0, 25, 20]) {
        let request = done(&format!("r{row}"), Initiator::Session(row), Some(code));
        requests.write(&request).unwrap();
    }
    soon(restarts.tell()).await.unwrap();
    assert_eq!(
        scene.rows(OUTBOX),
        [
            "test:+15555550123|restart-r1|The restart is done: the new version runs.",
            "signal:+15555550124|restart-r2|The restart was taken back: the new version did not do \
             well, and the one before runs again.",
            "imessage:+15555550125|restart-r3|The restart was not done: the tests found something. \
             Nothing has changed.",
        ]
    );
    assert!(requests.all().unwrap().0.iter().all(|request| request.told));
}

/// Incidents: 77.
#[tokio::test(start_paused = true)]
async fn whoever_was_told_is_not_told_again() {
    let scene = Scene::new();
    let (restarts, requests) = restarts(&scene);
    let row = session(&scene, "test:+15555550123").await;
    let request = done("r1", Initiator::Session(row), Some(0));
    requests.write(&request).unwrap();
    soon(restarts.tell()).await.unwrap();
    soon(restarts.tell()).await.unwrap();
    // A life that ended between the notice and its record tells it again, under the same key.
    requests.write(&request).unwrap();
    soon(restarts.tell()).await.unwrap();
    assert_eq!(scene.rows("SELECT count(*) FROM outbox"), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_goes_on_is_not_told_and_an_owners_is_nobodys_chat() {
    let scene = Scene::new();
    let (restarts, requests) = restarts(&scene);
    let row = session(&scene, "test:+15555550123").await;
    let running = RestartRequest {
        state: RequestState::Running,
        ..done("r1", Initiator::Session(row), None)
    };
    requests.write(&running).unwrap();
    requests.write(&done("r2", Initiator::Owner(true), Some(0))).unwrap();
    requests.write(&done("r3", Initiator::Session(row + 100), Some(0))).unwrap();
    soon(restarts.tell()).await.unwrap();
    assert!(scene.rows(OUTBOX).is_empty());
    let told: Vec<bool> = requests.all().unwrap().0.iter().map(|request| request.told).collect();
    assert_eq!(told, [false, true, true]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_leaves_the_notice_for_later() {
    let scene = Scene::new();
    let (restarts, requests) = restarts(&scene);
    let row = session(&scene, "test:+15555550123").await;
    requests.write(&done("r1", Initiator::Session(row), None)).unwrap();
    scene.forbid("INSERT ON outbox");
    assert!(matches!(soon(restarts.tell()).await, Err(TellError::Store(_))));
    assert!(!requests.all().unwrap().0[0].told);
    scene.allow();
    soon(restarts.tell()).await.unwrap();
    assert_eq!(scene.rows("SELECT count(*) FROM outbox"), ["1"]);
}

#[tokio::test]
async fn without_a_launcher_the_answer_says_what_to_do() {
    let scene = Scene::new();
    let (restarts, _) = restarts(&scene);
    let refusal = restarts.ask(Initiator::Owner(true)).await.unwrap_err();
    assert!(refusal.message.contains("claude-assistant install"), "{refusal}");
}
