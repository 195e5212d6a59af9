//! What the launcher's tasks tell its driver.

use assistant_core::keeper::Cause;

use crate::ready::Ready;

/// Reports that wait: each daemon makes two and some signs of life a minute, and each command one. Who
/// reports more waits for room.
pub(super) const REPORTS_WAITING_MAX: usize = 16;

/// What the launcher's tasks say.
#[derive(Debug)]
pub(super) enum Report {
    /// A daemon serves, and answers.
    Ready { number: u64, ready: Ready },
    /// A daemon gave a sign of life.
    Beat { number: u64 },
    /// A daemon has ended, with all it had started.
    Ended { number: u64, how: String, cause: Cause },
    /// The database was looked at; what was wrong with it.
    DatabaseLooked { trouble: Option<String> },
    /// The command of a restart that was asked for has ended.
    Carried { id: String, exit_code: Option<i32> },
}
