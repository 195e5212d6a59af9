//! For a pull request: the verdict, what needs a look, and the rest folded away.
//!
//! Its first line is a comment that nobody sees, [`MARKER`]: whoever posts it finds the comment of an
//! earlier run by it and replaces that one. Text out of the file stands between backticks or in
//! `<code>`, as in the report of a tier.

use super::digest::{self, Part};
use super::figures;
use crate::bench::policy::Unit;
use crate::bench::report::{BenchReport, MetricReport};
use crate::exit_code::ExitCode;
use crate::render::digest::brief;
use crate::render::markdown::{apart, code, line};

/// What the text begins with, so that a comment can be found again.
pub const MARKER: &str = "<!-- claude-assistant: bench-check -->";

/// How many reasons stand below a table at most: a page that somebody reads.
const REASONS_MAX: usize = 20;

/// No row or item is begun beyond this, in bytes: a comment on GitHub holds 65,536 characters.
const BYTES_MAX: usize = 40_000;

/// The report as Markdown of GitHub's kind.
pub fn markdown(report: &BenchReport) -> String {
    let rows = digest::rows(report);
    let part = |wanted| rows.iter().filter(move |row| digest::part(row) == wanted).copied();
    let mut out = String::new();
    line(&mut out, MARKER);
    line(&mut out, &format!("### {} {}", mark(report.verdict.exit_code), digest::headline(report)));
    line(&mut out, "");
    line(&mut out, &format!("**{}**", digest::totals(report)));
    line(&mut out, "");
    line(&mut out, &code(&brief(&digest::builds(report))));
    items(&mut out, report.verdict.reasons.iter().take(REASONS_MAX).map(|why| code(&brief(why))));
    table(&mut out, part(Part::Look));
    reasons(&mut out, part(Part::Look));
    line(&mut out, "");
    line(&mut out, &format!("To repeat it: {}", code(&report.repeat)));
    folded(&mut out, "what holds", |out| table(out, part(Part::Holds)));
    folded(&mut out, "what is far from its first value on this machine", |out| {
        let drifted = digest::drifted(report);
        items(
            out,
            drifted.map(|(id, drift)| format!("{}: {}", code(&brief(id)), code(&brief(&drift)))),
        );
    });
    folded(&mut out, "what was not measured", |out| {
        table(out, part(Part::Unmeasured));
        reasons(out, part(Part::Unmeasured));
    });
    folded(&mut out, "the machine: load, controls, memory", |out| machine(out, report));
    out
}

const fn mark(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => "✅",
        ExitCode::Warnings | ExitCode::Inconclusive => "⚠️",
        _ => "❌",
    }
}

fn table<'a>(out: &mut String, rows: impl Iterator<Item = &'a MetricReport>) {
    let rows: Vec<&MetricReport> = rows.collect();
    if rows.is_empty() {
        return;
    }
    apart(out);
    line(out, "| verdict | metric | measured | limit | against base |");
    line(out, "|---|---|---:|---:|---:|");
    for (index, row) in rows.iter().enumerate() {
        if BYTES_MAX < out.len() {
            line(out, &format!("| | {} more | | | |", rows.len() - index));
            break;
        }
        let advisory = if digest::is_advisory(row) { ", advisory" } else { "" };
        let verdict = format!("{}{advisory}", digest::word(row.standing));
        let id = code(&brief(&row.policy.id));
        let value = digest::value(row).unwrap_or_default();
        let (limit, base) = (figures::limit(&row.policy), digest::against_base(row));
        line(out, &format!("| {verdict} | {id} | {value} | {limit} | {base} |"));
    }
}

fn reasons<'a>(out: &mut String, rows: impl Iterator<Item = &'a MetricReport>) {
    let reasons = rows.filter_map(|row| {
        let grounds = row.relative.as_ref().map(digest::grounds);
        let why: Vec<&str> =
            row.reasons.iter().map(String::as_str).chain(grounds.as_deref()).collect();
        let why = why.join("; ");
        (!why.is_empty())
            .then(|| format!("{}: {}", code(&brief(&row.policy.id)), code(&brief(&why))))
    });
    items(out, reasons.take(REASONS_MAX));
}

fn machine(out: &mut String, report: &BenchReport) {
    let cpu = code(&brief(&report.machine.cpu));
    let controls = report.controls.iter().map(|control| {
        format!("the same build against itself, {}", code(&brief(&digest::control(control))))
    });
    let bare = report.bare.iter().map(|bare| {
        let took = figures::estimate(&bare.ms.estimate, Unit::Milliseconds);
        format!("{}: {took}", code(&brief(&bare.what)))
    });
    let roles = report.roles.iter().map(|role| {
        let whose = code(&brief(&format!("{}, {}", role.scene, role.role)));
        let own = role.pss_bytes.map_or_else(String::new, |own| {
            format!(", {} without what is shared", figures::bytes(own))
        });
        format!("{whose}: {} in {} processes{own}", figures::bytes(role.rss_bytes), role.processes)
    });
    let here = [code(&digest::circumstances(report)), cpu, digest::load(&report.load)];
    items(out, here.into_iter().chain(controls).chain(bare).chain(roles));
}

/// A part behind its name; nothing where it is empty.
fn folded(out: &mut String, summary: &str, body: impl FnOnce(&mut String)) {
    let before = out.len();
    apart(out);
    line(out, &format!("<details><summary>{summary}</summary>"));
    line(out, "");
    let begun = out.len();
    body(out);
    if out.len() == begun {
        out.truncate(before);
        return;
    }
    apart(out);
    line(out, "</details>");
}

/// A list, as long as there is room for it.
fn items(out: &mut String, items: impl Iterator<Item = String>) {
    for (index, item) in items.enumerate() {
        if BYTES_MAX < out.len() {
            return;
        }
        if index == 0 {
            apart(out);
        }
        line(out, &format!("- {item}"));
    }
}
