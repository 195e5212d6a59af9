use super::*;

#[test]
fn a_short_message_reaches_its_session() {
    let frame = Incoming::with(SHORT).unwrap().route_and_frame().unwrap();
    assert!(frame.starts_with("---TEST FROM contact 250 (admin)---\n"), "{frame}");
    assert!(frame.contains(SHORT), "{frame}");
}

#[test]
fn a_mebibyte_is_framed_whole() {
    let text = long_text(1 << 20);
    let frame = Incoming::with(&text).unwrap().route_and_frame().unwrap();
    assert!(text.len() < frame.len(), "{} of {}", frame.len(), text.len());
    assert_eq!(frame.lines().filter(|line| line.starts_with("---")).count(), 2);
}
