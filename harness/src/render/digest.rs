//! What several renderings say in the same words.

use std::cmp::Reverse;

use crate::gate::Gate;
use crate::report::{CaseReport, Outcome, Report};
use crate::verdict::Standing;

/// How many of the slowest cases are named.
const SLOWEST: usize = 5;

/// How much of a message is shown: the first lines say what was expected, the log has the rest.
const LINES_MAX: usize = 40;

/// How much of a text stands beside a name, in characters: a line of a table stays a line.
const BRIEF_CHARS_MAX: usize = 160;

/// A single line of a message that is longer is cut: it is data, not an explanation.
const LINE_CHARS_MAX: usize = 1_000;

/// What a case is shown as: its outcome is left alone, its standing is said beside it.
pub(super) struct Row<'a> {
    pub(super) case: &'a CaseReport,
    pub(super) standing: Standing,
}

impl Row<'_> {
    /// What stands beside the outcome: its quarantine, and the first line of why.
    pub(super) fn note(&self) -> String {
        let why = self.case.message.as_deref().and_then(|text| text.lines().next());
        let quarantine = quarantine(self.case).map(|entry| format!("quarantine {entry}"));
        let parts: Vec<&str> = quarantine.as_deref().into_iter().chain(why).collect();
        brief(&parts.join(": "))
    }

    /// Why it is no plain pass, as it came: nothing is cut or left out here.
    pub(super) fn why(&self) -> String {
        match (&self.case.message, quarantine(self.case)) {
            (Some(message), _) => message.clone(),
            (None, Some(entry)) => format!("it said nothing; quarantine {entry}"),
            (None, None) => "it said nothing".to_owned(),
        }
    }

    /// Whether a reader has to see more of it than a line.
    pub(super) fn needs_details(&self) -> bool {
        let is_remark = matches!(self.case.outcome, Outcome::Flaky | Outcome::Leaked);
        matches!(self.standing, Standing::Failed(_) | Standing::Quarantined) || is_remark
    }
}

/// `until 2026-03-15 (#7)`, for a case that is in quarantine.
pub(super) fn quarantine(case: &CaseReport) -> Option<String> {
    let entry = case.quarantine.as_ref()?;
    let until = if entry.expired { "expired on" } else { "until" };
    Some(format!("{until} {} ({})", entry.expires, entry.issue))
}

/// Every case that is no plain pass, the worst first; among equals in the order of the run.
pub(super) fn rows(report: &Report) -> Vec<Row<'_>> {
    let row = |case| Row { case, standing: Standing::of(report.gate, case) };
    let mut rows: Vec<Row<'_>> = report
        .cases
        .iter()
        .map(row)
        .filter(|row| {
            row.standing != Standing::Passed
                || row.case.outcome != Outcome::Passed
                || row.case.quarantine.is_some()
        })
        .collect();
    rows.sort_by_key(|row| (rank(row.standing), Reverse(row.case.outcome)));
    rows
}

const fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Failed(_) => 0,
        Standing::Quarantined => 1,
        Standing::Passed => 2,
        Standing::Skipped => 3,
    }
}

/// How many cases passed without any remark.
pub(super) fn plain_passes(report: &Report) -> usize {
    report.cases.len() - rows(report).len()
}

/// The cases that took longest, longest first.
pub(super) fn slowest(report: &Report) -> Vec<&CaseReport> {
    let mut cases: Vec<&CaseReport> = report.cases.iter().collect();
    cases.sort_by(|one, other| other.elapsed_ms.total_cmp(&one.elapsed_ms));
    cases.truncate(SLOWEST);
    cases
}

/// `tier 2: failed, exit code 20`.
pub(super) fn headline(report: &Report) -> String {
    let code = report.verdict.exit_code;
    format!("{}: {}, exit code {}", report.tier, code.meaning(), code.number())
}

/// How it was run: `gate closed, only "restart", linux x86_64, 2 cores, 12.34 s`.
pub(super) fn circumstances(report: &Report) -> String {
    let gate = gate_words(report.gate);
    let selection = match (&report.selection.only, report.selection.exact) {
        (None, _) => "all cases".to_owned(),
        (Some(only), false) => format!("cases with {only:?}"),
        (Some(only), true) => format!("case {only:?}"),
    };
    let machine = &report.machine;
    let took = seconds(milliseconds(report.elapsed_ms));
    format!(
        "gate {gate}, {selection}, {} {}, {} cores, {took}",
        machine.os, machine.arch, machine.cores
    )
}

/// `open` or `closed`.
pub(super) const fn gate_words(gate: Gate) -> &'static str {
    match gate {
        Gate::Open => "open",
        Gate::Closed => "closed",
    }
}

/// `1 skipped, 0 quarantined`.
pub(super) fn tolerated(report: &Report) -> String {
    let verdict = &report.verdict;
    format!("{} skipped, {} quarantined", verdict.skipped, verdict.quarantined)
}

/// `12 passed, 0 failed`: the line that a machine reads.
pub(super) fn totals(report: &Report) -> String {
    format!("{} passed, {} failed", report.verdict.passed, report.verdict.failed)
}

/// A time in milliseconds, as seconds.
pub(crate) fn seconds(elapsed_ms: f64) -> String {
    format!("{:.2} s", elapsed_ms / 1000.0)
}

/// A time in milliseconds, as a number with a fraction.
#[expect(clippy::cast_precision_loss, reason = "no run takes 2^53 milliseconds")]
pub(crate) const fn milliseconds(elapsed_ms: u64) -> f64 {
    elapsed_ms as f64
}

/// A message in at most so many lines and characters, and without what steers a terminal.
pub(crate) fn shortened(message: &str) -> String {
    let shown = message.lines().take(LINES_MAX).map(|line| cut(&plain(line), LINE_CHARS_MAX));
    let rest = message.lines().count().saturating_sub(LINES_MAX);
    let more = (0 < rest).then(|| format!("({rest} more lines)"));
    shown.chain(more).collect::<Vec<_>>().join("\n")
}

/// A text in one short line.
pub(crate) fn brief(text: &str) -> String {
    cut(&one_line(text), BRIEF_CHARS_MAX)
}

/// A text in one line, without what steers a terminal.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).trim_end().replace(['\n', '\t'], " ")
}

fn cut(line: &str, chars_max: usize) -> String {
    match line.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

/// Without control characters, but for ends of lines and tabs; what XML forbids goes too.
///
/// A program's colours are dropped with all of their sequence, or `[31m` would be left standing.
pub(crate) fn plain(text: &str) -> String {
    let text = quick_junit::XmlString::new(text).into_string();
    text.chars().filter(|&one| is_plain(one)).collect()
}

fn is_plain(one: char) -> bool {
    // Marks that turn the direction of writing would let a line show something else than it says.
    let turns = matches!(one, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let forbidden = matches!(one, '\u{FFFE}' | '\u{FFFF}');
    matches!(one, '\n' | '\t') || !(one.is_control() || turns || forbidden)
}
