//! Wherever the power is cut, a database is there in the end, and the damaged one is kept.

use super::*;
use crate::durable::tests::trace;
use crate::store::damage::tests::Scene;
use crate::store::{Look, look, missing};

const LONG: std::time::Duration = std::time::Duration::from_mins(1);

fn lay(scene: &Scene) -> Result<(), RestoreError> {
    check_backup(&scene.backup)?;
    lay_beside(&scene.backup, &scene.path, &missing(&scene.path, &scene.backup, LONG))
}

/// What a launcher does that begins again: finish, or all of it.
fn again(scene: &Scene) {
    if scene.path.exists() || !lies_beside(&scene.path) {
        if look(&scene.path, LONG) == Look::Whole {
            return;
        }
        lay(scene).unwrap();
    }
    put_in_place(&scene.path, &place_aside(&scene.path, "r1")).unwrap();
}

/// Incident: K8.
#[test]
fn a_power_cut_at_any_moment_ends_on_a_database_that_is_whole() {
    for cut in 0.. {
        let (scene, db) = Scene::with_log();
        // As a killed daemon leaves it.
        std::mem::forget(db);
        scene.damage(5);
        let damaged = fs::read(&scene.path).unwrap();
        let (done, _) = trace(Some(cut), || {
            lay(&scene)?;
            put_in_place(&scene.path, &place_aside(&scene.path, "r1"))
        });
        again(&scene);
        assert_eq!(look(&scene.path, LONG), Look::Whole, "{cut}");
        assert!(!named(&scene.path, "-wal").exists(), "{cut}: that of the damaged one");
        assert!(!lies_beside(&scene.path), "{cut}");
        assert_eq!(fs::read(named(&scene.path, ".damaged-r1")).unwrap(), damaged, "{cut}");
        assert!(named(&scene.path, ".damaged-r1-wal").exists(), "{cut}");
        if done.is_ok() {
            assert!(8 < cut, "the power was cut at every step");
            return;
        }
    }
}

#[test]
fn a_damaged_database_that_is_kept_already_is_not_overwritten() {
    let scene = Scene::new();
    fs::write(scene.dir.path().join("assistant.db.damaged-r1"), "the first").unwrap();
    scene.damage(5);
    lay(&scene).unwrap();
    put_in_place(&scene.path, &place_aside(&scene.path, "r1")).unwrap();
    let first = fs::read(named(&scene.path, ".damaged-r1")).unwrap();
    assert_eq!(first, b"the first");
    assert!(named(&scene.path, ".damaged-r1.again").exists());
}

#[test]
fn a_backup_that_is_damaged_itself_changes_nothing() {
    let scene = Scene::new();
    scene.damage(5);
    let damaged = fs::read(&scene.path).unwrap();
    fs::copy(&scene.path, &scene.backup).unwrap();
    assert!(matches!(lay(&scene), Err(RestoreError::Backup(_))));
    fs::remove_file(&scene.backup).unwrap();
    assert!(matches!(lay(&scene), Err(RestoreError::Backup(_))));
    assert_eq!(fs::read(&scene.path).unwrap(), damaged);
    assert!(!lies_beside(&scene.path));
}
