//! For a pull request: the verdict and what failed, the rest folded away, and how to do it again.

use super::digest;
use crate::exit_code::ExitCode;
use crate::render::digest::{brief, shortened};
use crate::render::markdown::{apart, code, escaped_lines, line, start_of};
use crate::restart::report::{Outcome, Report, StepReport};

/// No detail is begun beyond this, in bytes: a comment on GitHub holds 65,536 characters.
const BYTES_MAX: usize = 40_000;

/// The report as Markdown of GitHub's kind.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let mark = if report.verdict.exit_code == ExitCode::Pass { "✅" } else { "❌" };
    line(&mut out, &format!("### {mark} {}", digest::headline(report)));
    items(&mut out, report.verdict.reasons.iter().map(|why| code(&brief(why))));
    table(&mut out, &report.steps, |step| {
        matches!(step.outcome, Outcome::Failed | Outcome::Remarked)
    });
    apart(&mut out);
    line(&mut out, &format!("To repeat it: {}", code(&report.repeat)));
    folded(&mut out, "every step", |out| table(out, &report.steps, |_| true));
    folded(&mut out, "what the steps said", |out| said(out, &report.steps));
    folded(&mut out, "what was decided", |out| {
        items(out, report.decisions.iter().map(|what| code(&brief(what))));
    });
    folded(&mut out, "what ran and what runs", |out| {
        let facts = digest::facts(report).into_iter();
        items(out, facts.map(|(name, value)| format!("{name}: {}", code(&brief(&value)))));
    });
    out
}

fn table(out: &mut String, steps: &[StepReport], wanted: impl Fn(&StepReport) -> bool) {
    let mut rows = steps.iter().filter(|step| wanted(step)).peekable();
    if rows.peek().is_none() {
        return;
    }
    apart(out);
    line(out, "| outcome | step | time | |");
    line(out, "|---|---|---:|---|");
    for step in rows {
        let says = step.says.last().map_or_else(String::new, |says| code(&brief(says)));
        let (outcome, name, time) = (step.outcome.words(), digest::name(step), digest::time(step));
        line(out, &format!("| {outcome} | {name} | {time} | {says} |"));
    }
}

fn said(out: &mut String, steps: &[StepReport]) {
    for step in steps.iter().filter(|step| !step.says.is_empty()) {
        if BYTES_MAX < out.len() {
            return;
        }
        apart(out);
        line(out, &format!("{}:", digest::name(step)));
        line(out, "");
        let text = shortened(&step.says.join("\n"));
        line(out, &format!("<pre>{}</pre>", escaped_lines(start_of(&text))));
    }
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
