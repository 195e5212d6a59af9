use super::*;
use crate::bench::report::Relative;
use crate::bench::small_run;

/// What a run with this one finding means, by its number and its only line.
#[track_caller]
fn judged(speed: Speed, change: impl FnOnce(&mut MetricReport)) -> (u8, String) {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0), ("other", 1.0)]);
    change(&mut report.metrics[0]);
    let Judged { code, says } = judge(&report, &Against::Running, speed);
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

/// Surely slower than the base, in fresh launches too.
fn worse(row: &mut MetricReport) {
    let base = row.head.clone().unwrap();
    row.relative = Some(Relative {
        base,
        ratio: small_run::around(1.2),
        p: 0.0,
        launches: 5,
        pairs: 100,
        confirmation: Some(small_run::around(1.2)),
        judgement: Judgement::Fail,
    });
    (row.standing, row.absolute) = (Standing::Fail, Some(Judgement::Pass));
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
    assert_eq!(judged(Speed::Strict, worse).0, 20);
    assert_eq!(
        judged(Speed::Remarked, worse),
        (0, "remark: daemon.ready: got worse than the running build".to_owned())
    );
    let unsaid = |speed| judged(speed, standing(Standing::Inconclusive)).0;
    assert_eq!((unsaid(Speed::Strict), unsaid(Speed::Remarked)), (30, 0));
    assert_eq!(judged(Speed::Strict, standing(Standing::Warn)).0, 0);
}

#[test]
fn what_could_not_be_measured_blocks_at_any_strictness() {
    let untold = |why: &'static str, absolute| {
        move |row: &mut MetricReport| {
            (row.standing, row.absolute) = (Standing::Fail, absolute);
            row.reasons = vec![why.to_owned()];
        }
    };
    for why in ["failed to start it", "its scenario gave no value of it"] {
        let says = format!("blocks: daemon.ready: was not measured as it should be, {why}");
        assert_eq!(judged(Speed::Remarked, untold(why, None)), (20, says));
    }
    // A probe that failed after it had given values that hold.
    let (code, says) = judged(Speed::Remarked, untold("failed to end it", Some(Judgement::Pass)));
    assert_eq!(code, 20, "{says}");
}

#[test]
fn all_reasons_of_a_metric_are_told() {
    let (_, says) = judged(Speed::Remarked, |row| {
        beyond_its_line(row);
        row.reasons.insert(0, "failed to answer, and once more did not".to_owned());
    });
    assert!(says.ends_with("once more did not; 600 ms, and 500 ms are the concern"), "{says}");
}

#[test]
fn what_it_was_measured_against_is_called_what_it_is() {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0)]);
    worse(&mut report.metrics[0]);
    let before = Against::Before("nobody knows what runs".to_owned());
    let Judged { code, says } = judge(&report, &before, Speed::Remarked);
    assert_eq!(
        (code, says.join("\n").as_str()),
        (
            ExitCode::Pass,
            "remark: daemon.ready: got worse than the commit before it\n\
             remark: it was measured against the commit before it: nobody knows what runs"
        )
    );
}

#[test]
fn a_target_that_was_not_measured_against_what_runs_blocks_only_the_strict() {
    let report = small_run::run("12:00", &[("daemon.ready", 50.0)]);
    let why = || "nobody knows what runs".to_owned();
    for against in [Against::Before(why()), Against::Promises(why())] {
        let code = |speed| judge(&report, &against, speed).code.number();
        assert_eq!((code(Speed::Strict), code(Speed::Remarked)), (30, 0), "{against:?}");
    }
    let alone = judge(&report, &Against::Promises(why()), Speed::Remarked).says;
    let said = "remark: it was measured against what is promised alone: nobody knows what runs";
    assert_eq!(alone, [said]);
}

/// The terminal and whoever asked for a restart see the first line alone.
#[test]
fn what_blocks_is_told_before_what_is_remarked_and_the_worst_first() {
    let ids = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)];
    let mut report = small_run::run("12:00", &ids);
    let changes: [fn(&mut MetricReport); 4] = [
        worse,
        beyond_its_line,
        |row| row.standing = Standing::Warn,
        |row| {
            row.standing = Standing::Broken;
        },
    ];
    for (row, change) in report.metrics.iter_mut().zip(changes) {
        change(row);
    }
    let Judged { code, says } = judge(&report, &Against::Running, Speed::Remarked);
    assert_eq!(code, ExitCode::InvariantBroken);
    let begin: Vec<&str> = says.iter().filter_map(|line| line.get(..9)).collect();
    assert_eq!(begin, ["blocks: d", "blocks: b", "remark: a", "remark: c"]);
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
fn a_base_that_was_not_to_be_had_is_told_and_blocks_only_the_strict() {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0)]);
    report.base_missing = Some("c0ffee does not build".to_owned());
    let Judged { code, says } = judge(&report, &Against::Running, Speed::Remarked);
    let said = "it was measured against what is promised alone: c0ffee does not build";
    assert_eq!((code, says), (ExitCode::Pass, vec![format!("remark: {said}")]));
    let Judged { code, says } = judge(&report, &Against::Running, Speed::Strict);
    assert_eq!((code, says), (ExitCode::Inconclusive, vec![format!("blocks: {said}")]));
    let before = Against::Before("nobody knows what runs".to_owned());
    let says = judge(&report, &before, Speed::Remarked).says;
    assert!(says[0].ends_with("alone: nobody knows what runs; c0ffee does not build"), "{says:?}");
}

/// As one from before there was a probe.
#[test]
fn a_base_that_offers_nothing_to_compare_is_told_too() {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0), ("other", 1.0)]);
    report.metrics[0].standing = Standing::Skipped;
    report.metrics[0].policy.gate = Importance::Advisory;
    report.metrics[1].standing = Standing::New;
    let Judged { code, says } = judge(&report, &Against::Running, Speed::Strict);
    let said = "blocks: it was measured against what is promised alone: the build before has nothing \
                that is measured here";
    assert_eq!((code, says), (ExitCode::Inconclusive, vec![said.to_owned()]));
}

#[test]
fn what_blocks_and_was_not_measured_here_is_one_remark() {
    let ids = [("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0), ("e", 1.0)];
    let mut report = small_run::run("12:00", &ids);
    let lacks = ["valgrind is not installed", "valgrind is not installed", "no agent", "no agent"];
    for (row, why) in report.metrics.iter_mut().zip(lacks) {
        (row.standing, row.reasons) = (Standing::Skipped, vec![why.to_owned()]);
    }
    report.metrics[3].policy.gate = Importance::Advisory;
    let Judged { code, says } = judge(&report, &Against::Running, Speed::Strict);
    let said = "remark: not measured: a and 1 more (valgrind is not installed); c (no agent)";
    assert_eq!((code, says), (ExitCode::Pass, vec![said.to_owned()]));
}

#[test]
fn a_run_that_measured_nothing_is_no_pass() {
    let mut report = small_run::run("12:00", &[("daemon.ready", 50.0)]);
    report.metrics[0].standing = Standing::Skipped;
    assert_eq!(judge(&report, &Against::Running, Speed::Remarked).code, ExitCode::Inconclusive);
}
