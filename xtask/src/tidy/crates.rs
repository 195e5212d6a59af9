//! Rules for crates: who may import whom, and what keeps out of where.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde::Deserialize;

use super::Finding;

/// What a crate of ours may import of ours: for its code, and for its tests beyond that.
struct Allowed {
    package: &'static str,
    code: &'static [&'static str],
    tests: &'static [&'static str],
    /// Crates of others that it never depends on directly.
    never: &'static [&'static str],
    /// Crates of others that no dependency of its code may bring in either.
    never_below: &'static [&'static str],
}

const RULES: &[Allowed] = &[
    Allowed {
        package: "assistant-core",
        code: &[],
        tests: &[],
        never: &["tokio", "serde", "tracing", "rusqlite", "anyhow", "rustix", "sysinfo", "notify"],
        never_below: &["tokio", "rusqlite"],
    },
    Allowed {
        package: "claude-assistant",
        code: &["assistant-core"],
        tests: &["fakes", "harness"],
        never: &[],
        never_below: &[],
    },
    // Its tests hold it against the contracts of the real program.
    Allowed { package: "fakes", code: &[], tests: &["harness"], never: &[], never_below: &[] },
    Allowed {
        package: "harness",
        code: &[],
        tests: &[],
        never: &[],
        never_below: &["tokio", "rusqlite"],
    },
    Allowed {
        package: "smoke",
        code: &["harness", "fakes"],
        tests: &[],
        never: &[],
        never_below: &[],
    },
    Allowed {
        package: "benches",
        code: &["assistant-core", "claude-assistant", "fakes", "harness"],
        tests: &[],
        never: &[],
        never_below: &[],
    },
    Allowed {
        package: "xtask",
        code: &["harness"],
        tests: &[],
        never: &[],
        never_below: &["tokio", "rusqlite"],
    },
];

/// The feature by which a build goes wrong on purpose. It is turned on by whoever builds, and by nothing
/// in the tree: neither another feature nor a dependency.
const FAULTS: &str = "faults";

/// What the code of a package is built from (not its tests) when it is built by itself, so with the
/// features that it asks for and no others: package → names.
pub(super) type BuiltFrom = BTreeMap<String, BTreeSet<String>>;

/// The packages with a rule about what they are built from.
pub(super) fn asked_about() -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(|rule| !rule.never_below.is_empty()).map(|rule| rule.package)
}

/// The names in the output of `cargo tree --prefix none`, which begins with the package itself.
pub(super) fn names_of(tree: &str) -> BTreeSet<String> {
    tree.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// What cargo says about the packages, as far as rules ask.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    /// Absent for a package of this tree.
    pub(super) source: Option<String>,
    description: Option<String>,
    dependencies: Vec<Dependency>,
    /// What each feature of it turns on.
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    /// What it turns on in the other.
    #[serde(default)]
    features: Vec<String>,
}

impl Metadata {
    /// Reads the output of `cargo metadata --format-version 1`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("read the metadata of cargo")
    }

    /// Our own packages.
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}

/// All rules over all crates of ours.
pub(super) fn check(metadata: &Metadata, built_from: &BuiltFrom) -> Vec<Finding> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    metadata.members().flat_map(|package| check_package(package, &ours, built_from)).collect()
}

fn check_package(package: &Package, ours: &BTreeSet<&str>, built_from: &BuiltFrom) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut broken = |what: String| findings.push(Finding::error(&package.name, 0, what));
    if package.description.as_deref().unwrap_or_default().is_empty() {
        broken("its Cargo.toml has no description".to_owned());
    }
    let turned_on = |what: &str| what.split(['/', '?', ':']).any(|part| part == FAULTS);
    for (feature, turns_on) in &package.features {
        if turns_on.iter().any(|what| turned_on(what)) {
            broken(format!("its feature {feature} turns on {FAULTS}"));
        }
    }
    for dependency in &package.dependencies {
        if dependency.features.iter().any(|what| turned_on(what)) {
            broken(format!("turns on {FAULTS} of {}", dependency.name));
        }
    }
    let Some(rule) = RULES.iter().find(|rule| rule.package == package.name) else {
        broken("no rule says what it may import; add one to tidy".to_owned());
        return findings;
    };
    for dependency in &package.dependencies {
        let name = dependency.name.as_str();
        let for_tests = dependency.kind.as_deref() == Some("dev");
        let allowed = rule.code.contains(&name) || for_tests && rule.tests.contains(&name);
        if ours.contains(name) && name != package.name && !allowed {
            let part = if for_tests { "its tests" } else { "its code" };
            broken(format!("{part} may not import {name}"));
        }
        if rule.never.contains(&name) {
            broken(format!("may not depend on {name}"));
        }
    }
    let below = built_from.get(package.name.as_str());
    let has = |name: &str| below.is_some_and(|below| below.contains(name));
    for name in rule.never_below.iter().filter(|name| has(name)) {
        broken(format!("its code is built from {name} through a dependency"));
    }
    findings
}

#[cfg(test)]
mod tests;
