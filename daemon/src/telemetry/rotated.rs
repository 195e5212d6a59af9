//! A file of lines that is put aside when it is full: `x.log` becomes `x.log.1`, that one
//! `x.log.2`, and the oldest goes. What is appended stays in one piece: a file is put aside before
//! a line that would not fit, never within one.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::config::paths::FILE_MODE;

/// A file that never grows over its bound, but by one line that is longer than that by itself.
#[derive(Debug)]
pub(crate) struct RotatingFile {
    path: PathBuf,
    bytes_max: u64,
    kept: usize,
    file: File,
    bytes: u64,
}

impl RotatingFile {
    /// Opens the file for appending, or makes it, readable by the owner alone.
    ///
    /// # Errors
    /// When it cannot be opened or made private.
    pub(crate) fn open(path: &Path, bytes_max: u64, kept: usize) -> io::Result<Self> {
        let file = open_private(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), bytes_max, kept, file, bytes })
    }

    /// Appends one or more whole lines, in one write.
    ///
    /// # Errors
    /// When the system refuses the write. A file that cannot be put aside is no error: it grows.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let length = lines.len() as u64;
        if 0 < self.bytes && self.bytes_max < self.bytes + length {
            // The old file stays in use if it cannot be replaced: a log too long is better than
            // none.
            drop(self.rotate());
        }
        self.file.write_all(lines)?;
        self.bytes += length;
        Ok(())
    }

    /// Hands everything written to the disk; what the disk says to that has no one left to hear.
    pub(crate) fn sync(&mut self) {
        drop(self.file.sync_data());
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.kept).rev() {
            match std::fs::rename(aside(&self.path, number), aside(&self.path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.kept == 0 {
            std::fs::remove_file(&self.path)?;
        } else {
            std::fs::rename(&self.path, aside(&self.path, 1))?;
        }
        self.file = open_private(&self.path)?;
        self.bytes = self.file.metadata()?.len();
        Ok(())
    }
}

/// Opens a file for reading and appending that others write to, or makes it, readable by the owner
/// alone. One over its bound is put aside first, in the place of the one before: who writes to it
/// does not look.
///
/// # Errors
/// When it cannot be opened. One that cannot be put aside is no error: it grows.
pub(crate) fn open_bounded(path: &Path, bytes_max: u64) -> io::Result<File> {
    if std::fs::metadata(path).is_ok_and(|file| bytes_max < file.len()) {
        drop(std::fs::rename(path, aside(path, 1)));
    }
    OpenOptions::new().append(true).read(true).create(true).mode(FILE_MODE).open(path)
}

/// Removes the files of a folder that `are` names, but for the `kept` of them whose names come last.
pub(crate) fn keep_last(dir: &Path, kept: usize, are: impl Fn(&str) -> bool) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| are(name)));
    }
    names.sort();
    let surplus = names.len().saturating_sub(kept);
    names[..surplus].iter().try_for_each(|name| std::fs::remove_file(dir.join(name)))
}

/// The name of a file that was put aside: `x.log.1` is the newest.
pub(crate) fn aside(path: &Path, number: usize) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

fn open_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != FILE_MODE {
        file.set_permissions(std::fs::Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests;
