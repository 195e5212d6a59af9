use std::time::Instant;

use super::*;

#[track_caller]
fn check(routed_at_ms: &[f64], expected: (f64, f64)) {
    let since = Moment { instant: Instant::now(), wall_ms: 1000.0 };
    assert_eq!(last_and_gap(routed_at_ms, since), expected);
}

#[test]
fn the_wait_before_the_first_is_a_gap_too() {
    check(&[1040.0, 1050.0, 1060.0], (60.0, 40.0));
}

#[test]
fn a_gap_in_the_middle_is_found() {
    check(&[1010.0, 1200.0, 1205.0], (205.0, 190.0));
}
