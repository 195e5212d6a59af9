//! What a case is before it runs, and what it needs of the machine.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::room::Room;
use crate::binaries::MissingProgram;

/// What a case does.
pub type Body = Box<dyn Fn(&mut Room) -> anyhow::Result<()> + Send + Sync>;

/// One case, before it runs.
pub struct Case {
    /// Its stable id, which says its tier and its place: `tier2::daemon::a_second_is_refused`.
    pub id: String,
    /// What it is about, for who reads reports.
    pub tags: Vec<String>,
    /// How long one try may take; then everything it marked is killed.
    pub limit: Duration,
    /// What has to be on the machine.
    pub needs: Vec<Need>,
    /// How often it is tried again after an error marked [`Transport`](super::Transport).
    pub retries: u32,
    /// What else may run meanwhile.
    pub company: Company,
    /// What it does.
    pub body: Body,
}

/// What may run at the same time as a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Nothing: it looks at times, or keeps the machine busy.
    Nobody,
    /// Other cases that say so: it mostly waits.
    Others,
}

impl Case {
    /// A case that needs nothing and is tried once.
    pub fn new(
        id: impl Into<String>,
        limit: Duration,
        body: impl Fn(&mut Room) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            tags: Vec::new(),
            limit,
            needs: Vec::new(),
            retries: 0,
            company: Company::Nobody,
            body: Box::new(body),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Case")
            .field("id", &self.id)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Something that cases need of the machine, looked for once a run.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// What it is called; the same name is the same need.
    pub name: &'static str,
    /// Looks for it.
    pub check: fn() -> Result<(), Missing>,
}

/// What is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("find {what}; this puts it there: {command}")]
pub struct Missing {
    /// What it is.
    pub what: String,
    /// What to run, or to do, so that it is there.
    pub command: String,
}

impl From<MissingProgram> for Missing {
    fn from(missing: MissingProgram) -> Self {
        Self { what: missing.path.display().to_string(), command: missing.command }
    }
}

/// The needs of a run, each looked for at most once.
#[derive(Debug, Default)]
pub(super) struct Needs {
    known: BTreeMap<&'static str, Option<Missing>>,
}

impl Needs {
    /// The first thing that a case lacks.
    pub(super) fn missing(&mut self, case: &Case) -> Option<Missing> {
        case.needs.iter().find_map(|need| {
            self.known.entry(need.name).or_insert_with(|| (need.check)().err()).clone()
        })
    }
}

#[cfg(test)]
mod tests;
