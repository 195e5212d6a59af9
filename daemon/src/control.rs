//! The control channel: how the command line talks to the running daemon, over a Unix socket in
//! the home. Beside it stands the lock that makes a daemon the only one of its home.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) mod client;
mod line;
pub(crate) mod lock;
pub(crate) mod peer;
pub(crate) mod protocol;
pub(crate) mod question;
mod refusal;
pub(crate) mod server;

/// The longest path that a Unix socket can have: the system keeps it in a field of 108 bytes
/// (macOS: 104), the last of which is a NUL.
const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// A home so deep that no socket can stand in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: too long for a socket ({} bytes, at most {SOCKET_PATH_BYTES_MAX}): choose a shorter \
     CLAUDE_ASSISTANT_HOME",
    path.display(),
    path.as_os_str().len()
)]
pub(crate) struct PathTooLong {
    /// Where the socket was to be.
    pub path: PathBuf,
}

/// Whether a socket can stand at a path.
///
/// # Errors
/// When the path is too long.
pub(crate) fn check_path(path: &Path) -> Result<(), PathTooLong> {
    if SOCKET_PATH_BYTES_MAX < path.as_os_str().as_bytes().len() {
        return Err(PathTooLong { path: path.to_owned() });
    }
    Ok(())
}
