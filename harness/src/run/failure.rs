//! Errors of a body that mean more than "it does not hold". Anything else that a body returns is a
//! plain failure.

use std::error::Error;
use std::fmt;

/// Something that allows no tolerance is off: a message lost, doubled or out of order, a process or
/// a file left over, a text where none may be. A run with such a failure ends with a number of its
/// own.
#[derive(Debug)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "an exact invariant is broken: {}", self.0)
    }
}

impl Error for Broken {}

/// The case cannot hold here, and why.
#[derive(Debug, thiserror::Error)]
#[error("skipped: {0}")]
pub struct Skip(pub String);

/// What the case depends on did not do its part, so that nothing can be said of what it looks at: it
/// lacks a precondition, as one does whose program is not here.
#[derive(Debug, thiserror::Error)]
#[error("say anything of it: {0}")]
pub struct Undecided(pub String);

/// What the case looked at did not get through: the only failure that is worth another try.
#[derive(Debug, thiserror::Error)]
#[error("get through: {0}")]
pub struct Transport(pub String);

/// The case holds, but something of it is still there. A body says so itself where it knows better
/// than the wrapper what belongs to it.
#[derive(Debug, thiserror::Error)]
#[error("leave nothing behind: {}", .0.join("; "))]
pub struct LeftBehind(pub Vec<String>);

/// Fails with [`Broken`] unless the list of what is wrong is empty.
pub fn unbroken(what: &str, wrong: &[String]) -> anyhow::Result<()> {
    /// More of the same says nothing new.
    const SHOWN_MAX: usize = 10;
    if wrong.is_empty() {
        return Ok(());
    }
    let shown = wrong.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join("\n  ");
    Err(Broken(format!("{what}: {} of them:\n  {shown}", wrong.len())).into())
}

/// The error of this type that is behind `error`, under whatever context.
pub(super) fn cause<E: Error + Send + Sync + 'static>(error: &anyhow::Error) -> Option<&E> {
    let attached = error.downcast_ref::<E>();
    attached.or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<E>()))
}
