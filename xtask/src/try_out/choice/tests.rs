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
        r#"{"checks":[{"name":"disk","ok":true},{"name":"claude-login","ok":true,"detail":"oauth"}]}"#,
        Ok("oauth"),
    );
    check(
        r#"{"checks":[{"name":"claude-login","ok":false,"detail":"not logged in"}]}"#,
        Err("because claude: not logged in"),
    );
}

#[test]
fn without_a_word_about_it_nobody_is_logged_in() {
    check(r#"{"checks":[]}"#, Err("because doctor says nothing about the login of claude"));
    check("panicked", Err("because doctor gave no report about claude"));
}
