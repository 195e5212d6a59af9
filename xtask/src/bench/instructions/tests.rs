//! What the benches and the lock file say.

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
    assert!(!counts_alike(&trees, "1.0.0"));
    fs::create_dir_all(place.path().join("benches/benches")).unwrap();
    fs::write(place.path().join(BENCHES), "").unwrap();
    assert!(counts_alike(&trees, "1.0.0"));
    assert!(!counts_alike(&trees, "1.0.1"));
}

#[test]
fn the_runner_is_found_before_any_other() {
    let path = with_first(Path::new("/a/bin")).unwrap();
    assert_eq!(env::split_paths(&path).next(), Some(PathBuf::from("/a/bin")));
}

#[test]
fn a_count_without_a_base_is_not_new() {
    let policy = crate::bench::plan::tests::policy();
    let mut report = counted(policy.find("instructions.route").unwrap(), 10.0, None);
    assert_eq!(report.standing, Standing::New);
    forget_base(&mut report);
    assert_eq!((report.standing, report.reasons.len()), (Standing::Pass, 0));
}
