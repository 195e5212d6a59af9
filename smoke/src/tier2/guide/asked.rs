//! What cargo was asked, held against the workspace and against cargo's own help: a package, a
//! target, a feature or a flag that is not there would have failed after the first minute.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use harness::command::run_within;
use serde_json::Value;

use crate::case::SOON;

/// Commands that xtask only asks whether they are there: cargo has them from elsewhere.
const FROM_ELSEWHERE: [&str; 2] = ["nextest", "deny"];

/// What the workspace has, by what names it on a command line.
#[derive(Debug)]
pub(super) struct Known {
    packages: BTreeSet<String>,
    /// By kind: `bin`, `test`, `bench`.
    targets: BTreeMap<String, BTreeSet<String>>,
    /// As `package/feature`.
    features: BTreeSet<String>,
}

/// The cargo that is installed: the one that runs this, or else the first of the search path, by its
/// whole path, since another will stand before it there.
pub(super) fn cargo() -> OsString {
    let is_there = |path: &PathBuf| path.is_file();
    let path = env::var_os("PATH").unwrap_or_default();
    let found = || env::split_paths(&path).map(|folder| folder.join("cargo")).find(is_there);
    env::var_os("CARGO").or_else(|| found().map(Into::into)).unwrap_or_else(|| "cargo".into())
}

impl Known {
    /// As cargo itself says it.
    pub(super) fn of(root: &Path) -> anyhow::Result<Self> {
        let words = ["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"];
        let said: Value = serde_json::from_str(&ask(root, &words)?).context("read its answer")?;
        let mut known =
            Self { packages: BTreeSet::new(), targets: BTreeMap::new(), features: BTreeSet::new() };
        for package in said["packages"].as_array().into_iter().flatten() {
            let name = package["name"].as_str().unwrap_or_default();
            known.packages.insert(name.to_owned());
            let features = package["features"].as_object().into_iter().flatten();
            known.features.extend(features.map(|(feature, _)| format!("{name}/{feature}")));
            for target in package["targets"].as_array().into_iter().flatten() {
                let kind = target["kind"][0].as_str().unwrap_or_default();
                let name = target["name"].as_str().unwrap_or_default();
                known.targets.entry(kind.to_owned()).or_default().insert(name.to_owned());
            }
        }
        ensure!(!known.packages.is_empty(), "find the packages of {}", root.display());
        Ok(known)
    }

    /// What is wrong with these command lines; the words of each stand behind `cargo`.
    pub(super) fn faults(&self, root: &Path, asked: &BTreeSet<String>) -> Vec<String> {
        let mut faults = Vec::new();
        let mut helps: BTreeMap<&str, String> = BTreeMap::new();
        for line in asked {
            let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
            if FROM_ELSEWHERE.contains(&command) {
                continue;
            }
            let help = helps.entry(command).or_insert_with(|| {
                // Clippy's own help leaves out what it takes from `check`.
                let told = if command == "clippy" { "check" } else { command };
                ask(root, &[told, "-h"]).unwrap_or_else(|error| format!("{error:#}"))
            });
            // What follows the two dashes is for the program that cargo starts.
            let own = rest.split_once(" -- ").map_or(rest, |(own, _)| own);
            faults.extend(self.fault(own, help).map(|what| format!("cargo {line}: {what}")));
        }
        faults
    }

    fn fault(&self, own: &str, help: &str) -> Option<String> {
        let mut words = own.split(' ').filter(|word| !word.is_empty() && *word != "--");
        while let Some(word) = words.next() {
            let flag = word.split('=').next().unwrap_or(word);
            let is_flag = flag.starts_with('-');
            let is_known = |end: &str| help.contains(&format!("{flag}{end}"));
            if is_flag && ![" ", ",", "\n", "=", "["].iter().any(|end| is_known(end)) {
                return Some(format!("it has no {flag}"));
            }
            let has =
                |all: &BTreeSet<String>| words.clone().next().is_some_and(|it| all.contains(it));
            let none = BTreeSet::new();
            let fits = match flag {
                "--package" | "-p" => has(&self.packages),
                "--features" => has(&self.features),
                "--test" | "--bench" | "--bin" => {
                    has(self.targets.get(flag.trim_start_matches('-')).unwrap_or(&none))
                }
                _ => continue,
            };
            let named = words.next().unwrap_or("nothing");
            if !fits {
                return Some(format!("there is no {named} for {flag}"));
            }
        }
        None
    }
}

fn ask(root: &Path, words: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(cargo());
    command.args(words).current_dir(root).env("CARGO_TERM_COLOR", "never");
    let said = run_within(command, SOON)?;
    ensure!(said.status.success(), "ask cargo {}: {}", words.join(" "), said.stderr);
    Ok(said.stdout)
}

#[cfg(test)]
mod tests;
