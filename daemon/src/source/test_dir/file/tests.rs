use super::*;

/// What a file reads as.
fn read_text(text: &str) -> Result<Arrival, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    std::fs::write(&path, text).unwrap();
    read(&path, "key").map_err(|bad| bad.to_string())
}

#[test]
fn only_the_sender_is_needed() {
    let arrival = read_text(r#"{"from": "(555) 555-0123"}"#).unwrap();
    let expected = Arrival {
        source: Source::Test,
        key: "key".to_owned(),
        chat: ChatId::parse("test:+15555550123").unwrap(),
        sender: "(555) 555-0123".to_owned(),
        text: String::new(),
        attachments: Vec::new(),
        group: None,
        transcription: None,
        reply_to: None,
        sent_at: WallMs(0),
        seen_at: WallMs(0),
        voice: Voice::Person,
    };
    assert!(arrival == expected);
}

/// Test messages that name their fields otherwise than they are read would show nothing of what
/// real ones do.
/// Incidents: J24.
#[test]
fn a_field_that_nobody_reads_makes_it_no_message() {
    for field in ["message", "body", "Text", "sender", "chat"] {
        let text = format!(r#"{{"from": "+15555550123", "{field}": "hi"}}"#);
        let refused = read_text(&text).map(|arrival| arrival.key).unwrap_err();
        assert!(refused.starts_with("not a test message: unknown field"), "{field}: {refused}");
    }
}

#[test]
fn a_list_of_the_right_values_is_no_message() {
    let refused = read_text(r#"["+15555550123","hi",false,null,null,[],null]"#).unwrap_err();
    assert_eq!(refused, "not a test message: expected an object, found a list");
}

#[test]
fn a_chat_may_be_another_than_the_senders() {
    let arrival = read_text(r#"{"from": "a@b.c", "chat_id": "test:X@Y.z", "reply_to": "g"}"#);
    let Arrival { chat, sender, reply_to, .. } = arrival.unwrap();
    assert_eq!((chat.as_str(), sender.as_str()), ("test:x@y.z", "a@b.c"));
    assert_eq!(reply_to.as_deref(), Some("g"));
}

/// A group's chat is made as any other, and never without whoever wrote.
/// Incidents: 108, J8.
#[test]
fn a_group_has_the_chats_address_and_who_is_known_to_be_in_it() {
    let text = r#"{"from": "+15555550123", "is_group": true, "chat_id": "G", "group_name": "us"}"#;
    let group = Group {
        id: "G".to_owned(),
        name: Some("us".to_owned()),
        participants: vec!["+15555550123".to_owned()],
    };
    assert!(read_text(text).unwrap().group == Some(group));
    // A name alone makes no group.
    let text = r#"{"from": "+15555550123", "group_name": "us"}"#;
    assert!(read_text(text).unwrap().group.is_none());
}

#[test]
fn attachments_have_their_file_names_and_sizes() {
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("a picture.png");
    std::fs::write(&picture, "12345").unwrap();
    let text = serde_json::json!({
        "from": "a", "text": null, "attachments": [picture, "/no/such/file.txt", "/", "nul\0", ""],
    });
    let attachments = read_text(&text.to_string()).unwrap().attachments;
    let shown: Vec<_> = attachments.iter().map(|one| (one.name.as_str(), one.bytes)).collect();
    assert_eq!(shown[..2], [("a picture.png", Some(5)), ("file.txt", None)]);
    assert_eq!(shown[2].0, "/");
    assert_eq!(shown[3..], [("nul\0", None), ("", None)]);
    assert_eq!(attachments[0].path, picture.to_str().unwrap());
}

/// The tests may run as root, who may read everything: so it is what the system says that is tried,
/// and not a file that says it.
#[test]
fn what_the_system_says_of_a_file_decides_what_becomes_of_it() {
    use rustix::io::Errno;
    let said = |errno| refused(errno).to_string();
    assert_eq!(said(Errno::NOENT), "gone");
    assert_eq!(said(Errno::LOOP), "not a regular file");
    assert_eq!(said(Errno::NXIO), "not a regular file");
    assert_eq!(said(Errno::ACCESS), "not readable");
    assert_eq!(said(Errno::PERM), "not readable");
    assert_eq!(said(Errno::MFILE), "read: Too many open files (os error 24)");
    assert!(matches!(refused(Errno::IO), BadFile::Elsewhere(_)));
}

#[test]
fn a_file_that_is_gone_and_one_that_is_none_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(read(&dir.path().join("x"), "key"), Err(BadFile::Gone)));
    assert!(matches!(read(dir.path(), "key"), Err(BadFile::NotRegular)));
}
