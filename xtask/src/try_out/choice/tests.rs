//! What doctor says, and what follows from it.

use super::login_of;

#[track_caller]
fn check(report: &str, expected: Result<&str, &str>) {
    let login = login_of(report);
    assert_eq!(login.as_deref().map_err(String::as_str), expected);
}

#[test]
fn a_login_is_taken_at_doctors_word() {
    check(
        r#"[{"name":"disk","verdict":"found","what":"1 GiB free"},
            {"name":"login","verdict":"found","what":"by token (oauth)"}]"#,
        Ok("by token (oauth)"),
    );
    check(
        r#"[{"name":"program","verdict":"found","what":"claude, version 2.1.330"},
            {"name":"login","verdict":"missing","what":"not logged in","advice":"x"}]"#,
        Err("because claude is not logged in"),
    );
}

#[test]
fn without_a_word_about_it_nobody_is_logged_in() {
    check(
        r#"[{"name":"program","verdict":"missing","what":"not executable"}]"#,
        Err("because claude is not executable"),
    );
    check("[]", Err("because doctor says nothing about claude"));
    check("panicked", Err("because doctor gave no report about claude"));
}
