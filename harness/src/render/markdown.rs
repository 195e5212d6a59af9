//! For a pull request: what needs a look, and the rest folded away.
//!
//! What a case says about itself is somebody else's text: all of it stands in `<code>` or `<pre>`
//! with every character escaped that could end a cell, close a tag, or call somebody by name.

use std::fmt::Write;

use super::digest::{self, Row};
use crate::exit_code::ExitCode;
use crate::report::Report;

/// How many rows and details there are at most: a page that somebody reads.
const ROWS_MAX: usize = 20;

/// How much of a message goes into one detail, in bytes before escaping: escaped it is at most six
/// times as long.
const MESSAGE_MAX: usize = 1_000;

/// No detail is begun beyond this, in bytes: a comment on GitHub holds 65,536 characters.
const BYTES_MAX: usize = 40_000;

/// The report as Markdown of GitHub's kind.
pub fn markdown(report: &Report) -> String {
    let rows = digest::rows(report);
    let mut out = String::new();
    let mark = if report.verdict.exit_code == ExitCode::Pass { "✅" } else { "❌" };
    line(&mut out, &format!("### {mark} {}", digest::headline(report)));
    line(&mut out, "");
    let (totals, tolerated) = (digest::totals(report), digest::tolerated(report));
    line(&mut out, &format!("**{totals}**, {tolerated}"));
    list(&mut out, report.verdict.reasons.iter().map(|reason| code(&digest::brief(reason))));
    table(&mut out, &rows);
    for row in rows.iter().filter(|row| row.needs_details()).take(ROWS_MAX) {
        if BYTES_MAX < out.len() {
            break;
        }
        details(&mut out, row);
    }
    surroundings(&mut out, report);
    out
}

fn table(out: &mut String, rows: &[Row<'_>]) {
    if rows.is_empty() {
        return;
    }
    line(out, "");
    line(out, "| outcome | case | time | |");
    line(out, "|---|---|---:|---|");
    for row in rows.iter().take(ROWS_MAX) {
        let (id, time) = (code(&row.case.id), digest::seconds(row.case.elapsed_ms));
        line(out, &format!("| {} | {id} | {time} | {} |", row.case.outcome, code(&row.note())));
    }
    let rest = rows.len().saturating_sub(ROWS_MAX);
    if 0 < rest {
        line(out, &format!("| | {rest} more | | |"));
    }
}

/// Why a case did not pass and how to see it again, behind its name.
fn details(out: &mut String, row: &Row<'_>) {
    let case = row.case;
    line(out, "");
    let summary = format!("<code>{}</code>: {}", escaped(&case.id), case.outcome);
    line(out, &format!("<details><summary>{summary}</summary>"));
    line(out, "");
    let message = digest::shortened(&row.why());
    line(out, &format!("<pre>{}</pre>", escaped_lines(start_of(&message))));
    line(out, "");
    let facts = [
        case.repeat.as_ref().map(|repeat| format!("repeat: {}", code(repeat))),
        case.seed.map(|seed| format!("seed: `{seed}`")),
        case.log.as_ref().map(|log| format!("log: {}", code(&log.to_string_lossy()))),
    ];
    list(out, facts.into_iter().flatten());
    apart(out);
    line(out, "</details>");
}

fn surroundings(out: &mut String, report: &Report) {
    line(out, "");
    line(out, "<details><summary>how it ran</summary>");
    line(out, "");
    line(out, &format!("- {}", code(&digest::circumstances(report))));
    for end in &report.ends {
        let real = if end.real { "real" } else { "fake" };
        line(out, &format!("- {}: {real}, {}", code(&end.integration), code(&end.what)));
    }
    for case in digest::slowest(report) {
        line(out, &format!("- {} took {}", code(&case.id), digest::seconds(case.elapsed_ms)));
    }
    line(out, "");
    line(out, "</details>");
}

fn list(out: &mut String, items: impl Iterator<Item = String>) {
    for (index, item) in items.enumerate() {
        if index == 0 {
            apart(out);
        }
        line(out, &format!("- {item}"));
    }
}

/// Sees to it that the next line begins a block of its own.
pub(crate) fn apart(out: &mut String) {
    if !out.ends_with("\n\n") {
        line(out, "");
    }
}

/// One line.
pub(crate) fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every line");
}

/// Somebody else's text within a line: between backticks where nothing in it has a meaning.
pub(crate) fn code(text: &str) -> String {
    let text = text.trim();
    let is_harmless = |one: char| one.is_ascii_alphanumeric() || " _:/.,=-()".contains(one);
    if text.is_empty() {
        String::new()
    } else if text.chars().all(is_harmless) {
        format!("`{text}`")
    } else {
        format!("<code>{}</code>", escaped(text))
    }
}

/// In one line, with every character that has a meaning in HTML or Markdown as a reference.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for one in digest::one_line(text).chars() {
        if one.is_ascii_punctuation() && !":/.,=-()".contains(one) {
            reference(&mut out, one);
        } else {
            out.push(one);
        }
    }
    out
}

/// The same with its lines, for `<pre>`, where Markdown has no meaning; a reader that looks for the
/// headline by its asterisks finds it once all the same.
pub(crate) fn escaped_lines(text: &str) -> String {
    let mut out = String::new();
    for one in text.chars() {
        if "<>&\"'*@".contains(one) { reference(&mut out, one) } else { out.push(one) }
    }
    out
}

fn reference(out: &mut String, one: char) {
    write!(out, "&#{};", u32::from(one)).expect("a string takes every character");
}

pub(crate) fn start_of(text: &str) -> &str {
    let end = (0..=MESSAGE_MAX.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}
