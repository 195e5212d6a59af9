//! What pairs say of a row.

use super::{Pair, Row, Verdict};

/// Rounds of pairs in which the SDK takes `times` as long, give or take a tenth.
fn rounds(times: f64) -> Vec<Vec<Pair>> {
    let wobble = [0.9, 1.0, 1.1, 0.95, 1.05];
    let pair = |nth: usize| Pair { sdk: 40.0 * times * wobble[nth % 5], ours: 40.0 };
    (0..12).map(|round| (0..3).map(|nth| pair(round + nth)).collect()).collect()
}

#[track_caller]
fn check(row: Row, times: f64, wanted: Verdict) {
    let compared = row.compare(&rounds(times), 7).expect("there are pairs");
    assert_eq!(compared.verdict, wanted, "{compared:?}");
    assert!(compared.ratio.low <= compared.ratio.value, "{compared:?}");
    assert!(compared.ratio.value <= compared.ratio.high, "{compared:?}");
}

#[test]
fn a_row_is_better_or_worse_only_beyond_its_interval() {
    check(Row::Connect, 1.5, Verdict::Better);
    check(Row::Connect, 1.0, Verdict::NoDifference);
    check(Row::Connect, 0.7, Verdict::Worse);
}

#[test]
fn a_row_with_a_promise_has_to_be_that_much_better() {
    check(Row::DisconnectMidQuery, 50.0, Verdict::Better);
    check(Row::DisconnectMidQuery, 4.0, Verdict::TooLittle);
    check(Row::Rss20, 7.0, Verdict::Better);
    check(Row::Rss20, 5.0, Verdict::TooLittle);
    check(Row::Rss1, 0.5, Verdict::Worse);
}

#[test]
fn both_sides_the_other_way_round_is_the_ratio_upside_down() {
    let swapped: Vec<Vec<Pair>> = rounds(1.5)
        .into_iter()
        .map(|round| round.iter().map(|pair| Pair { sdk: pair.ours, ours: pair.sdk }).collect())
        .collect();
    let one = Row::Connect.compare(&rounds(1.5), 7).unwrap();
    let other = Row::Connect.compare(&swapped, 7).unwrap();
    assert!((one.ratio.value * other.ratio.value - 1.0).abs() < 1e-9, "{one:?} {other:?}");
    assert_eq!((one.verdict, other.verdict), (Verdict::Better, Verdict::Worse));
}

#[test]
fn without_a_pair_nothing_is_said() {
    assert_eq!(Row::Connect.compare(&[], 7), None);
    assert_eq!(Row::Connect.compare(&[Vec::new()], 7), None);
}
