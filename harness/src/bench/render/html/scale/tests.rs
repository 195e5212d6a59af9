use super::{BOTTOM, Scale, TOP};

#[track_caller]
fn check(scale: &Scale, value: f64, expected: f64) {
    let y = scale.y(value);
    assert!((y - expected).abs() < 0.01, "{value} stands at {y}");
}

#[test]
fn values_and_near_lines_share_a_linear_scale_from_zero() {
    let scale = Scale::new([6.0, 8.0], &[10.0]);
    assert_eq!(scale.gap(), None);
    check(&scale, 0.0, BOTTOM);
    check(&scale, 10.8, TOP);
    check(&scale, 5.4, f64::midpoint(TOP, BOTTOM));
    assert_eq!(scale.ticks(), [0.0, 5.0, 10.0]);
}

#[test]
fn a_line_far_above_has_a_row_beyond_a_break() {
    let scale = Scale::new([3.0], &[500.0, 100.0, 500.0, 5.0]);
    check(&scale, 500.0, TOP);
    check(&scale, 100.0, TOP + 15.0);
    assert!(scale.is_far(500.0) && scale.is_far(100.0) && !scale.is_far(5.0));
    let gap = scale.gap().unwrap();
    assert!(scale.y(100.0) < gap && gap < scale.y(5.0));
}

#[test]
fn where_all_is_zero_the_line_lies_on_the_ground() {
    let scale = Scale::new([0.0, 0.0], &[0.0]);
    check(&scale, 0.0, BOTTOM);
    assert_eq!(scale.ticks(), [0.0, 0.5, 1.0]);
}

#[test]
fn values_below_zero_are_on_the_scale() {
    let scale = Scale::new([-2.0, 1.0], &[1.5]);
    check(&scale, -2.0, BOTTOM);
    assert_eq!(scale.ticks(), [-2.0, 0.0]);
}

#[test]
fn no_number_of_a_file_leaves_the_picture() {
    let numbers = [0.0, f64::MAX, f64::MIN, 1e-300, -0.0];
    for value in numbers {
        for line in numbers {
            let scale = Scale::new([value], &[line]);
            for any in [value, line] {
                let y = scale.y(any);
                assert!((0.0..=BOTTOM).contains(&y) || y.is_nan(), "{value} {line}: {y}");
            }
        }
    }
}
