//! What an error of a body means, whatever was said around it.

use anyhow::{Context, anyhow};

use super::{Ended, ended, with_last_words};
use crate::run::{Broken, LeftBehind, Skip, Transport, Undecided, unbroken};

#[track_caller]
fn check(error: anyhow::Error, wanted: &Ended) {
    assert_eq!(ended(Ok(Err(error))), *wanted);
}

#[test]
fn an_error_keeps_its_meaning_under_any_context() {
    let deep = |error: anyhow::Error| error.context("settle").context("end");
    check(anyhow!("see it"), &Ended::Failed("failed to see it".to_owned()));
    check(
        deep(Broken("lost".to_owned()).into()),
        &Ended::Broken("end: settle: an exact invariant is broken: lost".to_owned()),
    );
    check(
        deep(Transport("busy".to_owned()).into()),
        &Ended::Transport("failed to end: settle: get through: busy".to_owned()),
    );
    check(deep(Skip("no moon".to_owned()).into()), &Ended::Skipped("no moon".to_owned()));
    check(
        deep(Undecided("no API".to_owned()).into()),
        &Ended::Undecided("failed to end: settle: say anything of it: no API".to_owned()),
    );
    check(
        deep(LeftBehind(vec!["a socket".to_owned()]).into()),
        &Ended::Left(vec!["a socket".to_owned()]),
    );
}

#[test]
fn a_meaning_given_as_context_counts_as_well() {
    let broken: Result<(), anyhow::Error> =
        Err(anyhow!("see it")).context(Broken("lost".to_owned()));
    let wanted = "an exact invariant is broken: lost: see it".to_owned();
    check(broken.expect_err("it is one"), &Ended::Broken(wanted));
}

#[test]
fn a_broken_invariant_shows_ten_of_what_is_wrong() {
    assert!(unbroken("lost", &[]).is_ok());
    let wrong: Vec<String> = (1..=12).map(|number| format!("m{number}")).collect();
    let said = unbroken("lost", &wrong).expect_err("there are some").to_string();
    assert!(said.contains("lost: 12 of them:\n  m1\n") && said.ends_with("m10"), "{said}");
}

#[test]
fn whoever_ends_a_case_decides_what_it_is_and_it_says_the_rest() {
    let late = || Ended::TimedOut("no end within 1s".to_owned());
    assert_eq!(with_last_words(late(), Ended::Well), late());
    let last = Ended::Broken("lost".to_owned());
    let wanted = Ended::TimedOut("no end within 1s; then: lost".to_owned());
    assert_eq!(with_last_words(late(), last), wanted);
}
