//! How far the log and the transcripts were written at a moment, and what came after it.
//!
//! ```text
//! x.log.2   x.log.1   x.log          a file that is full is put aside, and those before it move up
//!              ^ this one was in use: its rest, and all of the younger ones, came since
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::super::Home;
use crate::views::files_below;

/// The log in use, from the home.
pub(super) const LOG: &str = "logs/daemon.log";

/// Numbers at which a file that was put aside is looked for: more than the daemon keeps.
const ASIDE_MAX: usize = 9;

/// The files in use at a moment, by their places in the home.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extent(BTreeMap<PathBuf, Mark>);

/// Which file it was, whatever it is called by now, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    device: u64,
    inode: u64,
    /// The number of a file that is removed goes to the next one. Not every file system says it.
    born: Option<SystemTime>,
    length: u64,
}

impl Mark {
    fn of(file: &Metadata) -> Self {
        let born = file.created().ok();
        Self { device: file.dev(), inode: file.ino(), born, length: file.len() }
    }

    /// Whether this is the same file as it was then. One that is shorter is none that was only added to.
    fn continues(self, before: Self) -> bool {
        Self { length: before.length, ..self } == before && before.length <= self.length
    }
}

impl Extent {
    /// That of now.
    pub(super) fn now(home: &Home) -> anyhow::Result<Self> {
        let mut marks = BTreeMap::new();
        for place in watched(home)? {
            if let Some((_, mark)) = youngest(&home.root().join(&place))? {
                marks.insert(place, mark);
            }
        }
        Ok(Self(marks))
    }

    /// What came since to the file at this place, the oldest first. `None` if there is no such file.
    pub(super) fn added(&self, home: &Home, place: &Path) -> anyhow::Result<Option<String>> {
        let path = home.root().join(place);
        let before = self.0.get(place).copied();
        let (mut seen, mut texts) = (BTreeSet::new(), Vec::new());
        let mut is_whole = before.is_none();
        // They only move up while they are looked at: none is missed, and one may be met again.
        for name in names(&path) {
            let Some((mut file, mark)) = opened(&name)? else { continue };
            if !seen.insert((mark.device, mark.inode)) {
                continue;
            }
            let known = before.filter(|before| mark.continues(*before));
            let from = known.map_or(0, |known| known.length);
            texts.push(rest(&mut file, from).with_context(|| reading(&name))?);
            if known.is_some() {
                is_whole = true;
                break;
            }
        }
        ensure!(
            is_whole || seen.is_empty(),
            "read all of {}: the file that was in use when the watch began is not kept any more",
            path.display()
        );
        texts.reverse();
        Ok((!seen.is_empty()).then(|| texts.concat()))
    }
}

/// The places of every transcript, also of one that is being put aside just now, and of the log.
pub(super) fn watched(home: &Home) -> anyhow::Result<Vec<PathBuf>> {
    let transcripts = home.root().join("transcripts");
    let files = files_below(&transcripts)?;
    let in_use = files.iter().filter_map(|path| {
        let is_number = path.extension()?.to_str()?.parse::<usize>().is_ok();
        let path = if is_number { path.with_extension("") } else { path.clone() };
        let place = path.strip_prefix(home.root()).ok()?;
        (place.extension()? == "jsonl").then(|| place.to_path_buf())
    });
    let mut places: Vec<PathBuf> = in_use.collect();
    places.dedup();
    places.push(PathBuf::from(LOG));
    Ok(places)
}

/// The names of a file and of those that were put aside before it, the youngest first.
fn names(path: &Path) -> impl Iterator<Item = PathBuf> {
    (0..=ASIDE_MAX).map(move |number| {
        let mut name = OsString::from(path);
        if 0 < number {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    })
}

/// The file of this name that was begun last.
fn youngest(path: &Path) -> anyhow::Result<Option<(File, Mark)>> {
    names(path).find_map(|name| opened(&name).transpose()).transpose()
}

fn opened(path: &Path) -> anyhow::Result<Option<(File, Mark)>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| reading(path))?,
    };
    let mark = Mark::of(&file.metadata().with_context(|| reading(path))?);
    Ok(Some((file, mark)))
}

fn rest(file: &mut File, from: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn reading(path: &Path) -> String {
    format!("read {}", path.display())
}
