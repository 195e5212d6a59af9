use super::*;

fn selection(measured: bool) -> Selection {
    Selection { tiers: <_>::default(), measured, says: Vec::new() }
}

/// How many MiB are needed for builds below a place.
fn needed(workspace: &Workspace, selection: &Selection, slot: Option<&Manifest>) -> u64 {
    builds_bytes(workspace, selection, slot) / MIB
}

#[test]
fn what_is_built_from_nothing_needs_more_room() {
    let room = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(room.path());
    let slot = Manifest::new("1-a", jiff::Timestamp::now());
    let (unmeasured, measured) = (selection(false), selection(true));
    assert_eq!(needed(&workspace, &unmeasured, Some(&slot)), 0);
    assert_eq!(needed(&workspace, &unmeasured, None), 4096);
    assert_eq!(needed(&workspace, &measured, None), 4096 + 3072);
    fs::create_dir_all(workspace.target_dir().join("restart/build/release")).unwrap();
    assert_eq!(needed(&workspace, &measured, None), 1024 + 3072);
    fs::create_dir_all(workspace.target_dir().join("bench/base/target")).unwrap();
    assert_eq!(needed(&workspace, &measured, Some(&slot)), 3072);
    fs::create_dir_all(workspace.target_dir().join("bench/head/target")).unwrap();
    assert_eq!(needed(&workspace, &measured, Some(&slot)), 1024);
}

#[test]
fn a_disk_without_room_is_told_with_what_is_needed() {
    let room = tempfile::tempdir().unwrap();
    ensure(room.path(), 1).unwrap();
    let trouble = ensure(room.path(), u64::MAX).unwrap_err();
    assert_eq!(trouble.code(), Some(ExitCode::PreconditionMissing));
    assert!(trouble.to_string().ends_with("17592186044415 MiB are needed: make room"), "{trouble}");
}

#[test]
fn a_home_on_the_same_disk_is_to_have_room_beside_the_builds() {
    let room = tempfile::tempdir().unwrap();
    let home = Home::find(Some(room.path())).unwrap();
    assert_eq!(home_bytes_on(room.path(), &home), 1024 * MIB);
    fs::create_dir_all(home.database().parent().unwrap()).unwrap();
    // It has a hole, and takes no room.
    fs::File::create(home.database()).unwrap().set_len(100 * MIB).unwrap();
    assert_eq!(home_bytes_on(room.path(), &home), (1024 + 300) * MIB);
    // Another file system, or none.
    for place in ["/dev", "/nowhere"] {
        assert_eq!(home_bytes_on(Path::new(place), &home), 0);
    }
}

#[test]
fn a_build_that_filled_the_disk_is_no_build_that_failed() {
    let room = tempfile::tempdir().unwrap();
    let failed = || Trouble::with(ExitCode::BuildFailed, "error: could not compile `x`");
    let code = |said: &str| or_full(room.path(), said, failed()).code();
    assert_eq!(code("error[E0308]: mismatched types"), Some(ExitCode::BuildFailed));
    let said = "ld: final link failed: No space left on device";
    assert_eq!(code(said), Some(ExitCode::PreconditionMissing));
    let trouble = or_full(&room.path().join("not/there/yet"), said, failed());
    let place = room.path().display();
    assert_eq!(
        trouble.to_string(),
        format!("the disk of {place} is full, make room: error: could not compile `x`")
    );
}

/// What a tool shows of somebody's source says nothing of a disk.
#[test]
fn an_error_beside_source_that_tells_of_full_disks_is_an_error() {
    let room = tempfile::tempdir().unwrap();
    let failed = || Trouble::with(ExitCode::BuildFailed, "error: could not compile `x`");
    let code = |said: &str| or_full(room.path(), said, failed()).code();
    for said in [
        r#"error[E0308]: mismatched types
  --> xtask/src/restart/room.rs:50:40
   |
50 | const FULL_WORDS: [&str; 2] = ["No space left on device", "Disk quota exceeded"];
   |                    -------     ^^^ say "No space left on device"
   |
help: try these
   |
50 - const FULL: &str = "No space left on device";
50 + const FULL: &str = "Disk quota exceeded";
50 ~     // ld: No space left on device
error: could not compile `xtask` (bin "xtask") due to 1 previous error"#,
        r#"{"reason":"build-script-executed","env":[["WHY","ld: No space left on device"]]}"#,
        "help: write it like this: `\"Disk quota exceeded\".to_owned()`",
    ] {
        assert_eq!(code(said), Some(ExitCode::BuildFailed), "{said}");
    }
    for said in [
        "error: failed to write `/t/x.d`\n\nCaused by:\n  No space left on device (os error 28)",
        "  = note: /usr/bin/ld: final link failed: No space left on device\n          collect2",
        "          /usr/bin/ld: final link failed: Disk quota exceeded\n",
        "error: couldn't create a temp dir: No space left on device (os error 28) at path \"/t\"",
        "LLVM ERROR: IO failure on output stream: No space left on device",
    ] {
        assert_eq!(code(said), Some(ExitCode::PreconditionMissing), "{said}");
    }
}
