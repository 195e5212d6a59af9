use std::fs;

use super::*;

#[test]
fn the_program_of_a_slot_writes_below_the_workspace_and_not_into_the_slot() {
    let room = tempfile::tempdir().unwrap();
    let (root, slot) = (room.path().join("work"), room.path().join("slots/1-a"));
    fs::create_dir_all(&slot).unwrap();
    let programs = Programs::beside(&slot.join("bin/xtask")).unwrap();
    assert_eq!(Workspace::of(&root, programs.clone()).target_dir(), slot);
    fs::write(slot.join("manifest.json"), "{}").unwrap();
    let workspace = Workspace::of(&root, programs);
    assert_eq!(workspace.target_dir(), root.join("target"));
    assert_eq!(workspace.programs().profile_dir(), slot.join("bin"));
}
