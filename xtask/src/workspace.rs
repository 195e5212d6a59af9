//! Where the workspace is, and the cargo that builds it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use harness::binaries::Programs;

/// The workspace this command works on, and the build directory it was built into.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    programs: Programs,
    target_dir: PathBuf,
}

impl Workspace {
    /// The nearest directory at or above the current one that holds a lock file.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let here = env::current_dir().context("find the current directory")?;
        let root = here
            .ancestors()
            .find(|directory| directory.join("Cargo.lock").is_file())
            .with_context(|| format!("find a workspace at or above {}", here.display()))?;
        let programs = Programs::beside_this_executable().context("find the build directory")?;
        Ok(Self::of(root, programs))
    }

    /// One with its programs. A slot's own copy of this program builds and writes below the
    /// workspace: nothing is added to a slot.
    fn of(root: &Path, programs: Programs) -> Self {
        let beside = programs.target_dir();
        let is_slot = beside.join("manifest.json").is_file();
        let target_dir = if is_slot { root.join("target") } else { beside.to_path_buf() };
        Self { root: root.to_path_buf(), programs, target_dir }
    }

    /// The top directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the built programs are.
    pub(crate) const fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Where everything is built and written to.
    pub(crate) fn target_dir(&self) -> &Path {
        &self.target_dir
    }

    /// `cargo` with these arguments, at the top of the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// Builds the daemon and the stand-ins; cargo shows its own progress.
    pub(crate) fn build_programs(&self) -> anyhow::Result<()> {
        let status = self.cargo(BUILD_PROGRAMS).status().context("run cargo build")?;
        ensure!(status.success(), "build the programs: {status}");
        Ok(())
    }
}

#[cfg(test)]
impl Workspace {
    /// One at `root`, whatever lies there.
    pub(crate) fn at(root: &Path) -> Self {
        let programs = Programs::beside(&root.join("target/debug/xtask"));
        Self::of(root, programs.expect("the path has a directory"))
    }
}

#[cfg(test)]
mod tests;

/// What builds every program that a check or `try` starts.
pub(crate) const BUILD_PROGRAMS: &[&str] = &[
    "build",
    "--locked",
    "--package",
    "claude-assistant",
    "--package",
    "fakes",
    "--package",
    "benches",
    "--package",
    "smoke",
    "--bins",
];

/// Whether this cargo subcommand is installed.
pub(crate) fn has_cargo_subcommand(name: &str) -> bool {
    cargo()
        .args([name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The cargo that runs this, or else the one of the search path.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}
