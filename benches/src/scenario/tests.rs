use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use super::*;

const ENTRY: Entry = Entry {
    name: "work",
    metrics: &["work.ms", "work.kb"],
    warm_ups: 0,
    open: |_| Err(NoValues::Missing("anything".to_owned())),
};

/// What is said to these values; nothing if they are as promised.
#[track_caller]
fn check(values: &[(&str, f64)], said: Option<&str>) {
    let values = values.iter().map(|&(metric, value)| (metric.to_owned(), value)).collect();
    assert_eq!(checked(&ENTRY, values).err().map(|why| why.to_string()).as_deref(), said);
}

#[test]
fn a_sample_has_just_the_promised_values() {
    check(&[("work.ms", 1.5), ("work.kb", -2.0)], None);
    check(&[("work.ms", 1.5)], Some("measure work: no value of work.kb"));
    let more = [("work.ms", 1.5), ("work.kb", 1.0), ("work.s", 0.1)];
    check(&more, Some("measure work: a value of work.s, which is not promised"));
    check(&[("work.ms", f64::NAN), ("work.kb", 1.0)], Some("measure work: work.ms is NaN"));
}

#[test]
fn only_what_is_slowed_is_held_and_each_unit_of_it() {
    let delay = Duration::from_millis(2);
    let slowdown = Slowdown::of(BTreeMap::from([("work.ms".to_owned(), delay)]));
    let began = Instant::now();
    slowdown.hold_each("work.ms", 5);
    assert!(5 * delay <= began.elapsed());
    // Held by a day, this would not end.
    let day = Duration::from_hours(24);
    Slowdown::of(BTreeMap::from([("work.ms".to_owned(), day)])).hold("work.kb");
}

#[test]
fn units_share_the_time_that_they_took_together() {
    let each = ms_of_each(Duration::from_millis(3), 4);
    assert!((each - 0.75).abs() < 1e-9, "{each}");
}

#[test]
fn somebody_looks_before_the_stimulus_is_given() {
    let given = &AtomicBool::new(false);
    let (tell, told) = sync_channel(1);
    let stimulus = move || {
        // Were it given first, nobody would ever say so.
        told.recv_timeout(Duration::from_mins(1)).map_err(|_| "see somebody look")?;
        given.store(true, Ordering::SeqCst);
        Ok("given")
    };
    let look = || {
        assert!(!given.load(Ordering::SeqCst));
        tell.send(()).unwrap();
        while !given.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        Ok("found")
    };
    assert_eq!(while_looking(stimulus, look), Ok::<_, &str>(("given", "found")));
}

#[test]
fn a_stimulus_that_cannot_be_given_is_told_before_the_look_that_was_in_vain() {
    let failed = while_looking(|| Err::<(), _>("give it"), || Err::<(), _>("find it"));
    assert_eq!(failed, Err("give it"));
}
