mod measured;
mod refused;

use harness::report::Outcome;

use super::*;
use crate::tier::tests::{case, report};

fn said(outcome: Outcome) -> Option<u8> {
    let report = report(Gate::Closed, vec![case("tier2::a", outcome)]);
    let trouble = passed(&report).err()?;
    trouble.failure().code.map(ExitCode::number)
}

#[test]
fn the_gate_opens_for_a_pass_alone() {
    assert_eq!(said(Outcome::Passed), None);
    assert_eq!(said(Outcome::Failed), Some(20));
    assert_eq!(said(Outcome::Flaky), Some(20));
    assert_eq!(said(Outcome::Broken), Some(21));
    assert_eq!(said(Outcome::MissingPrecondition), Some(40));
    assert_eq!(said(Outcome::Skipped), Some(20));
}

/// The first line is all that a terminal shows.
#[test]
fn what_a_tier_lacks_is_said_with_what_puts_it_there() {
    let mut lacks = case("tier3::a", Outcome::MissingPrecondition);
    lacks.message = Some("failed to find claude; this puts it there: cargo xtask x".to_owned());
    let trouble = passed(&report(Gate::Closed, vec![lacks])).unwrap_err().to_string();
    let first = trouble.lines().next().unwrap_or_default();
    assert!(first.ends_with("this puts it there: cargo xtask x"), "{trouble}");
}

#[test]
fn a_receipt_is_about_these_very_programs() {
    let mut manifest = Manifest::new("1-a", Timestamp::now());
    manifest.programs.insert("claude-assistant".to_owned(), "e3".to_owned());
    let about = |tier, manifest: &Manifest| wanted_with(tier, manifest, "9f", "5d".to_owned());
    let run = report(Gate::Closed, vec![case("tier2::a", Outcome::Passed)]);
    let now = Timestamp::now();
    let receipt = Receipt::of(&run, about(Tier::RealBinaries, &manifest), now);
    assert_eq!(receipt.is_valid(now, &about(Tier::RealBinaries, &manifest)), Ok(()));
    manifest.programs.insert("claude-assistant".to_owned(), "e4".to_owned());
    assert!(receipt.is_valid(now, &about(Tier::RealBinaries, &manifest)).is_err());
}

#[test]
fn a_report_of_tier_1_is_believed_where_it_is_of_this_run() {
    let began = Timestamp::now();
    let mut run = report(Gate::Closed, vec![case("tier1::a", Outcome::Passed)]);
    run.tier = Tier::InProcess;
    assert!(is_of_run(&run, began, 0));
    assert!(!is_of_run(&run, began, 20));
    run.started_at = began - jiff::SignedDuration::from_secs(1);
    assert!(!is_of_run(&run, began, 0), "somebody else's, from before");
    run.started_at = began;
    run.machine.cores += 1;
    assert!(!is_of_run(&run, began, 0), "of another machine");
}

#[test]
fn what_measures_or_tests_says_no_in_the_words_of_a_restart() {
    let number = |code| said_no(code, "x").failure().code.map(ExitCode::number);
    let codes = [20, 21, 22, 30, 31, 32, 33, 40, 50, -1, 0];
    let meant = [20, 21, 22, 30, 40, 20, 40, 40, 50, 20, 20].map(Some);
    assert_eq!(codes.map(number), meant);
    assert!(said_no(50, "x").to_string().starts_with("another run (tiers"));
}

#[test]
fn a_receipt_of_tier_3_names_the_agent_program() {
    let room = tempfile::tempdir().unwrap();
    let directory = room.path().join("claude");
    assert_eq!(agents(&directory).unwrap(), BTreeMap::new());
    fs::create_dir_all(directory.join("2.1.0")).unwrap();
    fs::write(directory.join("2.1.0/claude"), "one").unwrap();
    let before = agents(&directory).unwrap();
    assert_eq!(before.keys().collect::<Vec<_>>(), ["claude/2.1.0"]);
    fs::write(directory.join("2.1.0/claude"), "other").unwrap();
    assert_ne!(agents(&directory).unwrap(), before);
}

#[test]
fn the_real_agent_program_is_lent_to_a_slot_while_it_is_tested() {
    let room = tempfile::tempdir().unwrap();
    let (what, link) = (room.path().join("claude"), room.path().join("slot-claude"));
    fs::create_dir(&what).unwrap();
    // One that a killed run has left is replaced.
    symlink("/nowhere", &link).unwrap();
    let lent = Lent::new(&what, &link).unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), what);
    drop(lent);
    assert!(!link.is_symlink());
}
