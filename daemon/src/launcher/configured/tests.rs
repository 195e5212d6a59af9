use std::time::Duration;

use super::*;

#[test]
fn what_is_asked_for_is_what_the_file_says_now_or_said_last() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let mut configured = Configured::of(&home, None, Config::defaults(None));
    let write = |text: &str| std::fs::write(home.config_file(), text).unwrap();
    let defaults = Config::defaults(None).shutdown.deadline;
    for (text, deadline) in [
        (None, defaults),
        (Some("[shutdown]\ndeadline_s = 20\n"), Duration::from_secs(20)),
        (Some("[shutdown]\ndeadline_s = 'soon'\n"), Duration::from_secs(20)),
        (Some("[shutdown]\ndeadline_s = 30\n"), Duration::from_secs(30)),
        (Some(""), defaults),
    ] {
        if let Some(text) = text {
            write(text);
        }
        assert_eq!(configured.now().shutdown.deadline, deadline, "{text:?}");
    }
}
