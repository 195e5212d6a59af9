//! What was found out about the gate, as a page.

use std::fmt::Write as _;

use harness::bench::noise::{
    FALSE_FAIL_MAX, FOUND_10_MIN, FOUND_25_MIN, INCONCLUSIVE_MAX, NoiseRow, NoiseTable, Shown,
};
use harness::bench::policy::Importance;
use harness::exit_code::ExitCode;

use super::recording::Head;
use crate::bench::ready::shown;

/// What a scenario shows of a slow-down.
pub(super) struct Slowed {
    pub(super) metric: String,
    pub(super) shown: Shown,
}

/// All of it.
#[derive(Default)]
pub(super) struct Found {
    pub(super) noise: NoiseTable,
    /// The same recording, judged by the rules of every day. It is shown: a run of a minute promises
    /// less, and what it finds is found again by a whole one.
    pub(super) quick: NoiseTable,
    pub(super) slowed: Vec<Slowed>,
    /// What was recorded too little of to be said, each a sentence.
    pub(super) lacking: Vec<String>,
}

impl Found {
    /// So many launches of a metric are there, of so many.
    pub(super) fn lacks(&mut self, metric: &str, there: usize, of: usize) {
        self.lacking.push(format!("{metric}: {there} of {of} launches are recorded"));
    }

    /// Whether everything was recorded, and every line holds.
    pub(super) fn code(&self) -> ExitCode {
        if !self.broken().is_empty() {
            ExitCode::Failed
        } else if self.lacking.is_empty() {
            ExitCode::Pass
        } else {
            ExitCode::Inconclusive
        }
    }

    fn broken(&self) -> Vec<String> {
        let mut broken = self.noise.broken();
        let hidden = self.slowed.iter().filter(|slowed| !slowed.shown.shows);
        broken.extend(hidden.map(|it| format!("{}: a slow-down does not show", it.metric)));
        broken
    }
}

/// The page.
pub(super) fn markdown(found: &Found, head: &Head) -> String {
    let mut page = format!(
        "# How the gate does\n\nRecorded of {} on {}, {}.\n\n",
        shown(&head.build),
        head.machine,
        head.at.strftime("%Y-%m-%d %H:%M UTC"),
    );
    noise(&mut page, "metric", &found.noise);
    if let Some(says) = found.noise.says_all().filter(|_| found.lacking.is_empty()) {
        let all = percent(says);
        put(
            &mut page,
            format_args!(
                "In {all} of quiet runs something is said of every blocking metric that is compared, if one being unsaid has nothing to do with another, and the controls are quiet.\n"
            ),
        );
    }
    noise(&mut page, "`--quick`", &found.quick);
    if !found.noise.rows.is_empty() {
        page.push_str(
            "Pairs: recorded of a launch, and behind a slash those of the last round, for which the \
             recorded ones were drawn again.\n\n",
        );
    }
    slowed(&mut page, &found.slowed);
    if found.code() == ExitCode::Pass {
        page.push_str("Everything holds.\n");
    }
    for line in found.broken().iter().chain(&found.lacking) {
        put(&mut page, format_args!("- {line}"));
    }
    page
}

fn noise(page: &mut String, first: &str, table: &NoiseTable) {
    if table.rows.is_empty() {
        return;
    }
    put(
        page,
        format_args!(
            "| {first} | launches | pairs | false fails | at most | +10 % found | +25 % found | unsaid |"
        ),
    );
    page.push_str("|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in &table.rows {
        let NoiseRow { metric, gate, launches, pairs, pairs_played, .. } = row;
        let again = if pairs < pairs_played { format!("/{pairs_played}") } else { String::new() };
        let advisory = if *gate == Importance::Advisory { " (advisory)" } else { "" };
        let [fails, upper, ten, more, unsaid] =
            [row.false_fail, row.false_fail_upper, row.found_10, row.found_25, row.inconclusive]
                .map(percent);
        put(
            page,
            format_args!(
                "| {metric}{advisory} | {launches} | {pairs}{again} | {fails} | {upper} | {ten} | {more} | {unsaid} |"
            ),
        );
    }
    let [fails, ten, more, unsaid] =
        [FALSE_FAIL_MAX, FOUND_10_MIN, FOUND_25_MIN, INCONCLUSIVE_MAX].map(percent);
    put(page, format_args!("| *line* | | | | ≤ {fails} | ≥ {ten} | ≥ {more} | ≤ {unsaid} |\n"));
}

fn slowed(page: &mut String, slowed: &[Slowed]) {
    if slowed.is_empty() {
        return;
    }
    page.push_str("| slowed by 20 % | ratio | shows |\n|---|--:|---|\n");
    for Slowed { metric, shown: Shown { ratio, shows } } in slowed {
        let word = if *shows { "yes" } else { "**no**" };
        let (value, low, high) = (ratio.value, ratio.low, ratio.high);
        put(page, format_args!("| {metric} | {value:.3} ({low:.3} to {high:.3}) | {word} |"));
    }
    page.push('\n');
}

fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

fn put(page: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(page, "{line}").expect("a string takes every text");
}

#[cfg(test)]
mod tests;
