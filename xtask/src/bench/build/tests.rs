//! What cargo says, and copies.

use super::*;

#[test]
fn programs_are_found_among_what_cargo_says() {
    let said = "   Compiling benches v0.1.0\n\
        {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],\"name\":\"a\"},\"executable\":null}\n\
        {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bin\"],\"name\":\"b\"},\"executable\":\"/t/release/b\"}\n\
        {\"reason\":\"build-finished\",\"success\":true}\n";
    assert_eq!(programs(said), [PathBuf::from("/t/release/b")]);
}

#[test]
fn a_build_that_failed_is_told_by_its_last_lines_for_people() {
    let mut lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    lines.push("{\"a\":1}".to_owned());
    lines.push("error: could not compile".to_owned());
    let said = lines.join("\n");
    let shown = last_words(&said);
    assert_eq!(shown.lines().count(), LINES_SHOWN);
    assert!(shown.ends_with("line 99\nerror: could not compile"), "{shown}");
}

#[test]
fn a_tree_without_a_probe_is_not_built() {
    let place = tempfile::tempdir().unwrap();
    let tree = Tree { root: place.path(), target: place.path(), log: place.path().join("log") };
    let built = tree.build(&place.path().join("out"), &Interrupt::never()).unwrap();
    assert_eq!(built, Built::Unmeasured);
}

#[test]
fn a_tree_that_does_not_build_says_why() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("benches/src/bin")).unwrap();
    fs::write(place.path().join(PROBE), "").unwrap();
    fs::write(place.path().join("Cargo.toml"), "no manifest").unwrap();
    let target = place.path().join("target");
    let tree =
        Tree { root: place.path(), target: &target, log: place.path().join("logs/build.log") };
    let built = tree.build(&place.path().join("out"), &Interrupt::never()).unwrap();
    assert!(matches!(&built, Built::Broken(said) if said.contains("Cargo.toml")), "{built:?}");
}

#[test]
fn a_copy_holds_what_the_original_holds_and_nothing_older() {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to/release"));
    fs::create_dir_all(&from).unwrap();
    fs::create_dir_all(&to).unwrap();
    fs::write(from.join("new"), "1").unwrap();
    fs::write(to.join("old"), "1").unwrap();
    copy_directory(&from, &to).unwrap();
    assert!(to.join("new").is_file() && !to.join("old").exists());
}
