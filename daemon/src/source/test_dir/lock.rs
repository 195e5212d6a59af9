//! The lock of a test directory: one daemon takes its files at a time, whatever home it has. Two would
//! rename over each other's claims. The system lets go of it when the process ends, however it ends.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// What is locked, in `claimed/`. Hidden: no message has such a name.
const NAME: &str = ".lock";

/// What tells one file or directory from another at the same path: its device and inode.
pub(super) type Place = (u64, u64);

/// Where something stands.
pub(super) fn place(metadata: &Metadata) -> Place {
    (metadata.dev(), metadata.ino())
}

/// The lock, held until this is dropped. No child inherits it: it is closed on exec.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
    place: Place,
}

impl Lock {
    /// Takes the lock; `None` when another daemon has it.
    pub(super) fn take(claimed: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(claimed.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { place: place(&file.metadata()?), _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether this is still the lock of that directory: somebody may have taken the directory away,
    /// or put another in its place.
    pub(super) fn is_of(&self, claimed: &Path) -> bool {
        fs::symlink_metadata(claimed.join(NAME)).is_ok_and(|found| place(&found) == self.place)
    }
}
