//! Who the assistant knows: `contacts.toml` of the home, taken up again when it changes. A broken
//! file changes nothing: the last good one stays in use, and what is wrong is kept for `status`.
//!
//! ```toml
//! [[contact]]
//! name = "owner"
//! tier = "admin"
//! handles = ["+15555550123", "owner@example.com"]
//! ```

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use assistant_core::access::{BadDirectory, Contact, Directory, Tier};
use serde::Deserialize;
use toml::Spanned;

use crate::config::file::{FileError, Text};

/// The file is looked at no oftener than this: nobody edits faster, and messages come faster.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The contacts in use, shared by everything that asks who somebody is.
#[derive(Debug, Clone)]
pub(crate) struct Contacts {
    file: Arc<Mutex<Watched>>,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    stamp: Stamp,
    looked: Instant,
    directory: Arc<Directory>,
    error: Option<String>,
}

/// What tells one state of the file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Missing,
    There { mtime: i64, mtime_nsec: i64, size: u64, inode: u64 },
}

impl Contacts {
    /// Reads the file for the first time; a missing one means that nobody is known.
    ///
    /// # Errors
    /// The first thing wrong with it: there is no last good one to keep.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let stamp = Stamp::of(path);
        let directory = read(path)?;
        let watched = Watched {
            path: path.to_owned(),
            stamp,
            looked: Instant::now(),
            directory: Arc::new(directory),
            error: None,
        };
        Ok(Self { file: Arc::new(Mutex::new(watched)) })
    }

    /// Who is known now. Looks at the file, at most once in [`LOOK_INTERVAL`].
    pub(crate) fn directory(&self) -> Arc<Directory> {
        self.directory_at(Instant::now())
    }

    /// What is wrong with the file now, while another than the file's contents are in use. Looks at
    /// it like [`Self::directory`]: somebody who just edited it asks, and no message need come first.
    pub(crate) fn error(&self) -> Option<String> {
        self.error_at(Instant::now())
    }

    fn directory_at(&self, now: Instant) -> Arc<Directory> {
        Arc::clone(&self.looked_at(now).directory)
    }

    fn error_at(&self, now: Instant) -> Option<String> {
        self.looked_at(now).error.clone()
    }

    fn looked_at(&self, now: Instant) -> MutexGuard<'_, Watched> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if LOOK_INTERVAL <= now.saturating_duration_since(file.looked) {
            file.looked = now;
            file.look();
        }
        file
    }
}

impl Watched {
    fn look(&mut self) {
        // Taken before the file is read: a change in between is seen by the next look.
        let stamp = Stamp::of(&self.path);
        if stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        match read(&self.path) {
            Ok(directory) => {
                self.directory = Arc::new(directory);
                self.error = None;
                tracing::info!("contacts taken up again");
            }
            Err(error) => {
                tracing::warn!(line = error.line, "contacts are broken, the last good ones stay");
                self.error = Some(error.to_string());
            }
        }
    }
}

impl Stamp {
    fn of(path: &Path) -> Self {
        std::fs::metadata(path).map_or(Self::Missing, |found| Self::There {
            mtime: found.mtime(),
            mtime_nsec: found.mtime_nsec(),
            size: found.size(),
            inode: found.ino(),
        })
    }
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    contact: Vec<RawContact>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContact {
    name: Spanned<String>,
    tier: RawTier,
    handles: Spanned<Vec<String>>,
}

/// The tiers that somebody can be given; `unknown` is what is left.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawTier {
    Admin,
    Partner,
    Family,
    Favorite,
    Bots,
}

impl From<RawTier> for Tier {
    fn from(tier: RawTier) -> Self {
        match tier {
            RawTier::Admin => Self::Admin,
            RawTier::Partner => Self::Partner,
            RawTier::Family => Self::Family,
            RawTier::Favorite => Self::Favorite,
            RawTier::Bots => Self::Bots,
        }
    }
}

fn read(path: &Path) -> Result<Directory, FileError> {
    match Text::read(path)? {
        Some(text) => parse(&text),
        None => Ok(Directory::default()),
    }
}

fn parse(text: &Text) -> Result<Directory, FileError> {
    let raw: Raw = text.parse()?;
    for contact in &raw.contact {
        check_name(text, &contact.name)?;
    }
    let contacts = raw
        .contact
        .iter()
        .map(|contact| Contact {
            name: contact.name.get_ref().clone(),
            tier: contact.tier.into(),
            handles: contact.handles.get_ref().clone(),
        })
        .collect();
    Directory::new(contacts).map_err(|error| misplaced(text, &raw, &error))
}

fn check_name(text: &Text, name: &Spanned<String>) -> Result<(), FileError> {
    if name.get_ref().trim().is_empty() {
        return Err(text.wrong(&name.span(), "bad value: empty"));
    }
    if name.get_ref().contains(char::is_control) {
        return Err(text.wrong(&name.span(), "bad value: holds a control character"));
    }
    Ok(())
}

/// Says where the entry stands that makes the file's contacts no directory.
fn misplaced(text: &Text, raw: &Raw, error: &BadDirectory) -> FileError {
    let handles = |entry: usize| raw.contact[entry].handles.span();
    match *error {
        BadDirectory::SharedHandle { first, second } => {
            let line = text.line(handles(first).start);
            let what = format!("bad value: shares a handle with the contact in line {line}");
            text.wrong(&handles(second), what)
        }
        BadDirectory::EmptyHandle { entry } => {
            text.wrong(&handles(entry), "bad value: a handle is empty")
        }
        BadDirectory::ReservedHandle { entry } => {
            text.wrong(&handles(entry), "bad value: a handle is that of the built-in contact")
        }
    }
}

#[cfg(test)]
mod tests;
