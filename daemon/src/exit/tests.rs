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
