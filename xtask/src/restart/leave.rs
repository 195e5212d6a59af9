//! What a restart leaves: its report, what is worth keeping of earlier ones, and a word to a person
//! where one is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::command::run_within;
use harness::restart::machine::Remarks;
use harness::restart::render;
use harness::restart::report::Report;

use super::home::Home;
use super::slots::Slots;
use crate::tier;

/// How many reports are kept.
const REPORTS_KEPT: usize = 20;

/// How many copies of the database are kept.
const BACKUPS_KEPT: usize = 3;

/// Writes a report in all its forms.
pub(super) fn report(home: &Home, report: &Report, copy: Option<&Path>) -> anyhow::Result<()> {
    let place = home.report(&report.id);
    tier::write(&place.join("report.md"), &render::markdown(report))?;
    tier::write(&place.join("junit.xml"), &render::junit(report))?;
    report.write(&place.join("report.json"))?;
    if let Some(copy) = copy {
        report.write(copy)?;
    }
    Ok(())
}

/// Keeps the slots, copies and reports that are worth keeping.
pub(super) fn prune(home: &Home, needed: &[&str]) -> anyhow::Result<Remarks> {
    let mut says = Vec::new();
    let removed = Slots::at(home.slots()).prune(needed)?;
    if !removed.is_empty() {
        says.push(format!("slots removed: {}", removed.join(", ")));
    }
    keep_newest(&home.at("backups"), BACKUPS_KEPT)?;
    keep_newest(&home.at("state/restart/reports"), REPORTS_KEPT)?;
    Ok(Remarks::plain(says))
}

/// Removes all but the newest of what restarts have left in a directory, which their ids sort by age.
/// What has another name was put there by somebody else.
fn keep_newest(directory: &Path, kept: usize) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut ours: Vec<PathBuf> = paths.filter(|path| is_of_restart(path)).collect();
    ours.sort();
    let surplus = ours.len().saturating_sub(kept);
    for path in ours.into_iter().take(surplus) {
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(())
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
    let path = home.at("config.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let config: toml::Table = text.parse().with_context(|| format!("read {}", path.display()))?;
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
