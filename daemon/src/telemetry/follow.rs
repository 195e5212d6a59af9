//! Reads a file of lines while another process writes and rotates it: the last lines, and then
//! whatever is added. A file that was put aside is read to its end before the next one begins.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::rotated::aside;

/// Files put aside that are searched for the one that was being read: more than are ever kept.
const ASIDE_SEARCHED_MAX: usize = 16;

/// What is read at once from the end of a file.
const BLOCK_BYTES: u64 = 64 * 1024;

/// Reads on in a file from where it stopped.
#[derive(Debug)]
pub(crate) struct Follower {
    path: PathBuf,
    /// The file being read, with its number; `None` while there is none.
    open: Option<(File, u64)>,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl Follower {
    /// Follows the file, beginning with its last `lines` lines.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(crate) fn open(path: &Path, lines: usize) -> io::Result<Self> {
        let mut follower = Self { path: path.to_owned(), open: None, rest: Vec::new() };
        if let Some((mut file, inode)) = open(path)? {
            let start = start_of_last(&mut file, lines)?;
            file.seek(SeekFrom::Start(start))?;
            follower.open = Some((file, inode));
        }
        Ok(follower)
    }

    /// Whole lines that came since the last call, with their line ends; empty when none did.
    ///
    /// # Errors
    /// When reading fails.
    pub(crate) fn read(&mut self) -> io::Result<String> {
        let mut bytes = std::mem::take(&mut self.rest);
        if self.open.is_none() {
            self.open = open(&self.path)?;
        }
        while let Some((file, inode)) = &mut self.open {
            // The name is looked up before the end is read: a file that lost its name by then
            // gets no more lines.
            let next = successor(&self.path, *inode)?;
            file.read_to_end(&mut bytes)?;
            match next {
                Some(next) => self.open = Some(next),
                None => break,
            }
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.rest = bytes.split_off(whole);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn open(path: &Path) -> io::Result<Option<(File, u64)>> {
    match File::open(path) {
        Ok(file) => {
            let inode = file.metadata()?.ino();
            Ok(Some((file, inode)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file that was begun after the one with this number, if that one was put aside.
fn successor(path: &Path, inode: u64) -> io::Result<Option<(File, u64)>> {
    let Some(current) = open(path)? else { return Ok(None) };
    if current.1 == inode {
        return Ok(None);
    }
    let place = (1..=ASIDE_SEARCHED_MAX)
        .find(|number| std::fs::metadata(aside(path, *number)).is_ok_and(|m| m.ino() == inode));
    match place {
        Some(number) if 1 < number => open(&aside(path, number - 1)),
        // Put aside once, or gone altogether.
        _ => Ok(Some(current)),
    }
}

/// Where the last `lines` lines begin.
fn start_of_last(file: &mut File, lines: usize) -> io::Result<u64> {
    let mut start = file.metadata()?.len();
    let mut missing = lines + 1;
    let mut block = Vec::new();
    let length = start;
    while 0 < start {
        let from = start.saturating_sub(BLOCK_BYTES);
        file.seek(SeekFrom::Start(from))?;
        block.clear();
        (&mut *file).take(start - from).read_to_end(&mut block)?;
        // An unfinished last line counts as one.
        if start == length && block.last().is_some_and(|byte| *byte != b'\n') {
            missing -= 1;
        }
        for (at, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            missing = missing.saturating_sub(1);
            if missing == 0 {
                return Ok(from + at as u64 + 1);
            }
        }
        start = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests;
