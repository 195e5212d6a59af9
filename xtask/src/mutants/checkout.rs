//! The copy that faults are put into: the files of HEAD, below `target/`.
//!
//! It is kept from run to run, and only files that differ are written: cargo goes by their times, and
//! a copy made anew would be compiled anew. Git does that, with an index of its own beside the
//! copy; the index, the branch and the files of whoever runs this are not touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use super::list::Mutant;

/// The files of one commit.
#[derive(Debug)]
pub(super) struct Checkout {
    root: PathBuf,
    index: PathBuf,
    git_dir: String,
    commit: String,
}

/// A fault in the copy, until this is dropped.
#[derive(Debug)]
pub(super) struct Applied {
    path: PathBuf,
    original: String,
}

impl Checkout {
    /// Brings the copy at `place` in line with HEAD of the repository that holds `workspace`, whatever
    /// an earlier run has left there.
    pub(super) fn of_head(workspace: &Path, place: &Path) -> anyhow::Result<Self> {
        let git_dir = said(git(workspace).args(["rev-parse", "--absolute-git-dir"]))?;
        let commit = said(git(workspace).args(["rev-parse", "HEAD"]))?;
        if !said(git(workspace).args(["status", "--porcelain"]))?.is_empty() {
            eprintln!("xtask: what is not committed is not part of this run, but for the list");
        }
        let (root, index) = (place.join("tree"), place.join("index"));
        fs::create_dir_all(&root).with_context(|| format!("make {}", root.display()))?;
        let checkout = Self { root, index, git_dir, commit };
        checkout.restore()?;
        Ok(checkout)
    }

    /// Its top directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that it is of.
    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// Makes it the commit's again: above all without the seeds of failures that property tests
    /// write beside their sources, by which a later fault would be judged too.
    pub(super) fn restore(&self) -> anyhow::Result<()> {
        self.git(&["read-tree", "--reset", "-u", &self.commit])?;
        self.git(&["clean", "-ffdxq"])
    }

    /// Puts a fault in.
    pub(super) fn apply(&self, mutant: &Mutant) -> anyhow::Result<Applied> {
        let path = self.root.join(&mutant.file);
        let original =
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let faulty = mutant
            .applied_to(&original)
            .with_context(|| format!("find the text of {} in {}", mutant.name, mutant.file))?;
        fs::write(&path, faulty).with_context(|| format!("write {}", path.display()))?;
        Ok(Applied { path, original })
    }

    /// Git, on the copy and on nothing else.
    fn git(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut git = git(&self.root);
        git.env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &self.root);
        git.env("GIT_INDEX_FILE", &self.index).args(arguments);
        said(&mut git).map(drop)
    }
}

impl Drop for Applied {
    fn drop(&mut self) {
        // What is left after a failure here, the next run takes away before it begins.
        drop(fs::write(&self.path, &self.original));
    }
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
mod tests;
