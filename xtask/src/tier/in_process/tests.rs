//! Which tests a filter means.

use super::{Test, Wanted};

fn test(binary: &str, name: &str) -> Test {
    Test { binary: binary.to_owned(), name: name.to_owned() }
}

#[track_caller]
fn check(only: &str, expected: &[&str]) {
    let all = vec![test("fakes", "a::b"), test("fakes::it", "a::b"), test("harness", "seed::one")];
    let wanted = Wanted::of(all, only);
    assert_eq!(wanted.is_empty(), expected.is_empty());
    let Wanted::Some { selected, .. } = wanted else { panic!("a filter selects some") };
    let ids: Vec<String> = selected.iter().map(Test::id).collect();
    assert_eq!(ids, expected, "{only}");
}

#[test]
fn a_filter_is_a_part_of_the_whole_id() {
    check("seed", &["tier1::harness::seed::one"]);
    check("fakes::a", &["tier1::fakes::a::b"]);
    check("tier1::fakes", &["tier1::fakes::a::b", "tier1::fakes::it::a::b"]);
    check("no such test", &[]);
}
