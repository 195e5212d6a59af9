//! Tier 1: the `#[test]`s of all crates, under nextest where it is installed, else under cargo's
//! own runner.
//!
//! A case is `tier1::<binary>::<test>`, as nextest names binaries. `--only` selects by that id, so
//! the tests are listed first and then named one by one; a whole run needs no list.

mod nextest;
mod plain;

use std::collections::BTreeSet;
use std::time::Instant;

use harness::quarantine::Quarantine;
use harness::report::{CaseReport, Machine, Outcome, Report, SCHEMA};
use harness::verdict::judge;
use jiff::{Timestamp, Zoned};

use super::build::Executable;
use super::{Order, Output, fallen, quarantine_file};
use crate::workspace::{Workspace, has_cargo_subcommand};

/// A test, as its runners name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Test {
    binary: String,
    name: String,
}

impl Test {
    fn id(&self) -> String {
        format!("tier1::{}::{}", self.binary, self.name)
    }
}

/// Which tests to run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// Every one.
    All,
    /// Those of `all` whose id was selected.
    Some { all: Vec<Test>, selected: Vec<Test> },
}

impl Wanted {
    fn of(all: Vec<Test>, only: &str) -> Self {
        let selected = all.iter().filter(|test| test.id().contains(only)).cloned().collect();
        Self::Some { all, selected }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Some { selected, .. } if selected.is_empty())
    }
}

/// Runs them all, and judges what came out.
pub(super) fn run(
    workspace: &Workspace,
    order: &Order,
    built: &[Executable],
    output: &Output,
) -> anyhow::Result<Report> {
    let started_at = Timestamp::now();
    let clock = Instant::now();
    let with_nextest = has_cargo_subcommand("nextest");
    let wanted = match &order.selection.only {
        None => Wanted::All,
        Some(only) if with_nextest => Wanted::of(nextest::list(workspace, order)?, only),
        Some(only) => Wanted::of(plain::list(workspace, order, built)?, only),
    };
    let cases = if wanted.is_empty() {
        Vec::new()
    } else if with_nextest {
        nextest::run(workspace, order, &wanted, output)?
    } else {
        plain::run(workspace, order, &wanted, built, output)?
    };
    let quarantine = Quarantine::read(&quarantine_file(workspace));
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        tier: order.tier,
        gate: order.gate,
        started_at,
        elapsed_ms: 0,
        selection: order.selection.clone(),
        machine: Machine::here(),
        ends: Vec::new(),
        problems: Vec::new(),
        verdict: judge(order.gate, &cases, &[]),
        cases,
    };
    match quarantine {
        Ok(quarantine) => note(&mut report, &wanted, &quarantine),
        Err(error) => report.problems.push(error.to_string()),
    }
    report.verdict = judge(order.gate, &report.cases, &report.problems);
    report.elapsed_ms = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}

/// Writes down which cases are in quarantine, and what is wrong with the entries of this tier.
fn note(report: &mut Report, wanted: &Wanted, quarantine: &Quarantine) {
    let today = Zoned::now().date();
    for case in &mut report.cases {
        case.quarantine = quarantine.note(&case.id, today);
    }
    let known: BTreeSet<String> = match wanted {
        Wanted::All => report.cases.iter().map(|case| case.id.clone()).collect(),
        Wanted::Some { all, .. } => all.iter().map(Test::id).collect(),
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    report.problems.extend(quarantine.problems(report.tier, &known, today));
}

/// Whether any of these says that something went wrong.
fn tell_of_failure(cases: &[CaseReport]) -> bool {
    let fine = [Outcome::Passed, Outcome::Skipped, Outcome::Flaky];
    cases.iter().any(|case| !fine.contains(&case.outcome))
}

#[cfg(test)]
mod tests;
