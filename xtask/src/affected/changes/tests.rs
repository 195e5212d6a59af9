//! A small repository, and what git is heard to say about it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{NoSuchRevision, git, since};

/// A repository with one commit of `first.rs`.
fn repository() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), "init --quiet --initial-branch=main");
    commit(directory.path(), "first.rs");
    directory
}

fn run(root: &Path, words: &str) {
    let mut arguments = vec!["-c", "user.name=n", "-c", "user.email=n@example.com"];
    arguments.extend(words.split(' '));
    git(root, &arguments).unwrap();
}

fn commit(root: &Path, file: &str) {
    fs::write(root.join(file), file).unwrap();
    run(root, "add --all");
    run(root, &format!("commit --quiet --message={file}"));
}

#[track_caller]
fn check(root: &Path, revision: Option<&str>, expected: &[&str]) {
    let paths = since(root, revision).unwrap().paths;
    assert_eq!(paths.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn the_first_commit_changed_all_that_is_in_it() {
    check(repository().path(), None, &["first.rs"]);
}

#[test]
fn what_is_not_committed_comes_before_the_last_commit_untracked_files_too() {
    let repository = repository();
    commit(repository.path(), "second.rs");
    check(repository.path(), None, &["second.rs"]);
    fs::write(repository.path().join("third.rs"), "").unwrap();
    check(repository.path(), None, &["third.rs"]);
    check(repository.path(), Some("HEAD~1"), &["second.rs", "third.rs"]);
}

#[test]
fn a_merge_has_changed_what_its_branch_brought() {
    let repository = repository();
    let root = repository.path();
    run(root, "checkout --quiet -b branch");
    commit(root, "of-the-branch.rs");
    run(root, "checkout --quiet main");
    commit(root, "of-main.rs");
    run(root, "merge --quiet --no-ff --no-edit branch");
    check(root, None, &["of-the-branch.rs"]);
}

#[test]
fn a_moved_file_has_left_one_place_and_come_to_another() {
    let repository = repository();
    run(repository.path(), "mv first.rs moved.rs");
    check(repository.path(), None, &["first.rs", "moved.rs"]);
}

#[test]
fn a_revision_that_is_none_is_named() {
    let error = since(repository().path(), Some("--nonsense")).unwrap_err();
    assert!(error.is::<NoSuchRevision>(), "{error:#}");
    assert_eq!(error.to_string(), "find the revision --nonsense");
}
