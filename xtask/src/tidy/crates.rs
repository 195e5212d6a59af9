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
    Allowed { package: "fakes", code: &[], tests: &[], never: &[], never_below: &[] },
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

/// What cargo says about the packages, as far as rules ask.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
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
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Debug, Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
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

    /// Names of everything that the code of a package (not its tests) is built from.
    fn below(&self, package: &Package) -> BTreeSet<&str> {
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|other| (other.id.as_str(), other.name.as_str())).collect();
        let mut seen = BTreeSet::from([package.id.as_str()]);
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let deps = nodes.get(id).map_or(&[][..], |node| node.deps.as_slice());
            for dep in
                deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()))
            {
                if seen.insert(&dep.pkg) {
                    open.push(&dep.pkg);
                }
            }
        }
        seen.remove(package.id.as_str());
        seen.iter().filter_map(|id| names.get(id).copied()).collect()
    }
}

/// All rules over all crates of ours.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    metadata.members().flat_map(|package| check_package(metadata, package, &ours)).collect()
}

fn check_package(metadata: &Metadata, package: &Package, ours: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut broken = |what: String| findings.push(Finding::error(&package.name, 0, what));
    if package.description.as_deref().unwrap_or_default().is_empty() {
        broken("its Cargo.toml has no description".to_owned());
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
    let below = metadata.below(package);
    for name in rule.never_below.iter().filter(|name| below.contains(**name)) {
        broken(format!("its code is built from {name} through a dependency"));
    }
    findings
}

#[cfg(test)]
mod tests;
