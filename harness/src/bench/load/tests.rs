//! Looks in, what to do out.

use super::*;

#[test]
fn the_first_look_is_due_at_once_and_the_next_after_some_measuring() {
    let mut guard = Guard::default();
    assert!(guard.is_due());
    assert_eq!(guard.looked(0.1), Found::Quiet);
    assert!(!guard.is_due());
    guard.measured(SPAN / 2);
    assert!(!guard.is_due());
    guard.measured(SPAN / 2);
    assert!(guard.is_due());
}

#[test]
fn a_look_that_found_others_at_work_asks_for_the_next() {
    let mut guard = Guard::default();
    guard.looked(0.9);
    assert!(guard.is_due());
    guard.looked(0.1);
    assert!(!guard.is_due());
}

#[test]
fn the_limit_itself_is_quiet_and_what_is_no_number_is_not() {
    let mut guard = Guard::default();
    assert_eq!(guard.looked(LIMIT), Found::Quiet);
    assert_eq!(guard.looked(LIMIT + 0.01), Found::Loaded);
    assert_eq!(guard.looked(f64::NAN), Found::Loaded);
}

#[test]
fn a_run_waits_for_quiet_a_few_times_and_then_no_more() {
    let mut guard = Guard::default();
    let mut waits = 0;
    while let Some(wait) = guard.may_wait() {
        assert!(!guard.is_loaded());
        guard.waited(wait);
        waits += 1;
    }
    assert_eq!(waits, 10);
    assert!(guard.is_loaded());
}

#[test]
fn a_short_run_waits_less() {
    let mut guard = Guard::waiting(Duration::from_secs(8));
    assert_eq!(guard.may_wait(), Some(WAIT_ONCE_MAX));
    guard.waited(WAIT_ONCE_MAX);
    assert_eq!(guard.may_wait(), Some(Duration::from_secs(2)));
    guard.waited(Duration::from_secs(2));
    assert_eq!(guard.may_wait(), None);
    assert!(guard.is_loaded());
}

#[test]
fn what_others_did_is_summed_up() {
    let mut guard = Guard::default();
    for part in [0.5, 0.0, 0.1] {
        guard.looked(part);
    }
    let load = guard.load();
    assert_eq!((load.looks, load.loaded), (3, 1));
    assert_eq!((load.limit, load.median, load.worst), (LIMIT, 0.1, 0.5));
}

#[test]
fn a_run_without_a_look_has_a_load_all_the_same() {
    assert_eq!(Guard::default().load().looks, 0);
}

#[test]
fn a_look_at_this_machine_is_a_part_of_its_cores() {
    let part = look();
    assert!((0.0..=1.0).contains(&part), "{part}");
}
