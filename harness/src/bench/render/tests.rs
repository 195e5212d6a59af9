use proptest::prelude::*;
use roxmltree::Document;

use super::{Colour, MARKER, html, junit, markdown, terminal};
use crate::bench::policy::{Importance, Metric};
use crate::bench::report::{
    BenchReport, BenchVerdict, Judgement, MetricReport, Promotion, Standing, Trend,
};
use crate::bench::specimen::{
    against, because, full, holding, measured, policy, promotion, unmeasured,
};
use crate::exit_code::ExitCode;
use crate::specimen::any_text;

/// A run of these metrics that ended so.
fn run(exit_code: ExitCode, metrics: Vec<MetricReport>) -> BenchReport {
    let empty = holding(0);
    BenchReport { metrics, verdict: BenchVerdict { exit_code, ..empty.verdict.clone() }, ..empty }
}

fn metric(id: &str) -> Metric {
    policy(id, "what it is", [5.0, 20.0, 50.0])
}

fn advisory(row: MetricReport) -> MetricReport {
    MetricReport { policy: Metric { gate: Importance::Advisory, ..row.policy }, ..row }
}

#[test]
fn a_terminal_shows_the_worst_first_and_the_totals_last() {
    let report = BenchReport { roles: full().roles, ..holding(1) };
    let failed = because("too slow", measured(metric("daemon.ready"), 61.0, Standing::Fail));
    let metrics = vec![
        unmeasured(metric("imessage.send"), Standing::Awaits),
        advisory(measured(metric("daemon.cpu_idle"), 21.0, Standing::Warn)),
        against(0.91, Judgement::Pass, measured(metric("route.core"), 0.001_2, Standing::Pass)),
        against(1.182, Judgement::Fail, failed),
    ];
    insta::assert_snapshot!(terminal(&BenchReport { metrics, ..report }, Colour::Plain), @r"
    metric           measured                  limit  against base  verdict
    daemon.ready     61 ms (59.2 to 62.8)    ≤ 50 ms  +18.2 % ±1.2  fail
    daemon.cpu_idle  21 ms (20.4 to 21.6)    ≤ 50 ms                warn*
    route.core       1.20 µs (1.16 to 1.24)  ≤ 50 ms  −9.0 % ±1.2   pass
    * is shown, and does not fail the run

    performance: pass, exit code 0
    659b474d0e against caabb1271c; full run, linux x86_64, 2 cores, 431.20 s

    daemon.ready: fail
      too slow
      base 51.6 ms (50.1 to 53.2); 5 launches, 100 pairs, p < 0.001, measured again +14.7 % to +21.7 %

    not measured
      awaits: imessage.send

    load
      others used 3.1 % of the cores in the median, 42 % at worst; 3 of 64 looks over 15 %

    memory
      idle          daemon       1 processes, resident 9.96 MB, own part 6.97 MB
      100 sessions  daemon       1 processes, resident 24.1 MB, own part 16.9 MB
      100 sessions  agent      100 processes, resident 412 MB, own part 288 MB

    to repeat it
      cargo xtask bench-check --against caabb12 --seed 7

    1 held, 0 failed, 0 inconclusive, 0 unmeasured
    ");
}

/// Steps that are too small to be remarked, seen together.
#[test]
fn what_came_far_from_its_first_value_has_a_line() {
    let metrics = vec![measured(metric("daemon.ready"), 12.0, Standing::Pass)];
    let promotions = vec![promotion(0, 9.4, "the first value"), promotion(11, 11.5, "so it is")];
    let trends = [("daemon.ready".to_owned(), Trend { points: Vec::new(), promotions })];
    let report = BenchReport { metrics, trends: trends.into(), ..holding(1) };
    let told = "+27.7 % since 2026-03-01 (9.40 ms at 659b474c1d)";
    let line = format!("far from the first value on this machine\n  daemon.ready: {told}\n");
    let terminal = terminal(&report, Colour::Plain);
    assert!(terminal.contains(&line), "{terminal}");
    let markdown = markdown(&report);
    let told_there = told.replace('+', "&#43;").replace('%', "&#37;");
    let line = format!("- `daemon.ready`: <code>{told_there}</code>\n");
    assert!(markdown.contains(&line), "{markdown}");
    assert!(html(&report).contains(told));
}

#[test]
fn a_terminal_needs_a_hundred_columns() {
    let mut report = full();
    let long = "agent.a_name_that_is_longer_than_the_column_of_names.real.over";
    report.metrics.push(measured(metric(long), 1_234.5, Standing::Inconclusive));
    let real = metric("agent.resume_connect.real.over");
    let unsure = advisory(measured(real, 123.4, Standing::Inconclusive));
    report.metrics.push(against(1.123, Judgement::Inconclusive, unsure));
    for line in terminal(&report, Colour::Plain).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn colours_are_for_who_asks() {
    let report = full();
    assert!(!terminal(&report, Colour::Plain).contains('\u{1b}'));
    let coloured = terminal(&report, Colour::Ansi);
    assert!(coloured.contains("\u{1b}[31mfail\u{1b}[0m"));
    let uncoloured = ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"]
        .iter()
        .fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(uncoloured, terminal(&report, Colour::Plain));
}

#[test]
fn a_pull_request_gets_what_fails_and_the_rest_folded() {
    let metrics = vec![
        measured(metric("route.core"), 0.001_2, Standing::Pass),
        because("it is | slower", measured(metric("daemon.ready"), 61.0, Standing::Fail)),
        because("npm is not here", unmeasured(metric("agent.real"), Standing::Skipped)),
    ];
    let report = BenchReport { metrics, ..holding(1) };
    insta::assert_snapshot!(markdown(&report), @r"
    <!-- claude-assistant: bench-check -->
    ### ✅ performance: pass, exit code 0

    **1 held, 0 failed, 0 inconclusive, 0 unmeasured**

    `659b474d0e against caabb1271c`

    | verdict | metric | measured | limit | against base |
    |---|---|---:|---:|---:|
    | fail | `daemon.ready` | 61 ms (59.2 to 62.8) | ≤ 50 ms |  |

    - `daemon.ready`: <code>it is &#124; slower</code>

    To repeat it: `cargo xtask bench-check --against caabb12 --seed 7`

    <details><summary>what holds</summary>

    | verdict | metric | measured | limit | against base |
    |---|---|---:|---:|---:|
    | pass | `route.core` | 1.20 µs (1.16 to 1.24) | ≤ 50 ms |  |

    </details>

    <details><summary>what was not measured</summary>

    | verdict | metric | measured | limit | against base |
    |---|---|---:|---:|---:|
    | skipped | `agent.real` |  | ≤ 50 ms |  |

    - `agent.real`: `npm is not here`

    </details>

    <details><summary>the machine: load, controls, memory</summary>

    - `full run, linux x86_64, 2 cores, 431.20 s`
    - `Specimen at 2.8 GHz`
    - others used 3.1 % of the cores in the median, 42 % at worst; 3 of 64 looks over 15 %

    </details>
    ");
}

#[test]
fn a_comment_of_any_run_fits_where_it_is_posted() {
    let row = |index: usize| {
        let row = measured(metric(&format!("{index}.{}", "<&|>".repeat(400))), 1.0, Standing::Fail);
        because(&"<&|>".repeat(4_000), row)
    };
    let mut report = run(ExitCode::Failed, (0..150).map(row).collect());
    report.verdict.reasons = vec!["`".repeat(9_000); 90];
    assert!(markdown(&report).chars().count() < 65_536);
}

/// What a build server makes of a metric.
#[track_caller]
fn check(row: MetricReport, expected: &[&str]) {
    let xml = junit(&run(ExitCode::Pass, vec![row]));
    let document = Document::parse(&xml).unwrap();
    let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
    let elements = case.children().filter(roxmltree::Node::is_element);
    let names: Vec<&str> = elements.map(|node| node.tag_name().name()).collect();
    assert_eq!(names.strip_prefix(&["properties"]), Some(expected));
}

#[test]
fn a_build_server_knows_what_every_standing_means() {
    let row = |standing| because("so", measured(metric("a.b"), 1.0, standing));
    check(row(Standing::Pass), &[]);
    check(row(Standing::New), &[]);
    check(row(Standing::Warn), &["system-out"]);
    check(row(Standing::Awaits), &["skipped"]);
    check(row(Standing::Unasked), &["skipped"]);
    check(row(Standing::Skipped), &["skipped"]);
    check(row(Standing::Inconclusive), &["error"]);
    check(row(Standing::Fail), &["failure"]);
    check(row(Standing::Broken), &["failure"]);
    for standing in [Standing::Inconclusive, Standing::Fail, Standing::Broken] {
        check(advisory(row(standing)), &["system-out"]);
    }
}

#[test]
fn a_build_server_is_green_only_where_the_exit_code_is_0() {
    let red = |exit_code, metrics| {
        let xml = junit(&run(exit_code, metrics));
        let document = Document::parse(&xml).unwrap();
        let blamed = document.descendants();
        blamed.filter(|node| node.has_tag_name("failure") || node.has_tag_name("error")).count()
    };
    for code in ExitCode::ALL {
        let nothing_to_blame = red(code, vec![measured(metric("a.b"), 1.0, Standing::Pass)]);
        assert_eq!(nothing_to_blame, usize::from(code != ExitCode::Pass), "{code:?}");
    }
    let failed = vec![measured(metric("a.b"), 1.0, Standing::Fail)];
    assert_eq!(red(ExitCode::Failed, failed), 1);
}

#[test]
fn a_build_server_gets_the_numbers_as_they_are() {
    let xml = junit(&full());
    let document = Document::parse(&xml).unwrap();
    let ready =
        document.descendants().find(|node| node.attribute("name") == Some("daemon.ready")).unwrap();
    let property = |name| {
        let property = ready.descendants().find(|node| node.attribute("name") == Some(name));
        property.and_then(|property| property.attribute("value")).unwrap_or_default().to_owned()
    };
    assert_eq!(property("value"), "11.3");
    assert_eq!(property("ratio"), "1.182");
    assert_eq!(property("failing_line"), "100");
    assert_eq!(property("unit"), "ms");
}

proptest! {
    #[test]
    fn every_rendering_holds_any_text(
        hostile in any_text(),
        standing in proptest::sample::select(Standing::ALL.to_vec()),
    ) {
        let row = because(&hostile, measured(metric(&hostile), 1.0, standing));
        let mut report = run(ExitCode::Failed, vec![row]);
        report.verdict.reasons = vec![hostile.clone()];
        report.base_missing = Some(hostile.clone());
        report.base = None;
        let anchor = Promotion { commit: hostile.clone(), ..promotion(0, 0.001, &hostile) };
        let trend = Trend { points: Vec::new(), promotions: vec![anchor] };
        report.trends = [(hostile.clone(), trend)].into();
        report.metrics[0].head.as_mut().unwrap().estimate.low = 9.0;
        report.roles = full().roles;
        for line in [&mut report.repeat, &mut report.machine.cpu, &mut report.roles[0].role] {
            hostile.clone_into(line);
        }
        let text = terminal(&report, Colour::Plain);
        prop_assert!(!text.chars().any(|one| one.is_control() && one != '\n'));
        let totals = "0 held, 0 failed, 0 inconclusive, 0 unmeasured";
        prop_assert_eq!(text.lines().last(), Some(totals));

        let mut comment = markdown(&report);
        prop_assert!(comment.starts_with(MARKER));
        for row in comment.lines().filter(|line| line.starts_with('|')) {
            prop_assert_eq!(row.matches('|').count(), 6, "{}", row);
        }
        for tag in ["details", "summary", "code"] {
            let [open, close] = [format!("<{tag}>"), format!("</{tag}>")];
            prop_assert_eq!(comment.matches(&open).count(), comment.matches(&close).count());
            comment = comment.replace(&open, "").replace(&close, "");
        }
        prop_assert!(!comment.replacen(MARKER, "", 1).contains('<'), "{}", comment);

        let xml = junit(&report);
        let document = Document::parse(&xml).unwrap();
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase")).count();
        prop_assert!((1..=2).contains(&cases));
    }
}
