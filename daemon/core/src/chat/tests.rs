use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(raw: &str, expected: &str) {
    assert_eq!(normalise_handle(raw), expected);
    assert_eq!(normalise_handle(expected), expected, "twice");
}

#[test]
fn phone_numbers_become_e164() {
    check("+15555550123", "+15555550123");
    check("+1 (555) 555-0123", "+15555550123");
    check("5555550123", "+15555550123");
    check("(555) 555-0123", "+15555550123");
    check("15555550123", "+15555550123");
    check("1.555.555.0123", "+15555550123");
    check("  +15555550123 ", "+15555550123");
    check("+4915555550123", "+4915555550123");
}

#[test]
fn what_only_resembles_a_phone_number_is_unchanged() {
    check("25555550123", "25555550123");
    check("55501", "55501");
    check("+", "+");
    check("+1234567890123456", "+1234567890123456");
    check("٥٥٥٥٥٥٠١٢٣", "٥٥٥٥٥٥٠١٢٣");
    check("+1555555a0123", "+1555555a0123");
}

#[test]
fn groups_of_messages_become_lower_case() {
    check("ABCDEF0123456789ABCD", "abcdef0123456789abcd");
    check("ABCDEF0123456789ABC", "ABCDEF0123456789ABC");
}

#[test]
fn base64_keeps_its_case() {
    let group = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";
    check(group, group);
}

#[test]
fn e_mail_addresses_become_lower_case_within_ascii_only() {
    check("Someone@Example.COM", "someone@example.com");
    check("\u{212A}elvin@Example.com", "\u{212A}elvin@example.com");
    check("@Example.com", "@Example.com");
    check("Two@At@Signs", "Two@At@Signs");
}

#[test]
fn anything_else_is_unchanged() {
    check("harness", "harness");
    check("Harness", "Harness");
    check("00000000-AAAA-4000-8000-000000000000", "00000000-AAAA-4000-8000-000000000000");
    check("", "");
}

/// Whatever way an id comes by, it ends with one prefix.
/// Incidents: 108.
#[test]
fn a_prefix_is_put_on_once() {
    let id = ChatId::new(Source::Test, "5555550123").unwrap();
    assert_eq!(id.as_str(), "test:+15555550123");
    assert_eq!(ChatId::new(Source::Test, id.as_str()), Ok(id.clone()));
    assert_eq!(ChatId::new(Source::Test, "test:test:5555550123"), Ok(id.clone()));
    assert_eq!(ChatId::parse("test: (555) 555-0123"), Ok(id.clone()));
    assert_eq!((id.source(), id.address()), (Source::Test, "+15555550123"));
    assert_eq!(id.to_string(), "test:+15555550123");
}

#[test]
fn a_typed_address_belongs_to_the_default_source_unless_it_names_one() {
    let typed = |text| ChatId::from_typed(text, Source::Imessage).map(|id| id.to_string());
    assert_eq!(typed("5555550123").as_deref(), Ok("imessage:+15555550123"));
    assert_eq!(typed("signal:5555550123").as_deref(), Ok("signal:+15555550123"));
    assert_eq!(typed("other:5555550123").as_deref(), Ok("imessage:other:5555550123"));
    assert_eq!(typed("test:"), Err(BadChat::Empty));
}

#[test]
fn no_source_can_name_a_chat_of_another() {
    let refused = BadChat::OtherSource { expected: "test", found: "imessage" };
    assert_eq!(ChatId::new(Source::Test, "imessage:+15555550123"), Err(refused));
    assert_eq!(ChatId::new(Source::Test, "test:imessage:+15555550123"), Err(refused));
    assert_eq!(ChatId::parse("test:imessage:+15555550123"), Err(refused));
}

#[test]
fn empty_long_and_broken_ids_are_refused() {
    assert_eq!(ChatId::new(Source::Test, " "), Err(BadChat::Empty));
    assert_eq!(ChatId::new(Source::Test, "test:"), Err(BadChat::Empty));
    assert_eq!(ChatId::new(Source::Test, "a\nb"), Err(BadChat::Control));
    assert_eq!(ChatId::new(Source::Test, "a\u{2028}b"), Err(BadChat::Control));
    assert_eq!(ChatId::new(Source::Test, "a\u{0}"), Err(BadChat::Control));
    assert_eq!(ChatId::new(Source::Test, &"a".repeat(321)), Err(BadChat::TooLong { bytes: 321 }));
    assert_eq!(ChatId::new(Source::Test, &"a".repeat(316)), Err(BadChat::TooLong { bytes: 321 }));
    assert!(ChatId::new(Source::Test, &"a".repeat(315)).is_ok());
    assert_eq!(ChatId::parse("+15555550123"), Err(BadChat::NoSource));
}

/// The look is at the address, and never at what stands before it.
/// Incidents: 107.
#[test]
fn groups_are_known_by_the_shape_of_their_address_whatever_the_source() {
    for source in Source::ALL {
        let is_group = |raw: &str| ChatId::new(source, raw).unwrap().is_group();
        assert!(is_group("0123456789ABCDEF0123"));
        assert!(is_group("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="));
        assert!(is_group("chat123456789"));
        assert!(!is_group("+15555550123"));
        assert!(!is_group("someone@example.com"));
        assert!(!is_group("chat"));
        assert!(!is_group("harness"));
    }
}

#[test]
fn debug_output_leaves_the_address_out() {
    let id = ChatId::new(Source::Test, "+15555550123").unwrap();
    assert_eq!(format!("{id:?}"), "ChatId(test:…)");
}

#[test]
fn sources_are_read_back_from_their_prefix() {
    for source in Source::ALL {
        assert_eq!(Source::parse(source.prefix()), Some(source));
    }
    assert_eq!(Source::parse("TEST"), None);
}

fn addresses() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ +0-9().-]{0,20}",
        "(test:|signal:|imessage:| ){0,3}[0-9a-fA-F]{0,30}",
        "[a-zA-Z\u{212A}\u{130}]{0,5}@[a-zA-Z.\u{130}]{0,8}",
    ]
}

proptest! {
    /// Ids are compared in one form, so that form must be its own.
    /// Incidents: 55.
    /// Pitfall: 3.
    #[test]
    fn normalising_twice_changes_nothing(raw in addresses()) {
        let once = normalise_handle(&raw);
        prop_assert_eq!(normalise_handle(&once), once);
    }

    /// An id that is made of another is the same id, for every source and any text.
    /// A doubled prefix would be another chat.
    /// Incidents: 24, 48.
    /// Pitfall: 3.
    #[test]
    fn prefixing_twice_changes_nothing(raw in addresses()) {
        for source in Source::ALL {
            let Ok(id) = ChatId::new(source, &raw) else { continue };
            prop_assert_eq!(id.source(), source);
            prop_assert_eq!(&ChatId::new(source, id.as_str()).unwrap(), &id);
            prop_assert_eq!(&ChatId::parse(id.as_str()).unwrap(), &id);
            prop_assert_eq!(&ChatId::new(source, id.address()).unwrap(), &id);
        }
    }
}
