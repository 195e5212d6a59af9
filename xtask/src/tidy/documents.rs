//! Rules for everything that is not Rust source: documents, manifests, and what no file may hold.

use super::Finding;
use super::tree::{File, Tree};

/// The map of the house has to be read in one sitting.
const ARCHITECTURE_LINES_MAX: usize = 250;

/// Files that have to be there.
const REQUIRED: &[&str] = &[
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CLAUDE.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "baselines/README.md",
    "docs/formats.md",
    "docs/operations.md",
    "docs/performance.md",
    "docs/style.md",
    "docs/testing.md",
];

/// Workspace dependencies of the design; each other one has a comment with its reason.
const BASE_DEPENDENCIES: &[&str] = &[
    "anyhow",
    "clap",
    "criterion",
    "insta",
    "jiff",
    "libtest-mimic",
    "notify",
    "proptest",
    "rusqlite",
    "rustix",
    "serde",
    "serde_json",
    "sysinfo",
    "tempfile",
    "thiserror",
    "tokio",
    "tokio-util",
    "toml",
    "tracing",
    "tracing-subscriber",
];

/// Where homes of people lie. Split in two, so that this file does not hold them itself.
const HOMES: &[(&str, &str)] = &[("/ho", "me/"), ("/Us", "ers/"), ("/ro", "ot/")];

/// Names of nobody, for examples.
const NOBODY: &[&str] = &["claude", "me", "owner", "sessions", "state", "user", "you"];

/// All rules.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in REQUIRED.iter().filter(|path| tree.find(path).is_none()) {
        findings.push(Finding::error(path, 0, "is missing"));
    }
    findings.extend(tree.find("ARCHITECTURE.md").and_then(check_architecture));
    findings.extend(tree.find("Cargo.toml").map(check_reasons).unwrap_or_default());
    findings.extend(tree.files.iter().flat_map(check_homes));
    findings.extend(tree.ending(".md").flat_map(|file| check_links(tree, file)));
    findings
}

fn check_architecture(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (ARCHITECTURE_LINES_MAX <= lines).then(|| {
        let what = format!("{lines} lines, and it has to stay under {ARCHITECTURE_LINES_MAX}");
        Finding::error(&file.path, 0, what)
    })
}

/// A dependency beyond the base set is preceded by `# name: why it is needed`.
fn check_reasons(manifest: &File) -> Vec<Finding> {
    let Ok(parsed) = manifest.text.parse::<toml::Table>() else {
        return vec![Finding::error(&manifest.path, 0, "is no valid TOML")];
    };
    let dependencies = parsed
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(toml::Value::as_table);
    let Some(dependencies) = dependencies else { return Vec::new() };
    let beyond = dependencies.iter().filter(|(name, value)| {
        value.get("path").is_none() && !BASE_DEPENDENCIES.contains(&name.as_str())
    });
    beyond
        .filter(|(name, _)| {
            let comment = format!("# {name}: ");
            !manifest.text.lines().any(|line| line.starts_with(&comment))
        })
        .map(|(name, _)| {
            let what = format!("say why {name} is needed: `# {name}: ...` before it");
            Finding::error(&manifest.path, 0, what)
        })
        .collect()
}

/// A path into somebody's home holds for one machine, and names a person.
fn check_homes(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for (first, second) in HOMES {
            let home = format!("{first}{second}");
            let named = line.match_indices(&home).any(|(at, _)| {
                let inside = line[..at].chars().next_back().is_some_and(char::is_alphanumeric);
                let rest = &line[at + home.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                !inside && 0 < end && !NOBODY.contains(&&rest[..end])
            });
            if named {
                let what = format!("a path below {home} holds for one machine only");
                findings.push(Finding::error(&file.path, number, what));
            }
        }
    }
    findings
}

/// Links to files of the tree lead somewhere.
fn check_links(tree: &Tree, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        for target in links(line) {
            let path = target.split('#').next().unwrap_or_default();
            let outside = ["http://", "https://", "mailto:"].iter().any(|to| path.starts_with(to));
            if !outside && !path.is_empty() && !tree.has(&resolve(&file.path, path)) {
                let what = format!("the link to {path} leads nowhere");
                findings.push(Finding::error(&file.path, number, what));
            }
        }
    }
    findings
}

/// Targets of the inline links of a line, code spans apart.
fn links(line: &str) -> Vec<&str> {
    let prose = line.split('`').step_by(2);
    prose
        .flat_map(|part| part.split("](").skip(1))
        .filter_map(|rest| rest.split([')', ' ']).next())
        .collect()
}

/// A link's target from the top of the tree.
fn resolve(from: &str, target: &str) -> String {
    if let Some(top) = target.strip_prefix('/') {
        return top.to_owned();
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
