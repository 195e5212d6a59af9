//! Waiting ends at the first success, and soon after the limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{call_off_by, wait_for, wait_for_every, wait_until};

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

#[test]
fn a_step_longer_than_the_limit_does_not_outlast_it() {
    let started = Instant::now();
    let (step, limit) = (Duration::from_mins(1), Duration::from_millis(20));
    assert_eq!(wait_for_every(step, limit, || None::<u8>), None);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_short_step_looks_more_often() {
    let mut looks = 0;
    let found = wait_for_every(Duration::from_micros(1), Duration::from_mins(1), || {
        looks += 1;
        (looks == 500).then_some(looks)
    });
    assert_eq!(found, Some(500));
}

#[test]
fn a_wait_that_is_called_off_looks_once_and_ends() {
    let flag = Arc::new(AtomicBool::new(false));
    call_off_by(Arc::clone(&flag));
    let mut looks = 0;
    let mut look = || {
        looks += 1;
        // The second look is the last: it happens although the flag is set.
        flag.store(looks == 1, Ordering::Relaxed);
        false
    };
    assert!(!wait_until(Duration::from_mins(1), &mut look));
    assert_eq!(looks, 2);
}
