//! What is to run, as it was asked for, and what a restart to it is called.

use harness::exit_code::ExitCode;
use harness::seed::Seed;
use jiff::Timestamp;

use super::arguments::Arguments;
use super::slots;
use super::trouble::{Result, Trouble};
use crate::checkout::ask;
use crate::workspace::Workspace;

/// What is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// As it was asked for.
    pub(super) asked: String,
    pub(super) commit: Option<String>,
    /// A slot that was named; none where one is built.
    pub(super) slot: Option<String>,
    /// What the asker may not know.
    pub(super) remark: Option<String>,
}

/// What was asked to run, found in the repository.
pub(super) fn target(workspace: &Workspace, arguments: &Arguments) -> Result<Target> {
    if let Some(slot) = &arguments.slot {
        if !slots::is_name(slot) {
            return Err(Trouble::with(
                ExitCode::BadUsage,
                format!("{slot:?} is no name of a slot"),
            ));
        }
        let (asked, slot) = (slot.clone(), Some(slot.clone()));
        return Ok(Target { asked, commit: None, slot, remark: None });
    }
    let asked = arguments.target.clone();
    let named = format!("{asked}^{{commit}}");
    let root = workspace.root();
    let commit = ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named])
        .map_err(|_| {
            Trouble::with(ExitCode::BadUsage, format!("failed to find the revision {asked}"))
        })?;
    let dirty = !ask(root, &["status", "--porcelain"])?.is_empty();
    let remark = dirty.then(|| {
        "the work tree has changes, which are no part of it: the commit is built".to_owned()
    });
    Ok(Target { asked, commit: Some(commit), slot: None, remark })
}

/// `r<milliseconds>-<4 digits>`.
pub(super) fn fresh_id() -> String {
    let chance = Seed::fresh().next() & 0xffff;
    format!("r{}-{chance:04x}", Timestamp::now().as_millisecond())
}

/// An id becomes a name of files.
pub(super) fn is_id(id: &str) -> bool {
    slots::is_name(id) && id.starts_with('r')
}
