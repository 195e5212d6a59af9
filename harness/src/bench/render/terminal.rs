//! For a person at a terminal: the worst first, the totals last.

use super::{digest, figures};
use crate::bench::policy::Unit;
use crate::bench::report::{BenchReport, MetricReport, RoleMemory, Standing};
use crate::exit_code::ExitCode;
use crate::render::Colour;
use crate::render::digest::{one_line, shortened};
use crate::render::terminal::{GREEN, RED, YELLOW, block, lines};

/// What each column is called.
const TITLES: [&str; COLUMNS] = ["metric", "measured", "limit", "against base", "verdict"];

const COLUMNS: usize = 5;

/// How wide the first column is at most: a longer name has a line of its own, or the table would
/// not fit a hundred columns.
const NAME_MAX: usize = 31;

/// How many metrics without a value are named: all that await the same part, and not a whole policy.
const NAMED_MAX: usize = 6;

/// The report, ending with the line `N held, N failed, N inconclusive, N unmeasured`.
///
/// Fits a hundred columns, names and reasons out of the file apart.
pub fn terminal(report: &BenchReport, colour: Colour) -> String {
    let mut out = String::new();
    table(&mut out, report, colour);
    let headline =
        colour.paint(verdict_colour(report.verdict.exit_code), &digest::headline(report));
    let circumstances = format!("{}; {}", digest::builds(report), digest::circumstances(report));
    block(&mut out, "", [headline, circumstances]);
    lines(&mut out, report.verdict.reasons.iter().map(|reason| shortened(reason)));
    for row in digest::rows(report) {
        details(&mut out, row);
    }
    block(&mut out, "far from the first value on this machine", drifted(report));
    block(&mut out, "not measured", unmeasured(report));
    block(&mut out, "the same build against itself", report.controls.iter().map(digest::control));
    block(&mut out, "load", [digest::load(&report.load)]);
    block(&mut out, "the machine itself takes", bare(report));
    block(&mut out, "memory", report.roles.iter().map(memory));
    block(&mut out, "to repeat it", [one_line(&report.repeat)]);
    block(&mut out, "", [digest::totals(report)]);
    out
}

fn table(out: &mut String, report: &BenchReport, colour: Colour) {
    let rows: Vec<&MetricReport> = digest::rows(report)
        .into_iter()
        .filter(|row| digest::part(row) != digest::Part::Unmeasured)
        .collect();
    let cells: Vec<[String; COLUMNS]> = rows.iter().map(|row| cells(row)).collect();
    let titles = TITLES.map(str::to_owned);
    let width = |column: usize| {
        let all = [&titles].into_iter().chain(&cells).map(|row| row[column].chars().count());
        all.filter(|&width| column != 0 || width <= NAME_MAX).max().unwrap_or_default()
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    lines(out, [line(&titles, &widths, &titles[COLUMNS - 1])]);
    let painted = rows.iter().zip(&cells).map(|(row, cells)| {
        let verdict = colour.paint(row_colour(row.standing), &cells[COLUMNS - 1]);
        line(cells, &widths, &verdict)
    });
    lines(out, painted);
    if rows.iter().any(|row| digest::is_advisory(row)) {
        lines(out, ["* is shown, and does not fail the run".to_owned()]);
    }
}

fn cells(row: &MetricReport) -> [String; COLUMNS] {
    let mark = if digest::is_advisory(row) { "*" } else { "" };
    [
        one_line(&row.policy.id),
        digest::value(row).unwrap_or_else(|| "-".to_owned()),
        figures::limit(&row.policy),
        digest::against_base(row),
        format!("{}{mark}", digest::word(row.standing)),
    ]
}

/// A row of the table, its last cell as it is given beside: colours have no width.
fn line(cells: &[String; COLUMNS], widths: &[usize; COLUMNS], verdict: &str) -> String {
    let [name, value, limit, base, _] = cells;
    let [name_width, value_width, limit_width, base_width, _] = widths;
    let name = if NAME_MAX < name.chars().count() {
        format!("{name}\n{:name_width$}", "")
    } else {
        format!("{name:name_width$}")
    };
    format!("{name}  {value:value_width$}  {limit:>limit_width$}  {base:base_width$}  {verdict}")
}

/// Why a metric is no plain pass, and how its ratio came about.
fn details(out: &mut String, row: &MetricReport) {
    let is_plain = match digest::part(row) {
        digest::Part::Look => false,
        digest::Part::Holds => row.reasons.is_empty(),
        digest::Part::Unmeasured => true,
    };
    if is_plain {
        return;
    }
    let title = format!("{}: {}", one_line(&row.policy.id), digest::word(row.standing));
    let reasons = row.reasons.iter().map(|reason| shortened(reason));
    let grounds = row.relative.as_ref().map(|relative| {
        let base = figures::estimate(&relative.base.estimate, row.policy.unit);
        format!("base {base}; {}", digest::grounds(relative))
    });
    block(out, &title, reasons.chain(grounds));
}

fn drifted(report: &BenchReport) -> impl Iterator<Item = String> {
    digest::drifted(report).map(|(id, drift)| format!("{}: {drift}", one_line(id)))
}

/// `why: which`, once for each reason; of many only how many, as a part of a run leaves most out.
fn unmeasured(report: &BenchReport) -> Vec<String> {
    let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
    let rows = digest::rows(report).into_iter();
    for row in rows.filter(|row| digest::part(row) == digest::Part::Unmeasured) {
        let why = match &row.reasons[..] {
            [] => digest::word(row.standing).to_owned(),
            reasons => shortened(&reasons.join("; ")),
        };
        match by_reason.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, ids)) => ids.push(&row.policy.id),
            None => by_reason.push((why, vec![&row.policy.id])),
        }
    }
    let named = |ids: &[&str]| {
        if NAMED_MAX < ids.len() {
            return format!("{} metrics", ids.len());
        }
        one_line(&ids.join(", "))
    };
    by_reason.iter().map(|(why, ids)| format!("{why}: {}", named(ids))).collect()
}

fn bare(report: &BenchReport) -> impl Iterator<Item = String> {
    report.bare.iter().map(|bare| {
        let took = figures::estimate(&bare.ms.estimate, Unit::Milliseconds);
        format!("{took:<28}{}", one_line(&bare.what))
    })
}

fn memory(role: &RoleMemory) -> String {
    let RoleMemory { processes, rss_bytes, pss_bytes, .. } = role;
    let resident = figures::bytes(*rss_bytes);
    let own = pss_bytes.map_or_else(|| "-".to_owned(), figures::bytes);
    let [scene, role] = [&role.scene, &role.role].map(|text| one_line(text));
    format!("{scene:<14}{role:<10}{processes:>4} processes, resident {resident}, own part {own}")
}

const fn verdict_colour(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => GREEN,
        ExitCode::Warnings | ExitCode::Inconclusive => YELLOW,
        _ => RED,
    }
}

const fn row_colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Pass | Standing::New => GREEN,
        Standing::Fail | Standing::Broken => RED,
        Standing::Awaits
        | Standing::Unasked
        | Standing::Skipped
        | Standing::Warn
        | Standing::Inconclusive => YELLOW,
    }
}
