use harness::restart::flags::{Choice, Flags};
use harness::restart::step::Step;
use harness::tier::Tier;

use super::*;
use crate::bench;
use crate::checkout::tests::{begin, commit};

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
    let tiers = Flags { gate: Choice::Tiers([Tier::RealBinaries].into()), ..Flags::default() };
    let more = Step::Gate.limit(&Flags::default()).saturating_sub(Step::Gate.limit(&tiers));
    assert!(bench::longest() < more, "{:?} of {more:?}", bench::longest());
}
