//! The lock of a test directory: one daemon takes its files at a time, whatever home it has. Two would
//! rename over each other's claims. The system lets go of it when the process ends, however it ends;
//! its file goes on saying whose the claims are that stand beside it.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::processes::HomeId;

/// What is locked, in `claimed/`. Hidden: no message has such a name.
const NAME: &str = ".lock";

/// More than the id of any home.
const SAID_BYTES_MAX: u64 = 64;

/// What tells one file or directory from another at the same path: its device and inode.
pub(super) type Place = (u64, u64);

/// Where something stands.
pub(super) fn place(metadata: &Metadata) -> Place {
    (metadata.dev(), metadata.ino())
}

/// The lock, held until this is dropped. No child inherits it: it is closed on exec.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    place: Place,
}

/// Whose the claims are that stand beside a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// This home's, or nobody has said so.
    Us,
    /// Those of a home that was here before: their names may be names of ours too.
    Other,
}

impl Lock {
    /// Takes the lock; `None` when another daemon has it.
    pub(super) fn take(claimed: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(claimed.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { place: place(&file.metadata()?), file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whose the claims are, for the home `us`.
    pub(super) fn owner(&mut self, us: HomeId) -> io::Result<Owner> {
        let mut said = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(SAID_BYTES_MAX).read_to_end(&mut said)?;
        let ours = said.is_empty() || said == us.to_string().as_bytes();
        Ok(if ours { Owner::Us } else { Owner::Other })
    }

    /// From now on the claims are those of the home `us`.
    pub(super) fn own(&mut self, us: HomeId) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(us.to_string().as_bytes())?;
        self.file.sync_all()
    }

    /// Whether this is still the lock of that directory: somebody may have taken the directory away,
    /// or put another in its place.
    pub(super) fn is_of(&self, claimed: &Path) -> bool {
        fs::symlink_metadata(claimed.join(NAME)).is_ok_and(|found| place(&found) == self.place)
    }
}
