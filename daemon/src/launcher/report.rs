//! What the launcher's tasks tell its driver.

use assistant_core::keeper::Cause;

use crate::ready::Ready;

/// Reports that wait: each daemon makes two, and each command one.
pub(super) const REPORTS_WAITING_MAX: usize = 16;

/// What the launcher's tasks say.
#[derive(Debug)]
pub(super) enum Report {
    /// A daemon serves, and answers.
    Ready { number: u64, ready: Ready },
    /// A daemon has ended, with all it had started.
    Ended { number: u64, how: String, cause: Cause },
    /// The database was looked at; what was wrong with it.
    DatabaseLooked { trouble: Option<String> },
    /// The command of a restart that was asked for has ended.
    Carried { id: String, exit_code: Option<i32> },
}
