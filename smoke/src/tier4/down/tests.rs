use super::*;

#[test]
fn what_was_down_before_is_read_from_the_environment() {
    let read = |text: Option<&str>| read("ROWS", text.map(OsStr::new)).ok();
    assert_eq!(read(None), Some([].into()));
    assert_eq!(read(Some("")), Some([].into()));
    assert_eq!(read(Some("3,12")), Some([3, 12].into()));
    assert_eq!(read(Some("3, twelve")), None);
}
