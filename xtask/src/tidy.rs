//! `cargo xtask tidy`: the rules of the tree that no compiler knows.
//!
//! Every rule is a pure function from what was read to findings. Reading is done here, once: the
//! files of the tree, and cargo's own account of the packages.

mod code;
mod crates;
mod documents;
mod licences;
mod lists;
pub(crate) mod marked;
mod private;
mod pure;
mod sources;
mod tree;

use std::fmt;
use std::process::Stdio;

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;

use self::crates::Metadata;
use self::licences::Policy;
use self::tree::Tree;
use crate::workspace::Workspace;
use crate::{mutants, peers};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// To be looked at.
    Warning,
    /// To be mended before the change goes in.
    Error,
}

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    severity: Severity,
    /// The file, or the package.
    place: String,
    /// From 1; 0 for the whole file.
    line: usize,
    what: String,
}

impl Finding {
    fn error(place: &str, line: usize, what: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place: place.to_owned(), line, what: what.into() }
    }

    fn warning(place: &str, line: usize, what: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, line, what) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.line {
            0 => write!(out, "{severity}: {}: {}", self.place, self.what),
            line => write!(out, "{severity}: {}:{line}: {}", self.place, self.what),
        }
    }
}

/// The command.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let tree = Tree::read(workspace.root())?;
    let metadata = Metadata::parse(&metadata_text(workspace)?)?;
    let policy = tree.find("deny.toml").context("find deny.toml")?;
    let policy = Policy::parse(&policy.text).context("read deny.toml")?;

    let mut findings = Vec::new();
    findings.extend(sources::check(&tree));
    findings.extend(pure::check(&tree));
    findings.extend(documents::check(&tree));
    findings.extend(private::check(&tree));
    findings.extend(lists::check(&tree));
    findings.extend(check_mutants(workspace, &tree)?);
    findings.extend(check_peers(&tree));
    findings.extend(crates::check(&metadata, &built_from(workspace)?));
    findings.extend(licences::check(&metadata, &policy));

    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    println!("tidy: {} files, {errors} errors, {warnings} warnings", tree.files.len());
    Ok(if errors == 0 { ExitCode::Pass } else { ExitCode::Failed })
}

/// Every fault of the list can still be put in and has its test, and the document shows them all.
fn check_mutants(workspace: &Workspace, tree: &Tree) -> anyhow::Result<Vec<Finding>> {
    const DOCUMENT: &str = "docs/testing.md";
    let problems = mutants::problems(workspace.root());
    let broken = |what| Finding::error(mutants::LIST, 0, what);
    let mut findings: Vec<Finding> = problems.into_iter().map(broken).collect();
    // A list that cannot be read has no table, and was told of above.
    if findings.is_empty()
        && let Some(document) = tree.find(DOCUMENT)
        && !document.text.contains(&mutants::markdown(workspace.root())?)
    {
        let what = "its table of mutants is old: take `cargo xtask mutants --list --markdown`";
        findings.push(Finding::error(DOCUMENT, 0, what));
    }
    Ok(findings)
}

/// The comparison with the SDK is the one that the command wrote, by its form: its figures are of the
/// machine that it ran on.
fn check_peers(tree: &Tree) -> Option<Finding> {
    let document = tree.find(peers::DOCUMENT)?;
    let Some((inside, line)) = marked::find(&document.text, peers::MARK) else {
        let what = format!("has no `<!-- begin {} -->` with its end", peers::MARK);
        return Some(Finding::error(peers::DOCUMENT, 0, what));
    };
    let problem = peers::problem(inside)?;
    let what = format!("{problem}: take `cargo xtask bench peers --write`");
    Some(Finding::error(peers::DOCUMENT, line, what))
}

/// Cargo's account of every package.
fn metadata_text(workspace: &Workspace) -> anyhow::Result<String> {
    cargo_says(workspace, &["metadata", "--format-version", "1", "--locked"])
}

/// What the packages are built from that a rule asks about.
fn built_from(workspace: &Workspace) -> anyhow::Result<crates::BuiltFrom> {
    let one = |package: &'static str| {
        let arguments =
            ["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none"];
        Ok((package.to_owned(), crates::names_of(&cargo_says(workspace, &arguments)?)))
    };
    crates::asked_about().map(one).collect()
}

/// What cargo says to these arguments. Without the network if that is enough: for the packages of
/// other platforms it is, once they were fetched.
fn cargo_says(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<String> {
    let asking = || format!("run cargo {}", arguments[0]);
    let offline = workspace
        .cargo(arguments)
        .arg("--offline")
        .stderr(Stdio::null())
        .output()
        .with_context(asking)?;
    let output = if offline.status.success() {
        offline
    } else {
        workspace.cargo(arguments).stderr(Stdio::inherit()).output().with_context(asking)?
    };
    ensure!(output.status.success(), "{}: {}", asking(), output.status);
    String::from_utf8(output.stdout).with_context(asking)
}

/// The paths of this very workspace, for tests of rules that speak of it.
#[cfg(test)]
pub(crate) fn tree_of_this_workspace() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in it");
    let tree = Tree::read(root).expect("the workspace can be read");
    tree.files.into_iter().map(|file| file.path).collect()
}
