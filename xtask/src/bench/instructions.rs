//! How many instructions the hot paths take, counted under valgrind: the same number in every run,
//! whatever else the machine does.
//!
//! The benches are those of `benches/benches/instructions.rs`, each an `instructions.<function>`. Where
//! there is no valgrind nothing is counted, and that is said aloud. Where there is, a head without a count
//! of what is promised fails: a bench that no longer builds would be a gate that no longer shuts.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use harness::bench::check::{BaseCount, counted, uncounted};
use harness::bench::policy::{Metric, Policy, Scope};
use harness::bench::report::MetricReport;
use harness::command::run_within;
use serde_json::Value;

use super::assemble::Instructions;
use super::drive::Interrupted;
use super::plan::is_named;
use super::ready::{Ready, Trees, Yard};
use crate::running::{Ended, run, written};
use crate::workspace::cargo;

/// The source of the benches, from the top of a tree.
const BENCHES: &str = "benches/benches/instructions.rs";

/// What every id begins with; the name of the function follows.
const PREFIX: &str = "instructions.";

/// The program that starts them under valgrind, which has to be of the version of the library.
const RUNNER: &str = "gungraun-runner";

/// How long valgrind may take to say that it is there.
const LOOK_MAX: Duration = Duration::from_secs(10);

/// How long fetching and building the runner may take.
pub(super) const INSTALL_MAX: Duration = Duration::from_mins(20);

/// How long building the benches and counting may take.
pub(super) const COUNT_MAX: Duration = Duration::from_mins(45);

/// Counts by the name of the function.
type Counts = BTreeMap<String, f64>;

/// Why nothing was counted.
enum Without {
    /// This machine lacks something.
    Lacks(String),
    /// It went wrong. Goes behind "failed to".
    Failed(String),
    /// Somebody wants the run to end.
    Interrupted,
}

/// Counts those of the head, and of the base where it has them.
pub(super) fn count(
    yard: Yard<'_>,
    policy: &Policy,
    only: Option<&str>,
    ready: &Ready,
) -> anyhow::Result<Instructions> {
    let is_wanted = |it: &&Metric| it.scope == Scope::Instructions && is_named(it, only);
    let wanted: Vec<&Metric> = policy.metrics.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        return Ok(Instructions::Unasked);
    }
    let head = match of_head(yard, ready)? {
        Err(Without::Interrupted) => return Err(Interrupted.into()),
        Err(Without::Lacks(why)) => {
            eprintln!("SKIPPED: instructions are not counted: {why}");
            return Ok(Instructions::Skipped(why));
        }
        Err(Without::Failed(why)) => Err(why),
        Ok(counts) => Ok(counts),
    };
    let base = match &head {
        Ok(head) => of_base(yard, ready, &head.tools)?,
        Err(_) => OfBase::Unasked,
    };
    let head = head.map(|head| head.counts);
    let reports = wanted.into_iter().map(|metric| report(metric, &head, &base));
    Ok(Instructions::Counted(reports.collect()))
}

/// What was counted of the head, and where the program lies that did.
struct OfHead {
    counts: Counts,
    tools: PathBuf,
}

/// What was counted of the base.
enum OfBase {
    Counted(Counts),
    Failed(String),
    Unasked,
}

fn report(metric: &Metric, head: &Result<Counts, String>, base: &OfBase) -> MetricReport {
    let of =
        |counts: &Counts| metric.id.strip_prefix(PREFIX).and_then(|name| counts.get(name)).copied();
    let head = match head {
        Ok(head) => of(head),
        Err(why) => return uncounted(metric, why),
    };
    let Some(head) = head else {
        return uncounted(metric, "find it among what the benches count");
    };
    let base = match base {
        OfBase::Counted(base) => of(base).map_or(BaseCount::Lacks, BaseCount::Is),
        OfBase::Failed(why) => BaseCount::Failed(why.clone()),
        OfBase::Unasked => BaseCount::Unasked,
    };
    counted(metric, head, &base)
}

fn of_head(yard: Yard<'_>, ready: &Ready) -> anyhow::Result<Result<OfHead, Without>> {
    if !has_valgrind() {
        return Ok(Err(Without::Lacks("valgrind is not installed".to_owned())));
    }
    let Some(version) = library_version(&ready.head_trees.root) else {
        return Ok(Err(Without::Failed("find the library that counts in Cargo.lock".to_owned())));
    };
    let tools = match runner(yard, &version)? {
        Ok(tools) => tools,
        Err(without) => return Ok(Err(without)),
    };
    let counts = of_tree(yard, &ready.head_trees, &tools, "head")?;
    Ok(counts.map(|counts| OfHead { counts, tools }))
}

fn of_base(yard: Yard<'_>, ready: &Ready, tools: &Path) -> anyhow::Result<OfBase> {
    let Some(trees) = &ready.base_trees else { return Ok(OfBase::Unasked) };
    // What was counted in another way is as good as not counted: it has to be new for once.
    if !counts_alike(trees, library_version(&ready.head_trees.root).as_deref()) {
        return Ok(OfBase::Counted(Counts::new()));
    }
    match of_tree(yard, trees, tools, "base")? {
        Ok(counts) => Ok(OfBase::Counted(counts)),
        Err(Without::Interrupted) => Err(Interrupted.into()),
        Err(Without::Lacks(why) | Without::Failed(why)) => {
            eprintln!("xtask: the instructions of the base are not counted: failed to {why}");
            Ok(OfBase::Failed(why))
        }
    }
}

fn has_valgrind() -> bool {
    let mut look = Command::new("valgrind");
    look.arg("--version");
    run_within(look, LOOK_MAX).is_ok_and(|finished| finished.status.success())
}

/// Whether a tree has counts, made in the same way.
fn counts_alike(trees: &Trees, version: Option<&str>) -> bool {
    trees.root.join(BENCHES).is_file() && library_version(&trees.root).as_deref() == version
}

/// The version of the library in the lock file of a tree.
fn library_version(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("Cargo.lock")).ok()?;
    version_in(&text)
}

fn version_in(lock: &str) -> Option<String> {
    let lock: toml::Table = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let library = packages.iter().find(|it| it["name"].as_str() == Some("gungraun"))?;
    library["version"].as_str().map(str::to_owned)
}

/// The directory of the runner of this version, which is fetched if it is not there.
fn runner(yard: Yard<'_>, version: &str) -> anyhow::Result<Result<PathBuf, Without>> {
    let tools = yard.workspace.target_dir().join("tools");
    let place = tools.join(format!("{RUNNER}-{version}"));
    let programs = place.join("bin");
    if programs.join(format!("{RUNNER}{}", env::consts::EXE_SUFFIX)).is_file() {
        return Ok(Ok(programs));
    }
    eprintln!("fetching {RUNNER} {version} into {} ...", place.display());
    let mut cargo = cargo();
    cargo.args(["install", RUNNER, "--locked", "--version", &format!("={version}")]);
    cargo.arg("--root").arg(&place).arg("--target-dir").arg(tools.join("build"));
    let log = yard.places.logs().join("install-runner.log");
    Ok(match run(cargo, &log, INSTALL_MAX, yard.interrupt)? {
        Ended::With(0) => Ok(programs),
        Ended::Interrupted => Err(Without::Interrupted),
        Ended::With(_) | Ended::TooLate => {
            Err(Without::Lacks(format!("{RUNNER} {version} is not to be had")))
        }
    })
}

fn of_tree(
    yard: Yard<'_>,
    trees: &Trees,
    tools: &Path,
    name: &str,
) -> anyhow::Result<Result<Counts, Without>> {
    // Earlier results would be compared with.
    let home = tempfile::tempdir().context("make a place for valgrind's files")?;
    let mut cargo = cargo();
    cargo.current_dir(&trees.root).env("CARGO_TARGET_DIR", &trees.target);
    cargo.env("PATH", with_first(tools)?);
    cargo.env_remove("GUNGRAUN_RUNNER").env_remove("IAI_CALLGRIND_RUNNER");
    cargo.args(["bench", "--locked", "--package", "benches", "--bench", "instructions"]);
    cargo.args(["--color", "never", "--", "--output-format=json"]);
    cargo.arg(format!("--home={}", home.path().display()));
    let log = yard.places.logs().join(format!("instructions-{name}.log"));
    eprintln!("counting instructions of the {name} (see {}) ...", log.display());
    let ended = run(cargo, &log, COUNT_MAX, yard.interrupt)?;
    let counts = counts(&written(&log));
    Ok(match ended {
        Ended::With(0) if counts.is_empty() => {
            Err(Without::Failed(format!("find a count in {}", log.display())))
        }
        Ended::With(0) => Ok(counts),
        Ended::Interrupted => Err(Without::Interrupted),
        Ended::With(_) | Ended::TooLate => {
            Err(Without::Failed(format!("count instructions, as {} tells", log.display())))
        }
    })
}

/// The search path, with this directory before all others.
fn with_first(directory: &Path) -> anyhow::Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(directory.to_path_buf()).chain(env::split_paths(&path));
    env::join_paths(all).context("put the runner on the search path")
}

/// The counts in what the benches say: a line of JSON for each, and cargo's words between them.
fn counts(said: &str) -> Counts {
    said.lines().filter_map(|line| counted_in(&serde_json::from_str(line).ok()?)).collect()
}

fn counted_in(line: &Value) -> Option<(String, f64)> {
    let name = line["function_name"].as_str()?;
    let profiles = line["profiles"].as_array()?;
    let counted = profiles.iter().find(|profile| profile["tool"] == "Callgrind")?;
    let count = &counted["data"]["total"]["metrics"]["Ir"]["values"]["new"];
    Some((name.to_owned(), count.as_f64()?))
}

#[cfg(test)]
mod tests;
