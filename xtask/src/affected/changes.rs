//! What has changed, asked of git.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// Changed paths, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changes {
    /// For people: `since abc1234`.
    pub(super) since: String,
    /// From the top of the tree, each once.
    pub(super) paths: BTreeSet<String>,
}

/// A revision that git does not know.
#[derive(Debug, thiserror::Error)]
#[error("find the revision {0}")]
pub(super) struct NoSuchRevision(String);

/// What differs from `revision`: committed, uncommitted and untracked. Without one, what is not
/// committed, and if that is nothing, what the last commit changed.
pub(super) fn since(root: &Path, revision: Option<&str>) -> anyhow::Result<Changes> {
    if let Some(revision) = revision {
        // Not an option, whatever it begins with.
        let commit = git(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", revision])
            .map_err(|_| NoSuchRevision(revision.to_owned()))?;
        let paths = changed(root, commit.trim())?;
        return Ok(Changes { since: format!("since {revision}"), paths });
    }
    let uncommitted = changed(root, "HEAD")?;
    if !uncommitted.is_empty() {
        return Ok(Changes { since: "not committed".to_owned(), paths: uncommitted });
    }
    let before = git(root, &["rev-parse", "--verify", "--quiet", "HEAD^1"])
        .or_else(|_| git(root, &["hash-object", "-t", "tree", "/dev/null"]))?;
    // Against its first parent: a merge has brought all that the branch holds.
    let range = [before.trim(), "HEAD", "--"];
    let arguments = ["diff", "--name-only", "-z", "--no-renames"].into_iter().chain(range);
    let last = git(root, &arguments.collect::<Vec<_>>())?;
    Ok(Changes { since: "in the last commit".to_owned(), paths: names(&last).collect() })
}

fn changed(root: &Path, commit: &str) -> anyhow::Result<BTreeSet<String>> {
    // A renamed file has left one place as well.
    let tracked = git(root, &["diff", "--name-only", "-z", "--no-renames", commit, "--"])?;
    let untracked =
        git(root, &["ls-files", "--others", "--exclude-standard", "-z", "--full-name"])?;
    Ok(names(&tracked).chain(names(&untracked)).collect())
}

fn names(listing: &str) -> impl Iterator<Item = String> + '_ {
    listing.split('\0').filter(|name| !name.is_empty()).map(str::to_owned)
}

fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output =
        Command::new("git").args(arguments).current_dir(root).output().context("run git")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ask git what changed: {}", complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
