use super::*;
use crate::bench::small_run;

/// What a run with this one finding means, by its number and its only line.
#[track_caller]
fn judged(speed: Speed, change: impl FnOnce(&mut MetricReport)) -> (u8, String) {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0), ("other", 1.0)]);
    change(&mut report.metrics[0]);
    let Judged { code, says } = judge(&report, speed);
    assert!(says.len() <= 1, "{says:?}");
    (code.number(), says.into_iter().next().unwrap_or_default())
}

fn standing(standing: Standing) -> impl FnOnce(&mut MetricReport) {
    move |row| row.standing = standing
}

fn beyond_its_line(row: &mut MetricReport) {
    (row.standing, row.absolute) = (Standing::Fail, Some(Judgement::Fail));
    row.reasons = vec!["600 ms, and 500 ms are the concern".to_owned()];
}

#[test]
fn a_run_that_holds_says_nothing() {
    assert_eq!(judged(Speed::Strict, |_| ()), (0, String::new()));
    assert_eq!(judged(Speed::Strict, standing(Standing::New)), (0, String::new()));
}

#[test]
fn what_is_exact_or_beyond_its_line_blocks_at_any_strictness() {
    let (code, says) = judged(Speed::Remarked, standing(Standing::Broken));
    assert_eq!((code, says.as_str()), (21, "blocks: daemon.ready: allows no tolerance and is off"));
    let (code, says) = judged(Speed::Remarked, beyond_its_line);
    assert_eq!(code, 20);
    assert_eq!(
        says,
        "blocks: daemon.ready: is beyond its line, 600 ms, and 500 ms are the concern"
    );
}

#[test]
fn what_got_worse_or_cannot_be_said_blocks_only_the_strict() {
    let worse = |speed| judged(speed, standing(Standing::Fail));
    assert_eq!(worse(Speed::Strict).0, 20);
    assert_eq!(
        worse(Speed::Remarked),
        (0, "remark: daemon.ready: got worse than the running build".to_owned())
    );
    let unsaid = |speed| judged(speed, standing(Standing::Inconclusive)).0;
    assert_eq!((unsaid(Speed::Strict), unsaid(Speed::Remarked)), (30, 0));
    assert_eq!(judged(Speed::Strict, standing(Standing::Warn)).0, 0);
}

#[test]
fn what_is_advisory_never_blocks() {
    let advisory = |row: &mut MetricReport| {
        beyond_its_line(row);
        row.policy.gate = Importance::Advisory;
    };
    let (code, says) = judged(Speed::Strict, advisory);
    assert_eq!(code, 0);
    assert!(says.starts_with("remark: daemon.ready"), "{says}");
}

#[test]
fn a_run_that_measured_nothing_is_no_pass() {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0)]);
    report.metrics[0].standing = Standing::Skipped;
    assert_eq!(judge(&report, Speed::Remarked).code, ExitCode::Inconclusive);
}
