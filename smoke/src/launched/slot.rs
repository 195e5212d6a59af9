//! One slot: the programs of a build, with the manifest that vouches for them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use harness::files;
use harness::receipt::sha256;
use jiff::Timestamp;
use serde_json::json;

use super::make_private;

/// Every program of a slot that a restart starts, where the build directory has it.
const PROGRAMS: [&str; 4] = ["claude-assistant", "fake-claude", "fake-messages-api", "tier4"];

/// What is wrong with a slot's daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It ends at once with this script in place of the daemon where it is started as the one that
    /// runs; for every other command the daemon itself is started.
    Live(&'static str),
    /// The same for every command.
    Always(&'static str),
}

/// A slot that lies in a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its name; names sort by age.
    pub name: String,
}

impl Slot {
    /// Lays a slot of the programs in `programs` into `home`.
    pub fn lay(home: &Path, name: &str, programs: &Path, fault: Fault) -> anyhow::Result<Self> {
        let bin = lay_programs(home, name, programs)?;
        spoil(&bin, fault)?;
        Self::vouched(home, name, &bin)
    }

    /// The same with a daemon that was built with the feature `faults`, and the line that says which.
    pub fn lay_with(
        home: &Path,
        name: &str,
        programs: &Path,
        (faulty, fault): (&Path, &str),
    ) -> anyhow::Result<Self> {
        let bin = lay_programs(home, name, programs)?;
        let daemon = bin.join("claude-assistant");
        fs::remove_file(&daemon).with_context(|| format!("remove {}", daemon.display()))?;
        lay_program(faulty, &daemon)?;
        let path = bin.join("fault");
        fs::write(&path, format!("{fault}\n"))
            .with_context(|| format!("write {}", path.display()))?;
        Self::vouched(home, name, &bin)
    }

    fn vouched(home: &Path, name: &str, bin: &Path) -> anyhow::Result<Self> {
        let mut hashes = BTreeMap::new();
        for entry in fs::read_dir(bin).with_context(|| format!("list {}", bin.display()))? {
            let path = entry.with_context(|| format!("list {}", bin.display()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            hashes.insert(name, hash(&path)?);
        }
        let now = Timestamp::now().to_string();
        let manifest = json!({
            "format": 1,
            "name": name,
            "commit": null,
            "version": "0.1.0",
            "built_at": now,
            "programs": hashes,
            "schema": {"version": 1, "min_reader": 1},
            "gate": {"tree": "laid by a check", "tiers": [1, 2], "passed_at": now},
        });
        write(&home.join(format!("slots/{name}/manifest.json")), &manifest)?;
        Ok(Self { name: name.to_owned() })
    }

    /// Marks it as one that has run well.
    pub fn mark_good(&self, home: &Path) -> anyhow::Result<()> {
        let marks = home.join("slots/marks");
        make_private(&marks)?;
        let since = Timestamp::now().to_string();
        let mark = json!({"format": 1, "standing": "good", "since": since, "why": "laid so"});
        write(&marks.join(format!("{}.json", self.name)), &mark)
    }

    /// How it is marked; null where it is not.
    pub fn mark(&self, home: &Path) -> serde_json::Value {
        let path = home.join(format!("slots/marks/{}.json", self.name));
        let text = fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// The hash of a program, which is large and most often a link to one that was hashed before: known
/// by where it lies on the disk, how long it is and when it was written.
fn hash(path: &Path) -> anyhow::Result<String> {
    type Place = (u64, u64, u64, i64, i64);
    static KNOWN: Mutex<BTreeMap<Place, String>> = Mutex::new(BTreeMap::new());
    let found = fs::metadata(path).with_context(|| format!("look at {}", path.display()))?;
    let place = (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(hash) = known().get(&place) {
        return Ok(hash.clone());
    }
    let hash = sha256(path)?;
    known().insert(place, hash.clone());
    Ok(hash)
}

/// Lays the programs of a slot; their directory.
fn lay_programs(home: &Path, name: &str, programs: &Path) -> anyhow::Result<PathBuf> {
    let bin = home.join("slots").join(name).join("bin");
    make_private(&bin)?;
    for program in PROGRAMS {
        let from = programs.join(program);
        if from.is_file() {
            lay_program(&from, &bin.join(program))?;
        }
    }
    Ok(bin)
}

/// A program in another place: the same file where the disk allows it, for it is large.
pub(super) fn lay_program(from: &Path, to: &Path) -> anyhow::Result<()> {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    }
    Ok(())
}

fn spoil(bin: &Path, fault: Fault) -> anyhow::Result<()> {
    let daemon = bin.join("claude-assistant");
    let (script, condition) = match fault {
        Fault::None => return Ok(()),
        Fault::Live(script) => (script, "case \" $* \" in *\" --slot \"*)"),
        Fault::Always(script) => (script, "case x in x)"),
    };
    let real = bin.join("claude-assistant.real");
    fs::rename(&daemon, &real).with_context(|| format!("move {}", daemon.display()))?;
    let text = format!(
        "#!/bin/sh\n{condition} {script} ;; esac\nexec '{real}' \"$@\"\n",
        real = real.display()
    );
    fs::write(&daemon, text).with_context(|| format!("write {}", daemon.display()))?;
    fs::set_permissions(&daemon, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("make {} a program", daemon.display()))
}

fn write(path: &Path, value: &serde_json::Value) -> anyhow::Result<()> {
    files::replace(path, value.to_string().as_bytes())
        .with_context(|| format!("write {}", path.display()))
}
