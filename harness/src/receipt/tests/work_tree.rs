//! The hash of a work tree, over repositories made here.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::receipt::tree::MISLEADING;
use crate::receipt::{Tree, TreeError, tree};

/// A repository with one commit of `kept` and of an ignore list for `*.log`.
struct Repository {
    room: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { room: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet"]);
        repository.put("kept", "one");
        repository.put(".gitignore", "*.log\n");
        repository.git(&["add", "--all"]);
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.room.path()
    }

    fn put(&self, name: &str, contents: &str) {
        fs::write(self.path().join(name), contents).unwrap();
    }

    fn commit(&self) {
        let who = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        self.git(&[&who[..], &["commit", "--quiet", "--message", "state"]].concat());
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        for name in MISLEADING {
            command.env_remove(name);
        }
        // Not by the settings of whoever runs the tests.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = command.args(arguments).current_dir(self.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn tree(&self) -> Tree {
        tree(self.path()).unwrap()
    }

    /// Every file of the repository itself, with its contents.
    fn insides(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut directories = vec![self.path().join(".git")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    files.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn a_tree_as_it_was_committed_is_clean_and_has_the_id_of_the_commit() {
    let repository = Repository::new();
    let hash = repository.git(&["rev-parse", "HEAD^{tree}"]).trim().to_owned();
    assert_eq!(repository.tree(), Tree { hash, clean: true });
    fs::create_dir(repository.path().join("below")).unwrap();
    let below = tree(&repository.path().join("below")).unwrap();
    assert_eq!(below, repository.tree());
}

#[test]
fn what_is_changed_new_or_gone_makes_another_tree_committed_or_not() {
    let repository = Repository::new();
    let mut seen = vec![repository.tree().hash];
    let in_tree = |name| repository.path().join(name);
    let changes: [&dyn Fn(); 5] = [
        &|| repository.put("kept", "two"),
        &|| repository.put("new", ""),
        &|| fs::rename(in_tree("new"), in_tree("renamed")).unwrap(),
        &|| fs::set_permissions(in_tree("kept"), Permissions::from_mode(0o755)).unwrap(),
        &|| fs::remove_file(in_tree("kept")).unwrap(),
    ];
    for change in changes {
        change();
        let changed = repository.tree();
        assert!(!changed.clean && !seen.contains(&changed.hash), "{changed:?}");
        seen.push(changed.hash);
    }
    repository.git(&["add", "--all"]);
    repository.commit();
    let committed = repository.tree();
    assert!(committed.clean && seen.ends_with(&[committed.hash]));
}

#[test]
fn an_ignored_file_is_no_part_of_it_unless_it_is_tracked() {
    let repository = Repository::new();
    let before = repository.tree();
    repository.put("noise.log", "one");
    assert_eq!(repository.tree(), before);
    repository.git(&["add", "--force", "noise.log"]);
    repository.commit();
    let tracked = repository.tree();
    assert!(tracked.clean && tracked != before);
    repository.put("noise.log", "two");
    assert_ne!(repository.tree().hash, tracked.hash);
}

#[test]
fn a_change_that_git_was_told_not_to_see_is_seen() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let repository = Repository::new();
        let before = repository.tree();
        repository.git(&["update-index", flag, "kept"]);
        repository.put("kept", "two");
        assert_eq!(repository.git(&["status", "--porcelain"]), "");
        let after = repository.tree();
        assert!(!after.clean && after.hash != before.hash, "{flag}");
    }
}

#[test]
fn that_somebody_measured_is_no_change() {
    let repository = Repository::new();
    let before = repository.tree();
    fs::create_dir_all(repository.path().join("baselines/history")).unwrap();
    repository.put("baselines/history/a.jsonl", "one\n");
    assert_eq!(repository.tree(), before);
    repository.git(&["add", "--all"]);
    repository.commit();
    assert_eq!(repository.tree(), before);
    repository.put("baselines/history/a.jsonl", "one\ntwo\n");
    assert_eq!(repository.tree(), before);
    repository.put("baselines/metrics.toml", "");
    assert!(!repository.tree().clean);
}

#[test]
fn the_repository_is_only_read() {
    let repository = Repository::new();
    repository.put("kept", "staged");
    repository.git(&["add", "kept"]);
    repository.put("kept", "not staged");
    repository.put("new", "not tracked");
    let before = repository.insides();
    repository.tree();
    assert!(repository.insides() == before, "nothing in .git has changed");
}

#[test]
fn a_tree_without_a_commit_is_hashed_and_never_clean() {
    let room = tempfile::tempdir().unwrap();
    let repository = Repository { room };
    repository.git(&["init", "--quiet"]);
    let empty = repository.tree();
    repository.put("kept", "one");
    assert!(!empty.clean && repository.tree().hash != empty.hash);
}

#[test]
fn where_there_is_no_work_tree_git_is_quoted() {
    let room = tempfile::tempdir().unwrap();
    let error = tree(room.path()).unwrap_err();
    assert!(matches!(&error, TreeError::Git { .. }), "{error}");
    let said = error.to_string();
    assert!(said.starts_with("hash the work tree: git rev-parse --show-toplevel: "), "{said}");
}
