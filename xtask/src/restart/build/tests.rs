use std::fs;

use super::*;

/// A home in which `program` is what cargo built, under every name that a slot needs.
fn built(room: &Path, program: &str) -> (Home, Slots, Vec<(String, PathBuf)>) {
    let path = room.join("built");
    fs::write(&path, program).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let home = Home::find(Some(room)).unwrap();
    let slots = Slots::at(home.slots());
    let programs = NEEDED.iter().map(|name| ((*name).to_owned(), path.clone())).collect();
    (home, slots, programs)
}

const SAYS_ITS_VERSION: &str = "#!/bin/sh
echo '{\"version\":\"0.2.0\",\"schema\":{\"version\":3,\"min_reader\":2},\"formats\":{}}'
";

fn manifest() -> Manifest {
    Manifest::new("20260310T120000Z-c0ffeec0ffee", Timestamp::now())
}

#[test]
fn a_slot_says_what_is_in_it() {
    let room = tempfile::tempdir().unwrap();
    let (home, slots, programs) = built(room.path(), SAYS_ITS_VERSION);
    let name = fill(&home, &slots, &programs, manifest()).unwrap();
    let made = slots.manifest(&name).unwrap();
    assert_eq!(
        (made.version.as_str(), made.schema.version, made.schema.min_reader),
        ("0.2.0", 3, 2)
    );
    assert_eq!(made.programs.len(), NEEDED.len());
    slots.ensure_whole(&made).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(slots.program(&name, "tier2")), 0o700);
    assert_eq!(mode(slots.of(&name)), 0o700);
    assert_eq!(made.gate, None);
}

#[test]
fn a_slot_holds_whatever_its_runners_look_for_beside_themselves() {
    for (program, package) in harness::binaries::BUILT {
        assert!(NEEDED.contains(&program), "{program} is needed");
        let asked = PROGRAMS.windows(2).any(|words| words == ["--package", package]);
        assert!(asked, "{package} is built");
    }
}

#[test]
fn a_program_that_does_not_run_makes_no_slot() {
    let room = tempfile::tempdir().unwrap();
    let (home, slots, programs) = built(room.path(), "#!/bin/sh\nexit 3\n");
    assert!(fill(&home, &slots, &programs, manifest()).is_err());
    assert_eq!(slots.all().unwrap(), []);
    slots.sweep().unwrap();
    assert_eq!(fs::read_dir(slots.directory()).unwrap().count(), 0);
}

#[test]
fn a_commit_without_a_runner_makes_no_slot() {
    let room = tempfile::tempdir().unwrap();
    let (home, slots, mut programs) = built(room.path(), SAYS_ITS_VERSION);
    programs.retain(|(name, _)| name != "tier4");
    let trouble = fill(&home, &slots, &programs, manifest()).unwrap_err();
    assert_eq!(trouble.to_string(), "the commit builds no tier4");
    assert_eq!(trouble.failure().code, Some(ExitCode::BuildFailed));
}

#[test]
fn two_restarts_do_not_build_in_one_directory_at_once() {
    let room = tempfile::tempdir().unwrap();
    let yard = Yard::of(&Workspace::at(room.path()));
    let first = yard.lock(&Holder::here("first", "v2")).unwrap();
    let refused = yard.lock(&Holder::here("second", "v3")).unwrap_err();
    assert_eq!(refused.code(), Some(ExitCode::Locked));
    assert!(refused.to_string().contains("first (pid"), "{refused}");
    drop(first);
    drop(yard.lock(&Holder::here("second", "v3")).unwrap());
}

#[test]
fn who_has_the_build_directory_keeps_the_program_that_measures_in_it() {
    let room = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(room.path());
    let yard = Yard::of(&workspace);
    fs::create_dir_all(yard.program().parent().unwrap()).unwrap();
    fs::write(yard.program(), "that of an earlier restart").unwrap();
    let _lock = yard.lock(&Holder::here("first", "v2")).unwrap();
    let here = sha256(&std::env::current_exe().unwrap()).unwrap();
    assert_eq!(sha256(&yard.program()).unwrap(), here);
    assert_eq!(fs::metadata(yard.program()).unwrap().permissions().mode() & 0o777, 0o700);
    // What it measures, and the agent program for it, it looks for where this one does.
    let programs = harness::binaries::Programs::beside(&yard.program()).unwrap();
    assert_eq!(programs.target_dir(), workspace.target_dir());
}

#[test]
fn programs_and_runners_are_found_in_what_cargo_says() {
    let said = r#"
   Compiling smoke v0.1.0
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"fake-claude"},"executable":"/t/fake-claude"}
{"reason":"compiler-artifact","target":{"kind":["test"],"name":"tier2"},"executable":"/t/deps/tier2-1a"}
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"smoke"},"executable":null}
{"reason":"build-finished","success":true}
"#;
    let expected = [("fake-claude", "/t/fake-claude"), ("tier2", "/t/deps/tier2-1a")];
    let expected = expected.map(|(name, path)| (name.to_owned(), PathBuf::from(path)));
    assert_eq!(executables(said), expected);
    assert_eq!(last_words("a\n{\"x\":1}\nb"), "a\nb");
}
