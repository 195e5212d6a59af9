use std::time::Duration;

use proptest::prelude::*;

use super::Debounce;

const PERIOD: Duration = Duration::from_secs(1);

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_burst_of_changes_is_one_write_a_period_after_the_first() {
    let mut debounce = Debounce::new(PERIOD);
    for at in 0..100 {
        debounce.mark(ms(at));
    }
    assert_eq!(debounce.deadline(), Some(PERIOD));
    assert!(!debounce.take_due(ms(999)));
    assert!(debounce.take_due(ms(1000)));
    assert_eq!(debounce.deadline(), None);
}

#[test]
fn a_change_long_after_the_last_write_is_due_at_once() {
    let mut debounce = Debounce::new(PERIOD);
    debounce.mark(ms(0));
    assert!(debounce.take_due(ms(1000)));
    debounce.mark(ms(9000));
    assert!(debounce.take_due(ms(9000)));
}

proptest! {
    #[test]
    fn no_change_waits_longer_than_a_period_and_writes_keep_their_distance(
        steps in proptest::collection::vec(0_u64..700, 1..200)
    ) {
        let mut debounce = Debounce::new(PERIOD);
        let (mut now, mut oldest_change, mut last_write) = (ms(0), None, None::<Duration>);
        for step in steps {
            now += ms(step);
            while let Some(due) = debounce.deadline().filter(|&due| due <= now) {
                let changed: Duration = oldest_change.take().expect("due without a change");
                prop_assert!(due <= changed + PERIOD);
                prop_assert!(last_write.is_none_or(|at| at + PERIOD <= due));
                prop_assert!(debounce.take_due(due));
                last_write = Some(due);
            }
            debounce.mark(now);
            oldest_change.get_or_insert(now);
        }
    }
}
