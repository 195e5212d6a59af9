//! A time is held until it is durable, and written no more often than it must be.

use super::*;

const A: SessionRow = SessionRow(1);
const B: SessionRow = SessionRow(2);

fn seconds(seconds: u64) -> Monotonic {
    Duration::from_secs(seconds)
}

#[test]
fn the_latest_time_of_a_session_is_held() {
    let touches = Touches::default();
    for at in [5, 9, 7] {
        touches.touch(A, WallMs(at));
    }
    touches.touch(B, WallMs(1));
    assert_eq!(touches.held(), BTreeMap::from([(A, WallMs(9)), (B, WallMs(1))]));
}

#[test]
fn the_first_write_is_due_at_once_and_the_next_a_second_later() {
    let touches = Touches::default();
    assert_eq!(touches.due(seconds(10)), None);
    touches.touch(A, WallMs(1));
    assert_eq!(touches.due(seconds(10)), Some(seconds(10)));
    let times = touches.take_due(seconds(10)).unwrap();
    touches.written(&times);
    assert_eq!(touches.due(seconds(10)), None);
    touches.touch(A, WallMs(2));
    assert_eq!(touches.due(seconds(10)), Some(seconds(11)));
    assert_eq!(touches.take_due(Duration::from_millis(10_999)), None);
    assert!(touches.take_due(seconds(11)).is_some());
}

#[test]
fn a_time_that_came_during_the_write_is_kept_for_the_next() {
    let touches = Touches::default();
    touches.touch(A, WallMs(1));
    touches.touch(B, WallMs(1));
    let times = touches.take_due(seconds(0)).unwrap();
    touches.touch(A, WallMs(2));
    touches.written(&times);
    assert_eq!(touches.held(), BTreeMap::from([(A, WallMs(2))]));
}

#[test]
fn a_write_that_failed_is_due_again() {
    let touches = Touches::default();
    touches.touch(A, WallMs(1));
    touches.take_due(seconds(0)).unwrap();
    assert_eq!(touches.due(seconds(0)), Some(seconds(1)));
    assert_eq!(touches.take_due(seconds(1)), Some(BTreeMap::from([(A, WallMs(1))])));
}
