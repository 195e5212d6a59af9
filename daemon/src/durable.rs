//! Files that must be whole after a power cut: whoever reads one sees what stood there before or
//! what was written, never half of it and never nothing.
//!
//! ```text
//! temp file beside it ─ write ─ sync ─ rename over it ─ sync the folder
//! ```
//!
//! Every such write of slots, restarts and the launcher goes through here, and here through the few
//! calls at the end, which a test listens to and cuts short.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::paths::{DIR_MODE, FILE_MODE};

/// The mode of a program: only its owner may run or replace it.
const PROGRAM_MODE: u32 = 0o700;

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
    put(path, PROGRAM_MODE, |file| {
        step("write", path)?;
        io::copy(&mut source, file).map(drop)
    })
}

/// Puts a copy of a private file there.
///
/// # Errors
/// As with [`replace`].
pub(crate) fn copy(from: &Path, path: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    put(path, FILE_MODE, |file| {
        step("write", path)?;
        io::copy(&mut source, file).map(drop)
    })
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
    step("link", &new)?;
    std::os::unix::fs::symlink(target, &new)?;
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
    use std::os::unix::fs::DirBuilderExt as _;
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)?;
    sync_dir(folder_of(path))
}

fn put(path: &Path, mode: u32, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let new = beside(path);
    // One that a dead process left could have other rights.
    unlink(&new)?;
    step("create", &new)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    fill(&mut file)?;
    step("sync", &new)?;
    file.sync_all()?;
    rename(&new, path)?;
    sync_dir(folder_of(path))
}

fn write(file: &mut File, text: &[u8]) -> io::Result<()> {
    // In two parts under test, so that a cut leaves half of it.
    let half = if cfg!(test) { text.len() / 2 } else { text.len() };
    step("write", Path::new(""))?;
    file.write_all(&text[..half])?;
    if half < text.len() {
        step("write", Path::new(""))?;
    }
    file.write_all(&text[half..])
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step("rename", to)?;
    fs::rename(from, to)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    step("sync dir", path)?;
    File::open(path)?.sync_all()
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        _ => {}
    }
    step("remove", path)?;
    fs::remove_file(path)
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

/// Called before every change, so that a test hears of it and can cut the power there.
#[cfg(test)]
fn step(what: &'static str, path: &Path) -> io::Result<()> {
    tests::heard(what, path)
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "under test it fails where the power is cut")]
fn step(_what: &'static str, _path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
