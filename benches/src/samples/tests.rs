use super::*;

#[track_caller]
fn check(values: &[f64], median: f64) {
    let found = Samples::of(values.iter().copied()).unwrap().median();
    assert!((found - median).abs() < 1e-9, "{found} instead of {median}");
}

#[test]
fn the_median_is_the_middle_or_between_the_middle_two() {
    check(&[3.0], 3.0);
    check(&[3.0, 1.0], 2.0);
    check(&[3.0, 1.0, 9.0], 3.0);
    check(&[4.0, 3.0, 1.0, 9.0], 3.5);
}

#[test]
fn without_values_there_are_no_samples() {
    assert_eq!(Samples::of([]), None);
}

#[test]
fn times_are_milliseconds() {
    assert_eq!(Samples::of_times([Duration::from_micros(1500)]), Samples::of([1.5]));
}
