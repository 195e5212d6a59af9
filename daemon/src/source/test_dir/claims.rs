//! Claiming: a file is renamed into `claimed/` under a name that nothing else ever had, and from
//! then on belongs to us. Plain blocking calls; the source runs them off its task.
//!
//! ```text
//! dropped ── rename ──> open ── reads as a message ──> ready ── done ──> unlinked
//!    │                  │  ^                             └──── again ──> open
//!    │                  │  └── half written, or not to be read just now
//!    │                  └──> set aside
//!    └── cannot be renamed: left where it is, told once, tried at every look
//! ```
//!
//! No file keeps others from being taken up: what can be neither read nor set aside rests.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use assistant_core::message::Arrival;
use assistant_core::time::Monotonic;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::file::{self, BadFile};
use super::lock::{self, Lock, Owner, Place};
use crate::processes::HomeId;

/// Files claimed, and messages found, in one look: one sync of the directories and one transaction
/// for so many, and no more of their texts in memory.
const TAKEN_AT_ONCE_MAX: usize = 64;

/// A file that does not parse is given this long after its last change.
const HALF_WRITTEN_MAX: Duration = Duration::from_secs(1);

/// A file that can be neither read nor set aside is left alone for this long: reading it at
/// every look would help nobody.
const RESTS_FOR: Duration = Duration::from_secs(5);

/// A claimed file that is a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    /// Its name in `claimed/`, which is its key.
    pub(super) name: String,
    /// What it says.
    pub(super) arrival: Arrival,
}

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Messages, in the order they were claimed.
    pub(super) ready: Vec<Claimed>,
    /// Why files were set aside, without a word of what they say.
    pub(super) set_aside: Vec<String>,
    /// Why files can be neither taken nor set aside; told once of each.
    pub(super) stuck: Vec<String>,
    /// Whether there is more to take at once.
    pub(super) more: bool,
    /// Whether there are files whose next change nobody tells of: half written, not to be read just
    /// now, or not to be claimed.
    pub(super) unsettled: bool,
    /// Whether the directory is another than that of the last look, if there was one.
    pub(super) anew: bool,
}

/// A claimed file that was not accepted yet.
#[derive(Debug, Default)]
struct Open {
    /// The name it was dropped under, if it was in this life.
    dropped_as: Option<OsString>,
    /// Its size and last change, and since when it looks so.
    unchanged: Option<(Stamp, Monotonic)>,
    /// Until when it is left alone, if it ever was.
    rests_until: Option<Monotonic>,
}

/// What changes when somebody writes on.
type Stamp = (u64, Option<SystemTime>);

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLook {
    /// Another daemon takes what is dropped there.
    #[error("take what is dropped: another daemon holds the directory")]
    Held,
    /// The directory cannot be used at all.
    #[error(transparent)]
    Lost(#[from] io::Error),
}

/// The files that were claimed and not accepted yet.
#[derive(Debug)]
pub(super) struct Claims {
    dir: PathBuf,
    home_id: HomeId,
    generation: u64,
    counter: u64,
    open: BTreeMap<String, Open>,
    /// Dropped files that could not be renamed, and were told of.
    unclaimable: BTreeSet<OsString>,
    /// The directory of the last look.
    place: Option<Place>,
    /// Without it nothing there is ours.
    lock: Option<Lock>,
    /// Whether files were claimed that a power cut could still bring back.
    unsynced: bool,
}

impl Claims {
    /// Nothing claimed; what an earlier life left is found at the first look.
    pub(super) fn new(dir: PathBuf, home_id: HomeId, generation: u64) -> Self {
        Self {
            dir,
            home_id,
            generation,
            counter: 0,
            open: BTreeMap::new(),
            unclaimable: BTreeSet::new(),
            place: None,
            lock: None,
            unsynced: false,
        }
    }

    /// Claims what is there, and reads what was claimed.
    ///
    /// # Errors
    /// When the directory is another daemon's, or cannot be used at all.
    pub(super) fn look(&mut self, now: Monotonic) -> Result<Found, NoLook> {
        let mut found = Found { anew: self.prepare()?, ..Found::default() };
        let dropped = self.dropped()?;
        found.more = self.claim(dropped, &mut found.stuck);
        self.sync()?;
        let names: Vec<String> = self.open.keys().cloned().collect();
        for name in names {
            if found.ready.len() == TAKEN_AT_ONCE_MAX {
                found.more = true;
                break;
            }
            self.take(name, now, &mut found);
        }
        found.unsettled = !self.open.is_empty() || !self.unclaimable.is_empty();
        Ok(found)
    }

    /// These are durable: their files go.
    pub(super) fn done(&mut self, names: &[String]) {
        for name in names {
            // A file that cannot be removed is found at the next start, under the same key.
            drop(fs::remove_file(self.path(name)));
        }
    }

    /// These were not accepted: they are read again.
    pub(super) fn again(&mut self, names: Vec<String>) {
        self.open.extend(names.into_iter().map(|name| (name, Open::default())));
    }

    /// Makes what is missing, and finds what was claimed before. Says whether this directory was
    /// not looked at before.
    fn prepare(&mut self) -> Result<bool, NoLook> {
        // Only at the start: one that is taken away later is its owner's to bring back, and a new
        // one in its place would be in the way.
        if self.place.is_none() {
            make_private(&self.dir)?;
        }
        let place = Some(lock::place(&fs::metadata(&self.dir)?));
        let claimed = self.dir.join("claimed");
        let locked = self.lock.as_ref().is_some_and(|lock| lock.is_of(&claimed));
        if self.place == place && locked {
            return Ok(false);
        }
        make_private(&claimed)?;
        if !locked {
            self.lock = None;
            let mut lock = Lock::take(&claimed)?.ok_or(NoLook::Held)?;
            if lock.owner(self.home_id)? == Owner::Other {
                self.take_over(&claimed)?;
            }
            lock.own(self.home_id)?;
            self.lock = Some(lock);
        }
        for name in claims_in(&claimed)? {
            self.counter = self.counter.max(self.counted(&name).map_or(0, |count| count + 1));
            self.open.entry(name).or_default();
        }
        self.place = place;
        Ok(true)
    }

    /// What another home claimed and left gets names of ours. Under its own it might pass for a
    /// message that we had long ago, and be thrown away. If that home has it too, both answer it.
    fn take_over(&mut self, claimed: &Path) -> io::Result<()> {
        for name in claims_in(claimed)? {
            self.rename_to_unique(&claimed.join(name))?;
            self.unsynced = true;
        }
        Ok(())
    }

    /// Renames what was dropped, in the order given; says whether some of it has to wait.
    fn claim(&mut self, dropped: Vec<OsString>, stuck: &mut Vec<String>) -> bool {
        self.unclaimable.retain(|name| dropped.binary_search(name).is_ok());
        let mut claimed = 0;
        for name in dropped {
            if claimed == TAKEN_AT_ONCE_MAX {
                return true;
            }
            match self.rename_to_unique(&self.dir.join(&name)) {
                Ok(unique) => {
                    claimed += 1;
                    self.unsynced = true;
                    self.unclaimable.remove(&name);
                    self.open.insert(unique, Open { dropped_as: Some(name), ..Open::default() });
                }
                // Taken back by whoever dropped it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    if self.unclaimable.insert(name) {
                        stuck.push(format!("claim: {error}"));
                    }
                }
            }
        }
        false
    }

    /// Gives a file a name that is nobody's yet: what stands in `claimed/` is never written over.
    fn rename_to_unique(&mut self, from: &Path) -> io::Result<String> {
        loop {
            let unique = format!("{:08}-{:010}.json", self.generation, self.counter);
            match rename_new(from, &self.path(&unique)) {
                Ok(()) => {
                    self.counter += 1;
                    return Ok(unique);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.counter += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// A claim must not be undone by a power cut after its row is durable.
    fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            File::open(&self.dir)?.sync_all()?;
            File::open(self.dir.join("claimed"))?.sync_all()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// The names of what was dropped, sorted.
    fn dropped(&self) -> io::Result<Vec<OsString>> {
        let mut dropped = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let is_directory = entry.file_type().is_ok_and(|file_type| file_type.is_dir());
            if is_message_name(&entry.file_name()) && !is_directory {
                dropped.push(entry.file_name());
            }
        }
        dropped.sort();
        Ok(dropped)
    }

    /// Reads one claimed file, and decides where it goes.
    fn take(&mut self, name: String, now: Monotonic, found: &mut Found) {
        let rests_until = self.open.get(&name).and_then(|open| open.rests_until);
        if rests_until.is_some_and(|until| now < until) {
            return;
        }
        let bad = match file::read(&self.path(&name), &name) {
            Ok(arrival) => {
                self.open.remove(&name);
                return found.ready.push(Claimed { name, arrival });
            }
            Err(BadFile::Gone) => {
                self.open.remove(&name);
                return;
            }
            // Not the file's fault: as often as it takes.
            Err(BadFile::Elsewhere(error)) => {
                return self.let_rest(&name, now, format!("read: {error}"), found);
            }
            Err(BadFile::Unparsed(_)) if self.may_change(&name, now) => return,
            Err(bad) => bad,
        };
        match self.set_aside(&name, &bad.to_string()) {
            Ok(()) => {
                self.open.remove(&name);
                found.set_aside.push(loggable(&bad));
            }
            Err(error) => self.let_rest(&name, now, format!("set aside: {error}"), found),
        }
    }

    fn let_rest(&mut self, name: &str, now: Monotonic, reason: String, found: &mut Found) {
        let Some(open) = self.open.get_mut(name) else { return };
        if open.rests_until.replace(now + RESTS_FOR).is_none() {
            found.stuck.push(reason);
        }
    }

    /// Whether a file was changed lately enough to be still on its way.
    fn may_change(&mut self, name: &str, now: Monotonic) -> bool {
        let metadata = fs::symlink_metadata(self.path(name)).ok();
        let bytes = metadata.as_ref().map_or(0, Metadata::len);
        let stamp = (bytes, metadata.and_then(|metadata| metadata.modified().ok()));
        let Some(open) = self.open.get_mut(name) else { return false };
        match open.unchanged {
            Some((seen, since)) if seen == stamp => now < since + HALF_WRITTEN_MAX,
            _ => {
                open.unchanged = Some((stamp, now));
                true
            }
        }
    }

    fn set_aside(&self, name: &str, reason: &str) -> io::Result<()> {
        let errors = self.dir.join("errors");
        make_private(&errors)?;
        let dropped_as = self.open.get(name).and_then(|open| open.dropped_as.as_deref());
        // Escaped: a file name may hold whole lines.
        let shown = |name: &OsStr| format!("\"{}\"", name.to_string_lossy().escape_debug());
        let dropped_as = dropped_as.map_or("unknown".to_owned(), shown);
        let mut note = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(errors.join(format!("{name}.reason")))?;
        writeln!(note, "{reason}\ndropped as: {dropped_as}")?;
        fs::rename(self.path(name), errors.join(name))
    }

    /// The number of a name that this generation gave.
    fn counted(&self, name: &str) -> Option<u64> {
        let rest = name.strip_prefix(&format!("{:08}-", self.generation))?;
        rest.strip_suffix(".json")?.parse().ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join("claimed").join(name)
    }
}

/// `*.json`, as a shell would have it: no hidden files, which are drafts of whoever writes them.
pub(super) fn is_message_name(name: &OsStr) -> bool {
    name.as_bytes().ends_with(b".json") && !name.as_bytes().starts_with(b".")
}

/// The names of what stands in `claimed/`, sorted.
fn claims_in(claimed: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(claimed)? {
        let name = entry?.file_name();
        if let (true, Ok(name)) = (is_message_name(&name), name.into_string()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Renames without writing over anything.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can. Under the lock nobody makes the name in between.
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

fn make_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The reason as the log may have it: a parser's words can quote the file.
fn loggable(bad: &BadFile) -> String {
    match bad {
        BadFile::Unparsed(error) => {
            format!("not a test message (line {}, column {})", error.line(), error.column())
        }
        BadFile::Chat(_) => "not a test message (chat)".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
