use std::fs;

use super::*;
use crate::checkout::tests::{begin, commit};

#[test]
fn what_is_promised_of_a_commit_stands_in_its_own_files() {
    let (repository, _place) = begin();
    let workspace = Workspace::at(repository.path());
    let file = repository.path().join(POLICY);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let real = include_str!("../../../baselines/metrics.toml");
    fs::write(&file, real).unwrap();
    let head = Source::Commit(commit(repository.path(), "two\n"));
    let ready = |head: &Source| {
        let policy = policy(&workspace, head).unwrap();
        policy.find("daemon.ready").map(|metric| metric.concern)
    };
    let promised = ready(&head).unwrap();
    // Somebody works on while a restart measures.
    let (_, from_here) = real.split_once("id = \"daemon.ready\"").unwrap();
    let (_, line) = from_here.split_once("concern = ").unwrap();
    let line = format!("concern = {}", line.lines().next().unwrap());
    let moved = from_here.replacen(&line, "concern = 999", 1);
    fs::write(&file, real.replace(from_here, &moved)).unwrap();
    assert_eq!(ready(&Source::WorkTree), Some(999.0));
    assert_eq!(ready(&head), Some(promised));
    fs::write(&file, "no policy").unwrap();
    assert_eq!(ready(&head), Some(promised));
    let refusal = policy(&workspace, &Source::WorkTree).unwrap_err().downcast::<Refusal>();
    assert_eq!(refusal.unwrap().code, ExitCode::FileInvalid);
}

#[test]
fn a_commit_that_promises_nothing_is_told() {
    let (repository, _place) = begin();
    let first = ask(repository.path(), &["rev-parse", "HEAD"]).unwrap();
    let workspace = Workspace::at(repository.path());
    let error = policy(&workspace, &Source::Commit(first.clone())).unwrap_err();
    let refusal: Refusal = error.downcast().unwrap();
    assert_eq!(refusal.code, ExitCode::FileInvalid);
    let begins = format!("read the policy {first}:baselines/metrics.toml: ");
    assert!(refusal.why.starts_with(&begins), "{}", refusal.why);
}
