use std::collections::BTreeMap;

use super::*;

fn slowed(total_ms: u64, gap_ms: u64) -> Vec<(usize, Duration)> {
    let delay = |metric: &str, ms| (metric.to_owned(), Duration::from_millis(ms));
    let slowdown = Slowdown::of(BTreeMap::from([delay(TOTAL, total_ms), delay(GAP, gap_ms)]));
    pauses(&slowdown).collect()
}

#[test]
fn all_pauses_together_are_what_the_whole_is_to_take_longer() {
    let pauses = slowed(25, 5);
    assert_eq!(pauses.iter().map(|(_, pause)| *pause).sum::<Duration>(), Duration::from_millis(25));
    assert!(pauses.contains(&(FILES / 2, Duration::from_millis(5))), "{pauses:?}");
    assert!(pauses.iter().all(|(behind, _)| (1..FILES).contains(behind)), "{pauses:?}");
    assert!(pauses.is_sorted());
}

#[test]
fn where_nothing_is_slowed_nobody_is_stopped() {
    assert_eq!(slowed(0, 0), []);
    assert_eq!(slowed(0, 3), [(FILES / 2, Duration::from_millis(3))]);
}
