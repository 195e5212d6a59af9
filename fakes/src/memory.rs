//! Where conversations stay between two runs of the agent: in a value that tests share, or in a
//! directory laid out like that of the real program.
//!
//! On disk: `<config>/projects/<working directory, mangled>/<session>.jsonl`, one [`Entry`] a line,
//! written as the turn goes, so that a killed agent remembers. A torn or foreign line is skipped. A
//! conversation is found from any working directory.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Entry;

/// Remembers conversations by session id. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct Memory(Place);

#[derive(Debug, Clone)]
enum Place {
    Shared(Arc<Mutex<HashMap<String, Vec<Entry>>>>),
    Disk { projects: PathBuf, here: PathBuf },
}

impl Default for Memory {
    fn default() -> Self {
        Self(Place::Shared(Arc::default()))
    }
}

impl Memory {
    /// Remembers under `config_dir`, in the folder of the working directory `cwd`.
    pub fn on_disk(config_dir: &Path, cwd: &Path) -> Self {
        let projects = config_dir.join("projects");
        let here = projects.join(mangled(&cwd.to_string_lossy()));
        Self(Place::Disk { projects, here })
    }

    /// The conversation of a session; `None` if there is none, or an empty one.
    pub fn load(&self, session: &str) -> Option<Vec<Entry>> {
        let entries = match &self.0 {
            Place::Shared(known) => {
                known.lock().unwrap_or_else(PoisonError::into_inner).get(session).cloned()?
            }
            Place::Disk { projects, .. } => {
                let path = find(projects, session)?;
                let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
                if !text.ends_with('\n') && !text.is_empty() {
                    end_torn_line(&path).ok()?;
                }
                text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
            }
        };
        (!entries.is_empty()).then_some(entries)
    }

    /// The session of this working directory that was written to last.
    pub fn newest(&self) -> Option<String> {
        let Place::Disk { here, .. } = &self.0 else { return None };
        let files = fs::read_dir(here).ok()?.filter_map(Result::ok);
        let sessions = files.filter(|file| file.path().extension().is_some_and(|e| e == "jsonl"));
        let newest = sessions.max_by_key(|file| file.metadata().and_then(|m| m.modified()).ok())?;
        Some(newest.path().file_stem()?.to_string_lossy().into_owned())
    }

    /// Appends one entry; it is with the operating system when this returns.
    pub fn append(&self, session: &str, entry: &Entry) -> io::Result<()> {
        match &self.0 {
            Place::Shared(known) => {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                known.entry(session.to_owned()).or_default().push(entry.clone());
                Ok(())
            }
            Place::Disk { projects, here } => {
                let path = find(projects, session).unwrap_or_else(|| file(here, session));
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                let mut line = serde_json::to_string(entry)?;
                line.push('\n');
                OpenOptions::new().create(true).append(true).open(&path)?.write_all(line.as_bytes())
            }
        }
    }

    /// Where the transcript of a session stands; hooks are told.
    pub fn path(&self, session: &str) -> PathBuf {
        match &self.0 {
            Place::Shared(_) => file(Path::new("/nowhere"), session),
            Place::Disk { here, .. } => file(here, session),
        }
    }
}

/// Ends the line that a killed predecessor tore, so that the next one is a line of its own.
fn end_torn_line(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(b"\n")
}

fn file(folder: &Path, session: &str) -> PathBuf {
    folder.join(format!("{session}.jsonl"))
}

fn find(projects: &Path, session: &str) -> Option<PathBuf> {
    let folders = fs::read_dir(projects).ok()?;
    folders
        .filter_map(Result::ok)
        .map(|folder| file(&folder.path(), session))
        .find(|path| path.is_file())
}

/// The folder name of a working directory: whatever is no letter or digit becomes `-`.
fn mangled(cwd: &str) -> String {
    cwd.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
