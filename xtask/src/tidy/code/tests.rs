//! Source in, what is left of it out.

use super::bare;

#[track_caller]
fn check(source: &str, expected: &str) {
    let bared = bare(source);
    assert_eq!(bared.split_whitespace().collect::<Vec<_>>().join(" "), expected);
    assert_eq!(bared.lines().count(), source.lines().count(), "the lines stay");
}

#[test]
fn comments_go_and_code_stays() {
    check("a // b\nc /* d /* e */ f\n g */ h", "a c h");
    check("//! doc\n/// doc\ncode", "code");
    check("a /* open", "a");
}

#[test]
fn the_insides_of_strings_go() {
    check(r#"a("b // c") d"#, "a( ) d");
    check(r#"a("\"b\\") c"#, "a( ) c");
    check("a(r#\"b \" c\"#) d", "a( ) d");
    check("a(br\"b\\\") c", "a( ) c");
    check("for r in b", "for r in b");
    check("a(\"open", "a(");
}

#[test]
fn characters_go_and_lifetimes_stay() {
    check("fn f<'a>(c: char) { c == '\"' }", "fn f<'a>(c: char) { c == }");
    check(r"['\'', 'x', '\\', '\u{1F}'] b", "[ , , , ] b");
    check("'outer: loop { break 'outer }", "'outer: loop { break 'outer }");
}

#[test]
fn text_of_any_script_is_passed_over() {
    check("let ä = \"ß\"; // é\nü", "let ä = ; ü");
}
