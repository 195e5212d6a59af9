use super::*;

#[tokio::test]
async fn the_last_of_it_is_kept_and_all_of_it_counted() {
    let mut spoken = vec![b'a'; 3 * LAST_WORDS_BYTES_MAX];
    spoken.extend("the end\u{e9}".bytes());
    let mut words = LastWords::listen(std::io::Cursor::new(spoken.clone()));
    words.ended().await;
    let (text, bytes) = words.so_far();
    assert_eq!(bytes, spoken.len() as u64);
    assert_eq!(text.len(), LAST_WORDS_BYTES_MAX);
    assert!(text.ends_with("aathe end\u{e9}"));
}

#[tokio::test]
async fn little_is_kept_whole_and_what_is_not_utf8_is_replaced() {
    let mut words = LastWords::listen(&b"no \xff conversation"[..]);
    words.ended().await;
    assert_eq!(words.so_far(), ("no \u{fffd} conversation".to_owned(), 17));
}
