use std::collections::BTreeSet;

use clap::{CommandFactory as _, Parser as _};

use super::*;
use crate::config::args::{Arguments, Command, Launch};

fn parsed(typed: &str) -> Result<Command, clap::Error> {
    let words = ["claude-assistant"].into_iter().chain(typed.split_whitespace());
    Arguments::try_parse_from(words).map(|arguments| arguments.command)
}

/// Every verb, as it is typed and as it has to arrive.
fn verbs() -> Vec<(&'static str, LauncherVerb)> {
    let slot = || "s-1".parse::<SlotName>().unwrap();
    let (id, why) = (|| "r1".to_owned(), || "w".to_owned());
    vec![
        ("status", LauncherVerb::Status),
        (
            "arm --id r1 --target s-1 --confirm-timeout 1.5 --runner 7",
            LauncherVerb::Arm {
                id: id(),
                target: slot(),
                confirm_timeout: Duration::from_millis(1500),
                runner: 7,
                backup: None,
            },
        ),
        (
            "arm --id r1 --target s-1 --confirm-timeout 2 --runner 7 --backup b.db",
            LauncherVerb::Arm {
                id: id(),
                target: slot(),
                confirm_timeout: Duration::from_secs(2),
                runner: 7,
                backup: Some("b.db".into()),
            },
        ),
        ("switch --id r1", LauncherVerb::Switch(Restart { id: id() })),
        ("confirm --id r1", LauncherVerb::Confirm { id: id(), unproven: false }),
        ("confirm --id r1 --unproven", LauncherVerb::Confirm { id: id(), unproven: true }),
        ("disarm --id r1", LauncherVerb::Disarm(Restart { id: id() })),
        (
            "roll-back --id r1 --why w",
            LauncherVerb::RollBack { id: id(), why: why(), blameless: false },
        ),
        (
            "roll-back --id r1 --why w --blameless",
            LauncherVerb::RollBack { id: id(), why: why(), blameless: true },
        ),
        ("roll-back-to s-1", LauncherVerb::RollBackTo { slot: slot() }),
        ("restart", LauncherVerb::Restart),
        ("stop", LauncherVerb::Stop),
        ("mark-bad s-1 --why w", LauncherVerb::MarkBad { slot: slot(), why: why() }),
        ("request", LauncherVerb::Request),
        (
            "carry-out -- a --json",
            LauncherVerb::CarryOut { command: vec!["a".into(), "--json".into()] },
        ),
    ]
}

/// A flag that is typed and not passed on does something else than was asked for.
/// Incidents: 42.
#[test]
fn every_verb_and_flag_arrives() {
    let mut typed_verbs = BTreeSet::new();
    for (typed, verb) in verbs() {
        typed_verbs.insert(typed.split(' ').next().unwrap().to_owned());
        for json in [false, true] {
            let flag = if json { "--json " } else { "" };
            let expected = Command::Launcher(Launcher { verb: verb.clone(), json });
            assert_eq!(parsed(&format!("launcher {flag}{typed}")).unwrap(), expected, "{typed}");
        }
    }
    let command = Arguments::command();
    let group = command.find_subcommand("launcher").unwrap();
    let known: BTreeSet<String> =
        group.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    assert_eq!(typed_verbs, known);
}

#[test]
fn the_launcher_itself_takes_bounds() {
    let expected = Launch { detached: true, bounds: Some(vec![1, 2, 3, 4]) };
    assert_eq!(parsed("launch --detached --bounds 1,2,3,4").unwrap(), Command::Launch(expected));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for typed in [
        "launcher",
        "launcher dance",
        "launcher switch",
        "launcher roll-back-to ../a",
        "launcher arm --id r1 --target s --confirm-timeout -1 --runner 7",
        "launcher arm --id r1 --target s --confirm-timeout soon --runner 7",
        "launcher carry-out --",
    ] {
        assert!(parsed(typed).is_err(), "{typed}");
    }
}
