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
