use anyhow::Context as _;

use super::*;

#[test]
fn a_failure_keeps_its_code_under_any_context() {
    let error = Err::<(), _>(Failure::new(Code::Busy, "already running"))
        .context("failed to start")
        .unwrap_err();
    assert_eq!(code_of(&error), Code::Busy);
    assert_eq!(format!("{error:#}"), "failed to start: already running");
}

#[test]
fn an_error_without_a_code_is_a_plain_failure() {
    assert_eq!(code_of(&anyhow::anyhow!("no")), Code::Failed);
}

#[test]
fn a_fragment_is_completed_and_a_failure_is_not() {
    #[track_caller]
    fn check(error: &anyhow::Error, code: Code, line: &str) {
        assert_eq!((code_of(error), line_of(error).as_str()), (code, line));
    }
    let told = |kind: io::ErrorKind, words: &str| io::Error::new(kind, words.to_owned());
    let full = anyhow::Error::from(told(io::ErrorKind::StorageFull, "full")).context("open x");
    check(&full, Code::Failed, "failed to open x: full");
    let denied = anyhow::Error::from(told(io::ErrorKind::PermissionDenied, "no")).context("open x");
    check(&denied, Code::Denied, "failed to open x: no");
    check(&Failure::new(Code::Busy, "x is held").into(), Code::Busy, "x is held");
}

#[test]
fn what_the_system_denies_ends_with_77_however_it_is_told() {
    #[derive(Debug, thiserror::Error)]
    #[error("open x: {source}")]
    struct Wrapped {
        source: io::Error,
    }
    let wrapped = |kind: io::ErrorKind| Wrapped { source: io::Error::new(kind, "no") };
    let denied = Failure::to(Code::Usage, &wrapped(io::ErrorKind::PermissionDenied));
    assert_eq!(denied, Failure::new(Code::Denied, "failed to open x: no"));
    let other = Failure::to(Code::Usage, &wrapped(io::ErrorKind::NotADirectory));
    assert_eq!(other, Failure::new(Code::Usage, "failed to open x: no"));
}

#[test]
fn a_status_of_another_run_passes_through() {
    for (status, code) in [
        (0, Code::Done),
        (1, Code::Failed),
        (64, Code::Usage),
        (75, Code::Busy),
        (42, Code::Failed),
    ] {
        assert_eq!(Code::of_status(status), code);
    }
}
