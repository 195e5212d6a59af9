use std::time::Duration;

use super::*;

#[test]
fn a_source_says_when_it_looked_last() {
    let facts = SourceFacts::default();
    let at = Duration::from_millis;
    assert_eq!(facts.looked_ago_ms(at(500)), None);
    // The first look may be at the very start.
    facts.looked(at(0));
    assert_eq!(facts.looked_ago_ms(at(500)), Some(500));
    facts.looked(at(400));
    assert_eq!(facts.looked_ago_ms(at(500)), Some(100));
    // Somebody who read the clock before the last look.
    assert_eq!(facts.looked_ago_ms(at(300)), Some(0));
}

#[test]
fn a_source_counts_what_it_brought_and_what_it_could_not() {
    let facts = SourceFacts::default();
    facts.saw(3);
    facts.saw(0);
    facts.saw(2);
    facts.failed();
    facts.set_watching(true);
    assert_eq!((facts.seen(), facts.errors(), facts.watching()), (5, 1, true));
    facts.set_watching(false);
    assert!(!facts.watching());
}
