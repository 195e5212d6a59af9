//! Facts in, a commit out; and the facts of a repository made here.

use super::*;
use crate::checkout::tests::{begin, commit as add_commit};

#[track_caller]
fn check(clean: bool, parent: Option<&str>, left: Option<(&str, &'static str)>, expected: &str) {
    let left = left.map(|(commit, main)| (commit.to_owned(), main));
    let facts = Facts { head: "h".to_owned(), clean, parent: parent.map(str::to_owned), left };
    let base = choose(&facts)
        .map_or_else(|| "none".to_owned(), |Base { commit, why }| format!("{commit}: {why}"));
    assert_eq!(base, expected, "{facts:?}");
}

#[test]
fn a_branch_is_compared_with_where_it_began() {
    check(true, Some("p"), Some(("m", "origin/main")), "m: where this branch left origin/main");
    check(false, Some("p"), Some(("m", "main")), "m: where this branch left main");
}

#[test]
fn a_changed_tree_is_compared_with_its_commit_where_there_is_no_branch() {
    check(false, Some("p"), Some(("h", "main")), "h: what was committed last");
    check(false, Some("p"), None, "h: what was committed last");
    check(false, None, None, "h: what was committed last");
}

#[test]
fn a_clean_tree_is_compared_with_the_commit_before() {
    check(true, Some("p"), Some(("h", "main")), "p: the commit before this one");
    check(true, Some("p"), None, "p: the commit before this one");
}

#[test]
fn a_first_commit_is_compared_with_nothing() {
    check(true, None, Some(("h", "main")), "none");
    check(true, None, None, "none");
}

#[test]
fn git_is_asked_for_the_facts() {
    let (repository, _place) = begin();
    let root = repository.path();
    let first = ask(root, &["rev-parse", "HEAD"]).unwrap();
    let facts = Facts::of(root, true).unwrap();
    assert_eq!(facts, Facts { head: first.clone(), clean: true, parent: None, left: None });

    ask(root, &["branch", "main"]).unwrap();
    let second = add_commit(root, "two\n");
    let facts = Facts::of(root, false).unwrap();
    let left = Some((first.clone(), "main"));
    assert_eq!(facts, Facts { head: second, clean: false, parent: Some(first), left });
}

#[test]
fn what_names_no_commit_is_refused() {
    let (repository, _place) = begin();
    for revision in ["nothing", "--help", "HEAD^1", "HEAD^{tree}", ""] {
        let refused = commit(repository.path(), revision);
        assert!(refused.is_err(), "{revision:?}: {refused:?}");
    }
    assert_eq!(commit(repository.path(), "HEAD").unwrap().len(), 40);
}
