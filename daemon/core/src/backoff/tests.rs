use std::time::Duration;

use super::{AfterError, Backoff, Revival, turn_wait};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Faster would be a storm of agents, slower a chat that waits for nothing.
/// The waits themselves.
/// Incidents: 79.
/// Danger zone: 2.
#[test]
fn waits_two_seconds_more_for_each_error_and_dies_at_the_third() {
    let mut backoff = Backoff::default();
    assert_eq!(backoff.fail(s(10)), AfterError::Wait(s(12)));
    assert_eq!(backoff.fail(s(20)), AfterError::Wait(s(24)));
    assert_eq!(backoff.fail(s(30)), AfterError::Dead);
}

/// Errors of last week are no reason to wait now.
/// Danger zone: 2.
#[test]
fn a_success_resets_the_count() {
    let mut backoff = Backoff::default();
    backoff.fail(s(0));
    backoff.fail(s(0));
    backoff.succeed();
    assert_eq!(backoff.fail(s(5)), AfterError::Wait(s(7)));
}

/// Revivals would else make of three errors any number.
/// Danger zone: 2.
#[test]
fn the_fourth_revival_in_twenty_minutes_is_refused_until_the_first_is_old() {
    let mut backoff = Backoff::default();
    for minute in [0, 5, 10] {
        assert_eq!(backoff.revive(s(60 * minute)), Revival::Granted);
    }
    assert_eq!(backoff.revive(s(60 * 15)), Revival::OpenUntil(s(60 * 20)));
    assert_eq!(backoff.revive(s(60 * 20)), Revival::Granted);
}

#[test]
fn a_failing_api_is_asked_ever_more_seldom_but_at_least_once_a_minute() {
    let waits: Vec<u64> = (1..=8).map(|failures| turn_wait(failures).as_secs()).collect();
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(turn_wait(u32::MAX), s(60));
}
