//! What several renderings say in the same words.

use std::cmp::Reverse;

use super::figures;
use crate::bench::drift::Drift;
use crate::bench::policy::{Importance, Statistic};
use crate::bench::report::{
    BenchReport, Build, Control, Load, MetricReport, Mode, Promotion, Relative, Standing,
};
use crate::render::digest::{milliseconds, one_line, seconds};

/// How many digits name a commit.
const COMMIT_CHARS: usize = 10;

/// Every metric, the worst first, and last what was not measured; among equals what blocks, and then in the
/// order of the policy.
pub(super) fn rows(report: &BenchReport) -> Vec<&MetricReport> {
    let mut rows: Vec<&MetricReport> = report.metrics.iter().collect();
    let is_unmeasured = |row: &MetricReport| row.standing.is_unmeasured();
    rows.sort_by_key(|row| (is_unmeasured(row), Reverse(row.standing), is_advisory(row)));
    rows
}

/// Which of the three parts of a report a metric belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Somebody has to look at it.
    Look,
    /// It holds.
    Holds,
    /// Nothing was measured.
    Unmeasured,
}

/// The part that a metric belongs to.
pub(super) const fn part(row: &MetricReport) -> Part {
    match row.standing {
        Standing::Broken | Standing::Fail | Standing::Inconclusive | Standing::Warn => Part::Look,
        Standing::Pass | Standing::New => Part::Holds,
        Standing::Awaits | Standing::Unasked | Standing::Skipped => Part::Unmeasured,
    }
}

/// What a metric means, in a word.
pub(super) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Pass => "pass",
        Standing::New => "new",
        Standing::Awaits => "awaits",
        Standing::Unasked => "unasked",
        Standing::Skipped => "skipped",
        Standing::Warn => "warn",
        Standing::Inconclusive => "inconclusive",
        Standing::Fail => "fail",
        Standing::Broken => "broken",
    }
}

/// What one value is made of.
pub(super) const fn statistic(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Median => "median",
        Statistic::P95 => "95th percentile",
        Statistic::Max => "largest",
    }
}

/// Whether the run fails without it.
pub(super) fn is_advisory(row: &MetricReport) -> bool {
    row.policy.gate == Importance::Advisory
}

/// What was measured of the head: `3.02 ms (2.95 to 3.11)`.
pub(super) fn value(row: &MetricReport) -> Option<String> {
    row.head.as_ref().map(|head| figures::estimate(&head.estimate, row.policy.unit))
}

/// Against the base: `+3.1 % ±1.2`, or why there is nothing to say.
pub(super) fn against_base(row: &MetricReport) -> String {
    match &row.relative {
        Some(relative) => figures::change(&relative.ratio),
        None if row.standing == Standing::New => "new".to_owned(),
        None => String::new(),
    }
}

/// From the first value that was promoted: `+12.3 % since 2026-03-01 (9.40 ms at c0ffee1234)`.
pub(super) fn drift(drift: &Drift<'_>) -> String {
    let Promotion { at, commit: anchored, estimate, .. } = drift.anchor;
    let first = figures::amount(estimate.value, drift.policy.unit);
    let since = format!("{} ({first} at {})", at.strftime("%Y-%m-%d"), commit(anchored));
    let part = drift.part().map(figures::step);
    part.map_or_else(|| format!("since {since}"), |part| format!("{part} since {since}"))
}

/// What has come far from where it began, each a line.
pub(super) fn drifted(report: &BenchReport) -> impl Iterator<Item = (&str, String)> {
    let all = rows(report).into_iter().filter_map(|row| Drift::of(report, row));
    all.filter(Drift::is_far).map(|it| (it.policy.id.as_str(), drift(&it)))
}

/// How a ratio came about: `5 launches, 100 pairs, p = 0.012`, and what fresh launches said.
pub(super) fn grounds(relative: &Relative) -> String {
    let Relative { launches, pairs, p, .. } = relative;
    let again = relative.confirmation.as_ref().map(figures::change_spread);
    let again = again.map_or_else(String::new, |spread| format!(", measured again {spread}"));
    format!("{launches} launches, {pairs} pairs, p {}{again}", probability(*p))
}

fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") }
}

/// `performance: failed, exit code 20`.
pub(super) fn headline(report: &BenchReport) -> String {
    let code = report.verdict.exit_code;
    format!("performance: {}, exit code {}", code.meaning(), code.number())
}

/// `12 held, 0 failed, 1 inconclusive, 6 unmeasured`: the line that a machine reads.
pub(super) fn totals(report: &BenchReport) -> String {
    let verdict = &report.verdict;
    let measured = format!("{} held, {} failed", verdict.held, verdict.failed);
    format!("{measured}, {} inconclusive, {} unmeasured", verdict.inconclusive, verdict.unmeasured)
}

/// What was compared: `0123456789 against 9876543210`, or why it stands alone.
pub(super) fn builds(report: &BenchReport) -> String {
    let head = build(&report.head);
    match (&report.base, &report.base_missing) {
        (Some(base), _) => format!("{head} against {}", build(base)),
        (None, Some(why)) => format!("{head} against nothing: {}", one_line(why)),
        (None, None) => format!("{head} alone"),
    }
}

/// A commit in a few digits, and whether it is exactly that.
pub(super) fn build(build: &Build) -> String {
    let changed = if build.clean { "" } else { " with changes" };
    format!("{}{changed}", commit(&build.commit))
}

/// A commit in a few digits.
pub(super) fn commit(commit: &str) -> String {
    one_line(commit).chars().take(COMMIT_CHARS).collect()
}

/// Where and how long: `full run, linux x86_64, 2 cores, 61.20 s`.
pub(super) fn circumstances(report: &BenchReport) -> String {
    let machine = &report.machine.machine;
    let (os, arch) = (one_line(&machine.os), one_line(&machine.arch));
    let took = seconds(milliseconds(report.elapsed_ms));
    format!("{}, {os} {arch}, {} cores, {took}", mode(report.mode), machine.cores)
}

/// What was asked for.
pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Full => "full run",
        Mode::Quick => "quick run",
        Mode::Run => "absolute run",
        Mode::Compare => "comparison",
    }
}

/// What others did meanwhile: `others used 3.1 % of the cores in the median, 21 % at worst; ..`.
pub(super) fn load(load: &Load) -> String {
    let [median, worst, limit] = [load.median, load.worst, load.limit].map(figures::share);
    let looks = format!("{} of {} looks over {limit}", load.loaded, load.looks);
    format!("others used {median} of the cores in the median, {worst} at worst; {looks}")
}

/// The same build against itself: `disk: daemon.route_message +0.4 % ±1.1, quiet`.
pub(super) fn control(control: &Control) -> String {
    let metric = one_line(&control.metric);
    let change = figures::change(&control.ratio);
    format!("{}: {metric} {change}, {}", control.family, quiet(control))
}

/// Whether the machine can be trusted with what a control vouches for.
pub(super) const fn quiet(control: &Control) -> &'static str {
    if control.quiet { "quiet" } else { "too noisy" }
}
