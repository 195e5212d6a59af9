use clap::CommandFactory as _;

use super::*;

#[track_caller]
fn check(typed: &str, expected: &Command) {
    let words = ["claude-assistant"].into_iter().chain(typed.split_whitespace());
    assert_eq!(Arguments::try_parse_from(words).unwrap().command, *expected, "{typed}");
}

#[track_caller]
fn check_refused(typed: &str) {
    let words = ["claude-assistant"].into_iter().chain(typed.split_whitespace());
    assert!(Arguments::try_parse_from(words).is_err(), "{typed}");
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

/// A flag that is typed and not passed on does something else than was asked for.
/// Incidents: 42.
#[test]
fn every_verb_and_flag_arrives() {
    check("run", &Command::Run(Run { detached: false }));
    check("run --detached", &Command::Run(Run { detached: true }));
    check("start", &Command::Start);
    check("stop", &Command::Stop);
    check("restart", &Command::Restart);
    check("status", &Command::Status(Show { json: false }));
    check("status --json", &Command::Status(Show { json: true }));
    check("logs", &Command::Logs(Logs { lines: 50, follow: false }));
    check("logs -n 3 -f", &Command::Logs(Logs { lines: 3, follow: true }));
    check("logs --lines 3 --follow", &Command::Logs(Logs { lines: 3, follow: true }));
    check("attach", &Command::Attach(Attach { session: None, lines: 20 }));
    check("attach 3 -n 5", &Command::Attach(Attach { session: Some("3".into()), lines: 5 }));
    check("sessions --json", &Command::Sessions(Show { json: true }));
    check("kill-session 3", &Command::KillSession(Session { session: "3".into() }));
    check("kill-sessions", &Command::KillSessions);
    check("restart-session 3", &Command::RestartSession(Session { session: "3".into() }));
    check("restart-sessions", &Command::RestartSessions);
    check("dropped --json", &Command::Dropped(Show { json: true }));
    check("hold", &Command::Hold);
    check("release", &Command::Release);
    check("doctor --json", &Command::Doctor(Show { json: true }));
}

/// The same for verbs with a text, which may look like a flag itself.
/// Incidents: 42.
#[test]
fn every_flag_of_inject_send_and_history_arrives() {
    let inject = |text: Option<&str>, admin, file: Option<&str>| {
        Command::Inject(Inject {
            chat: "test:+15555550123".into(),
            text: text.map(Into::into),
            admin,
            file: file.map(Into::into),
        })
    };
    check("inject test:+15555550123", &inject(None, false, None));
    check("inject test:+15555550123 -", &inject(Some("-"), false, None));
    check("inject test:+15555550123 hi --admin", &inject(Some("hi"), true, None));
    check("inject test:+15555550123 --file f", &inject(None, false, Some("f")));
    check("inject test:+15555550123 -5", &inject(Some("-5"), false, None));
    check("inject test:+15555550123 --what --admin", &inject(Some("--what"), true, None));
    check("inject test:+15555550123 --admin -x", &inject(Some("-x"), true, None));
    for text in ["-", "-5", "- a", "--what"] {
        let words = ["claude-assistant", "send", "c", text];
        let sent = Arguments::try_parse_from(words).unwrap().command;
        let expected = Command::Send(Send { chat: "c".into(), text: text.into() });
        assert_eq!(sent, expected, "{words:?}");
    }
    check("send c hi", &Command::Send(Send { chat: "c".into(), text: "hi".into() }));
    check("history c", &Command::History(History { chat: "c".into(), lines: 20, json: false }));
    check(
        "history c -n 2 --json",
        &Command::History(History { chat: "c".into(), lines: 2, json: true }),
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for typed in [
        "",
        "dance",
        "status --jsno",
        "inject",
        "inject c t --file f",
        "send c",
        "logs -n x",
        "kill-session",
    ] {
        check_refused(typed);
    }
}
