use super::*;

#[test]
fn what_was_down_before_is_read_from_the_environment() {
    let read = |text: Option<&str>| Down::read(text.map(OsStr::new)).ok();
    assert_eq!(read(None), Some(Down::default()));
    assert_eq!(read(Some("")), Some(Down::default()));
    assert_eq!(read(Some("3,12")), Some(Down::from_iter([3, 12])));
    assert_eq!(read(Some("3, twelve")), None);
}
