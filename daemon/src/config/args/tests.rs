use std::collections::BTreeSet;
use std::time::Duration;

use clap::CommandFactory as _;
use clap::parser::ValueSource;

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

fn looking(database: Option<&str>, json: bool) -> Command {
    let look = Look { check: true, database: database.map(PathBuf::from), json };
    Command::Run(Run { look, ..Run::default() })
}

fn trying(agent: Option<&str>, json: bool) -> Command {
    let agent = agent.map(PathBuf::from);
    Command::Candidate(Candidate { database: "a.db".into(), agent, json })
}

fn installing(manager: Init, no_start: bool, commit: Option<&str>) -> Command {
    Command::Install(Install { manager, no_start, commit: commit.map(Into::into) })
}

/// The verbs by which a program is looked at, tried and installed.
fn upkeep() -> Vec<(&'static str, Command)> {
    let sha = "0123456789abcdef0123456789abcdef01234567";
    vec![
        ("run --check", looking(None, false)),
        ("run --check --database a.db --json", looking(Some("a.db"), true)),
        ("backup", Command::Backup(Backup { file: None, json: false })),
        ("backup a.db --json", Command::Backup(Backup { file: Some("a.db".into()), json: true })),
        ("candidate --database a.db", trying(None, false)),
        ("candidate --database a.db --agent /x --json", trying(Some("/x"), true)),
        ("install", installing(Init::OF_THIS_SYSTEM, false, None)),
        ("install --manager launchd", installing(Init::Launchd, false, None)),
        ("install --manager systemd --no-start", installing(Init::Systemd, true, None)),
        (
            "install --commit 0123456789abcdef0123456789abcdef01234567",
            installing(Init::OF_THIS_SYSTEM, false, Some(sha)),
        ),
        (
            "launch --detached --bounds 1,2,3,4",
            Command::Launch(Launch { detached: true, bounds: Some(vec![1, 2, 3, 4]) }),
        ),
        (
            "launcher --json status",
            Command::Launcher(Launcher { verb: LauncherVerb::Status, json: true }),
        ),
        ("uninstall --manager launchd", Command::Uninstall(Uninstall { manager: Init::Launchd })),
    ]
}

/// Every verb and flag, as it is typed and as it has to arrive.
fn orders() -> Vec<(&'static str, Command)> {
    vec![
        ("run", Command::Run(Run::default())),
        ("run --detached", Command::Run(Run { detached: true, ..Run::default() })),
        (
            "run --launched --heartbeat 20000 --slot s-1 --held-by /run/pending.json",
            Command::Run(Run {
                launched: true,
                heartbeat: Some(Duration::from_secs(20)),
                slot: Some("s-1".into()),
                held_by: Some("/run/pending.json".into()),
                ..Run::default()
            }),
        ),
        ("start", Command::Start),
        ("stop", Command::Stop),
        ("restart", Command::Restart(Restart { safe: false })),
        ("restart --safe", Command::Restart(Restart { safe: true })),
        ("status", Command::Status(Show { json: false })),
        ("status --json", Command::Status(Show { json: true })),
        ("logs", Command::Logs(Logs { lines: 50, follow: false })),
        ("logs -n 3 -f", Command::Logs(Logs { lines: 3, follow: true })),
        ("logs --lines 3 --follow", Command::Logs(Logs { lines: 3, follow: true })),
        ("attach", Command::Attach(Attach { session: None, lines: 20 })),
        ("attach 3 -n 5", Command::Attach(Attach { session: Some("3".into()), lines: 5 })),
        ("sessions --json", Command::Sessions(Show { json: true })),
        ("kill-session 3", Command::KillSession(Session { session: "3".into() })),
        ("kill-sessions", Command::KillSessions),
        ("restart-session 3", Command::RestartSession(Session { session: "3".into() })),
        ("restart-sessions", Command::RestartSessions),
        ("dropped --json", Command::Dropped(Show { json: true })),
        ("hold", Command::Hold(Hold { restart: false, lease: None })),
        ("hold --restart --lease 30", Command::Hold(Hold { restart: true, lease: Some(30) })),
        ("release", Command::Release(Release { restart: false })),
        ("release --restart", Command::Release(Release { restart: true })),
        (
            "drain --within 9 --lease 30",
            Command::Drain(Drain { within: 9, lease: 30, interrupt: false, json: false }),
        ),
        (
            "drain --within 9 --lease 30 --interrupt --json",
            Command::Drain(Drain { within: 9, lease: 30, interrupt: true, json: true }),
        ),
        (
            "deliveries --generation 7 --json",
            Command::Deliveries(Deliveries { generation: 7, json: true }),
        ),
        ("version --json", Command::Version(Show { json: true })),
        ("doctor --json", Command::Doctor(Show { json: true })),
    ]
}

/// The same for verbs with a text, which may look like a flag itself.
fn texts() -> Vec<(&'static str, Command)> {
    let inject = |text: Option<&str>, admin, file: Option<&str>| {
        Command::Inject(Inject {
            chat: "test:+15555550123".into(),
            text: text.map(Into::into),
            admin,
            file: file.map(Into::into),
        })
    };
    let history = |lines, json| Command::History(History { chat: "c".into(), lines, json });
    vec![
        ("inject test:+15555550123", inject(None, false, None)),
        ("inject test:+15555550123 -", inject(Some("-"), false, None)),
        ("inject test:+15555550123 hi --admin", inject(Some("hi"), true, None)),
        ("inject test:+15555550123 --file f", inject(None, false, Some("f"))),
        ("inject test:+15555550123 -5", inject(Some("-5"), false, None)),
        ("inject test:+15555550123 --what --admin", inject(Some("--what"), true, None)),
        ("inject test:+15555550123 --admin -x", inject(Some("-x"), true, None)),
        ("send c hi", Command::Send(Send { chat: "c".into(), text: "hi".into() })),
        ("history c", history(20, false)),
        ("history c -n 2 --json", history(2, true)),
    ]
}

/// A flag that is typed and not passed on does something else than was asked for.
/// Incidents: 42.
#[test]
fn every_verb_and_flag_arrives() {
    for (typed, expected) in orders().into_iter().chain(upkeep()) {
        check(typed, &expected);
    }
}

/// What is behind a verb may be anything.
/// Incidents: 42.
#[test]
fn every_flag_of_inject_send_and_history_arrives() {
    for (typed, expected) in texts() {
        check(typed, &expected);
    }
    for text in ["-", "-5", "- a", "--what"] {
        let words = ["claude-assistant", "send", "c", text];
        let sent = Arguments::try_parse_from(words).unwrap().command;
        let expected = Command::Send(Send { chat: "c".into(), text: text.into() });
        assert_eq!(sent, expected, "{words:?}");
    }
}

/// Verb and name of every argument, as clap has them: one that is new has to be typed above too.
/// Incidents: 42.
#[test]
fn every_argument_that_can_be_typed_was_typed() {
    let command = Arguments::command();
    let known: BTreeSet<(String, String)> = command
        .get_subcommands()
        .flat_map(|verb| {
            let names = verb.get_arguments().map(|argument| argument.get_id().to_string());
            let names = names.filter(|name| name != "help").chain([String::new()]);
            names.map(|name| (verb.get_name().to_owned(), name))
        })
        .collect();
    let mut typed = BTreeSet::new();
    for (words, _) in orders().into_iter().chain(upkeep()).chain(texts()) {
        let words = ["claude-assistant"].into_iter().chain(words.split_whitespace());
        let matches = Arguments::command().try_get_matches_from(words).unwrap();
        let (verb, given) = matches.subcommand().unwrap();
        typed.insert((verb.to_owned(), String::new()));
        for name in given.ids().map(clap::Id::as_str) {
            if given.value_source(name) == Some(ValueSource::CommandLine) {
                typed.insert((verb.to_owned(), name.to_owned()));
            }
        }
    }
    let missing: Vec<_> = known.difference(&typed).collect();
    assert!(missing.is_empty(), "never typed: {missing:?}");
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
        "hold --restart",
        "hold --lease 30",
        "drain --within 9",
        "deliveries",
    ] {
        check_refused(typed);
    }
}
