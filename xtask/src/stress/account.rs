//! What came of all the runs, as a table and as `stress.json`:
//!
//! ```json
//! {"schema": "harness.stress.v1", "commit": "9f..", "started_at": "..", "elapsed_s": 1900.5,
//!  "machine": {..}, "burning": true, "doubts": [],
//!  "tiers": [{"tier": 1, "runs": 20, "tests": 18420, "passed": 18420,
//!  "failures": 0, "median_s": 30.1, "max_s": 33.9, "failing_runs": []}]}
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;

use harness::report::{CaseReport, Machine, Outcome};
use harness::tier::Tier;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::Load;

/// The name of the format.
const SCHEMA: &str = "harness.stress.v1";

/// All runs.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    schema: &'static str,
    commit: String,
    started_at: Timestamp,
    pub(super) elapsed_s: f64,
    machine: Machine,
    burning: bool,
    /// Why it says less than it seems to, if so.
    pub(super) doubts: Vec<Doubt>,
    pub(super) tiers: Vec<TierAccount>,
}

/// What makes all the runs say nothing about the commit or the load that they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The process that was to keep every core busy ended before the runs did.
    WentOut,
    /// The work tree is not the one that was built first.
    Changed,
}

impl Doubt {
    /// In words, as it stands in the file.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::WentOut => "the cores were not kept busy to the end",
            Self::Changed => "files changed while it ran",
        }
    }
}

impl Serialize for Doubt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.words())
    }
}

/// All runs of one tier.
#[derive(Debug, Serialize)]
pub(super) struct TierAccount {
    tier: Tier,
    runs: usize,
    tests: usize,
    passed: usize,
    failures: usize,
    median_s: f64,
    max_s: f64,
    failing_runs: Vec<FailingRun>,
    #[serde(skip)]
    times: Vec<f64>,
}

/// One run that was not clean.
#[derive(Debug, Serialize)]
struct FailingRun {
    run: u32,
    flakes: Vec<Flake>,
    kept: Option<PathBuf>,
}

/// One test that did not hold at the first try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Flake {
    pub(super) id: String,
    pub(super) outcome: String,
}

/// One run.
#[derive(Debug)]
pub(super) struct RunAccount {
    pub(super) elapsed_s: f64,
    pub(super) passed: usize,
    pub(super) tests: usize,
    pub(super) flakes: Vec<Flake>,
    /// Where its files are.
    pub(super) kept: Option<PathBuf>,
}

/// Whether a case counts here: whatever a quiet machine would not have shown. A quarantine tolerates
/// nothing here: what is known to fail now and then is what is counted.
pub(super) const fn is_flake(case: &CaseReport) -> bool {
    !matches!(case.outcome, Outcome::Passed | Outcome::Skipped)
}

impl RunAccount {
    /// In a line for people.
    pub(super) fn line(&self) -> String {
        let mut line = format!(
            "{} tests, {} failures, {:.1} s",
            self.tests,
            self.flakes.len(),
            self.elapsed_s
        );
        for Flake { id, outcome } in &self.flakes {
            write!(line, "\n    {id}: {outcome}").expect("a string takes every text");
        }
        if let Some(kept) = &self.kept {
            write!(line, "\n    kept {}", kept.display()).expect("a string takes every text");
        }
        line
    }
}

impl TierAccount {
    pub(super) const fn new(tier: Tier) -> Self {
        Self {
            tier,
            runs: 0,
            tests: 0,
            passed: 0,
            failures: 0,
            median_s: 0.0,
            max_s: 0.0,
            failing_runs: Vec::new(),
            times: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, number: u32, run: RunAccount) {
        self.runs += 1;
        self.tests += run.tests;
        self.passed += run.passed;
        self.failures += run.flakes.len();
        self.times.push(run.elapsed_s);
        self.times.sort_by(f64::total_cmp);
        self.median_s = median(&self.times);
        self.max_s = self.times.last().copied().unwrap_or_default();
        if !run.flakes.is_empty() {
            let RunAccount { flakes, kept, .. } = run;
            self.failing_runs.push(FailingRun { run: number, flakes, kept });
        }
    }
}

impl Account {
    pub(super) const fn new(
        commit: String,
        started_at: Timestamp,
        machine: Machine,
        load: Load,
    ) -> Self {
        Self {
            schema: SCHEMA,
            commit,
            started_at,
            elapsed_s: 0.0,
            machine,
            burning: matches!(load, Load::Burning),
            doubts: Vec::new(),
            tiers: Vec::new(),
        }
    }

    pub(super) fn failures(&self) -> usize {
        self.tiers.iter().map(|tier| tier.failures).sum()
    }

    pub(super) fn passed(&self) -> usize {
        self.tiers.iter().map(|tier| tier.passed).sum()
    }

    /// One line for each tier.
    pub(super) fn table(&self) -> String {
        let mut table = "tier    runs   tests  failures  median s   max s\n".to_owned();
        for TierAccount { tier, runs, tests, failures, median_s, max_s, .. } in &self.tiers {
            writeln!(
                table,
                "{:<6}  {runs:>4}  {tests:>6}  {failures:>8}  {median_s:>8.1}  {max_s:>6.1}",
                tier.to_string()
            )
            .expect("a string takes every text");
        }
        table
    }

    pub(super) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has string keys only");
        text.push('\n');
        text
    }
}

/// The middle one of sorted numbers; 0 of none.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => 0.0,
        _ if sorted.len() % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests;
