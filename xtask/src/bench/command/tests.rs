//! What command lines mean.

use std::path::Path;

use clap::Parser;
use harness::bench::verdict::PRECEDENCE;
use harness::exit_code::ExitCode;

use super::*;
use crate::checkout::ask;
use crate::checkout::tests::{begin, commit};

#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Parser)]
struct CheckLine {
    #[command(flatten)]
    check: CheckArguments,
}

fn parse(line: &str) -> Result<Command, clap::Error> {
    Line::try_parse_from(std::iter::once("bench").chain(line.split_whitespace()))
        .map(|line| line.command)
}

fn check_request(workspace: &Workspace, line: &str) -> Result<Request, Refusal> {
    let words = std::iter::once("bench-check").chain(line.split_whitespace());
    CheckLine::try_parse_from(words).unwrap().check.request(workspace)
}

#[test]
fn a_check_without_options_is_a_full_one_against_its_origin() {
    let (repository, _place) = begin();
    let workspace = Workspace::at(repository.path());
    let request = check_request(&workspace, "").unwrap();
    assert_eq!((request.mode, &request.head), (Mode::Full, &Source::WorkTree));
    assert_eq!(request.against, Against::Origin);
    assert_eq!(request.remember, Remember::Yes);
    assert_eq!(request.repeat, "cargo xtask bench-check");
}

#[test]
fn a_quick_one_is_not_remembered_and_says_how_to_repeat_it() {
    let (repository, _place) = begin();
    let head = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let workspace = Workspace::at(repository.path());
    let line = "--quick --against HEAD --only route --deny-warnings --seed 7";
    let request = check_request(&workspace, line).unwrap();
    assert_eq!((request.mode, request.remember), (Mode::Quick, Remember::No));
    assert_eq!(request.against, Against::Source(Source::Commit(head)));
    assert_eq!((request.seed, request.warnings), (Some(7), Warnings::Denied));
    assert_eq!(
        request.repeat,
        "cargo xtask bench-check --quick --against HEAD --deny-warnings --only route"
    );
}

/// A line of a part would stand among those of whole runs as one of them.
#[test]
fn a_part_is_never_remembered() {
    let (repository, _place) = begin();
    let workspace = Workspace::at(repository.path());
    assert_eq!(check_request(&workspace, "--only route").unwrap().remember, Remember::No);
    for (line, expected) in [("run", Remember::Yes), ("run --only route", Remember::No)] {
        let Ok(Command::Run(arguments)) = parse(line) else { panic!("{line} is a run") };
        assert_eq!(arguments.request(&workspace).unwrap().remember, expected, "{line}");
    }
}

#[test]
fn a_revision_that_is_none_is_bad_usage() {
    let (repository, _place) = begin();
    let workspace = Workspace::at(repository.path());
    let refusal = check_request(&workspace, "--against nothing").unwrap_err();
    assert_eq!(refusal.code, ExitCode::BadUsage);
    assert_eq!(refusal.to_string(), "find the revision nothing");
    let Ok(Command::Compare(arguments)) = parse("compare HEAD nothing") else {
        panic!("it is a comparison")
    };
    assert!(arguments.request(&workspace).is_err());
}

#[test]
fn two_revisions_are_compared_and_a_point_is_the_work_tree() {
    let (repository, _place) = begin();
    let second = commit(repository.path(), "two\n");
    let workspace = Workspace::at(repository.path());
    let Ok(Command::Compare(arguments)) = parse("compare . HEAD --only agent") else {
        panic!("it is a comparison")
    };
    let request = arguments.request(&workspace).unwrap();
    assert_eq!(request.against, Against::Source(Source::WorkTree));
    assert_eq!(request.head, Source::Commit(second));
    assert_eq!((request.mode, request.remember), (Mode::Compare, Remember::No));
    assert_eq!(request.repeat, "cargo xtask bench compare . HEAD --only agent");
}

#[test]
fn a_run_is_against_promises_alone() {
    let Ok(Command::Run(arguments)) = parse("run --only daemon.ready") else {
        panic!("it is a run")
    };
    let request = arguments.request(&Workspace::at(Path::new("/nowhere"))).unwrap();
    assert_eq!((request.mode, request.against), (Mode::Run, Against::Promises));
    assert_eq!((request.head, request.only.as_deref()), (Source::WorkTree, Some("daemon.ready")));
    assert_eq!(request.repeat, "cargo xtask bench run --only daemon.ready");
}

#[test]
fn a_revision_can_be_measured_alone_and_is_not_remembered() {
    let (repository, _place) = begin();
    let head = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let workspace = Workspace::at(repository.path());
    let request = |line| {
        let Ok(Command::Run(arguments)) = parse(line) else { panic!("{line} is a run") };
        arguments.request(&workspace)
    };
    let run = request("run HEAD").unwrap();
    assert_eq!((run.mode, run.head), (Mode::Run, Source::Commit(head)));
    assert_eq!((run.against, run.remember), (Against::Promises, Remember::No));
    assert_eq!(run.repeat, "cargo xtask bench run HEAD");
    assert_eq!(request("run nothing").unwrap_err().code, ExitCode::BadUsage);
}

#[test]
fn what_makes_sense_is_taken() {
    for line in ["noise --burn", "noise --resume --launches 40", "report", "peers --last"] {
        assert!(parse(line).is_ok(), "{line:?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let lines = [
        "",
        "nothing",
        "promote",
        "compare HEAD",
        "noise --burn --resume",
        "noise --launches 39",
        "run --seed x",
    ];
    for line in lines {
        assert!(parse(line).is_err(), "{line:?}");
    }
}

/// The numbers that a text names for the end of a command.
fn numbers(help: &str) -> Vec<u8> {
    let (_, ends) = help.split_once("Ends with\n").unwrap();
    ends.lines().map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_help_names_exit_codes_that_there_are_in_their_order() {
    for help in [MEASURED, PROMOTED, PLAYED, BESIDE] {
        let numbers = numbers(help);
        assert!(numbers.is_sorted(), "{numbers:?}");
        for number in numbers {
            assert!(ExitCode::from_number(i32::from(number)).is_some(), "{number}");
        }
    }
}

#[test]
fn the_help_of_a_measuring_run_names_every_verdict() {
    let numbers = numbers(MEASURED);
    for code in PRECEDENCE {
        assert!(numbers.contains(&code.number()), "{code:?}");
    }
}
