//! What becomes of the database on the way back, whatever an earlier launcher left of it.

use std::fs;
use std::sync::Arc;

use assistant_core::time::WallMs;

use super::*;
use crate::slots::Arming;

/// A home with a database, and a restart with a backup of it.
fn scene() -> (tempfile::TempDir, Home, Pending) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    home.prepare().unwrap();
    fs::create_dir_all(home.restart_dir()).unwrap();
    drop(store::open(&home.database(), Arc::new(|| WallMs(1))).unwrap());
    let backup = dir.path().join("backup.db");
    store::backup(&home.database(), &backup).unwrap();
    let arming = Arming {
        id: "r1-0a".into(),
        target: "new".parse().unwrap(),
        previous: "old".parse().unwrap(),
        confirm_timeout: Duration::from_secs(1),
        runner_pid: None,
        backup: Some(backup),
    };
    (dir, home, Pending::armed(arming, 1))
}

fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[8192..12288].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_whole_database_is_left_alone_and_so_is_a_copy_that_is_not_needed() {
    let (_dir, home, pending) = scene();
    let restored = home.database().with_extension("db.restored");
    fs::write(&restored, "stale").unwrap();
    let before = fs::read(home.database()).unwrap();
    assert_eq!(look_after(&home, Some(&pending)), None);
    assert_eq!(fs::read(home.database()).unwrap(), before);
    assert!(!restored.exists(), "a later way back would take it");
}

#[test]
fn a_damaged_database_without_a_good_backup_stays_where_it_is() {
    let (_dir, home, mut pending) = scene();
    damage(&home.database());
    let before = fs::read(home.database()).unwrap();
    let backup = pending.backup.clone().unwrap();
    damage(&backup);
    let told = look_after(&home, Some(&pending)).unwrap();
    assert!(told.contains("its backup did not take its place"), "{told}");
    pending.backup = None;
    assert!(look_after(&home, Some(&pending)).unwrap().contains("there is no backup"));
    assert_eq!(fs::read(home.database()).unwrap(), before);
    assert!(!list(&home, "r1-0a").exists());
}

/// Between the two renames, or before anybody was told.
#[test]
fn a_launcher_that_begins_after_a_power_cut_goes_on_where_the_one_before_was() {
    let (_dir, home, pending) = scene();
    let path = home.database();
    damage(&path);
    prepare(&home, "r1-0a", "damaged", pending.backup.as_deref().unwrap()).unwrap();
    fs::rename(&path, path.with_extension("db.damaged-r1-0a")).unwrap();
    let told = look_after(&home, Some(&pending)).unwrap();
    assert!(told.contains("missing-r1-0a.json"), "{told}");
    assert_eq!(store::look(&path, LOOK_MAX), Look::Whole);
    assert_eq!(look_after(&home, Some(&pending)), Some(told), "nobody may have heard it");
    assert_eq!(look_after(&home, None), None, "another one");
}

#[test]
fn an_id_cannot_name_another_folder() {
    assert_eq!(plain("../r1-0a/x"), "r1-0ax");
}
