use super::{amount, bytes, change, change_spread, estimate, share};
use crate::bench::policy::Unit;
use crate::bench::report::Interval;

const fn interval(value: f64, low: f64, high: f64) -> Interval {
    Interval { value, low, high }
}

#[track_caller]
fn check(value: f64, unit: Unit, expected: &str) {
    assert_eq!(amount(value, unit), expected);
}

#[test]
fn a_number_has_three_digits_and_the_unit_that_makes_it_short() {
    check(0.0, Unit::Milliseconds, "0 ms");
    check(0.000_35, Unit::Milliseconds, "350 ns");
    check(0.001_2, Unit::Milliseconds, "1.20 µs");
    check(3.018, Unit::Milliseconds, "3.02 ms");
    check(110.0, Unit::Milliseconds, "110 ms");
    check(1_304.0, Unit::Milliseconds, "1.30 s");
    check(12.0, Unit::Megabytes, "12 MB");
    check(0.4, Unit::Megabytes, "400 kB");
    check(368.4, Unit::Kilobytes, "368 kB");
    check(5_000.0, Unit::Kilobytes, "5 MB");
    check(50.0, Unit::CpuMsPerMinute, "50 ms/min");
    check(12_345.0, Unit::Instructions, "12.3 k instr.");
    check(3.0, Unit::Count, "3");
    check(-2.5, Unit::Count, "-2.50");
    check(1e300, Unit::Milliseconds, "1.00e297 s");
    assert_eq!(bytes(9_961_472), "9.96 MB");
}

#[test]
fn the_ends_of_an_interval_are_in_the_unit_of_its_value() {
    assert_eq!(estimate(&interval(1.01, 0.95, 1.2), Unit::Milliseconds), "1.01 ms (0.95 to 1.20)");
    assert_eq!(estimate(&interval(0.0, 0.0, 0.0), Unit::Count), "0");
}

#[test]
fn a_ratio_is_told_as_a_change() {
    assert_eq!(change(&interval(1.031, 1.019, 1.04)), "+3.1 % ±1.2");
    assert_eq!(change(&interval(0.9, 0.88, 0.92)), "−10.0 % ±2.0");
    assert_eq!(change(&interval(0.993, 0.893, 1.021)), "−0.7 % (−10.7 to +2.1)");
    assert_eq!(change(&interval(1.000_1, 0.999, 1.001)), "0 % ±0.1");
    assert_eq!(change(&interval(3.1, 3.0, 3.22)), "3.10x ±0.12");
    assert_eq!(change_spread(&interval(1.0, 0.98, 1.1)), "−2.0 % to +10.0 %");
    assert_eq!([share(0.0), share(0.000_01)], ["0 %", "< 0.1 %"]);
    assert_eq!(share(0.004), "0.4 %");
    assert_eq!(share(0.5), "50 %");
}
