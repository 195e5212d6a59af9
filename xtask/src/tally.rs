//! How many tests passed and failed, read off what the runners print.
//!
//! Two forms are known: the summary of nextest, and the result line that the standard runner and
//! libtest-mimic share.

use std::ops::AddAssign;

/// Counts over one or more runners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Tests that ran and held.
    pub(crate) passed: u64,
    /// Tests that ran and did not.
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The counts that this line of output states, if it is a summary.
pub(crate) fn of_line(line: &str) -> Option<Tally> {
    // At the very start of a line only: nextest repeats the output of a failed test, indented.
    if let Some(counts) = line.strip_prefix("test result: ") {
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        return Some(add_up(counts.split(';')));
    }
    let (run, counts) = line.trim_start().strip_prefix("Summary [")?.split_once(": ")?;
    (run.ends_with("run")).then(|| add_up(counts.split(',')))
}

fn add_up<'a>(counts: impl Iterator<Item = &'a str>) -> Tally {
    let mut tally = Tally::default();
    for count in counts {
        let Some((number, kind)) = count.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        if kind.starts_with("passed") {
            tally.passed += number;
        } else if ["failed", "timed out", "exec failed"].iter().any(|bad| kind.starts_with(bad)) {
            tally.failed += number;
        }
    }
    tally
}

#[cfg(test)]
mod tests;
