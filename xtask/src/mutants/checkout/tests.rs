//! On a repository of its own, in a temporary directory.

use tempfile::TempDir;

use super::super::list::parse;
use super::*;

const FILE: &str = "daemon/src/a.rs";
const TEXT: &str = "one < two\n";

fn mutant() -> Mutant {
    let entry = format!(
        "[[mutant]]\nname = \"a\"\nfile = \"{FILE}\"\nfind = \"<\"\nreplace = \"<=\"\n\
         fault = \"b.\"\nkilled_by = \"claude-assistant a::tests::b\"\n"
    );
    parse(&entry).unwrap().remove(0)
}

/// A repository with one commit, and an empty place.
fn begin() -> (TempDir, TempDir) {
    let (repository, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = repository.path();
    fs::create_dir_all(path.join("daemon/src")).unwrap();
    fs::write(path.join(FILE), TEXT).unwrap();
    let identity = ["-c", "user.name=owner", "-c", "user.email=owner@example.com"];
    said(git(path).args(["init", "--quiet"])).unwrap();
    said(git(path).args(["add", "."])).unwrap();
    said(git(path).args(identity).args(["commit", "--quiet", "--message", "first"])).unwrap();
    (repository, place)
}

fn text(root: &Path) -> String {
    fs::read_to_string(root.join(FILE)).unwrap()
}

#[test]
fn a_fault_is_in_the_copy_alone_and_only_for_a_while() {
    let (repository, place) = begin();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    let applied = checkout.apply(&mutant()).unwrap();
    assert_eq!(text(checkout.root()), "one <= two\n");
    assert_eq!(text(repository.path()), TEXT);
    drop(applied);
    assert_eq!(text(checkout.root()), TEXT);
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

    // As a run leaves it that was killed, or a test that writes into its own tree.
    std::mem::forget(checkout.apply(&mutant()).unwrap());
    checkout.restore().unwrap();
    assert_eq!(text(checkout.root()), TEXT);
}

#[test]
fn what_is_not_committed_stays_with_its_owner() {
    let (repository, place) = begin();
    fs::write(repository.path().join(FILE), "three\n").unwrap();
    fs::write(repository.path().join("mine.txt"), "mine").unwrap();
    said(git(repository.path()).args(["add", "mine.txt"])).unwrap();
    let checkout = Checkout::of_head(repository.path(), place.path()).unwrap();
    assert_eq!(text(checkout.root()), TEXT);
    assert_eq!(text(repository.path()), "three\n");
    assert!(repository.path().join("mine.txt").exists());
    let staged = said(git(repository.path()).args(["diff", "--cached", "--name-only"])).unwrap();
    assert_eq!(staged, "mine.txt");
}
