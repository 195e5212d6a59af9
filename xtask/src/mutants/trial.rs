//! One fault on the bench: held against its own test first, then against more of them.
//!
//! ```text
//! apply ─> build ─> its own test ─> tier 1 of the package ─> tier 2 ─> survived
//!            │            └──────────────┴────────────────────┴─ a test failed, or hung: killed
//!            └ does not compile: the entry is invalid. That is never a kill
//! ```
//!
//! A test that fails now and then, whatever the code is like, kills nothing. The named tests have
//! held without any fault before the first is tried; each further step is seen to, too, before it
//! counts. What it then notices, and whatever hangs, has to come again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use harness::exit_code::ExitCode;
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Finding, Tests};
use super::fault;
use super::list::{Killer, Mutant, Package};

/// What the logs of the tree without a fault are called.
const UNMUTATED: &str = "unmutated";

/// What became of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// Tests noticed.
    Killed {
        /// Which.
        by: Stage,
        /// Not by what they saw, but because one did not end.
        timeout: bool,
    },
    /// No test noticed.
    Survived,
    /// Tests failed, and it is not known whether of the fault, for this reason.
    Unclear {
        /// The reason.
        why: String,
    },
    /// It is no program: the entry is invalid.
    NotCompiled,
    /// The tests could not be run, for this reason.
    NotTried {
        /// The reason.
        why: String,
    },
    /// The run was ended.
    Interrupted,
}

/// Tests that a fault is held against, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The one that the list names.
    ItsTest,
    /// All of tier 1 of the package.
    Tier1,
    /// All of tier 2.
    Tier2,
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ItsTest => "its test",
            Self::Tier1 => "tier 1",
            Self::Tier2 => "tier 2",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed { by, timeout: false } => write!(out, "killed by {by}"),
            Self::Killed { by, timeout: true } => write!(out, "killed by {by} (timeout)"),
            Self::Survived => out.write_str("SURVIVED"),
            Self::Unclear { why } => write!(out, "UNCLEAR: {why}"),
            Self::NotCompiled => out.write_str("DOES NOT COMPILE"),
            Self::NotTried { why } => write!(out, "NOT TRIED: {why}"),
            Self::Interrupted => out.write_str("interrupted"),
        }
    }
}

impl Stage {
    const ALL: [Self; 3] = [Self::ItsTest, Self::Tier1, Self::Tier2];
}

/// What is built and tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    /// What is committed.
    AsItIs,
    /// The same, with the fault in it.
    Faulty,
}

/// The tests that a list names, each once.
#[derive(Debug, Default)]
struct Named<'a> {
    units: BTreeMap<Package, BTreeSet<&'a str>>,
    cases: BTreeSet<&'a str>,
}

impl<'a> Named<'a> {
    fn by(mutants: &[&'a Mutant]) -> Self {
        let mut named = Self::default();
        for mutant in mutants {
            match &mutant.killer {
                Killer::Unit { package, test } => {
                    named.units.entry(*package).or_default().insert(test);
                }
                Killer::Tier2 { case } => {
                    named.cases.insert(case);
                }
            }
        }
        named
    }
}

impl Bench<'_> {
    /// Runs the tests that the list names on the tree as it is: each is there, and holds. Else
    /// nothing can be said of any fault, and the number to end with is returned.
    pub(super) fn check_unmutated(&self, wanted: &[&Mutant]) -> anyhow::Result<Option<ExitCode>> {
        let Named { units, cases } = Named::by(wanted);
        for (package, names) in units {
            let names: Vec<&str> = names.into_iter().collect();
            eprintln!("the tree as it is: {} tests of {} ...", names.len(), package.name());
            let tests = Tests::Named(package, &names);
            let found = self.tests(tests, UNMUTATED)?;
            if let Some(code) = self.is_bad(found.as_ref()) {
                return Ok(Some(code));
            }
            let said = self.said_by_tests(UNMUTATED);
            let missing: Vec<&&str> = names.iter().filter(|name| !said.contains(**name)).collect();
            if !missing.is_empty() {
                eprintln!("xtask: tests that are named and did not run: {missing:?}");
                return Ok(Some(ExitCode::FileInvalid));
            }
        }
        for case in cases {
            eprintln!("the tree as it is: {case} ...");
            let found = self.cases(Some(case), UNMUTATED)?;
            if let Some(code) = self.is_bad(found.as_ref()) {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// The number to end with if the tree itself fails.
    fn is_bad(&self, found: Option<&Finding>) -> Option<ExitCode> {
        let (code, what) = match found {
            Some(Finding::Held) => return None,
            Some(other) => (ExitCode::Failed, format!("{other:?}")),
            None => (ExitCode::BuildFailed, "it does not build".to_owned()),
        };
        eprintln!("xtask: nothing can be said of faults, as the tree itself fails: {what}");
        eprintln!("xtask: see {}/{UNMUTATED}.*.log", self.logs.display());
        Some(code)
    }

    /// Puts a fault in, sees what the tests say, and takes it out again.
    pub(super) fn try_one(&self, mutant: &Mutant) -> anyhow::Result<Verdict> {
        let mut applied = None;
        let verdict = judged(|stage, tree| {
            let found = match tree {
                Tree::AsItIs => {
                    drop(applied.take());
                    self.held_without_a_fault(mutant.package(), stage)?
                }
                Tree::Faulty => {
                    if applied.is_none() {
                        applied = Some(fault::apply(self.checkout, mutant)?);
                    }
                    self.held_against(mutant, stage)?
                }
            };
            Ok(if self.interrupt.came() { Some(Finding::Interrupted) } else { found })
        });
        drop(applied);
        self.checkout.restore()?;
        verdict
    }

    fn held_against(&self, mutant: &Mutant, stage: Stage) -> anyhow::Result<Option<Finding>> {
        let name = mutant.name.as_str();
        match (stage, &mutant.killer) {
            (Stage::ItsTest, Killer::Unit { package, test }) => {
                self.tests(Tests::Named(*package, &[test]), name)
            }
            (Stage::ItsTest, Killer::Tier2 { case }) => self.cases(Some(case), name),
            (Stage::Tier1, _) => self.tests(Tests::All(mutant.package()), name),
            (Stage::Tier2, _) => self.cases(None, name),
        }
    }

    /// What all of a step finds in the tree as it is; seen to when it is asked for first.
    fn held_without_a_fault(
        &self,
        package: Package,
        stage: Stage,
    ) -> anyhow::Result<Option<Finding>> {
        // Tier 2 is the same for every package.
        let key = (stage, (stage == Stage::Tier1).then_some(package));
        let known = self.without_a_fault.borrow().get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        self.checkout.restore()?;
        let found = match stage {
            // It was seen to before any fault was tried.
            Stage::ItsTest => Some(Finding::Held),
            Stage::Tier1 => self.tests(Tests::All(package), UNMUTATED)?,
            Stage::Tier2 => self.cases(None, UNMUTATED)?,
        };
        self.without_a_fault.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}

/// The verdict on a fault, by what is found where one asks. `None` is a tree that does not compile.
fn judged(
    mut ask: impl FnMut(Stage, Tree) -> anyhow::Result<Option<Finding>>,
) -> anyhow::Result<Verdict> {
    let mut once = None;
    for by in Stage::ALL {
        if by != Stage::ItsTest {
            match ask(by, Tree::AsItIs)? {
                Some(Finding::Held) => {}
                Some(Finding::Interrupted) => return Ok(Verdict::Interrupted),
                _ => return Ok(unclear(format!("{by} does not hold without the fault"))),
            }
        }
        let mut found = ask(by, Tree::Faulty)?;
        if let Some(Finding::Noticed { by: first, timeout }) = &found
            && (by != Stage::ItsTest || *timeout)
        {
            let again = ask(by, Tree::Faulty)?;
            match &again {
                Some(Finding::Noticed { by: second, .. }) if !is_shared(first, second) => {
                    return Ok(unclear(format!("{by} fails, but in other tests each time")));
                }
                Some(Finding::Held) => once = Some(by),
                _ => {}
            }
            found = again;
        }
        return Ok(match found {
            Some(Finding::Held) => continue,
            Some(Finding::Noticed { timeout, .. }) => Verdict::Killed { by, timeout },
            Some(Finding::Nothing { why }) => Verdict::NotTried { why },
            Some(Finding::Interrupted) => Verdict::Interrupted,
            None => Verdict::NotCompiled,
        });
    }
    Ok(once.map_or(Verdict::Survived, |by| unclear(format!("{by} noticed it once and not again"))))
}

fn unclear(why: String) -> Verdict {
    Verdict::Unclear { why }
}

/// Whether a test failed both times; or both times none could be named.
fn is_shared(first: &BTreeSet<String>, second: &BTreeSet<String>) -> bool {
    !first.is_disjoint(second) || first.is_empty() && second.is_empty()
}

#[cfg(test)]
mod tests;
