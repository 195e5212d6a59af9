//! Reports that nothing can be taken from, and names.

use std::fs;

use super::*;
use crate::bench::answered;

fn arguments(because: &str) -> PromoteArguments {
    PromoteArguments { because: because.to_owned(), only: None }
}

/// The exit code, with this in the place of the last full report.
fn play(text: Option<&str>) -> ExitCode {
    let room = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(room.path());
    let place = Places::below(workspace.target_dir()).report(FULL);
    if let Some(text) = text {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, text).unwrap();
    }
    answered(run(&workspace, &arguments("it is the first"))).unwrap()
}

#[test]
fn without_a_full_run_nothing_is_promoted() {
    assert_eq!(play(None), ExitCode::PreconditionMissing);
}

#[test]
fn what_is_no_report_is_not_believed() {
    assert_eq!(play(Some("{}")), ExitCode::FileInvalid);
    assert_eq!(play(Some("no JSON")), ExitCode::FileInvalid);
}

#[test]
fn the_compiler_says_its_version() {
    assert!(rustc().unwrap().starts_with("rustc "));
}
