//! `cargo xtask affected`: which tests a change needs, and why.
//!
//! ```text
//! changed paths ──rules──> checks, each with the paths that ask for it ──> a table, or run
//! ```
//!
//! [`plan`] is a pure function of the paths. A path that no rule knows asks for everything: what is
//! new is not yet understood. Whatever is product code asks for all of tier 1 as well, which takes
//! seconds; the narrow tests a rule names run before it, because they fail first.

mod changes;
mod rules;
mod run;
mod table;

use std::collections::BTreeSet;

use harness::exit_code::ExitCode;
use harness::gate::Gate;
use harness::tier::Tier;

use self::rules::{RULES, Rule};
pub(crate) use self::table::{MARK, markdown};
use crate::workspace::Workspace;

/// One thing that can be run for a change, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The rules of the tree.
    Tidy,
    /// Tests of tier 1 whose name begins with `prefix`, in one package.
    Tests {
        /// The package.
        package: &'static str,
        /// The beginning of their names; empty for all of the package.
        prefix: &'static str,
    },
    /// A tier, whole.
    Tier(Tier),
    /// `cargo xtask test`.
    Everything,
    /// A bench of the package `benches`: its target, and the part of its names that is meant.
    Bench {
        /// The target.
        target: &'static str,
        /// A part of the names; empty for all.
        filter: &'static str,
    },
    /// Against the build that this one comes from, as far as that takes a minute.
    Comparison,
}

/// A check and the changed paths that ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What to run.
    pub(crate) check: Check,
    /// `path: why`, each once.
    pub(crate) reasons: Vec<String>,
}

/// What to do with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Show it.
    Show,
    /// Show it, then run it.
    Run,
}

/// The command.
pub(crate) fn run(
    workspace: &Workspace,
    since: Option<&str>,
    mode: Mode,
    gate: Gate,
) -> anyhow::Result<ExitCode> {
    let changes = match changes::since(workspace.root(), since) {
        Err(error) if error.is::<changes::NoSuchRevision>() => {
            eprintln!("xtask: failed to {error:#}");
            return Ok(ExitCode::BadUsage);
        }
        changes => changes?,
    };
    let plan = plan(changes.paths.iter().map(String::as_str));
    run::show(&changes, &plan);
    match mode {
        Mode::Run if !plan.is_empty() => run::all(workspace, &plan, gate),
        Mode::Show | Mode::Run => Ok(ExitCode::Pass),
    }
}

/// Prints the table that stands in the documents, or writes it there.
pub(crate) fn table(workspace: &Workspace, write: bool) -> anyhow::Result<ExitCode> {
    table::show(workspace.root(), write)
}

/// Every check that these paths ask for, each with its reasons, in the order to run them.
pub(crate) fn plan<'a>(paths: impl IntoIterator<Item = &'a str>) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    for path in paths.into_iter().collect::<BTreeSet<_>>() {
        let (checks, why) = rules::rule_of(path)
            .map_or((&[Check::Everything][..], "no rule knows it"), |rule| (rule.checks, rule.why));
        for &check in checks {
            let reason = format!("{path}: {why}");
            match asked.iter_mut().find(|asked| asked.check == check) {
                Some(asked) => asked.reasons.push(reason),
                None => asked.push(Asked { check, reasons: vec![reason] }),
            }
        }
    }
    // All of it contains the rest, but for the benches.
    if asked.iter().any(|asked| asked.check == Check::Everything) {
        asked.retain(|asked| asked.check.is_of_times() || asked.check == Check::Everything);
    }
    asked.sort_by_key(|asked| asked.check);
    asked
}

impl Check {
    /// Whether it looks at times and not at what is right.
    const fn is_of_times(self) -> bool {
        matches!(self, Self::Bench { .. } | Self::Comparison)
    }

    /// The command that runs it, as one would type it.
    pub(crate) fn command(self) -> String {
        match self {
            Self::Tidy => "cargo xtask tidy".to_owned(),
            Self::Tests { package, prefix: "" } => format!("cargo nextest run -p {package}"),
            Self::Tests { package, prefix } => {
                format!("cargo nextest run -p {package} {prefix}")
            }
            Self::Tier(tier) => format!("cargo xtask test-tier {}", tier.number()),
            Self::Bench { target, filter: "" } => {
                format!("cargo bench -p benches --bench {target}")
            }
            Self::Bench { target, filter } => {
                format!("cargo bench -p benches --bench {target} -- {filter}")
            }
            Self::Comparison => "cargo xtask bench-check --quick".to_owned(),
            Self::Everything => "cargo xtask test".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
