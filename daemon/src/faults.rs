//! Faults on purpose, for builds that a gated restart has to find out. Only in builds with the feature
//! `faults`, which nothing turns on by itself.
//!
//! A file `fault` beside the executable has one line, `<fault> <where>`:
//!
//! | fault | what goes wrong |
//! |---|---|
//! | `exit` | ends with 1 at its start |
//! | `silent` | never says READY |
//! | `mute` | replies, but not with what was to be said |
//! | `corrupt` | writes garbage into its own database while stopping |
//! | `crash` | ends 1 s after READY |
//! | `hang` | every worker is blocked 1 s after READY |
//! | `leak` | takes 30 MB/s from READY on |
//!
//! *where* is `live` (what the launcher has started) or `candidate` (what `candidate` has started).

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::config::args::Run;

/// How the file beside the executable is called.
const FILE: &str = "fault";

/// How long after READY it takes to go wrong.
const AFTER_READY: Duration = Duration::from_secs(1);

/// Tasks that block the workers of the runtime: more than there are.
const BLOCKERS: usize = 16;

/// What is leaked at once, how often, and in all: the machine is not to suffer.
const LEAKED_BYTES: usize = 3_000_000;
const LEAK_EVERY: Duration = Duration::from_millis(100);
const LEAKS_MAX: usize = 500;

/// What a reply says instead.
const MUTE_TEXT: &str = "...";

/// The fault of this process. Written once, before anything else begins.
static OURS: OnceLock<Option<Fault>> = OnceLock::new();

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Ends at its start.
    Exit,
    /// Never says READY.
    Silent,
    /// Says something else.
    Mute,
    /// Damages its database.
    Corrupt,
    /// Ends shortly after READY.
    Crash,
    /// Stands still shortly after READY.
    Hang,
    /// Takes memory.
    Leak,
}

/// Where it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// Below the launcher.
    Live,
    /// As a candidate.
    Candidate,
}

/// The line is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the fault: expected `<fault> <where>`, found {0:?}")]
struct NoFault(String);

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    fault: Fault,
    ground: Ground,
}

impl FromStr for Line {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let wrong = || NoFault(text.to_owned());
        let (fault, ground) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let fault = match fault {
            "exit" => Fault::Exit,
            "silent" => Fault::Silent,
            "mute" => Fault::Mute,
            "corrupt" => Fault::Corrupt,
            "crash" => Fault::Crash,
            "hang" => Fault::Hang,
            "leak" => Fault::Leak,
            _ => return Err(wrong()),
        };
        let ground = match ground {
            "live" => Ground::Live,
            "candidate" => Ground::Candidate,
            _ => return Err(wrong()),
        };
        Ok(Self { fault, ground })
    }
}

/// Reads which fault this process has; whether it is to end at once. A process on no ground has none.
///
/// # Errors
/// When the file holds something else.
pub(crate) fn begin(run: &Run) -> anyhow::Result<bool> {
    let own = std::env::current_exe()?;
    let fault = of_file(&own.with_file_name(FILE), ground_of(run))?;
    let fault = *OURS.get_or_init(|| fault);
    if let Some(fault) = fault {
        tracing::warn!(?fault, "has a fault on purpose");
    }
    Ok(fault == Some(Fault::Exit))
}

/// Called just before READY is said.
pub(crate) async fn before_ready() {
    match ours() {
        Some(Fault::Silent) => std::future::pending().await,
        Some(Fault::Crash) => aside(|| {
            wait(AFTER_READY);
            std::process::abort();
        }),
        Some(Fault::Hang) => {
            let runtime = Handle::current();
            aside(move || {
                wait(AFTER_READY);
                hang(&runtime);
            });
        }
        Some(Fault::Leak) => aside(leak),
        Some(Fault::Exit | Fault::Mute | Fault::Corrupt) | None => {}
    }
}

/// What a reply says.
pub(crate) fn text(text: &str) -> &str {
    if ours() == Some(Fault::Mute) { MUTE_TEXT } else { text }
}

/// Called when the store has ended.
pub(crate) fn end(database: &Path) -> io::Result<()> {
    if ours() == Some(Fault::Corrupt) { corrupt(database) } else { Ok(()) }
}

fn ours() -> Option<Fault> {
    OURS.get().copied().flatten()
}

/// The launcher names the slot; a candidate is in none, and held by a file.
fn ground_of(run: &Run) -> Option<Ground> {
    match (&run.slot, &run.held_by) {
        (Some(_), _) => Some(Ground::Live),
        (None, Some(_)) => Some(Ground::Candidate),
        (None, None) => None,
    }
}

fn of_file(path: &Path, ground: Option<Ground>) -> anyhow::Result<Option<Fault>> {
    let line: Line = match fs::read_to_string(path) {
        Ok(text) => text.parse()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok((Some(line.ground) == ground).then_some(line.fault))
}

/// Does it on a thread of its own, whose end nobody waits for: the process ends by it or with it.
fn aside(go_wrong: impl FnOnce() + Send + 'static) {
    drop(thread::spawn(go_wrong));
}

fn wait(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|it| !it.is_zero()) {
        thread::park_timeout(left);
    }
}

fn hang(runtime: &Handle) {
    let mut blockers = JoinSet::new();
    for _ in 0..BLOCKERS {
        blockers.spawn_on(
            async {
                loop {
                    thread::park();
                }
            },
            runtime,
        );
    }
    loop {
        thread::park();
    }
}

fn leak() {
    let mut leaked = Vec::new();
    for _ in 0..LEAKS_MAX {
        // Written to, or it would not be in memory.
        leaked.push(vec![0xa5_u8; LEAKED_BYTES]);
        wait(LEAK_EVERY);
    }
    loop {
        thread::park();
    }
}

/// Writes over the middle of a file.
fn corrupt(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    let page = file.metadata()?.len() / 8192 * 4096;
    file.write_all_at(&[0xa5; 4096], page)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
