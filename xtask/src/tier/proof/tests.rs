//! What becomes of a receipt after a run, and how receipts are named and aged.

use std::fs;
use std::process::Command;

use harness::gate::Gate;
use harness::receipt::{Receipt, Tree, Wanted};
use harness::report::{Machine, Outcome, Report, Selection};
use harness::tier::Tier;
use harness::verdict::judge;
use jiff::{SignedDuration, Timestamp};

use super::{Ending, age, anywhere, ending, hashes, hashes_now, programs, subject};
use crate::tier::Order;
use crate::tier::build::Executable;
use crate::tier::tests::{case, report};
use crate::workspace::Workspace;

/// What a run of tier 2 with one program is about.
pub(crate) fn wanted() -> Wanted {
    Wanted {
        tier: Tier::RealBinaries,
        tree: Tree { hash: "f00d".to_owned(), clean: true },
        lockfile: "10c".to_owned(),
        binaries: [("p".to_owned(), "1".to_owned())].into(),
        api: None,
        machine: Machine::here(),
    }
}

fn ran(outcome: Outcome, only: Option<&str>) -> Report {
    let mut report = report(Gate::Closed, vec![case("tier2::a", outcome)]);
    report.selection = Selection { only: only.map(str::to_owned), exact: false };
    report
}

#[track_caller]
fn check(report: &Report, before: Option<Wanted>, after: Option<&Wanted>, expected: &Ending) {
    assert_eq!(ending(report, before, after, Timestamp::UNIX_EPOCH), *expected);
}

#[test]
fn a_whole_run_on_files_that_stayed_the_same_gets_a_receipt() {
    let passed = ran(Outcome::Passed, None);
    let receipt = Receipt::of(&passed, wanted(), Timestamp::UNIX_EPOCH);
    check(&passed, Some(wanted()), Some(&wanted()), &Ending::Write(Box::new(receipt)));
}

#[test]
fn a_part_of_a_tier_proves_nothing_and_can_disprove_it_all() {
    check(&ran(Outcome::Passed, Some("a")), None, None, &Ending::Leave);
    check(&ran(Outcome::Failed, Some("a")), None, None, &Ending::Withdraw);
    for doubted in [Outcome::Leaked, Outcome::Flaky, Outcome::MissingPrecondition] {
        let mut open = ran(doubted, Some("a"));
        open.gate = Gate::Open;
        open.verdict = judge(Gate::Open, &open.cases, &[]);
        check(&open, None, None, &Ending::Withdraw);
    }
    let mut refused = ran(Outcome::Passed, Some("a"));
    refused.problems.push("it expired".to_owned());
    refused.verdict = judge(Gate::Closed, &refused.cases, &refused.problems);
    check(&refused, None, None, &Ending::Withdraw);
    // A filter that means no test says nothing about those there are.
    let nothing = Report { cases: Vec::new(), ..ran(Outcome::Passed, Some("typo")) };
    let nothing = Report { verdict: judge(Gate::Closed, &[], &[]), ..nothing };
    check(&nothing, None, None, &Ending::Leave);
}

#[test]
fn files_that_changed_meanwhile_were_not_tested() {
    let mut edited = wanted();
    edited.tree.hash = "beef".to_owned();
    let passed = ran(Outcome::Passed, None);
    check(&passed, Some(wanted()), Some(&edited), &Ending::Changed);
    check(&passed, Some(wanted()), None, &Ending::Changed);
    check(&passed, None, None, &Ending::Withdraw);
}

#[test]
fn files_that_changed_while_it_was_built_are_vouched_for_by_nobody() {
    let room = tempfile::tempdir().unwrap();
    let made = Command::new("git").args(["init", "-q"]).current_dir(room.path()).status();
    assert!(made.unwrap().success());
    fs::write(room.path().join("Cargo.lock"), "one").unwrap();
    let workspace = Workspace::at(room.path());
    let order = Order::whole(Tier::InProcess, Gate::Closed);
    let found = anywhere(&workspace, Tier::InProcess).unwrap();
    assert_eq!(subject(&workspace, &order, &[], &found).unwrap(), found);
    fs::write(room.path().join("lib.rs"), "edited").unwrap();
    let refused = subject(&workspace, &order, &[], &found).unwrap_err();
    assert_eq!(refused.to_string(), "know what was built: files changed meanwhile");
}

#[test]
fn programs_are_named_by_their_place_and_found_there_again() {
    let target = tempfile::tempdir().unwrap();
    let program = target.path().join("debug/deps/tier2-1");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, "one").unwrap();
    let binaries = hashes(target.path(), std::slice::from_ref(&program)).unwrap();
    assert_eq!(binaries.keys().collect::<Vec<_>>(), ["debug/deps/tier2-1"]);

    let subject = Wanted { binaries: binaries.clone(), ..wanted() };
    let receipt = Receipt::of(&ran(Outcome::Passed, None), subject, Timestamp::UNIX_EPOCH);
    assert_eq!(hashes_now(target.path(), &receipt), binaries);
    fs::write(&program, "two").unwrap();
    assert_ne!(hashes_now(target.path(), &receipt), binaries);
    fs::remove_file(&program).unwrap();
    assert!(hashes_now(target.path(), &receipt).is_empty());
}

#[test]
fn an_age_is_told_in_words() {
    let told = |seconds| age(SignedDuration::from_secs(seconds));
    assert_eq!(told(-120), "from the future");
    assert_eq!([told(0), told(59), told(60)], ["0 s", "59 s", "1 min"]);
    assert_eq!([told(3599), told(3600), told(86_399)], ["59 min", "1 h 00 min", "23 h 59 min"]);
}

#[test]
fn a_program_that_every_tier_builds_for_itself_is_not_named_in_tier_1() {
    let runner = Executable::runner("/t/debug/deps/it-1", "fakes::it");
    let mut program = Executable::runner("/t/debug/p", "p");
    program.runs_tests = false;
    let named = programs(Tier::InProcess, &[program, runner]).unwrap();
    assert_eq!(named, [std::path::PathBuf::from("/t/debug/deps/it-1")]);
}
