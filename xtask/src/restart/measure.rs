//! What a restart measures: the target against what runs, as far as that can be had.
//!
//! ```text
//!  the commit that runs is in this repository ──────────> bench compare <what runs> <target>
//!  it is not, or nobody knows it:  the target has a parent ──> bench compare <parent> <target>
//!                                  it has none ─────────────> bench run <target>
//! ```
//!
//! What the figures mean for the restart says [`harness::restart::speed`]. Whoever measures or tests in a
//! build directory does so alone: this waits for its turn.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use harness::exit_code::ExitCode;
use harness::restart::speed::Against;
use harness::wait::wait_for_every;

use super::home::words;
use super::progress;
use super::time::Time;
use super::trouble::{Result, Trouble};
use crate::checkout::ask;
use crate::lock;
use crate::workspace::Workspace;

/// How often it is looked whether somebody else's run is over.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why a run has to wait.
const ANOTHER: &str =
    "another run (tiers, contracts, stress or measuring) goes on in this build directory";

/// What a target is measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// None where there is no other build to be had.
    commit: Option<String>,
    against: Against,
}

impl Base {
    /// The best that can be had in this repository for a target, beside `running`.
    pub(super) fn find(root: &Path, running: Option<&str>, target: &str) -> Self {
        let why = match running.map(|commit| (commit, known(root, commit))) {
            Some((_, Some(commit))) => {
                return Self { commit: Some(commit), against: Against::Running };
            }
            Some((commit, None)) => unknown(commit),
            None => NOBODY_KNOWS.to_owned(),
        };
        match known(root, &format!("{target}^")) {
            Some(commit) => Self { commit: Some(commit), against: Against::Before(why) },
            None => Self { commit: None, against: Against::Promises(why) },
        }
    }

    pub(super) const fn against(&self) -> &Against {
        &self.against
    }

    /// What would be done, of a dry run.
    pub(super) fn foreseen(&self) -> String {
        let why = self.against.why().map_or_else(String::new, |why| format!(": {why}"));
        format!("times and sizes would be measured, against {}{why}", self.against.name())
    }

    /// The command that measures a target against it; the file of its report follows. Commits are
    /// built from their own files, whatever the work tree becomes meanwhile.
    pub(super) fn command(&self, target: &str) -> Vec<OsString> {
        match &self.commit {
            Some(base) => words(["bench", "compare", base, target, "--json"]),
            None => words(["bench", "run", target, "--json"]),
        }
    }
}

/// Runs `once` when no other run goes on in this build directory, and once more where another was
/// quicker; the number it ends with. That somebody tests meanwhile says nothing of the target, so it is
/// waited for, and said.
pub(super) fn in_turn(
    workspace: &Workspace,
    time: Time<'_>,
    says: &mut Vec<String>,
    mut once: impl FnMut() -> Result<i32>,
) -> Result<i32> {
    let locked = i32::from(ExitCode::Locked.number());
    let ended = wait_for_every(LOOK_EVERY, time.left(), || {
        if time.interrupt().came() {
            return Some(Err(Trouble::Interrupted));
        }
        let ended = match lock::is_free(workspace) {
            Ok(true) => once(),
            Ok(false) => Ok(locked),
            Err(error) => Err(error.into()),
        };
        if !matches!(ended, Ok(code) if code == locked) {
            return Some(ended);
        }
        if says.is_empty() {
            progress::remark(&format!("{ANOTHER}: it is waited for"));
            says.push("another run in this build directory was waited for".to_owned());
        }
        None
    });
    ended.unwrap_or_else(|| {
        let why = format!("{ANOTHER}, and has not ended in the time of the gate");
        Err(Trouble::with(ExitCode::Inconclusive, why))
    })
}

/// The slot that runs names no commit.
pub(super) const NOBODY_KNOWS: &str = "nobody knows the commit of the slot that runs";

/// The slot that runs is of another repository.
pub(super) fn unknown(commit: &str) -> String {
    format!("this repository does not know the commit that runs, {commit}")
}

/// All digits of a commit, where this repository has it.
fn known(root: &Path, revision: &str) -> Option<String> {
    let named = format!("{revision}^{{commit}}");
    ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named]).ok()
}

#[cfg(test)]
mod tests;
