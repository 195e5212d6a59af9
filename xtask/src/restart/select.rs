//! Which checks a target has to pass, and why.
//!
//! The changed files between the commit that runs and the target ask for them, by the same rules as
//! `cargo xtask affected`. What runs is of an unknown commit: everything. Tier 2 is always asked for,
//! whatever changed: it is the only one that starts the very programs of the slot. Whoever names the
//! tiers (`--gate tiers=1`) gets these alone, and besides what has said no of the slot before.

use std::collections::BTreeSet;
use std::path::Path;

use harness::restart::flags::Choice;
use harness::tier::Tier;

use super::measure::{NOBODY_KNOWS, unknown};
use super::slots::Refused;
use crate::affected::{self, Asked, Check};
use crate::checkout::ask;

/// How many reasons of one check are told.
const REASONS_MAX: usize = 3;

/// What is to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) tiers: BTreeSet<Tier>,
    /// Whether times and sizes are measured.
    pub(super) measured: bool,
    /// Why, a line each.
    pub(super) says: Vec<String>,
}

impl Selection {
    /// The same, and whatever said no of the slot the last time: nothing else can take that back.
    pub(super) fn with(mut self, refused: &Refused) -> Self {
        self.tiers.extend(&refused.tiers);
        self.measured |= refused.measured;
        self.says.extend(refused.names().map(|checks| format!("{checks}: said no the last time")));
        self
    }
}

/// Every tier that does not need a daemon that runs.
const ALL: [Tier; 3] = [Tier::InProcess, Tier::RealBinaries, Tier::RealAgent];

/// The files that differ between two commits; why they are not known.
pub(super) fn changed(root: &Path, from: Option<&str>, to: &str) -> Result<Vec<String>, String> {
    let from = from.ok_or_else(|| NOBODY_KNOWS.to_owned())?;
    let arguments = ["diff", "--name-only", "-z", "--no-renames", from, to, "--"];
    let listing = ask(root, &arguments).map_err(|_| unknown(from))?;
    Ok(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// Decides it.
pub(super) fn select(choice: &Choice, changed: &Result<Vec<String>, String>) -> Selection {
    match (choice, changed) {
        (Choice::All, _) => everything("all of it was asked for"),
        (Choice::Tiers(tiers), _) => {
            let says = vec!["these tiers alone were asked for".to_owned()];
            Selection { tiers: tiers.clone(), measured: false, says }
        }
        (Choice::Auto, Err(why)) => everything(why),
        (Choice::Auto, Ok(paths)) => {
            let plan = affected::plan(paths.iter().map(String::as_str));
            asked_for(paths.len(), &plan)
        }
    }
}

fn everything(why: &str) -> Selection {
    Selection { tiers: ALL.into(), measured: true, says: vec![format!("everything: {why}")] }
}

fn asked_for(files: usize, plan: &[Asked]) -> Selection {
    let mut tiers = BTreeSet::from([Tier::RealBinaries]);
    let mut measured = false;
    let mut says = vec![
        format!("{files} files differ from what runs"),
        "tier 2: it starts the very programs of the slot".to_owned(),
    ];
    for Asked { check, reasons } in plan {
        match check {
            Check::Tidy => continue,
            Check::Tests { .. } => drop(tiers.insert(Tier::InProcess)),
            Check::Tier(tier) => drop(tiers.insert(*tier)),
            Check::Everything => {
                tiers.extend(ALL);
                measured = true;
            }
            Check::Comparison => measured = true,
            // For people who look at one function; the comparison is what says no.
            Check::Bench { .. } => continue,
        }
        let first = reasons.iter().take(REASONS_MAX).cloned().collect::<Vec<_>>().join("; ");
        let rest = reasons.len().saturating_sub(REASONS_MAX);
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        says.push(format!("{}: {first}{more}", check.command()));
    }
    Selection { tiers, measured, says }
}

#[cfg(test)]
mod tests;
