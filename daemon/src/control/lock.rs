//! The lock of a home: whoever holds it is its daemon. The system lets go of it when the process
//! ends, however it ends, so nothing is ever concluded from a process id that a file names: that
//! number may have gone to somebody else.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::config::paths::FILE_MODE;
use crate::exit::{Code, Failure};
use crate::processes::{self, SinceBoot};

/// How long a lock is tried for that nobody alive seems to hold: a command that only looks holds
/// it for a moment, and a daemon that just took it has not written its name yet.
const LOOKER_MAX: Duration = Duration::from_millis(500);

/// The pause between two tries.
const LOOKER_PAUSE: Duration = Duration::from_millis(2);

/// Who holds a lock, as the lock's file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Since when (RFC 3339, UTC).
    pub started_at: String,
    /// When its process began, by what the clock does not move; where the system says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_boot: Option<SinceBoot>,
}

/// Whose a lock is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nobody's.
    Free,
    /// Somebody's who has not said who it is: it was taken an instant ago.
    BySomebody,
    /// This process's.
    By(Holder),
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another daemon has it.
    #[error("already running: {}, home {}", named(holder.as_ref()), home.display())]
    Held {
        /// Who that is, if it said so.
        holder: Option<Holder>,
        /// Whose lock it is.
        home: PathBuf,
    },
    /// The file cannot be used.
    #[error("{}: cannot be locked: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let code = match &error {
            LockError::Held { .. } => Code::Busy,
            LockError::File { source, .. } => Code::of_io(source, Code::Usage),
        };
        Self::new(code, error.to_string())
    }
}

/// The lock, held until this is dropped. No child inherits it: it is closed on exec.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock for this process and writes its name into it.
    ///
    /// # Errors
    /// [`LockError::Held`] when somebody else has it.
    pub(crate) fn take(path: &Path, home: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::File { path: path.to_owned(), source };
        let mut file = open(path).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = read(&mut file);
            if holder.as_ref().is_some_and(is_alive) || LOOKER_MAX < begun.elapsed() {
                return Err(LockError::Held { holder, home: home.to_owned() });
            }
            std::thread::park_timeout(LOOKER_PAUSE);
        }
        let holder = Holder {
            pid: std::process::id(),
            started_at: format!("{:.0}", jiff::Timestamp::now()),
            since_boot: processes::note(std::process::id()).and_then(|noted| noted.since_boot),
        };
        write(&mut file, &holder).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Without a name in it, a lock that somebody looks at is not taken for ours. If that
        // fails, the name is that of a dead process, which says the same a moment later.
        drop(self.file.set_len(0));
    }
}

/// Who holds the lock now.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn look(path: &Path) -> io::Result<Held> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::Free),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Held::Free),
        Err(TryLockError::WouldBlock) => Ok(read(&mut file).map_or(Held::BySomebody, Held::By)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_string(holder)?;
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{text}\n").as_bytes())
}

/// Whether the process that wrote its name runs: a later one of that number has nothing to do with it.
fn is_alive(holder: &Holder) -> bool {
    processes::note(holder.pid).is_some_and(|now| {
        holder.since_boot.is_none()
            || now.since_boot.is_none()
            || holder.since_boot == now.since_boot
    })
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "by a process that did not say its name".to_owned(),
        |holder| format!("pid {}, since {}", holder.pid, holder.started_at),
    )
}

#[cfg(test)]
mod tests;
