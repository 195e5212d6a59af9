//! Where our programs are run from.

use super::*;

#[test]
fn a_later_build_does_not_change_what_runs() {
    let room = tempfile::tempdir().unwrap();
    let (from, place) = (room.path().join("release"), room.path().join("bench/peers/release"));
    fs::create_dir_all(&place).unwrap();
    fs::create_dir_all(&from).unwrap();
    fs::write(place.join("old"), "").unwrap();
    for name in [PEER_HOST, API, "other"] {
        fs::write(from.join(name), "first").unwrap();
    }
    copy(&from, &place).unwrap();
    fs::write(from.join(API), "second").unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [API, PEER_HOST]);
    assert_eq!(fs::read_to_string(place.join(API)).unwrap(), "first");
}

#[test]
fn what_was_not_built_is_told_of() {
    let room = tempfile::tempdir().unwrap();
    let missing = copy(room.path(), &room.path().join("place")).unwrap_err();
    assert_eq!(missing.to_string(), "copy peer-host");
}
