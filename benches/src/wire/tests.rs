use claude_assistant::measured::decode;

use super::*;

#[test]
fn every_line_is_understood() {
    for line in [assistant(), initialize_answer(), result(1 << 20)] {
        assert_eq!(decode(&line), line.len());
    }
}

#[test]
fn the_lines_are_as_long_as_their_benches_say() {
    let length = initialize_answer().len();
    assert!((17_000..19_000).contains(&length), "{length}");
    let length = result(1 << 20).len();
    assert!(1 << 20 < length, "{length}");
}
