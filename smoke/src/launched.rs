//! A daemon below its launcher, in slots, as an installed one runs; and what launchd or systemd does
//! for the launcher: it is started again when it ends badly.
//!
//! ```text
//! Service (a thread) ── launcher ── daemon ── agents
//!      ^ ended badly ────┘ │
//!      └ ended well: over  └ slots/current
//! ```
//!
//! Slots are laid here by the documented format and not by the code that reads them: a field that
//! both sides called wrongly would pass every check.

mod health;
mod service;
mod slot;
mod victim;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::Context;
use harness::sandbox::Sandbox;

pub use self::health::healthy;
pub use self::service::{Service, launcher_status};
pub use self::slot::{Fault, Slot};
pub use self::victim::{Victim, daemon_of};

/// Lays the launcher's own copy and a first slot that counts as good, as `install` does, without a
/// service file. Returns the first slot.
pub fn install(sandbox: &Sandbox, programs: &Path) -> anyhow::Result<Slot> {
    let home = sandbox.home();
    let launcher = launcher(sandbox);
    make_private(launcher.parent().context("find the launcher's directory")?)?;
    slot::lay_program(&programs.join("claude-assistant"), &launcher)?;
    let first = Slot::lay(&home, "20260101T000000Z-first", programs, Fault::None)?;
    first.mark_good(&home)?;
    symlink(&first.name, home.join("slots/current")).context("point at the first slot")?;
    Ok(first)
}

/// Where the launcher's own copy lies.
pub fn launcher(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("launcher/claude-assistant")
}

/// The slot that `current` points at.
pub fn current(sandbox: &Sandbox) -> anyhow::Result<String> {
    let link = sandbox.home().join("slots/current");
    let target = fs::read_link(&link).with_context(|| format!("read {}", link.display()))?;
    Ok(target.to_string_lossy().into_owned())
}

fn make_private(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("make {}", path.display()))
}
