//! What a restart leaves: its report, what is worth keeping of earlier ones, and a word to a person
//! where one is needed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::command::run_within;
use harness::restart::machine::{Remarks, Restart};
use harness::restart::render;
use harness::restart::report::{self, Report};
use jiff::Timestamp;

use super::home::{Home, REPORTS};
use super::runner::Runner;
use super::slots::{self, Slots};
use super::views::Pending;
use crate::tier;

/// How many reports are kept.
const REPORTS_KEPT: usize = 20;

/// How many copies of the database are kept.
const BACKUPS_KEPT: usize = 3;

/// All that is known of a restart at its end.
pub(super) fn report(runner: &Runner<'_>, restart: &Restart, started_at: Timestamp) -> Report {
    let account = restart.account();
    Report {
        schema: report::SCHEMA.to_owned(),
        id: runner.id.clone(),
        scope: runner.flags.scope,
        started_at,
        elapsed_ms: u64::try_from(runner.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        repeat: repeat(),
        target: report::Target {
            asked: runner.target.asked.clone(),
            commit: runner.target.commit.clone(),
            slot: runner.slot.clone(),
        },
        previous: account.previous.clone(),
        standing: standing(runner),
        before: account.before,
        after: account.after,
        gap_ms: account.gap_ms,
        held_ms: account.held_ms,
        backup: account.backup.clone(),
        steps: account.steps.clone(),
        decisions: account.decisions.clone(),
        verdict: account.verdict(),
    }
}

/// How the target's slot is marked by now, whoever has marked it.
fn standing(runner: &Runner<'_>) -> Option<report::Standing> {
    let slot = runner.slot.as_deref()?;
    // A mark that cannot be read is none to rely on.
    let mark = runner.slots().standing(slot).ok()?;
    Some(match mark.as_deref() {
        Some("good") => report::Standing::Good,
        Some("bad") => report::Standing::Bad,
        _ => report::Standing::Unproven,
    })
}

/// The command that was typed.
fn repeat() -> String {
    let words = std::env::args()
        .skip(1)
        .map(|word| if word.contains([' ', '"']) { format!("{word:?}") } else { word });
    std::iter::once("cargo xtask".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Where a report was written, and where it could not be.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// The directory with all forms of it, and its copy.
    pub(super) places: Vec<PathBuf>,
    pub(super) troubles: Vec<anyhow::Error>,
}

/// Writes a report in all its forms, each whatever becomes of the others: the launcher reads the one,
/// whoever has asked for a copy reads that.
pub(super) fn write(home: &Home, report: &Report, copy: Option<&Path>) -> Left {
    let place = home.report(&report.id);
    let forms = [
        ("report.json", report.to_json()),
        ("report.md", render::markdown(report)),
        ("junit.xml", render::junit(report)),
    ];
    let mut left = Left::default();
    for (name, text) in &forms {
        left.troubles.extend(tier::write(&place.join(name), text).err());
    }
    if left.troubles.len() < forms.len() {
        left.places.push(place);
    }
    match copy.map(|copy| (copy, report.write(copy))) {
        Some((copy, Ok(()))) => left.places.push(copy.to_path_buf()),
        Some((_, Err(error))) => left.troubles.push(error.into()),
        None => {}
    }
    left
}

/// Keeps the slots, copies and reports that are worth keeping.
pub(super) fn prune(home: &Home, needed: &[&str]) -> anyhow::Result<Remarks> {
    let mut says = Vec::new();
    let removed = Slots::at(home.slots()).prune(needed)?;
    if !removed.is_empty() {
        says.push(format!("slots removed: {}", removed.join(", ")));
    }
    keep(home)?;
    Ok(Remarks::plain(says))
}

/// Removes the copies and reports that are older than those worth keeping, but never those of a
/// restart that is pending; what was removed. A restart does so at its beginning, too: one that comes
/// to nothing leaves its copy all the same.
pub(super) fn keep(home: &Home) -> anyhow::Result<Vec<PathBuf>> {
    let pending = pending(home)?.map(|pending| pending.id);
    let mut removed = keep_newest(&home.at("backups"), BACKUPS_KEPT, pending.as_deref())?;
    removed.extend(keep_newest(&home.at(REPORTS), REPORTS_KEPT, pending.as_deref())?);
    Ok(removed)
}

/// The restart that is not over, as the launcher has written it down, whether that runs or not.
pub(super) fn pending(home: &Home) -> anyhow::Result<Option<Pending>> {
    let path = home.at("state/restart/pending.json");
    path.exists().then(|| slots::read(&path)).transpose()
}

/// Removes all but the newest of what restarts have left in a directory, which their ids sort by age,
/// and but for that of one of them. What has another name was put there by somebody else.
fn keep_newest(directory: &Path, kept: usize, but: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(Vec::new()) };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let is_needed = |path: &PathBuf| path.file_stem().and_then(OsStr::to_str) == but;
    let mut ours: Vec<PathBuf> =
        paths.filter(|path| is_of_restart(path) && !is_needed(path)).collect();
    ours.sort();
    ours.truncate(ours.len().saturating_sub(kept));
    for path in &ours {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(ours)
}

/// `r<milliseconds>-<4 digits>`, with or without an ending.
fn is_of_restart(path: &Path) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let id = stem.strip_prefix('r').and_then(|rest| rest.split_once('-'));
    id.is_some_and(|(time, rest)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
        digits(time) && rest.len() == 4
    })
}

/// Runs the command of the configuration that tells a person, with `why` as its last argument: as the
/// launcher does.
pub(super) fn alert(home: &Home, why: &str, limit: Duration) -> anyhow::Result<Remarks> {
    let config = home.config()?;
    let command = config.get("restart").and_then(|restart| restart.get("alert_command"));
    let words: Vec<&str> = command
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect();
    let (program, arguments) =
        words.split_first().context("tell a person: restart.alert_command names no command")?;
    let mut command = Command::new(program);
    command.args(arguments).arg(why);
    let finished = run_within(command, limit)?;
    ensure!(finished.status.success(), "tell a person: {program} ended with {}", finished.status);
    Ok(Remarks::plain([format!("{program} was told")]))
}
