//! The programs that are measured: built as they are installed, and copied to a place where no
//! other build replaces them while they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::running::{Ended, Interrupt, run, written};
use crate::workspace::cargo;

/// A release build of everything from nothing, on a machine that does much else.
pub(super) const BUILD_MAX: Duration = Duration::from_mins(45);

/// How many of cargo's last lines are shown of a build that failed.
const LINES_SHOWN: usize = 30;

/// The source of the probe, from the top of a tree; a tree without it cannot be measured.
const PROBE: &str = "benches/src/bin/bench-probe.rs";

/// What is asked of cargo: the daemon, the stand-ins and the probe.
const BUILD: [&str; 12] = [
    "build",
    "--release",
    "--locked",
    "--package",
    "claude-assistant",
    "--package",
    "fakes",
    "--package",
    "benches",
    "--bins",
    "--message-format=json-render-diagnostics",
    "--color=never",
];

/// What came of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Built {
    /// The programs lie in their place.
    Ready,
    /// The tree is from before there was a probe.
    Unmeasured,
    /// It does not compile; the end of what cargo said.
    Broken(String),
    /// Somebody wants the run to end.
    Interrupted,
}

/// A tree to be built.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// Its top.
    pub(super) root: &'a Path,
    /// Its build directory.
    pub(super) target: &'a Path,
    /// Where what cargo says is kept.
    pub(super) log: PathBuf,
}

impl Tree<'_> {
    /// Builds it, and copies its programs to `place`.
    pub(super) fn build(&self, place: &Path, interrupt: &Interrupt) -> anyhow::Result<Built> {
        if !self.root.join(PROBE).is_file() {
            return Ok(Built::Unmeasured);
        }
        if let Some(directory) = self.log.parent() {
            fs::create_dir_all(directory).context("make the directory of the logs")?;
        }
        let mut cargo = cargo();
        cargo.args(BUILD).current_dir(self.root).env("CARGO_TARGET_DIR", self.target);
        let ended = run(cargo, &self.log, BUILD_MAX, interrupt)?;
        let said = written(&self.log);
        match ended {
            Ended::With(0) => {
                copy_all(&programs(&said), place)?;
                Ok(Built::Ready)
            }
            Ended::With(_) => Ok(Built::Broken(last_words(&said))),
            Ended::TooLate => Ok(Built::Broken(format!("no end within {BUILD_MAX:?}"))),
            Ended::Interrupted => Ok(Built::Interrupted),
        }
    }
}

/// Copies every file of `from` to `to`, and takes away what else lies there.
pub(super) fn copy_directory(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        files.push(entry.context("read a directory")?.path());
    }
    copy_all(&files, to)
}

/// The programs in cargo's JSON messages.
fn programs(messages: &str) -> Vec<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["kind"][0] == "bin")
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .collect()
}

/// The end of what cargo said for people.
fn last_words(said: &str) -> String {
    let for_people = |line: &&str| !line.starts_with('{');
    let lines: Vec<&str> = said.lines().filter(for_people).collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}

fn copy_all(files: &[PathBuf], place: &Path) -> anyhow::Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("empty {}", place.display()))?;
    }
    fs::create_dir_all(place).with_context(|| format!("make {}", place.display()))?;
    for file in files {
        let name = file.file_name().with_context(|| format!("copy {}", file.display()))?;
        fs::copy(file, place.join(name)).with_context(|| format!("copy {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
