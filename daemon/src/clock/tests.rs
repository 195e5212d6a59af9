use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

#[tokio::test(start_paused = true)]
async fn the_monotonic_clock_counts_from_its_start() {
    tokio::time::advance(Duration::from_secs(5)).await;
    let clock = Clock::start();
    assert_eq!(clock.monotonic(), Duration::ZERO);
    tokio::time::advance(Duration::from_millis(1500)).await;
    assert_eq!(clock.now().monotonic, Duration::from_millis(1500));
    assert!(WallMs(1_700_000_000_000) < clock.now().wall);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_slept_for_until_it_has_come() {
    let clock = Clock::start();
    clock.sleep_until(Some(Duration::from_secs(3))).await;
    assert_eq!(clock.monotonic(), Duration::from_secs(3));
    // One that is past is no wait.
    clock.sleep_until(Some(Duration::from_secs(1))).await;
    assert_eq!(clock.monotonic(), Duration::from_secs(3));
    let never = pin!(clock.sleep_until(None));
    assert!(never.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}
