//! The files of one commit, below `target/`: what faults are put into, and what a build is compared
//! with.
//!
//! They are kept from run to run, and only files that differ are written: cargo goes by their times, and
//! a copy made anew would be compiled anew. Git does that, with an index of its own beside the
//! copy; the index, the branch and the files of whoever runs this are not touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The files of one commit.
#[derive(Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
    index: PathBuf,
    git_dir: String,
    commit: String,
}

impl Checkout {
    /// Brings the copy at `place` in line with HEAD of the repository that holds `workspace`, whatever
    /// an earlier run has left there.
    pub(crate) fn of_head(workspace: &Path, place: &Path) -> anyhow::Result<Self> {
        if !ask(workspace, &["status", "--porcelain"])?.is_empty() {
            eprintln!("xtask: what is not committed is not part of this run, but for the list");
        }
        Self::of(workspace, place, &ask(workspace, &["rev-parse", "HEAD"])?)
    }

    /// The same with any commit, named by all its digits.
    pub(crate) fn of(workspace: &Path, place: &Path, commit: &str) -> anyhow::Result<Self> {
        let git_dir = ask(workspace, &["rev-parse", "--absolute-git-dir"])?;
        let (root, index) = (place.join("tree"), place.join("index"));
        fs::create_dir_all(&root).with_context(|| format!("make {}", root.display()))?;
        let checkout = Self { root, index, git_dir, commit: commit.to_owned() };
        checkout.restore()?;
        Ok(checkout)
    }

    /// Its top directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that it is of.
    pub(crate) fn commit(&self) -> &str {
        &self.commit
    }

    /// Makes it the commit's again: above all without the seeds of failures that property tests
    /// write beside their sources, by which a later fault would be judged too.
    pub(crate) fn restore(&self) -> anyhow::Result<()> {
        self.git(&["read-tree", "--reset", "-u", &self.commit])?;
        self.git(&["clean", "-ffdxq"])
    }

    /// Git, on the copy and on nothing else.
    fn git(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut git = git(&self.root);
        git.env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &self.root);
        git.env("GIT_INDEX_FILE", &self.index).args(arguments);
        said(&mut git).map(drop)
    }
}

/// What git says to this in `directory`, without the white space around it.
pub(crate) fn ask(directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    said(git(directory).args(arguments))
}

fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(directory).stdin(Stdio::null());
    command
}

/// What git said, which has to end well.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().context("run git")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ask git: {}", errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
pub(crate) mod tests;
