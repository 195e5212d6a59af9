use serde_json::json;

use super::*;

#[track_caller]
fn check(session: &Value, down_before: &[i64], expected: Option<&str>) {
    let status = json!({ "held": false, "sessions": [session] });
    let down_before = down_before.iter().copied().collect();
    let said = none_is_down(&status, &down_before).err().map(|error| format!("{error:#}"));
    match (&said, expected) {
        (None, None) => {}
        (Some(said), Some(expected)) => assert!(said.ends_with(expected), "{said}"),
        _ => panic!("{said:?} for {session}, {down_before:?}"),
    }
}

#[test]
fn a_session_that_was_dead_before_a_restart_may_be_so_after_it() {
    let dead = json!({ "row": 3, "state": "dead", "queue": 1 });
    check(&dead, &[], Some("): session 3 is \"dead\""));
    check(&dead, &[4], Some("): session 3 is \"dead\""));
    check(&dead, &[3, 4], None);
}

#[test]
fn of_one_that_was_to_try_again_and_is_dead_after_a_restart_nothing_is_said() {
    let status = |row: i64| json!({ "sessions": [{ "row": row, "state": "dead", "queue": 1 }] });
    let down = Down::from_iter([3]).trying([3]);
    let undecided = none_is_down(&status(3), &down).unwrap_err();
    assert!(undecided.downcast_ref::<Undecided>().is_some(), "{undecided:#}");
    let wrong = none_is_down(&status(4), &down).unwrap_err();
    assert!(wrong.downcast_ref::<Undecided>().is_none(), "{wrong:#}");
}

#[test]
fn a_session_that_owes_an_answer_does_not_sleep() {
    let asleep = |queue: u64| json!({ "row": 3, "state": "asleep", "queue": queue });
    check(&asleep(0), &[], None);
    check(&asleep(1), &[], Some("): session 3 is \"asleep\""));
    check(&asleep(1), &[3], None);
    let held = json!({ "held": true, "sessions": [asleep(1)] });
    assert!(none_is_down(&held, &Down::default()).is_ok(), "it waits for the end of the hold");
}

#[test]
fn the_last_error_of_a_session_that_was_down_before_is_none() {
    let status = json!({ "last_error": { "what": "session rests", "session": 3 } });
    assert_eq!(errors(&status, &Down::from_iter([3])), [""; 0]);
    assert_eq!(errors(&status, &Down::from_iter([4])).len(), 1);
    let somebodys = json!({ "last_error": { "what": "not stored", "session": null } });
    assert_eq!(errors(&somebodys, &Down::from_iter([3])).len(), 1);
    let both = json!({ "last_error": { "session": 3 }, "contacts_error": "no such tier" });
    assert_eq!(errors(&both, &Down::from_iter([3])), ["contacts_error: \"no such tier\""]);
}
