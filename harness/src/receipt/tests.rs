use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::{AGE_MAX, Receipt, ReceiptError, Stale, Tree, Wanted, binaries, path, sha256};
use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::report::{CaseReport, Machine, Outcome, Selection};
use crate::specimen::{case, report};
use crate::tier::Tier;

mod work_tree;

/// What somebody wants to be sure of.
fn wanted() -> Wanted {
    Wanted {
        tier: Tier::RealBinaries,
        tree: Tree { hash: "9f".into(), clean: true },
        lockfile: "5d".into(),
        binaries: BTreeMap::from([("claude-assistant".into(), "e3".into())]),
        api: None,
        machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
    }
}

fn at(hour: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
}

/// The receipt of a whole run that passed, written at hour 0.
fn receipt() -> Receipt {
    let seeded = CaseReport { seed: Some(u64::MAX), ..case("good", Outcome::Passed) };
    Receipt::of(&report(Gate::Closed, vec![seeded], Vec::new()), wanted(), at(0))
}

/// Whether a receipt changed so still vouches an hour later, and the words why not.
#[track_caller]
fn check(change: impl FnOnce(&mut Receipt), stale: &Stale, words: &str) {
    let mut changed = receipt();
    change(&mut changed);
    let found = changed.is_valid(at(1), &wanted()).unwrap_err();
    assert_eq!((&found, found.to_string().as_str()), (stale, words));
}

#[test]
fn a_whole_run_that_passed_vouches_for_a_day() {
    let receipt = receipt();
    assert_eq!(receipt.is_valid(at(0), &wanted()), Ok(()));
    let almost = at(24) - SignedDuration::from_nanos(1);
    assert_eq!(receipt.is_valid(almost, &wanted()), Ok(()));
    assert_eq!(receipt.is_valid(at(24), &wanted()), Err(Stale::Old(AGE_MAX)));
    let early = at(0) - SignedDuration::from_nanos(1);
    assert_eq!(receipt.is_valid(early, &wanted()), Err(Stale::Future(at(0))));
}

#[test]
fn whatever_is_not_as_it_was_makes_it_stale() {
    check(
        |it| it.schema = "harness.receipt.v2".into(),
        &Stale::Schema("harness.receipt.v2".into()),
        r#"it calls itself "harness.receipt.v2""#,
    );
    check(
        |it| it.subject.tier = Tier::RealAgent,
        &Stale::Tier(Tier::RealAgent),
        "it is about tier 3",
    );
    check(|it| it.subject.tree.hash.push('0'), &Stale::Tree, "the work tree has changed");
    check(|it| it.subject.lockfile.clear(), &Stale::Lockfile, "Cargo.lock has changed");
    check(
        |it| it.subject.api = Some("live".into()),
        &Stale::Api(Some("live".into())),
        "it was with the API live",
    );
    check(|it| it.subject.machine.cores = 64, &Stale::Machine, "it is of another machine");
    check(
        |it| it.selection = Selection { only: Some(String::new()), exact: false },
        &Stale::Selection,
        "only a part of the tier ran",
    );
    check(|it| it.gate = Gate::Open, &Stale::Gate, "the gate was open");
}

#[test]
fn a_program_that_is_another_one_has_come_or_has_gone_makes_it_stale() {
    for (name, hash) in [("claude-assistant", "e4"), ("fake-claude", "e3")] {
        let add = |it: &mut Receipt| drop(it.subject.binaries.insert(name.into(), hash.into()));
        let words = format!("the program {name} is another one");
        check(add, &Stale::Binary(name.into()), &words);
    }
    let gone = Stale::Binary("claude-assistant".into());
    check(|it| it.subject.binaries.clear(), &gone, "the program claude-assistant is another one");
    let nothing = Wanted { binaries: BTreeMap::new(), ..wanted() };
    let mut without = receipt();
    without.subject.binaries.clear();
    assert_eq!(without.is_valid(at(1), &nothing), Err(Stale::NoBinaries));
    without.subject.tier = Tier::InProcess;
    let first = Wanted { tier: Tier::InProcess, ..nothing };
    assert_eq!(without.is_valid(at(1), &first), Ok(()));
}

#[test]
fn only_a_pass_vouches() {
    for code in ExitCode::ALL.into_iter().filter(|code| *code != ExitCode::Pass) {
        let words = format!("the run did not pass: {}", code.meaning());
        check(|it| it.verdict.exit_code = code, &Stale::Result(code), &words);
    }
    let pass = &Stale::Result(ExitCode::Pass);
    check(|it| it.verdict.passed = 0, pass, "the run did not pass: pass");
    check(|it| it.verdict.failed = 1, pass, "the run did not pass: pass");
}

#[test]
fn what_a_quarantine_tolerated_then_vouches_for_nothing_now() {
    let words = "failures were tolerated, in quarantine: 1";
    check(|it| it.verdict.quarantined = 1, &Stale::Quarantined(1), words);
}

#[test]
fn whether_the_tree_was_committed_is_no_matter() {
    let mut uncommitted = receipt();
    uncommitted.subject.tree.clean = false;
    assert_eq!(uncommitted.is_valid(at(1), &wanted()), Ok(()));
}

#[test]
fn a_receipt_reads_back_as_it_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = path(directory.path(), Tier::RealBinaries);
    assert!(path.ends_with("receipts/tier-2.json"));
    assert_eq!(Receipt::read(&path).unwrap(), None);
    receipt().write(&path).unwrap();
    assert_eq!(Receipt::read(&path).unwrap(), Some(receipt()));
    assert_eq!(receipt().seeds, BTreeMap::from([("tier2::good".to_owned(), u64::MAX)]));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let error = Receipt::read(&path).unwrap_err();
    assert!(matches!(error, ReceiptError::Json { .. }));
    assert!(error.to_string().contains("tier-2.json"), "{error}");
}

#[test]
fn a_file_is_known_by_its_contents() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("abc");
    std::fs::write(&file, "abc").unwrap();
    // The example of FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(&file).unwrap(), abc);
    std::fs::write(&file, vec![b'a'; 1_000_000]).unwrap();
    let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    assert_eq!(sha256(&file).unwrap(), million);
    let error = sha256(&directory.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}

#[test]
fn two_programs_of_one_name_are_both_known() {
    let directory = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> = Vec::new();
    for place in ["debug", "release"] {
        std::fs::create_dir(directory.path().join(place)).unwrap();
        paths.push(directory.path().join(place).join("runner"));
        std::fs::write(&paths[paths.len() - 1], place).unwrap();
    }
    let hashes = binaries(paths).unwrap();
    assert_eq!(hashes.keys().collect::<Vec<_>>(), ["runner", "runner 2"]);
    assert_ne!(hashes["runner"], hashes["runner 2"]);
}
