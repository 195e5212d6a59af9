use super::*;

#[test]
fn of_what_was_logged_the_last_lines_that_say_something_else_are_shown() {
    let logged = "INFO begun\nERROR ended error=\"open x: no database\"\n";
    let said = "claude-assistant: failed to open x: no database\n";
    assert_eq!(news(logged, said), ["INFO begun"]);
    assert_eq!(news(logged, ""), ["INFO begun", "ERROR ended error=\"open x: no database\""]);
    assert_eq!(news("", said), Vec::<&str>::new());
    let many = "INFO again\n".repeat(30);
    assert_eq!(news(&many, "").len(), LINES_SHOWN);
}
