//! One hash for everything that lies in a git work tree, committed or not.
//!
//! git itself makes it: an index of its own is filled with every file that is tracked and every file
//! that is new and not ignored, and written as a tree. Index and objects go to a temporary
//! directory, so that the repository is only read: what somebody has staged stays staged.
//!
//! Only contents count, not what an index claims: a file that git was told not to look at
//! (`assume-unchanged`, `skip-worktree`) is hashed as it lies there.
//!
//! What measuring runs append to is left out ([`DIARY`]): that somebody measured changes nothing of
//! what was tested.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::command::{RunError, run_with_input};

/// How long one command of git may take: hashing a work tree on a busy machine takes seconds.
const GIT_MAX: Duration = Duration::from_mins(1);

/// What a hook of git would make every git below it look at, instead of the tree that is meant.
pub(super) const MISLEADING: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
];

/// The history of measuring runs, which each of them makes longer.
const DIARY: &str = "baselines/history";

/// The files of a work tree at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The id that git gives a tree of these files, the history of measuring runs apart.
    pub hash: String,
    /// Whether these are the files of the commit that is checked out, that history apart.
    pub clean: bool,
}

/// Why the hash of a work tree is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// git did not run to its end.
    #[error("hash the work tree: {0}")]
    Run(#[from] RunError),
    /// git refused; mostly because this is no work tree.
    #[error("hash the work tree: git {command}: {said}")]
    Git {
        /// What it was asked for.
        command: String,
        /// What it said.
        said: String,
    },
    /// The temporary directory.
    #[error("hash the work tree: {0}")]
    File(#[from] io::Error),
}

/// The tree of all files of the work tree that `inside` lies in, ignored ones apart.
pub fn tree(inside: &Path) -> Result<Tree, TreeError> {
    let top = PathBuf::from(ask(inside, &["rev-parse", "--show-toplevel"])?);
    let desk = Desk::new(&top)?;
    desk.lay_out()?;
    let hash = desk.hash()?;
    // Without a commit there is nothing that the tree could be the same as.
    let has_commit = ask(&top, &["rev-parse", "--verify", "--quiet", "HEAD^{tree}"]).is_ok();
    let clean = has_commit && {
        desk.git(&["read-tree", "HEAD"], Stdio::null())?;
        desk.hash()? == hash
    };
    Ok(Tree { hash, clean })
}

/// Where an index and objects lie that are thrown away afterwards.
struct Desk<'a> {
    top: &'a Path,
    objects: PathBuf,
    room: TempDir,
}

impl<'a> Desk<'a> {
    fn new(top: &'a Path) -> Result<Self, TreeError> {
        let objects = top.join(ask(top, &["rev-parse", "--git-path", "objects"])?);
        let room = tempfile::tempdir()?;
        fs::create_dir(room.path().join("objects"))?;
        Ok(Self { top, objects, room })
    }

    /// Fills the index with what lies in the work tree.
    fn lay_out(&self) -> Result<(), TreeError> {
        self.git(&["add", "--all"], Stdio::null())?;
        // A file that is ignored but tracked all the same belongs to the tree too.
        let listing = ["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"];
        let tracked = ask(self.top, &listing)?;
        if tracked.is_empty() {
            return Ok(());
        }
        let list = self.room.path().join("tracked");
        fs::write(&list, tracked)?;
        let update = ["update-index", "--add", "--remove", "-z", "--stdin"];
        self.git(&update, File::open(&list)?)?;
        Ok(())
    }

    /// The id of what is in the index, but for [`DIARY`].
    fn hash(&self) -> Result<String, TreeError> {
        let without =
            ["rm", "-r", "--cached", "--force", "--quiet", "--ignore-unmatch", "--", DIARY];
        self.git(&without, Stdio::null())?;
        self.git(&["write-tree"], Stdio::null())
    }

    /// git in the work tree, with this index and these objects.
    fn git(&self, arguments: &[&str], input: impl Into<Stdio>) -> Result<String, TreeError> {
        let mut command = git(self.top, arguments);
        command
            .env("GIT_INDEX_FILE", self.room.path().join("index"))
            .env("GIT_OBJECT_DIRECTORY", self.room.path().join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &self.objects);
        said(command, input)
    }
}

/// git in `directory`, of whose repository it changes nothing by itself.
fn git(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    for name in MISLEADING {
        command.env_remove(name);
    }
    // No lock is taken for what is only read; and what an index can be split into or watched by
    // would lie in the repository.
    command.env("GIT_OPTIONAL_LOCKS", "0");
    command.args(["-c", "core.splitIndex=false", "-c", "core.fsmonitor=false"]);
    command.args(arguments).current_dir(directory);
    command
}

fn ask(directory: &Path, arguments: &[&str]) -> Result<String, TreeError> {
    said(git(directory, arguments), Stdio::null())
}

fn said(command: Command, input: impl Into<Stdio>) -> Result<String, TreeError> {
    let words = command.get_args().skip(4).map(|word| word.to_string_lossy());
    let words = words.collect::<Vec<_>>().join(" ");
    let finished = run_with_input(command, input, GIT_MAX)?;
    if finished.status.success() {
        Ok(finished.stdout.trim_end_matches('\n').to_owned())
    } else {
        Err(TreeError::Git { command: words, said: finished.stderr.trim().to_owned() })
    }
}
