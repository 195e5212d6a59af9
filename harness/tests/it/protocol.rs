//! What the runner says to whoever starts it: a person, `cargo test`, `cargo nextest`.

use std::time::Duration;

use harness::environment;
use harness::gate::Gate;
use harness::report::Outcome;

use crate::play::{PREFIX, Play, Played};

#[track_caller]
fn check(arguments: &[&str], gate: Gate, code: i32) {
    let finished = Play::with(arguments).behind(gate).finish();
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.status.code(), Some(code), "{arguments:?}: {said}");
}

#[test]
fn an_empty_selection_is_never_a_pass() {
    check(&["nothing_is_called_that"], Gate::Open, 33);
    check(&["nothing_is_called_that"], Gate::Closed, 33);
    check(&["--exact", "passes"], Gate::Open, 33);
    Play::with(&["nothing_is_called_that"]).run().check_junit_is_red();
}

#[test]
fn an_unknown_flag_is_bad_usage_and_help_is_none() {
    check(&["--bogus"], Gate::Open, 64);
    check(&["--help"], Gate::Open, 0);
}

#[test]
fn a_seed_that_is_no_number_is_bad_usage() {
    let finished = Play::with(&["passes"]).env(environment::SEED, "seven").finish();
    assert_eq!(finished.status.code(), Some(64), "{}", finished.stderr);
    assert!(finished.stderr.contains("read HARNESS_SEED"), "{}", finished.stderr);
}

#[test]
fn a_seed_that_is_given_is_the_one_that_is_used() {
    let played = Play::with(&["::passes"]).env(environment::SEED, "1234").run();
    assert_eq!(played.report.cases[0].seed, Some(1234));
}

#[test]
fn an_entry_of_the_quarantine_for_no_case_refuses_the_run() {
    let entry = |id: &str| {
        let today = jiff::Zoned::now().date();
        format!(
            "[[case]]\nid = \"{id}\"\nowner = \"us\"\nissue = \"the book\"\nsince = {today}\n\
             expires = {today}\nreason = \"none\"\n"
        )
    };
    for id in ["tier2::fixture::never_was", "nothing"] {
        let played = Play::with(&["::passes"]).tolerating(&entry(id)).run();
        assert_eq!(played.code, 32, "{}", played.stdout);
        played.check_junit_is_red();
        assert!(played.report.problems[0].contains(id), "{:?}", played.report.problems);
        assert_eq!(played.report.cases[0].outcome, Outcome::Passed);
    }
    let played = Play::with(&["::passes"]).tolerating("[[case]]\nid = 3\n").run();
    assert_eq!(played.code, 32, "{}", played.stdout);
}

#[test]
fn a_selection_that_leaves_something_out_says_so() {
    let only = |arguments: &[&str]| Play::with(arguments).run().report.selection;
    assert_eq!(only(&["::passes"]).only.as_deref(), Some("::passes"));
    let skipping = only(&["::passes", "--skip", "quarantine"]);
    assert_eq!(skipping.only.as_deref(), Some("::passes --skip quarantine"));
    assert!(!skipping.is_everything());
}

/// What nextest asks first: every id, and nothing else on the standard output.
#[test]
fn a_list_holds_the_ids_and_nothing_else() {
    let listed = |arguments: &[&str]| {
        let finished = Play::with(arguments).env("NEXTEST", "1").finish();
        assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""));
        finished.stdout
    };
    let all = listed(&["--list", "--format", "terse"]);
    assert_eq!(all.lines().count(), 22, "{all}");
    for line in all.lines() {
        assert!(line.starts_with(PREFIX) && line.ends_with(": test"), "{line}");
    }
    let ignored = listed(&["--list", "--format", "terse", "--ignored"]);
    assert_eq!(ignored, "tier2::fixture::lacks_something: test\n");
}

/// What nextest asks then: one case, with the lines of Rust's own test harness.
#[test]
fn a_case_that_nextest_starts_speaks_as_a_test_does() {
    let start = |name: &str| {
        let id = format!("{PREFIX}{name}");
        Play::with(&["--exact", &id, "--nocapture"]).env("NEXTEST", "1").finish()
    };
    let passes = start("passes");
    assert_eq!(passes.status.code(), Some(0));
    assert!(passes.stdout.contains("test tier2::fixture::passes ... ok"), "{}", passes.stdout);
    assert_eq!(passes.stderr, "");

    // nextest knows no number for this: a case that says so itself is not failed for it.
    let skipped = start("is_skipped");
    assert_eq!(skipped.status.code(), Some(0), "{}", skipped.stdout);
    assert!(skipped.stdout.contains("... ignored (there is no moon)"), "{}", skipped.stdout);

    let leaks = |gate| {
        let id = format!("{PREFIX}leaves_a_child");
        let play = Play::with(&["--exact", &id, "--nocapture"]).env("NEXTEST", "1");
        play.behind(gate).finish().status.code()
    };
    assert_eq!((leaks(Gate::Open), leaks(Gate::Closed)), (Some(0), Some(21)));

    let fails = start("fails");
    assert_eq!(fails.status.code(), Some(20));
    for part in ["failed: failed to see the sun", "\nlog: ", "\nrepeat it: HARNESS_SEED="] {
        assert!(fails.stdout.contains(part), "{}", fails.stdout);
    }

    assert!(!fails.stdout.contains('\x1b'), "{:?}", fails.stdout);

    // An empty selection is none of this, and neither is anything else that is no pass.
    let nothing = start("nothing_is_called_that");
    assert_eq!(nothing.status.code(), Some(33));
}

#[test]
fn what_a_case_left_stays_on_disk_where_that_is_asked_for() {
    let left = |play: Play| play.run().litter();
    assert_eq!(left(Play::with(&["leaves_a_temporary_file"])), [""; 0]);
    let kept = left(Play::with(&["leaves_a_temporary_file"]).env(environment::KEEP, "1"));
    assert!(kept.len() == 1 && kept[0].starts_with('h'), "{kept:?}");
}

#[test]
fn a_run_that_is_interrupted_ends_what_runs_and_is_no_pass() {
    /// Long after the runner has begun with its first case, and long before that is over.
    const LIMIT: Duration = Duration::from_secs(20);
    let played = Play::with(&["times_out"]).env("FIXTURE_LIMIT_S", "60").interrupted(LIMIT);
    assert_eq!(played.code, 20, "{}", played.stdout);
    assert_eq!(played.report.cases[0].message.as_deref(), Some("interrupted"));
    check_told_interrupted(&played);
}

#[test]
fn a_run_that_is_interrupted_between_cases_has_failed_and_says_so() {
    const LIMIT: Duration = Duration::from_secs(20);
    /// More than are over before the signal comes.
    const MANY: usize = 20_000;
    let played = Play::with(&[]).many(MANY).interrupted(LIMIT);
    assert_eq!((played.code, played.report.verdict.failed), (20, 1), "{}", played.stdout);
    assert!(played.report.cases.len() < MANY, "it did not run all of them");
    check_told_interrupted(&played);
}

/// Each waits for the other.
#[test]
fn cases_that_say_so_run_at_the_same_time() {
    let played = Play::with(&[]).env("FIXTURE_MEET", "2").run();
    assert_eq!((played.code, played.report.verdict.passed), (0, 2), "{}", played.stdout);
    let ids: Vec<&str> = played.report.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["tier2::meet::one", "tier2::meet::two"]);
    assert_eq!(played.litter(), [""; 0]);
}

#[test]
fn a_run_that_is_interrupted_ends_what_runs_side_by_side() {
    const LIMIT: Duration = Duration::from_secs(20);
    let played = Play::with(&[]).env("FIXTURE_MEET", "3").interrupted(LIMIT);
    assert_eq!((played.code, played.report.verdict.passed), (20, 0), "{}", played.stdout);
    check_told_interrupted(&played);
}

#[track_caller]
fn check_told_interrupted(played: &Played) {
    let last = played.report.cases.last().expect("it began");
    assert_eq!((last.id.as_str(), last.outcome), ("tier2::(run)", Outcome::Failed));
    assert_eq!(last.message.as_deref(), Some("the run was interrupted"));
    assert_eq!(played.report.problems, [""; 0]);
    played.check_junit_is_red();
    assert_eq!(played.litter(), [""; 0]);
}
