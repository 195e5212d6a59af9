use super::*;

#[test]
fn a_text_has_to_be_there_and_to_fit() {
    assert_eq!(checked("hi\n".into()), Ok("hi\n".into()));
    let refused = |text: String| checked(text).unwrap_err();
    assert_eq!(refused(" \n".into()), Failure::new(Code::Usage, "the text is empty"));
    let long = refused("x".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(long, Failure::new(Code::Usage, "the text has 1048577 bytes, at most 1048576"));
    assert!(checked("x".repeat(TEXT_BYTES_MAX)).is_ok());
}

#[test]
fn a_source_without_end_or_without_text_is_wrong_usage() {
    let long = read(std::io::repeat(b'x'), "standard input").unwrap_err();
    assert_eq!(long, Failure::new(Code::Usage, "standard input: longer than 1048576 bytes"));
    let bytes = read(&b"\xff"[..], "f").unwrap_err();
    assert_eq!(bytes, Failure::new(Code::Usage, "f: not UTF-8"));
}
