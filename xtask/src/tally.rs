//! How many tests passed and failed: of a step that says so in its output, and of a report.
//!
//! One form of output is known, the result line of the standard runner, which doc tests end with.

use std::ops::AddAssign;

use harness::report::Verdict;

/// Counts over one or more runners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Tests that ran and held.
    pub(crate) passed: u64,
    /// Tests that ran and did not.
    pub(crate) failed: u64,
}

impl Tally {
    /// The counts of a report.
    pub(crate) fn of_verdict(verdict: &Verdict) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self { passed: count(verdict.passed), failed: count(verdict.failed) }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The counts that this line of output states, if it is a summary.
pub(crate) fn of_line(line: &str) -> Option<Tally> {
    // At the very start of a line only: what a test printed itself is repeated indented.
    let counts = line.strip_prefix("test result: ")?;
    let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
    let mut tally = Tally::default();
    for count in counts.split(';') {
        let Some((number, kind)) = count.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match kind {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests;
