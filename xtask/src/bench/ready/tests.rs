//! Heads that cannot be measured; what builds and runs is tried with the real thing.

use std::fs;

use super::*;
use crate::bench::answered;
use crate::checkout::tests::{begin, commit};

/// How a command ends whose head is this source, in a repository with these files.
fn play(files: &[(&str, &str)], source: &Source) -> ExitCode {
    let (repository, _place) = begin();
    for (path, text) in files {
        let path = repository.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let source = match source {
        Source::WorkTree => Source::WorkTree,
        Source::Commit(_) => Source::Commit(commit(repository.path(), "two\n")),
    };
    let workspace = Workspace::at(repository.path());
    let places = Places::below(workspace.target_dir());
    let interrupt = Interrupt::never();
    let yard = Yard { workspace: &workspace, places: &places, interrupt: &interrupt };
    answered(yard.ready(&source, &Against::Promises).map(|_| ExitCode::Pass)).unwrap()
}

#[test]
fn a_head_that_does_not_build_ends_the_run() {
    let files = [("benches/src/bin/bench-probe.rs", ""), ("Cargo.toml", "no manifest")];
    assert_eq!(play(&files, &Source::WorkTree), ExitCode::BuildFailed);
    assert_eq!(play(&files, &Source::Commit(String::new())), ExitCode::BuildFailed);
}

#[test]
fn a_head_from_before_there_was_a_probe_cannot_be_measured() {
    assert_eq!(play(&[], &Source::WorkTree), ExitCode::PreconditionMissing);
}

#[test]
fn a_build_is_shown_by_the_first_digits_of_its_commit() {
    let build = |clean| Build { commit: "0123456789abcdef".to_owned(), clean };
    assert_eq!(shown(&build(true)), "0123456789");
    assert_eq!(shown(&build(false)), "0123456789, with changes");
}

#[test]
fn what_a_person_names_is_the_work_tree_or_a_commit() {
    let (repository, _place) = begin();
    let workspace = Workspace::at(repository.path());
    assert_eq!(Source::named(&workspace, ".").unwrap(), Source::WorkTree);
    assert!(matches!(Source::named(&workspace, "HEAD").unwrap(), Source::Commit(_)));
    assert_eq!(Source::named(&workspace, "nothing").unwrap_err().code, ExitCode::BadUsage);
}
