//! Slots: the builds of the assistant that can be run, which one is, and what is known of each.
//!
//! ```text
//! slots/current -> <name>            replaced by rename
//! slots/<name>/manifest.json         what is in it; only what its gate has said is changed
//! slots/<name>/bin/claude-assistant
//! slots/marks/<name>.json            good | bad, and why
//! state/restart/pending.json         a restart under way; its removal ends it
//! ```
//!
//! A slot is whole or not there: it is built under another name. Each file is written so that a
//! power cut leaves the old one or the new one ([`crate::durable`]).
//!
//! Absent: which slot is run next, and when it is given up; the launcher decides that.

mod manifest;
mod name;
mod pending;
pub(crate) mod record;
pub(crate) mod request;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::config::Home;
use crate::durable;
use crate::exit::{Code, Failure};
pub(crate) use manifest::{Manifest, hash_of};
pub(crate) use name::{NoName, SlotName};
pub(crate) use pending::{Arming, Pending, Phase};
use record::RecordError;

/// The daemon's program in a slot.
pub(crate) const PROGRAM: &str = "claude-assistant";

/// The stand-in for an agent, which a slot has so that a candidate can be tried with it.
const STAND_IN: &str = "fake-claude";

/// What is known of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It has run well.
    Good,
    /// It has failed, and is not started again.
    Bad,
}

/// What stands in `marks/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotMark {
    /// Good or bad.
    pub standing: Standing,
    /// Since when (RFC 3339, UTC).
    pub since: String,
    /// Why, in a line.
    pub why: String,
}

/// Why a slot, or what names it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotError {
    /// No name.
    #[error(transparent)]
    Name(#[from] NoName),
    /// A file of it.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// `current` is something else than a link to a slot.
    #[error("read {}: {what}", path.display())]
    Current {
        /// The link.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It may not be started.
    #[error("use slot {slot}: {why}")]
    Unfit {
        /// The slot.
        slot: SlotName,
        /// Why not.
        why: String,
    },
    /// The system refused.
    #[error("{verb} {}: {source}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SlotError {
    /// Whether it is the machine's trouble, and says nothing of the slot.
    pub(crate) fn is_of_machine(&self) -> bool {
        match self {
            Self::Io { source, .. } | Self::Record(RecordError::Io { source, .. }) => {
                source.kind() != io::ErrorKind::NotFound
            }
            Self::Name(_) | Self::Record(_) | Self::Current { .. } | Self::Unfit { .. } => false,
        }
    }
}

impl From<SlotError> for Failure {
    fn from(error: SlotError) -> Self {
        let code = match &error {
            SlotError::Name(_) => Code::Usage,
            SlotError::Io { source, .. } => Code::of_io(source, Code::Failed),
            SlotError::Record(_) | SlotError::Current { .. } | SlotError::Unfit { .. } => {
                Code::Failed
            }
        };
        Self::new(code, format!("failed to {error}"))
    }
}

/// The slots of one home.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    root: PathBuf,
}

impl Slots {
    /// Those of this home. Nothing is touched.
    pub(crate) fn of(home: &Home) -> Self {
        Self { root: home.slots_dir() }
    }

    /// The folder of a slot.
    pub(crate) fn dir(&self, slot: &SlotName) -> PathBuf {
        self.root.join(slot.as_str())
    }

    /// The daemon's program of a slot.
    pub(crate) fn program(&self, slot: &SlotName) -> PathBuf {
        self.dir(slot).join("bin").join(PROGRAM)
    }

    /// Every slot, the oldest first. What is half built has no name yet and is not among them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn all(&self) -> Result<Vec<SlotName>, SlotError> {
        let failed = |source| io_error("read", &self.root, source);
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(name) = name
                && entry.path().is_dir()
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// The slot that is to run, if one was ever chosen.
    ///
    /// # Errors
    /// When something else than a link to a slot's name stands there.
    pub(crate) fn current(&self) -> Result<Option<SlotName>, SlotError> {
        let path = self.root.join("current");
        let wrong = |what: String| SlotError::Current { path: path.clone(), what };
        match fs::read_link(&path) {
            Ok(target) => {
                let name = target.to_str().ok_or_else(|| wrong("not a slot's name".to_owned()))?;
                name.parse().map(Some).map_err(|error: NoName| wrong(error.to_string()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// Makes a slot the one that is to run.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn set_current(&self, slot: &SlotName) -> Result<(), SlotError> {
        let path = self.root.join("current");
        durable::replace_link(&path, Path::new(slot.as_str()))
            .map_err(|source| io_error("link", &path, source))
    }

    /// What is known of a slot, if anything.
    ///
    /// # Errors
    /// When the mark cannot be read.
    pub(crate) fn mark(&self, slot: &SlotName) -> Result<Option<SlotMark>, RecordError> {
        record::read(&self.mark_file(slot))
    }

    /// Says what is known of a slot.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn set_mark(
        &self,
        slot: &SlotName,
        standing: Standing,
        why: &str,
    ) -> Result<(), SlotError> {
        let path = self.mark_file(slot);
        self.make_dir(&self.root.join("marks"))?;
        let mark = SlotMark { standing, since: now(), why: why.to_owned() };
        Ok(record::write(&path, &mark)?)
    }

    /// What a slot holds.
    ///
    /// # Errors
    /// When it has no manifest, or that is not the slot's.
    pub(crate) fn manifest(&self, slot: &SlotName) -> Result<Manifest, SlotError> {
        let unfit = |why: &str| SlotError::Unfit { slot: slot.clone(), why: why.to_owned() };
        let manifest: Option<Manifest> = record::read(&self.dir(slot).join("manifest.json"))?;
        let manifest = manifest.ok_or_else(|| unfit("it has no manifest"))?;
        if manifest.name == *slot {
            Ok(manifest)
        } else {
            Err(unfit("its manifest names another slot"))
        }
    }

    /// Whether a slot may be started: its files are what its manifest says, it is not marked bad, and
    /// it knows enough to read the database, which asks for `min_reader`. Reads the whole program. A
    /// mark that cannot be read is no reason to run nothing.
    ///
    /// # Errors
    /// [`SlotError::Unfit`] with the reason, or the file that cannot be read.
    pub(crate) fn check(
        &self,
        slot: &SlotName,
        min_reader: Option<i64>,
    ) -> Result<Manifest, SlotError> {
        let unfit = |why: String| SlotError::Unfit { slot: slot.clone(), why };
        let mark = self.mark(slot).unwrap_or_else(|error| says_nothing(slot, &error));
        if let Some(SlotMark { standing: Standing::Bad, why, .. }) = mark {
            return Err(unfit(format!("it is marked bad: {why}")));
        }
        let manifest = self.manifest(slot)?;
        let program = self.program(slot);
        let hash = hash_of(&program).map_err(|source| io_error("read", &program, source))?;
        if manifest.programs.get(PROGRAM) != Some(&hash) {
            return Err(unfit(format!("its {PROGRAM} is not the one that its manifest names")));
        }
        match min_reader {
            Some(min_reader) if manifest.schema.version < min_reader => Err(unfit(format!(
                "it knows schema {}, and the database asks for {min_reader}",
                manifest.schema.version
            ))),
            _ => Ok(manifest),
        }
    }

    /// Whether the tests of a slot that may be started have passed. One that has run well needs no
    /// gate: an installed one has none. Of one whose mark the system does not give it is not known
    /// whether it may be tried: it may say that it is bad.
    ///
    /// # Errors
    /// [`SlotError::Unfit`] when they have not, or the mark that cannot be read.
    pub(crate) fn check_tested(&self, manifest: &Manifest) -> Result<(), SlotError> {
        let slot = &manifest.name;
        let mark = match self.mark(slot) {
            Err(error @ RecordError::Io { .. }) => return Err(error.into()),
            mark => mark.unwrap_or_else(|error| says_nothing(slot, &error)),
        };
        let has_run_well = mark.is_some_and(|it| it.standing == Standing::Good);
        if manifest.gate.is_some() || has_run_well {
            return Ok(());
        }
        Err(SlotError::Unfit { slot: slot.clone(), why: "its tests have not passed".to_owned() })
    }

    /// Makes a slot of a program, with the stand-in for an agent if that lies beside it, and marks
    /// it good. `current` stays as it is.
    ///
    /// # Errors
    /// The system's; nothing has a slot's name then.
    pub(crate) fn install(
        &self,
        program: &Path,
        commit: Option<&str>,
    ) -> Result<SlotName, SlotError> {
        let name = SlotName::now(commit);
        let place = self.dir(&name);
        let building = self.root.join(format!(".{name}.tmp"));
        let bin = building.join("bin");
        self.make_dir(&bin)?;
        let mut programs = vec![(PROGRAM, program.to_owned())];
        let stand_in = program.with_file_name(STAND_IN);
        if stand_in.is_file() {
            programs.push((STAND_IN, stand_in));
        }
        let mut manifest = Manifest::of_this_build(name.clone(), commit);
        for (called, from) in programs {
            let copy = bin.join(called);
            durable::copy_program(&from, &copy)
                .map_err(|source| io_error("copy", &from, source))?;
            let hash = hash_of(&copy).map_err(|source| io_error("read", &copy, source))?;
            manifest.programs.insert(called.to_owned(), hash);
        }
        record::write(&building.join("manifest.json"), &manifest)?;
        durable::publish_dir(&building, &place)
            .map_err(|source| io_error("make", &place, source))?;
        self.set_mark(&name, Standing::Good, "installed")?;
        Ok(name)
    }

    fn mark_file(&self, slot: &SlotName) -> PathBuf {
        self.root.join("marks").join(format!("{slot}.json"))
    }

    fn make_dir(&self, path: &Path) -> Result<(), SlotError> {
        for dir in [self.root.as_path(), path] {
            durable::make_dir(dir).map_err(|source| io_error("make", dir, source))?;
        }
        Ok(())
    }
}

/// The time as records say it.
pub(crate) fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

/// A mark that is torn, strange, of a newer format or not to be had is no reason to give up a slot.
fn says_nothing(slot: &SlotName, error: &RecordError) -> Option<SlotMark> {
    warn!(%error, slot = slot.as_str(), "the mark of a slot says nothing");
    None
}

fn io_error(verb: &'static str, path: &Path, source: io::Error) -> SlotError {
    SlotError::Io { verb, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
