//! Waiting ends at the first success, and soon after the limit.

use std::time::{Duration, Instant};

use super::{wait_for, wait_until};

#[test]
fn a_condition_that_holds_at_once_costs_no_wait() {
    let started = Instant::now();
    assert!(wait_until(Duration::from_mins(1), || true));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_limit_of_zero_still_looks_once() {
    assert_eq!(wait_for(Duration::ZERO, || Some(7)), Some(7));
    assert_eq!(wait_for(Duration::ZERO, || None::<u8>), None);
}

#[test]
fn what_appears_on_the_third_look_is_found() {
    let mut looks = 0;
    let found = wait_for(Duration::from_mins(1), || {
        looks += 1;
        (looks == 3).then_some(looks)
    });
    assert_eq!(found, Some(3));
}

#[test]
fn what_never_comes_ends_at_the_limit() {
    let started = Instant::now();
    assert!(!wait_until(Duration::from_millis(20), || false));
    assert!(Duration::from_millis(20) <= started.elapsed());
}
