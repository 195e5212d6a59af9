use super::*;

#[test]
fn each_is_done_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!spawn(Path::new("/bin/true")).unwrap().is_zero());
    assert!(!sync_page(dir.path()).unwrap().is_zero());
    assert!(!Database::create(dir.path()).unwrap().commit(2).unwrap().is_zero());
}

#[test]
fn a_program_that_fails_is_no_measurement() {
    assert!(spawn(Path::new("/bin/false")).is_err());
}
