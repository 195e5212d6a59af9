//! Slots: builds side by side, each whole or not there, and which of them runs.
//!
//! ```text
//! slots/<name>/manifest.json   what it is; only what its gate has said is changed
//! slots/<name>/bin/..          its programs
//! slots/.<name>.tmp/           one that is being built or removed: nobody's under that name
//! slots/current -> <name>      the launcher's
//! slots/marks/<name>.json      the launcher's
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use harness::receipt::sha256;
use harness::{files, tier::Tier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::views::Schema;

/// The format of both files.
const FORMAT: u32 = 1;

/// How many slots are kept.
pub(super) const KEPT: usize = 5;

/// How many digits of a commit stand in a name.
const COMMIT_IN_NAME: usize = 12;

/// The longest name.
const NAME_MAX: usize = 64;

/// What a slot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) name: String,
    #[serde(default)]
    pub(super) commit: Option<String>,
    pub(super) version: String,
    pub(super) built_at: Timestamp,
    /// SHA-256 of each program, by its name.
    pub(super) programs: BTreeMap<String, String>,
    pub(super) schema: Schema,
    /// None as well where a check has said no since.
    #[serde(default)]
    pub(super) gate: Option<Gate>,
    #[serde(default, skip_serializing_if = "Refused::is_empty")]
    pub(super) refused: Refused,
}

/// The checks whose last word on a slot was no: only they can take it back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    #[serde(default)]
    pub(super) tiers: BTreeSet<Tier>,
    /// Whether that what is measured did.
    #[serde(default)]
    pub(super) measured: bool,
}

/// A gate that has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gate {
    /// The files that were tested.
    pub(super) tree: String,
    pub(super) tiers: Vec<Tier>,
    pub(super) passed_at: Timestamp,
}

/// How a slot is marked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Mark {
    pub(super) format: u32,
    pub(super) standing: String,
    #[serde(default)]
    pub(super) why: String,
}

/// The slots of a home.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    directory: PathBuf,
}

impl Manifest {
    /// One that was built now and has passed nothing.
    pub(super) fn new(name: &str, built_at: Timestamp) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            commit: None,
            version: String::new(),
            built_at,
            programs: BTreeMap::new(),
            schema: Schema::default(),
            gate: None,
            refused: Refused::default(),
        }
    }
}

impl Refused {
    /// Whether none did.
    pub(super) fn is_empty(&self) -> bool {
        self.tiers.is_empty() && !self.measured
    }

    /// `tier 2 and what is measured`, if any did.
    pub(super) fn names(&self) -> Option<String> {
        let measured = self.measured.then(|| "what is measured".to_owned());
        let names: Vec<String> = self.tiers.iter().map(Tier::to_string).chain(measured).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }
}

impl Slots {
    pub(super) const fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a slot lies.
    pub(super) fn of(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A program of a slot.
    pub(super) fn program(&self, name: &str, program: &str) -> PathBuf {
        self.of(name).join("bin").join(program)
    }

    /// The name that `current` points at.
    pub(super) fn current(&self) -> anyhow::Result<String> {
        let link = self.directory.join("current");
        let target = fs::read_link(&link).with_context(|| format!("read {}", link.display()))?;
        let name = target.to_string_lossy().into_owned();
        ensure!(is_name(&name), "read {}: {name:?} names no slot", link.display());
        Ok(name)
    }

    /// Every whole slot, the oldest first. What is no slot is passed over.
    pub(super) fn all(&self) -> anyhow::Result<Vec<Manifest>> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).with_context(|| format!("read {}", self.directory.display()));
            }
        };
        let mut slots = Vec::new();
        for entry in entries {
            let name = entry.context("read the slots")?.file_name().to_string_lossy().into_owned();
            if is_name(&name) && self.of(&name).join("manifest.json").is_file() {
                slots.push(self.manifest(&name)?);
            }
        }
        slots.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(slots)
    }

    /// What a slot says it is.
    pub(super) fn manifest(&self, name: &str) -> anyhow::Result<Manifest> {
        ensure!(is_name(name), "find the slot {name:?}: it is no name of a slot");
        let path = self.of(name).join("manifest.json");
        let manifest: Manifest = read(&path)?;
        ensure!(manifest.format <= FORMAT, "read {}: its format is newer", path.display());
        ensure!(
            manifest.name == name,
            "read {}: it calls itself {}",
            path.display(),
            manifest.name
        );
        Ok(manifest)
    }

    /// Writes it anew, in one step.
    pub(super) fn write(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let path = self.of(&manifest.name).join("manifest.json");
        write(&path, manifest)?;
        sync(&self.of(&manifest.name))
    }

    /// How a slot is marked, if it is.
    pub(super) fn mark(&self, name: &str) -> anyhow::Result<Option<Mark>> {
        let path = self.mark_file(name);
        if !path.exists() {
            return Ok(None);
        }
        let mark: Mark = read(&path)?;
        ensure!(mark.format <= FORMAT, "read {}: its format is newer", path.display());
        Ok(Some(mark))
    }

    /// `good`, `bad` or nothing.
    pub(super) fn standing(&self, name: &str) -> anyhow::Result<Option<String>> {
        Ok(self.mark(name)?.map(|mark| mark.standing))
    }

    /// Whether its programs are those that were built.
    pub(super) fn ensure_whole(&self, manifest: &Manifest) -> anyhow::Result<()> {
        ensure!(
            manifest.programs.contains_key(super::home::PROGRAM),
            "find the daemon among the programs of {}",
            manifest.name
        );
        for (program, hash) in &manifest.programs {
            let found = sha256(&self.program(&manifest.name, program))?;
            ensure!(
                found == *hash,
                "trust {program} of {}: it is not the one that was built",
                manifest.name
            );
        }
        Ok(())
    }

    /// The newest slot of a commit that is whole and not bad.
    pub(super) fn of_commit(&self, commit: &str) -> anyhow::Result<Option<Manifest>> {
        let slots = self.all()?;
        let of_it = slots.into_iter().rev().filter(|it| it.commit.as_deref() == Some(commit));
        for manifest in of_it {
            let is_bad = self.standing(&manifest.name)?.as_deref() == Some("bad");
            if !is_bad && self.ensure_whole(&manifest).is_ok() {
                return Ok(Some(manifest));
            }
        }
        Ok(None)
    }

    /// Removes what a build or a removal has left that was interrupted.
    pub(super) fn sweep(&self) -> anyhow::Result<()> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Ok(()) };
        for entry in entries.filter_map(Result::ok) {
            let found = entry.file_name().to_string_lossy().into_owned();
            if let Some(name) = found.strip_prefix('.').and_then(|it| it.strip_suffix(".tmp")) {
                self.clear(name)?;
            }
        }
        Ok(())
    }

    /// Removes all slots but five and those that are needed, which the one that runs is; the names of
    /// those removed.
    pub(super) fn prune(&self, needed: &[&str]) -> anyhow::Result<Vec<String>> {
        let current = self.current()?;
        let mut slots = Vec::new();
        for manifest in self.all()? {
            let standing = self.standing(&manifest.name)?;
            slots.push((manifest.name, standing));
        }
        let surplus = surplus(&slots, &current, needed);
        for name in &surplus {
            self.remove(name)?;
        }
        Ok(surplus)
    }

    /// Removes a slot that nobody needs. It loses its name first, all at once: a slot that is there is
    /// whole, also for a launcher that looks just now. Its mark goes behind that, as far as the disk
    /// knows too: a bad slot that has its name and no mark could be started again, while a mark without
    /// a slot harms nobody, and is swept away with what else is left.
    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let (path, going) = (self.of(name), self.unfinished(name));
        fs::rename(&path, &going).with_context(|| format!("put {} away", path.display()))?;
        sync(&self.directory)?;
        self.clear(name)
    }

    /// Removes what is half built or half gone of a slot, and the mark of one that is no more.
    fn clear(&self, name: &str) -> anyhow::Result<()> {
        let mark = self.mark_file(name);
        if !self.of(name).exists() && mark.exists() {
            fs::remove_file(&mark).with_context(|| format!("remove {}", mark.display()))?;
        }
        let path = self.unfinished(name);
        fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))
    }

    /// Where a slot lies that is being built, or removed: nobody takes that for a slot.
    pub(super) fn unfinished(&self, name: &str) -> PathBuf {
        self.directory.join(format!(".{name}.tmp"))
    }

    fn mark_file(&self, name: &str) -> PathBuf {
        self.directory.join("marks").join(format!("{name}.json"))
    }
}

/// Which of these, the oldest first and each with its mark, are too many: bad ones first. The newest
/// good one beside that which runs is needed whatever else is: it is the one to go back to.
fn surplus(slots: &[(String, Option<String>)], current: &str, needed: &[&str]) -> Vec<String> {
    let marked = |mark: &'static str| {
        move |(_, standing): &&(String, Option<String>)| standing.as_deref() == Some(mark)
    };
    let way_back = slots.iter().filter(marked("good")).rfind(|(name, _)| name != current);
    let way_back = way_back.map(|(name, _)| name.as_str());
    let is_needed =
        |name: &str| needed.contains(&name) || name == current || way_back == Some(name);
    let excess = slots.len().saturating_sub(KEPT);
    let others = slots.iter().filter(|slot| !marked("bad")(slot));
    let in_turn = slots.iter().filter(marked("bad")).chain(others).map(|(name, _)| name);
    in_turn.filter(|name| !is_needed(name)).take(excess).cloned().collect()
}

/// Whether this can be the name of a slot.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
    let length = (1..=NAME_MAX).contains(&name.len());
    let first = name.starts_with(['.', '-']);
    length && !first && name.chars().all(plain) && !["current", "marks"].contains(&name)
}

/// The name of a slot that is built now.
pub(super) fn name_of(commit: &str, now: Timestamp) -> String {
    let time = now.strftime("%Y%m%dT%H%M%SZ");
    format!("{time}-{}", commit.get(..COMMIT_IN_NAME).unwrap_or(commit))
}

/// Reads a file as JSON.
pub(super) fn read<Contents: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Contents> {
    let text = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("read {}", path.display()))
}

/// Writes a file as JSON, in one step.
pub(super) fn write(path: &Path, contents: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(contents).context("write JSON")?;
    text.push(b'\n');
    files::replace(path, &text).with_context(|| format!("write {}", path.display()))
}

/// Has the system write down what a directory holds.
pub(super) fn sync(directory: &Path) -> anyhow::Result<()> {
    let opened = File::open(directory).and_then(|directory| directory.sync_all());
    opened.with_context(|| format!("sync {}", directory.display()))
}

#[cfg(test)]
mod tests;
