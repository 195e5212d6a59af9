//! Why the store did not do what it was asked. None of it holds a text, a name or an address.

use std::sync::Arc;

use rusqlite::ErrorCode;

use super::outbox::{OutgoingRow, OutgoingState};

/// Why something was not stored, or not read.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    /// The writer has ended.
    #[error("reach the store: its writer has ended")]
    Closed,
    /// A newer run of the daemon has begun: this one writes no more.
    #[error("use the database: a newer run of the daemon has it")]
    Superseded,
    /// `SQLite` refused. Nothing of the job is durable.
    #[error("use the database: {0}")]
    Sql(#[from] Arc<rusqlite::Error>),
    /// Another job's error ended the transaction. Nothing of the job is durable.
    #[error("commit: the transaction was rolled back")]
    RolledBack,
    /// The row is not there, or does not read.
    #[error("find the row in {table}")]
    Missing {
        /// The table.
        table: &'static str,
    },
    /// A text of the outbox cannot go from the one state to the other.
    #[error("take outbox row {} from {} to {}", row.0, from.as_str(), to.as_str())]
    OutgoingMove {
        /// The text.
        row: OutgoingRow,
        /// Where it is.
        from: OutgoingState,
        /// Where it was to go.
        to: OutgoingState,
    },
    /// A text was asked for under the key of another text of its chat.
    #[error("put the text in the outbox: its key is that of another text, in outbox row {}", row.0)]
    KeyTaken {
        /// The other text.
        row: OutgoingRow,
    },
    /// A working directory has to be found again from its text.
    #[error("store a working directory that is not UTF-8")]
    WorkingDirNotUtf8,
}

impl StoreError {
    /// Whether asking again cannot help: nothing this run asks for will ever be stored.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, StoreError::Closed | StoreError::Superseded)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        StoreError::Sql(Arc::new(error))
    }
}

/// Whether an error is the database's, and of the machine under it: no room, no memory, a lock that
/// somebody else holds, a disk that does not read or write. Another program would meet it too.
pub(crate) fn is_of_machine(cause: &(dyn std::error::Error + 'static)) -> bool {
    let of_database = cause.downcast_ref::<rusqlite::Error>();
    let shared = cause.downcast_ref::<Arc<rusqlite::Error>>();
    let code = of_database.or(shared.map(Arc::as_ref)).and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(
            ErrorCode::DiskFull
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
        )
    )
}
