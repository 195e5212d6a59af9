use super::{find, replace};

const TEXT: &str = "one\n<!-- begin a -->\ntwo\nthree\n<!-- end a -->\nfour\n";

#[test]
fn what_stands_between_the_markers_is_found_with_its_line() {
    assert_eq!(find(TEXT, "a"), Some(("two\nthree\n", 3)));
    assert_eq!(find(TEXT, "b"), None);
    assert_eq!(find("<!-- begin a -->\nno end", "a"), None);
}

#[test]
fn only_what_stands_between_them_is_replaced() {
    let replaced = replace(TEXT, "a", "new\n").unwrap();
    assert_eq!(replaced, "one\n<!-- begin a -->\nnew\n<!-- end a -->\nfour\n");
    assert_eq!(replace(TEXT, "b", "new\n"), None);
}
