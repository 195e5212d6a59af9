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
