//! Room on the disks that a restart writes to: a full one is found before anything is begun, or told
//! as what it is.
//!
//! ```text
//! the home           a slot, copies of the database        looked at first: preflight
//! target/restart     the slot's build, tier 1's            looked at when it is known what is built
//! target/bench       what is measured, and against what    the same
//! ```
//!
//! Often that is one disk, and what cargo fills to the last byte the daemon cannot store messages on.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use harness::exit_code::ExitCode;

use super::build::Yard;
use super::home::Home;
use super::select::Selection;
use super::slots::Manifest;
use super::trouble::{Result, Trouble};
use crate::workspace::Workspace;

const MIB: u64 = 1 << 20;

/// What a slot and what is around it take.
const HOME_MIN_BYTES: u64 = 1024 * MIB;

/// How many copies of the database a restart makes, one more for what a migration writes.
const COPIES: u64 = 3;

/// What a slot's build writes where nothing is built yet. The newest files of each crate in a build
/// directory of this workspace: 1.0 GiB in release, 1.5 GiB for the tests of tier 1, and what cargo keeps
/// beside these to build them sooner, which is as much again.
const SLOT_FIRST_BYTES: u64 = 4096 * MIB;

/// The same where an earlier commit was built: files of changed crates stay beside the new ones.
const SLOT_AGAIN_BYTES: u64 = 1024 * MIB;

/// What measuring builds where nothing is built yet: two release builds, and the benches that are
/// counted of each.
const MEASURED_FIRST_BYTES: u64 = 3072 * MIB;

/// The same where two were built before.
const MEASURED_AGAIN_BYTES: u64 = 1024 * MIB;

/// A disk with less is as good as full: who was ended for it has taken away what did not fit.
const FULL_BYTES: u64 = 64 * MIB;

/// What the system says of a disk that is full and of a quota, and the database of either.
const FULL_WORDS: [&str; 3] =
    ["No space left on device", "Disk quota exceeded", "database or disk is full"];

/// Whether the home has room for what a restart writes there.
pub(super) fn ensure_in_home(home: &Home) -> Result<()> {
    ensure(home.root(), home_bytes(home))
}

/// Whether there is room for all that is still to be built, where that is: the home's needs count too
/// if it is on the same disk.
pub(super) fn ensure_for_builds(
    workspace: &Workspace,
    home: &Home,
    selection: &Selection,
    slot: Option<&Manifest>,
) -> Result<()> {
    let place = existing(workspace.target_dir());
    match builds_bytes(workspace, selection, slot) {
        0 => Ok(()),
        builds => ensure(place, builds + home_bytes_on(place, home)),
    }
}

/// `otherwise`, unless a disk that is full by now is the reason for it: that says nothing of the target.
pub(super) fn or_full(place: &Path, said: &str, otherwise: Trouble) -> Trouble {
    if !is_full(place, said) {
        return otherwise;
    }
    let place = existing(place).display();
    missing(format!("the disk of {place} is full, make room: {otherwise}"))
}

/// Whether the disk of a place is as good as full, or a tool that came to nothing has said so of one.
pub(super) fn is_full(place: &Path, said: &str) -> bool {
    has_none_left(place) || said.lines().filter(|line| !is_shown(line)).any(tells_of_full)
}

/// Whether what is written at a place need not fit any more.
pub(super) fn has_none_left(place: &Path) -> bool {
    free_bytes(existing(place)).is_ok_and(|free| free < FULL_BYTES)
}

/// Whether somebody who is believed in every word says that a disk is full.
pub(super) fn says_full(said: &str) -> bool {
    FULL_WORDS.iter().any(|words| said.contains(words))
}

/// The same of a line of a tool, which may quote what it was given.
fn tells_of_full(line: &str) -> bool {
    let is_quoted = |at: usize| line[..at].ends_with(['"', '`', '\'']);
    FULL_WORDS.iter().any(|words| line.match_indices(words).any(|(at, _)| !is_quoted(at)))
}

/// Whether a line is none of a tool's own: a message of cargo's, or source that the compiler shows, with
/// `49 | ` in front of it, `49 + ` where it suggests some, and `   | ` below it.
fn is_shown(line: &str) -> bool {
    let line = line.trim_start();
    let rest = line.trim_start_matches(|one: char| one.is_ascii_digit());
    let suggested = [" + ", " - ", " ~ "].iter().any(|mark| rest.starts_with(mark));
    let is_source = rest.trim_start().starts_with('|') || rest.len() < line.len() && suggested;
    line.starts_with('{') || is_source
}

fn home_bytes(home: &Home) -> u64 {
    let database = fs::metadata(home.database()).map_or(0, |file| file.len());
    HOME_MIN_BYTES + COPIES * database
}

/// What the home needs of the disk of this place.
fn home_bytes_on(place: &Path, home: &Home) -> u64 {
    let shared = device(place).is_some() && device(place) == device(home.root());
    if shared { home_bytes(home) } else { 0 }
}

fn builds_bytes(workspace: &Workspace, selection: &Selection, slot: Option<&Manifest>) -> u64 {
    let again = |is_there: bool, again: u64, first: u64| if is_there { again } else { first };
    let built = Yard::of(workspace).target().join("release").is_dir();
    let side = |side: &str| workspace.target_dir().join("bench").join(side).join("target").is_dir();
    // A developer's own head is built elsewhere.
    let measured = side("head") && side("base");
    let mut bytes = 0;
    if slot.is_none() {
        bytes += again(built, SLOT_AGAIN_BYTES, SLOT_FIRST_BYTES);
    }
    if selection.measured {
        bytes += again(measured, MEASURED_AGAIN_BYTES, MEASURED_FIRST_BYTES);
    }
    bytes
}

fn ensure(place: &Path, needed: u64) -> Result<()> {
    let free = free_bytes(place)?;
    if needed <= free {
        return Ok(());
    }
    let (free, needed) = (free / MIB, needed / MIB);
    let place = place.display();
    Err(missing(format!("{free} MiB are free at {place}, and {needed} MiB are needed: make room")))
}

fn free_bytes(path: &Path) -> Result<u64> {
    let room = rustix::fs::statvfs(path).map_err(|error| {
        missing(format!("the disk of {} cannot be looked at: {error}", path.display()))
    })?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// The nearest place above that is there already, on whose disk it would be made.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|place| place.is_dir()).unwrap_or(path)
}

fn device(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|place| place.dev())
}

fn missing(why: impl Into<String>) -> Trouble {
    Trouble::with(ExitCode::PreconditionMissing, why)
}

#[cfg(test)]
mod tests;
