use super::*;

#[track_caller]
fn check(now_s: i64, asked_s: &[i64], may: bool) {
    let asked = asked_s.iter().map(|at| WallMs(at * 1000));
    assert_eq!(may_ask(WallMs(now_s * 1000), asked).is_ok(), may);
}

/// Incidents: 33, 61.
#[test]
fn the_fourth_restart_in_ten_minutes_is_refused() {
    check(1000, &[], true);
    check(1000, &[900, 990], true);
    check(1000, &[900, 950, 990], false);
    check(1499, &[900, 950, 990], false);
    check(1500, &[900, 950, 990], true);
}

#[test]
fn a_clock_that_was_set_back_neither_opens_the_guard_nor_shuts_it_for_good() {
    check(1000, &[1100, 1150, 1190], false);
    check(1000, &[9000, 9500, 9900], true);
}
