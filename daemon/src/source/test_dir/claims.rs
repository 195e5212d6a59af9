//! Claiming: a file is renamed into `claimed/` under a name that nothing else ever had, and from
//! then on belongs to us. Plain blocking calls; the source runs them off its task.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use assistant_core::message::Arrival;
use assistant_core::time::Monotonic;

use super::file::{self, BadFile};

/// Files taken at once: one sync of the directories and one transaction for so many.
const CLAIMED_AT_ONCE_MAX: usize = 64;

/// A file that does not parse is given this long after its last change.
const HALF_WRITTEN_MAX: Duration = Duration::from_secs(1);

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
    pub(super) bad: Vec<String>,
    /// Whether there is more to claim at once.
    pub(super) more: bool,
}

/// A claimed file that was not accepted yet.
#[derive(Debug, Default)]
struct Open {
    /// The name it was dropped under, if it was in this life.
    dropped_as: Option<OsString>,
    /// Its size and last change, and since when it looks so.
    unchanged: Option<(Stamp, Monotonic)>,
}

/// What changes when somebody writes on.
type Stamp = (u64, Option<SystemTime>);

/// The files that were claimed and not accepted yet.
#[derive(Debug)]
pub(super) struct Claims {
    dir: PathBuf,
    generation: u64,
    counter: u64,
    open: BTreeMap<String, Open>,
    prepared: bool,
}

impl Claims {
    /// Nothing claimed; what an earlier life left is found at the first look.
    pub(super) fn new(dir: PathBuf, generation: u64) -> Self {
        Self { dir, generation, counter: 0, open: BTreeMap::new(), prepared: false }
    }

    /// Claims what is there, and reads what was claimed.
    pub(super) fn look(&mut self, now: Monotonic) -> io::Result<Found> {
        self.prepare()?;
        let mut found = Found { more: self.claim()?, ..Found::default() };
        let names: Vec<String> = self.open.keys().cloned().collect();
        for name in names {
            match file::read(&self.path(&name), &name) {
                Ok(arrival) => {
                    self.open.remove(&name);
                    found.ready.push(Claimed { name, arrival });
                }
                Err(BadFile::Gone) => {
                    self.open.remove(&name);
                }
                // Not the file's fault: as often as it takes.
                Err(BadFile::Elsewhere(_)) => {}
                Err(BadFile::Unparsed(_)) if self.may_change(&name, now) => {}
                Err(bad) => {
                    // One that cannot be moved stays open, and is tried again.
                    if self.set_aside(&name, &bad.to_string()).is_ok() {
                        self.open.remove(&name);
                        found.bad.push(loggable(&bad));
                    }
                }
            }
        }
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

    fn prepare(&mut self) -> io::Result<()> {
        let claimed = self.dir.join("claimed");
        if self.prepared && claimed.is_dir() {
            return Ok(());
        }
        for dir in [&self.dir, &claimed, &self.dir.join("errors")] {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        for entry in fs::read_dir(&claimed)? {
            let name = entry?.file_name();
            if let (true, Ok(name)) = (is_message_name(&name), name.into_string()) {
                self.open.entry(name).or_default();
            }
        }
        self.prepared = true;
        Ok(())
    }

    /// Renames what was dropped, in the order of names; says whether more is there.
    fn claim(&mut self) -> io::Result<bool> {
        let mut dropped = self.dropped()?;
        let more = CLAIMED_AT_ONCE_MAX < dropped.len();
        dropped.truncate(CLAIMED_AT_ONCE_MAX);
        if dropped.is_empty() {
            return Ok(false);
        }
        for name in dropped {
            let unique = format!("{:08}-{:010}.json", self.generation, self.counter);
            match fs::rename(self.dir.join(&name), self.path(&unique)) {
                Ok(()) => {
                    self.counter += 1;
                    let open = Open { dropped_as: Some(name), unchanged: None };
                    self.open.insert(unique, open);
                }
                // Taken back by whoever dropped it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // The claim must not be undone by a power cut after its row is durable.
        File::open(&self.dir)?.sync_all()?;
        File::open(self.dir.join("claimed"))?.sync_all()?;
        Ok(more)
    }

    fn dropped(&self) -> io::Result<Vec<OsString>> {
        let mut dropped = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if is_message_name(&entry.file_name()) && !entry.file_type()?.is_dir() {
                dropped.push(entry.file_name());
            }
        }
        dropped.sort();
        Ok(dropped)
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
        let dropped_as = self.open.get(name).and_then(|open| open.dropped_as.as_deref());
        let dropped_as = dropped_as.map_or("?".into(), |name| name.to_string_lossy());
        let mut note = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(errors.join(format!("{name}.reason")))?;
        writeln!(note, "{reason}\ndropped as: {dropped_as}")?;
        fs::rename(self.path(name), errors.join(name))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join("claimed").join(name)
    }
}

/// `*.json`, as a shell would have it: no hidden files, which are drafts of whoever writes them.
fn is_message_name(name: &OsString) -> bool {
    name.as_bytes().ends_with(b".json") && !name.as_bytes().starts_with(b".")
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
