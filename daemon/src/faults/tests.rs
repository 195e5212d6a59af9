//! Lines in, faults out.

use super::*;

#[track_caller]
fn check(text: &str, ground: Option<Ground>, expected: Option<Fault>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    fs::write(&path, text).unwrap();
    assert_eq!(of_file(&path, ground).unwrap(), expected, "{text:?}");
}

#[test]
fn a_fault_strikes_on_its_own_ground_alone() {
    check("hang live\n", Some(Ground::Live), Some(Fault::Hang));
    check("hang live\n", Some(Ground::Candidate), None);
    check("hang live\n", None, None);
    check("corrupt candidate", Some(Ground::Candidate), Some(Fault::Corrupt));
    check("corrupt candidate", Some(Ground::Live), None);
}

#[test]
fn a_run_is_on_the_ground_that_its_flags_tell() {
    let slot = || Some("s-1".to_owned());
    let held_by = || Some("/hold".into());
    let ground = |slot, held_by| ground_of(&Run { slot, held_by, ..Run::default() });
    assert_eq!(ground(slot(), None), Some(Ground::Live));
    assert_eq!(ground(slot(), held_by()), Some(Ground::Live));
    assert_eq!(ground(None, held_by()), Some(Ground::Candidate));
    assert_eq!(ground(None, None), None);
}

#[test]
fn every_fault_has_its_word() {
    let all = [
        ("exit", Fault::Exit),
        ("silent", Fault::Silent),
        ("mute", Fault::Mute),
        ("corrupt", Fault::Corrupt),
        ("crash", Fault::Crash),
        ("hang", Fault::Hang),
        ("leak", Fault::Leak),
    ];
    for (word, fault) in all {
        check(&format!("{word} live"), Some(Ground::Live), Some(fault));
    }
}

/// A word that is mistyped would be a build without a fault, and a proof of nothing.
#[test]
fn what_is_no_fault_is_refused_and_no_file_is_none() {
    for text in ["", "hang", "hang everywhere", "dance live", "hang live candidate"] {
        assert_eq!(text.parse::<Line>(), Err(NoFault(text.to_owned())), "{text:?}");
    }
    assert_eq!(of_file(Path::new("/nowhere/fault"), Some(Ground::Live)).unwrap(), None);
}

#[test]
fn a_database_that_was_written_over_does_not_pass_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("assistant.db");
    let now = assistant_core::time::WallMs(1);
    crate::store::open(&path, std::sync::Arc::new(move || now)).unwrap();
    crate::store::check_in_place(&path).unwrap();
    corrupt(&path).unwrap();
    assert!(crate::store::check_in_place(&path).is_err());
}
