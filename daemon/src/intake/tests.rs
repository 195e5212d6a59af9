use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use assistant_core::chat::Source;

use super::*;
use crate::scene::{Scene, arrival};

fn intake(scene: &Scene) -> Intake {
    Intake::new(scene.store.clone(), Arc::new(Notify::new()))
}

/// Whether somebody who waits for a hint would have got one; it is used up.
fn hinted(intake: &Intake) -> bool {
    let waiting = pin!(intake.accepted.notified());
    waiting.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[tokio::test(start_paused = true)]
async fn arrivals_get_rows_in_their_order_and_the_known_ones_theirs() {
    let scene = Scene::new();
    let intake = intake(&scene);
    let arrivals = |keys: &[&str]| keys.iter().map(|key| arrival(key, "a")).collect();
    assert_eq!(intake.accept(arrivals(&["a", "b"]), None).await.unwrap(), [RowId(1), RowId(2)]);
    let rows = intake.accept(arrivals(&["c", "a", "c"]), None).await.unwrap();
    assert_eq!((rows[0], rows[1], rows[2]), (rows[2], RowId(1), rows[0]));
    assert_eq!(scene.rows("SELECT key FROM inbox ORDER BY row"), ["a", "b", "c"]);
}

/// A cursor ahead of its rows is a loss at the next crash.
/// Incidents: K2.
#[tokio::test(start_paused = true)]
async fn the_cursor_goes_with_the_rows_or_not_at_all() {
    let scene = Scene::new();
    let intake = intake(&scene);
    let cursor = |value: &str| Some(CursorUpdate { source: Source::Test, value: value.to_owned() });
    intake.accept(vec![arrival("a", "a")], cursor("1")).await.unwrap();
    assert!(hinted(&intake));
    scene.forbid("INSERT ON inbox");
    intake.accept(vec![arrival("b", "a")], cursor("2")).await.unwrap_err();
    assert_eq!(scene.rows("SELECT source, value FROM cursors"), ["test|1"]);
    assert!(!hinted(&intake), "nothing was accepted");
}
