//! What several renderings say in the same words.

use crate::render::digest::{milliseconds, one_line, seconds};
use crate::restart::report::{Report, StepReport};

/// How many digits of a commit are shown.
const COMMIT_SHOWN: usize = 12;

/// `restart: rolled back, exit code 25`.
pub(super) fn headline(report: &Report) -> String {
    let code = report.verdict.exit_code;
    format!("restart: {}, exit code {}", code.meaning(), code.number())
}

/// What was to run, what ran, and who runs, a line each.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let target = &report.target;
    let commit =
        target.commit.as_deref().map(|commit| commit.get(..COMMIT_SHOWN).unwrap_or(commit));
    let slot = target.slot.as_deref();
    // A slot that was asked for by its name is named once.
    let asked = Some(target.asked.as_str()).filter(|asked| Some(*asked) != slot);
    let words: Vec<&str> = [asked, commit, slot].into_iter().flatten().collect();
    let seen = |seen: Option<crate::restart::report::Seen>| {
        seen.map(|seen| format!("pid {}, generation {}", seen.pid, seen.generation))
    };
    let took = |ms: Option<u64>| ms.map(|ms| seconds(milliseconds(ms)));
    let backup = report.backup.as_ref().map(|file| file.display().to_string());
    [
        ("id", Some(report.id.clone())),
        ("target", Some(words.join(", "))),
        ("standing", report.standing.map(|standing| standing.words().to_owned())),
        ("previous", report.previous.clone()),
        ("before", seen(report.before)),
        ("after", seen(report.after)),
        ("no daemon for", took(report.gap_ms)),
        ("messages held for", took(report.held_ms)),
        ("copy of the database", backup),
        ("took", took(Some(report.elapsed_ms))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, one_line(&value?))))
    .collect()
}

/// `4 gate`, or `R roll back`.
pub(super) fn name(step: &StepReport) -> String {
    format!("{} {}", step.step.label(), step.step.name())
}

/// `0.94 s of 60 s`; nothing of a step that was never begun.
pub(super) fn time(step: &StepReport) -> String {
    use crate::restart::report::Outcome;
    if step.outcome == Outcome::Skipped {
        return String::new();
    }
    format!("{} of {} s", seconds(milliseconds(step.elapsed_ms)), step.deadline_ms / 1_000)
}
