//! On a repository of its own, in a temporary directory.

use tempfile::TempDir;

use super::*;

pub(crate) const FILE: &str = "daemon/src/a.rs";
pub(crate) const TEXT: &str = "one < two\n";

/// A repository with one commit, and an empty place.
pub(crate) fn begin() -> (TempDir, TempDir) {
    let (repository, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = repository.path();
    fs::create_dir_all(path.join("daemon/src")).unwrap();
    ask(path, &["init", "--quiet", "--initial-branch", "work"]).unwrap();
    commit(path, TEXT);
    (repository, place)
}

/// One more commit of that file, by the name that git gives it.
pub(crate) fn commit(repository: &Path, text: &str) -> String {
    fs::write(repository.join(FILE), text).unwrap();
    ask(repository, &["add", "."]).unwrap();
    let identity = ["-c", "user.name=owner", "-c", "user.email=owner@example.com"];
    let commit = ["commit", "--quiet", "--allow-empty", "--message", "next"];
    said(git(repository).args(identity).args(commit)).unwrap();
    ask(repository, &["rev-parse", "HEAD"]).unwrap()
}

pub(crate) fn text(root: &Path) -> String {
    fs::read_to_string(root.join(FILE)).unwrap()
}

#[test]
fn what_a_run_has_left_is_gone_at_the_next_and_what_was_not_changed_keeps_its_time() {
    let (repository, place) = begin();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    let time = || fs::metadata(checkout.root().join(FILE)).unwrap().modified().unwrap();
    let before = time();
    fs::write(checkout.root().join("seeds.txt"), "left").unwrap();
    Checkout::of_head(repository.path(), place.path()).unwrap();
    assert!(!checkout.root().join("seeds.txt").exists());
    assert_eq!(time(), before);

    fs::write(checkout.root().join(FILE), "as a test leaves it that writes into its own tree")
        .unwrap();
    checkout.restore().unwrap();
    assert_eq!(text(checkout.root()), TEXT);
}

#[test]
fn any_commit_can_lie_there_and_then_another() {
    let (repository, place) = begin();
    let first = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let second = commit(repository.path(), "two\n");
    for (commit, expected) in [(&first, TEXT), (&second, "two\n"), (&first, TEXT)] {
        let checkout = Checkout::of(repository.path(), place.path(), commit).unwrap();
        assert_eq!(checkout.commit(), commit);
        assert_eq!(text(checkout.root()), expected);
    }
    assert_eq!(text(repository.path()), "two\n");
}

#[test]
fn what_is_not_committed_stays_with_its_owner() {
    let (repository, place) = begin();
    fs::write(repository.path().join(FILE), "three\n").unwrap();
    fs::write(repository.path().join("mine.txt"), "mine").unwrap();
    ask(repository.path(), &["add", "mine.txt"]).unwrap();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    assert_eq!(text(checkout.root()), TEXT);
    assert_eq!(text(repository.path()), "three\n");
    assert!(repository.path().join("mine.txt").exists());
    let staged = ask(repository.path(), &["diff", "--cached", "--name-only"]).unwrap();
    assert_eq!(staged, "mine.txt");
}
