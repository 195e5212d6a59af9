use std::fs::{self, File};

use harness::restart::step::MEASURING_MAX;

use super::*;
use crate::bench;
use crate::checkout::tests::{begin, commit};
use crate::running::Interrupt;

const FOREIGN: &str = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

/// The command that measures, as it is typed.
fn line(base: &Base, target: &str) -> String {
    base.command(target).join(" ".as_ref()).into_string().unwrap()
}

#[test]
fn a_target_is_measured_against_what_runs() {
    let (repository, _place) = begin();
    let root = repository.path();
    let running = ask(root, &["rev-parse", "HEAD"]).unwrap();
    commit(root, "two\n");
    let target = commit(root, "three\n");
    let base = Base::find(root, Some(&running), &target);
    assert_eq!(base.against(), &Against::Running);
    assert_eq!(line(&base, &target), format!("bench compare {running} {target} --json"));
    assert_eq!(base.foreseen(), "times and sizes would be measured, against the running build");
}

#[test]
fn where_what_runs_is_of_another_clone_it_is_measured_against_the_commit_before() {
    let (repository, _place) = begin();
    let root = repository.path();
    let before = ask(root, &["rev-parse", "HEAD"]).unwrap();
    let target = commit(root, "two\n");
    for running in [Some(FOREIGN), None] {
        let base = Base::find(root, running, &target);
        assert!(matches!(base.against(), Against::Before(_)), "{base:?}");
        assert_eq!(line(&base, &target), format!("bench compare {before} {target} --json"));
    }
    assert_eq!(
        Base::find(root, Some(FOREIGN), &target).foreseen(),
        format!(
            "times and sizes would be measured, against the commit before it: \
             this repository does not know the commit that runs, {FOREIGN}"
        )
    );
}

#[test]
fn a_first_commit_is_measured_against_what_is_promised_alone() {
    let (repository, _place) = begin();
    let root = repository.path();
    let target = ask(root, &["rev-parse", "HEAD"]).unwrap();
    let base = Base::find(root, None, &target);
    assert_eq!(base.against(), &Against::Promises(NOBODY_KNOWS.to_owned()));
    assert_eq!(line(&base, &target), format!("bench run {target} --json"));
    assert!(base.foreseen().contains("against what is promised alone: nobody knows"));
}

#[test]
fn a_line_of_a_slot_is_no_option_of_git() {
    let (repository, _place) = begin();
    let target = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let base = Base::find(repository.path(), Some("--all"), &target);
    assert!(matches!(base.against(), Against::Promises(_)), "{base:?}");
}

#[test]
fn the_gate_leaves_time_for_a_comparison_of_which_nothing_is_built() {
    assert!(bench::longest() < MEASURING_MAX, "{:?}", bench::longest());
}

/// What came of a run that ends with these numbers, one after the other, and whether it was said that it
/// waited. `limit` is for all of it.
fn turn(workspace: &Workspace, limit: Duration, codes: &[i32]) -> (Result<i32>, bool) {
    let never = Interrupt::never();
    let mut codes = codes.iter();
    let mut says = Vec::new();
    let once = || Ok(*codes.next().expect("it is not started again"));
    let ended = in_turn(workspace, Time::from_now(limit, &never), &mut says, once);
    (ended, says == ["another run in this build directory was waited for"])
}

const LONG: Duration = Duration::from_mins(1);

#[test]
fn measuring_waits_for_another_run_in_the_build_directory() {
    let room = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(room.path());
    let (ended, waited) = turn(&workspace, LONG, &[20]);
    assert!(matches!(ended, Ok(20)) && !waited, "{ended:?}");
    // Somebody was quicker.
    let (ended, waited) = turn(&workspace, LONG, &[50, 0]);
    assert!(matches!(ended, Ok(0)) && waited, "{ended:?}");

    let directory = room.path().join("target/harness");
    fs::create_dir_all(&directory).unwrap();
    let held = File::create(directory.join("lock")).unwrap();
    held.lock().unwrap();
    // Nothing is started, and that there was no time for it says nothing of the target.
    let (ended, waited) = turn(&workspace, Duration::ZERO, &[]);
    let trouble = ended.unwrap_err();
    assert_eq!(trouble.code(), Some(ExitCode::Inconclusive));
    assert!(trouble.to_string().starts_with("another run (tiers"), "{trouble}");
    assert!(waited);
    drop(held);
    assert!(matches!(turn(&workspace, LONG, &[0]), (Ok(0), false)));
}

#[test]
fn who_waits_for_another_run_can_be_ended() {
    let room = tempfile::tempdir().unwrap();
    let interrupt = Interrupt::at_once();
    let time = Time::from_now(LONG, &interrupt);
    let ended = in_turn(&Workspace::at(room.path()), time, &mut Vec::new(), || panic!("it runs"));
    assert!(matches!(ended, Err(Trouble::Interrupted)), "{ended:?}");
}
