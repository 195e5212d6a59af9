use super::*;

/// Which tiers and whether it is measured, for these changed files.
fn selected(choice: &Choice, changed: &[&str]) -> (Vec<u8>, bool) {
    let changed = Ok(changed.iter().map(|&path| path.to_owned()).collect());
    let Selection { tiers, measured, .. } = select(choice, &changed);
    (tiers.iter().map(|tier| tier.number()).collect(), measured)
}

#[test]
fn the_change_says_what_it_needs() {
    let auto = |paths: &[&str]| selected(&Choice::Auto, paths);
    assert_eq!(auto(&["docs/operations.md"]), (vec![2], false));
    assert_eq!(auto(&["daemon/src/store.rs"]), (vec![1, 2], true));
    assert_eq!(auto(&["daemon/src/tools/reply.rs"]), (vec![1, 2, 3], false));
    assert_eq!(auto(&["Cargo.lock"]), (vec![1, 2, 3], true));
    assert_eq!(auto(&["something/new"]), (vec![1, 2, 3], true));
    assert_eq!(auto(&[]), (vec![2], false));
}

#[test]
fn an_unknown_commit_needs_everything() {
    let selection = select(&Choice::Auto, &Err("nobody knows".to_owned()));
    assert_eq!((selection.tiers.len(), selection.measured), (3, true));
    assert_eq!(selection.says, ["everything: nobody knows"]);
}

#[test]
fn what_was_asked_for_is_what_runs() {
    assert_eq!(selected(&Choice::All, &[]), (vec![1, 2, 3], true));
    let tiers = Choice::Tiers([Tier::InProcess].into());
    assert_eq!(selected(&tiers, &["Cargo.lock"]), (vec![1], false));
}

#[test]
fn every_check_is_told_with_its_reason() {
    let changed = Ok(vec!["daemon/src/store.rs".to_owned()]);
    let says = select(&Choice::Auto, &changed).says;
    assert!(
        says.iter().any(|line| line.starts_with("cargo xtask test-tier 1: daemon/src/store.rs"))
    );
    assert!(says.iter().any(|line| line.starts_with("cargo xtask bench-check")), "{says:?}");
}

#[test]
fn a_commit_that_git_does_not_know_is_named() {
    let room = tempfile::tempdir().unwrap();
    let why = changed(room.path(), Some("c0ffee"), "HEAD").unwrap_err();
    assert_eq!(why, "this repository does not know the commit that runs, c0ffee");
    assert!(changed(room.path(), None, "HEAD").unwrap_err().starts_with("nobody knows"));
}
