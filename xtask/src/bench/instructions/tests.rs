//! What the benches and the lock file say.

use harness::bench::report::Standing;

use super::*;

#[test]
fn a_count_is_read_from_its_line_and_other_lines_are_left() {
    let said = r#"   Compiling benches v0.1.0
{"function_name":"route","version":"7","profiles":[{"tool":"Dhat","data":{}},{"tool":"Callgrind","data":{"total":{"metrics":{"Ir":{"values":{"new":3649}}}}}}]}
{"function_name":"frame","profiles":[{"tool":"Callgrind","data":{"total":{"metrics":{}}}}]}
{"reason":"build-finished"}
    Finished
"#;
    assert_eq!(counts(said), Counts::from([("route".to_owned(), 3649.0)]));
}

#[test]
fn the_runner_is_of_the_version_of_the_library() {
    let lock = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                [[package]]\nname = \"gungraun\"\nversion = \"0.20.0\"\n";
    assert_eq!(version_in(lock).as_deref(), Some("0.20.0"));
    assert_eq!(version_in("version = 4\npackage = []\n"), None);
    assert_eq!(version_in("no lock"), None);
}

#[test]
fn a_tree_without_the_benches_has_no_counts() {
    let place = tempfile::tempdir().unwrap();
    let trees = Trees { root: place.path().to_path_buf(), target: place.path().join("target") };
    fs::write(
        place.path().join("Cargo.lock"),
        "[[package]]\nname = \"gungraun\"\nversion = \"1.0.0\"",
    )
    .unwrap();
    assert!(!counts_alike(&trees, Some("1.0.0")));
    fs::create_dir_all(place.path().join("benches/benches")).unwrap();
    fs::write(place.path().join(BENCHES), "").unwrap();
    assert!(counts_alike(&trees, Some("1.0.0")));
    assert!(!counts_alike(&trees, Some("1.0.1")));
}

#[test]
fn the_runner_is_found_before_any_other() {
    let path = with_first(Path::new("/a/bin")).unwrap();
    assert_eq!(env::split_paths(&path).next(), Some(PathBuf::from("/a/bin")));
}

/// How `instructions.route` stands after these counts.
#[track_caller]
fn check(head: &Result<Counts, String>, base: &OfBase, expected: Standing, why: &str) {
    let policy = crate::bench::plan::tests::policy();
    let report = report(policy.find("instructions.route").unwrap(), head, base);
    let reasons = report.reasons.join("; ");
    assert_eq!((report.standing, reasons.as_str()), (expected, why));
}

#[test]
fn what_the_head_does_not_count_fails_and_what_the_base_does_not_is_new_or_unsaid() {
    let route = |count| Counts::from([("route".to_owned(), count)]);
    let head = Ok(route(10.0));
    check(&head, &OfBase::Unasked, Standing::Pass, "");
    check(&head, &OfBase::Counted(route(10.0)), Standing::Pass, "");
    let lacks = OfBase::Counted(Counts::new());
    check(&head, &lacks, Standing::New, "the base does not have it");
    let failed = OfBase::Failed("build".to_owned());
    check(&head, &failed, Standing::Inconclusive, "the base failed to build");
    let broken = Err("build".to_owned());
    check(&broken, &OfBase::Unasked, Standing::Fail, "failed to build");
    let why = "failed to find it among what the benches count";
    check(&Ok(Counts::new()), &OfBase::Unasked, Standing::Fail, why);
}
