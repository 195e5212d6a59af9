use std::collections::BTreeSet;

use super::*;

#[test]
fn a_round_has_each_place_once_and_the_next_is_the_same() {
    let round = |from: usize| (from..from + PLACES).map(place_in_turn).collect::<Vec<_>>();
    let places: BTreeSet<Duration> = round(0).into_iter().collect();
    assert_eq!(places.len(), PLACES);
    assert_eq!(round(0), round(PLACES));
    assert_eq!(places.first(), Some(&FIRST_PLACE));
    assert_eq!(places.last(), Some(&Duration::from_millis(88)));
}
