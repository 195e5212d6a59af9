//! For a person at a terminal: what is wrong first, the totals last.

use std::fmt::Write;

use super::digest::{self, Row};
use crate::exit_code::ExitCode;
use crate::report::Report;
use crate::verdict::Standing;

/// Whether words may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// A file, a pipe, or somebody who asked for none.
    Plain,
    /// A terminal.
    Ansi,
}

/// How many cases are told in full: whoever has more to mend begins with these.
const DETAILS_MAX: usize = 20;

pub(crate) const RED: &str = "31";
pub(crate) const GREEN: &str = "32";
pub(crate) const YELLOW: &str = "33";

/// The report, ending with the line `N passed, N failed`.
///
/// Cases that passed without a remark are one line together: a run of a thousand cases fits a page.
pub fn terminal(report: &Report, colour: Colour) -> String {
    let mut out = String::new();
    let rows = digest::rows(report);
    table(&mut out, report, &rows, colour);
    let headline =
        colour.paint(verdict_colour(report.verdict.exit_code), &digest::headline(report));
    block(&mut out, "", [format!("{headline} ({})", digest::circumstances(report))]);
    lines(&mut out, report.verdict.reasons.iter().map(|reason| digest::shortened(reason)));
    let mut detailed = rows.iter().filter(|row| row.needs_details());
    for row in detailed.by_ref().take(DETAILS_MAX) {
        details(&mut out, row);
    }
    let rest = detailed.count();
    block(&mut out, "", (0 < rest).then(|| format!("({rest} more are in the report alone)")));
    block(&mut out, "quarantine", quarantine(report));
    block(
        &mut out,
        "slowest",
        digest::slowest(report).into_iter().map(|case| {
            format!("{:>10}  {}", digest::seconds(case.elapsed_ms), digest::one_line(&case.id))
        }),
    );
    block(
        &mut out,
        "at the far end",
        report.ends.iter().map(|end| {
            let real = if end.real { "real" } else { "fake" };
            format!(
                "{}: {real}, {}",
                digest::one_line(&end.integration),
                digest::one_line(&end.what)
            )
        }),
    );
    block(&mut out, "", [digest::tolerated(report), digest::totals(report)]);
    out
}

fn table(out: &mut String, report: &Report, rows: &[Row<'_>], colour: Colour) {
    let passes = digest::plain_passes(report);
    let cases = if passes == 1 { "case" } else { "cases" };
    let passed = (0 < passes).then(|| {
        let word = colour.paint(GREEN, &format!("{:<20}", "passed"));
        format!("{word}{:>10}  {passes} {cases}", "")
    });
    let ids = rows.iter().map(|row| digest::one_line(&row.case.id).chars().count());
    let id_width = ids.max().unwrap_or_default();
    let rows = rows.iter().map(|row| {
        let word = colour.paint(row_colour(row), &format!("{:<20}", row.case.outcome));
        let time = digest::seconds(row.case.elapsed_ms);
        let id = digest::one_line(&row.case.id);
        format!("{word}{time:>10}  {id:<id_width$}  {}", row.note()).trim_end().to_owned()
    });
    lines(out, rows.chain(passed));
}

/// Why a case did not pass, and how to see it again.
fn details(out: &mut String, row: &Row<'_>) {
    let case = row.case;
    let title = format!("{}: {}", digest::one_line(&case.id), case.outcome);
    let message = digest::shortened(&row.why());
    let facts = [
        (1 < case.tries).then(|| format!("tries:  {}", case.tries)),
        case.seed.map(|seed| format!("seed:   {seed}")),
        case.log
            .as_ref()
            .map(|log| format!("log:    {}", digest::one_line(&log.to_string_lossy()))),
        case.repeat.as_ref().map(|repeat| format!("repeat: {}", digest::one_line(repeat))),
    ];
    let message = message.lines().map(str::to_owned);
    block(out, &title, message.chain(facts.into_iter().flatten()));
}

fn quarantine(report: &Report) -> impl Iterator<Item = String> {
    report.cases.iter().filter_map(|case| {
        let (id, entry) = (&case.id, digest::quarantine(case)?);
        Some(digest::one_line(&format!("{id}: {entry}")))
    })
}

/// An empty line, a title where there is one, and the lines below it; nothing where there are none.
pub(crate) fn block(out: &mut String, title: &str, body: impl IntoIterator<Item = String>) {
    let mut body = body.into_iter().peekable();
    if body.peek().is_none() {
        return;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    if title.is_empty() {
        lines(out, body);
    } else {
        lines(out, [title.to_owned()]);
        lines(out, body.map(|line| format!("  {line}")));
    }
}

/// Each of them as a line.
pub(crate) fn lines(out: &mut String, body: impl IntoIterator<Item = String>) {
    for line in body {
        writeln!(out, "{line}").expect("a string takes every line");
    }
}

const fn verdict_colour(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => GREEN,
        ExitCode::Skipped => YELLOW,
        _ => RED,
    }
}

const fn row_colour(row: &Row<'_>) -> &'static str {
    if matches!(row.standing, Standing::Failed(_)) { RED } else { YELLOW }
}

impl Colour {
    /// A text in a colour, where somebody asked for it.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}
