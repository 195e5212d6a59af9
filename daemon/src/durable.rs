//! Files that must be whole after a power cut: whoever reads one sees what stood there before or
//! what was written, never half of it and never nothing.
//!
//! ```text
//! temp file beside it ─ write ─ sync ─ rename over it ─ sync the folder
//! ```
//!
//! Every such write of slots, restarts and the launcher goes through here, and here through one function
//! that makes the calls. A test hears each one of them there, and cuts the power before it: what is not
//! called is not heard.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::config::paths::{DIR_MODE, FILE_MODE};

/// The mode of a program: only its owner may run or replace it.
const PROGRAM_MODE: u32 = 0o700;

/// A call that changes what is on the disk.
#[derive(Debug)]
enum Call<'a> {
    /// A file that was not there, for writing.
    Create { path: &'a Path, mode: u32 },
    /// A text at the end of what was written.
    Write { file: &'a mut File, text: &'a [u8] },
    /// The rest of a file, likewise.
    Copy { from: &'a mut File, file: &'a mut File },
    /// What was written, down to the disk.
    Sync { file: &'a File },
    /// Another name, and what had it is gone.
    Rename { from: &'a Path, path: &'a Path },
    /// The names in a folder, down to the disk.
    SyncDir { path: &'a Path },
    /// A file's name is gone.
    Remove { path: &'a Path },
    /// A symbolic link.
    Link { path: &'a Path, target: &'a Path },
    /// A folder, with those above it.
    MakeDir { path: &'a Path },
}

/// Puts a file with this text in the place of whatever file stood there.
///
/// # Errors
/// The system's; the old file then still stands, unless only the last sync failed.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    put(path, FILE_MODE, |file| write(file, text))
}

/// Puts a copy of a program there.
///
/// # Errors
/// As with [`replace`].
pub(crate) fn copy_program(from: &Path, path: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    put(path, PROGRAM_MODE, |file| perform(Call::Copy { from: &mut source, file }).map(drop))
}

/// Puts a copy of a private file there.
///
/// # Errors
/// As with [`replace`].
pub(crate) fn copy(from: &Path, path: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    put(path, FILE_MODE, |file| perform(Call::Copy { from: &mut source, file }).map(drop))
}

/// Gives a file that is whole its name; what had that name is gone.
///
/// # Errors
/// The system's.
pub(crate) fn publish(whole: &Path, path: &Path) -> io::Result<()> {
    rename(whole, path)?;
    sync_dir(folder_of(path))
}

/// Puts a symbolic link there.
///
/// # Errors
/// As with [`replace`].
pub(crate) fn replace_link(path: &Path, target: &Path) -> io::Result<()> {
    let new = beside(path);
    unlink(&new)?;
    perform(Call::Link { path: &new, target })?;
    rename(&new, path)?;
    sync_dir(folder_of(path))
}

/// Gives a folder that is whole its name, under which nothing stood.
///
/// # Errors
/// The system's.
pub(crate) fn publish_dir(built: &Path, path: &Path) -> io::Result<()> {
    sync_dir(built)?;
    rename(built, path)?;
    sync_dir(folder_of(path))
}

/// Takes a file away. One that is not there is gone already.
///
/// # Errors
/// The system's.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    unlink(path)?;
    sync_dir(folder_of(path))
}

/// Moves a file that cannot be read out of the way, kept for whoever wants to know why. Returns where
/// it is.
///
/// # Errors
/// The system's.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(".unreadable");
    let aside = PathBuf::from(name);
    rename(path, &aside)?;
    sync_dir(folder_of(path))?;
    Ok(aside)
}

/// Makes a folder of the home, and its name durable. One that is there is left as it is.
///
/// # Errors
/// The system's.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    perform(Call::MakeDir { path })?;
    sync_dir(folder_of(path))
}

fn put(path: &Path, mode: u32, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let new = beside(path);
    // One that a dead process left could have other rights.
    unlink(&new)?;
    let mut file = create(&new, mode)?;
    fill(&mut file)?;
    perform(Call::Sync { file: &file })?;
    rename(&new, path)?;
    sync_dir(folder_of(path))
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let file = perform(Call::Create { path, mode })?;
    Ok(file.expect("what creates a file returns it"))
}

fn write(file: &mut File, text: &[u8]) -> io::Result<()> {
    // In two parts under test, so that a cut leaves half of it.
    let half = if cfg!(test) { text.len() / 2 } else { text.len() };
    let (begin, end) = text.split_at(half);
    for text in [begin, end] {
        if !text.is_empty() {
            perform(Call::Write { file, text })?;
        }
    }
    Ok(())
}

fn rename(from: &Path, path: &Path) -> io::Result<()> {
    perform(Call::Rename { from, path }).map(drop)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    perform(Call::SyncDir { path }).map(drop)
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => perform(Call::Remove { path }).map(drop),
    }
}

/// Makes a call: the one place where this file changes anything. Returns the file, of a call that opens
/// one.
fn perform(call: Call<'_>) -> io::Result<Option<File>> {
    #[cfg(test)]
    tests::heard(&call)?;
    match call {
        Call::Create { path, mode } => {
            return OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map(Some);
        }
        Call::Write { file, text } => file.write_all(text)?,
        Call::Copy { from, file } => drop(io::copy(from, file)?),
        Call::Sync { file } => file.sync_all()?,
        Call::Rename { from, path } => fs::rename(from, path)?,
        Call::SyncDir { path } => File::open(path)?.sync_all()?,
        Call::Remove { path } => fs::remove_file(path)?,
        Call::Link { path, target } => symlink(target, path)?,
        Call::MakeDir { path } => {
            fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)?;
        }
    }
    Ok(None)
}

/// A name beside a path, for what is to become it.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    folder_of(path).join(name)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
pub(crate) mod tests;
