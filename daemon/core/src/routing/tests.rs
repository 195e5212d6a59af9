use std::fmt::Write;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::chat::ChatId;
use crate::message::Group;
use crate::time::WallMs;

const ADMIN: &str = "+15555550100";
const ADMIN_MAIL: &str = "owner@example.com";
const OTHER_ADMIN: &str = "+15555550106";
const FAMILY: &str = "+15555550102";
const STRANGER: &str = "+15555550199";

fn directory() -> Directory {
    let contact = |name: &str, tier, handles: &[&str]| Contact {
        name: name.to_owned(),
        tier,
        handles: handles.iter().map(|&handle| handle.to_owned()).collect(),
    };
    Directory::new(vec![
        contact("the owner", Tier::Admin, &[ADMIN, ADMIN_MAIL]),
        contact("a partner", Tier::Partner, &["+15555550101"]),
        contact("a relative", Tier::Family, &[FAMILY]),
        contact("a friend", Tier::Favorite, &["+15555550103"]),
        contact("a program", Tier::Bots, &["+15555550104"]),
        contact("an entry without a tier", Tier::Unknown, &["+15555550105"]),
        contact("another owner", Tier::Admin, &[OTHER_ADMIN]),
    ])
    .unwrap()
}

fn arrival(source: Source, chat: &str, sender: &str) -> Arrival {
    Arrival {
        source,
        key: "key".to_owned(),
        chat: ChatId::new(source, chat).unwrap(),
        sender: sender.to_owned(),
        text: "hi".to_owned(),
        attachments: vec![],
        group: None,
        transcription: None,
        reply_to: None,
        sent_at: WallMs(0),
        seen_at: WallMs(0),
        voice: Voice::Person,
    }
}

fn group(participants: &[&str]) -> Group {
    let participants = participants.iter().map(|&handle| handle.to_owned()).collect();
    Group { id: "group".to_owned(), name: None, participants }
}

#[test]
fn a_chat_may_have_a_session_if_its_own_contact_has_the_rights() {
    let check = |chat: &str, trust, may| {
        let found = may_have_session(&ChatId::parse(chat).unwrap(), &directory(), trust);
        assert_eq!(found, may, "{chat}");
    };
    check("test:+15555550100", TestTrust::Trusted, true);
    check("test:owner@example.com", TestTrust::Trusted, true);
    check("test:+15555550100", TestTrust::Capped, false);
    check("signal:+15555550100", TestTrust::Capped, true);
    check("test:harness", TestTrust::Capped, true);
    check("test:+15555550102", TestTrust::Trusted, false);
    check("test:+15555550199", TestTrust::Trusted, false);
    check("signal:0123456789abcdef0123456789abcdef", TestTrust::Trusted, false);
}

/// `profile name (tier)`, or the reason why not.
fn outcome(arrival: &Arrival, trust: TestTrust) -> String {
    match route(arrival, &directory(), trust) {
        Verdict::Deliver { profile, contact_name, tier, kind: ChatKind::Direct } => {
            format!("{} for {contact_name} ({})", profile.as_str(), tier.as_str())
        }
        Verdict::Deliver { kind: ChatKind::Group, .. } => "deliver to a group".to_owned(),
        Verdict::Refused(refusal) => format!("refused: {}", refusal.as_str()),
        Verdict::Ignored(ignored) => format!("ignored: {}", ignored.as_str()),
    }
}

#[track_caller]
fn check(arrival: &Arrival, expected: &str) {
    assert_eq!(outcome(arrival, TestTrust::Trusted), expected);
}

#[test]
fn only_admins_and_the_harness_have_a_session() {
    let mut table = String::new();
    let senders = (100..106).map(|n| format!("+15555550{n}"));
    for sender in senders.chain([STRANGER.to_owned(), HARNESS.to_owned()]) {
        let by = |source, trust| outcome(&arrival(source, &sender, &sender), trust);
        writeln!(table, "{sender}").unwrap();
        writeln!(table, "  imessage  {}", by(Source::Imessage, TestTrust::Capped)).unwrap();
        writeln!(table, "  trusted   {}", by(Source::Test, TestTrust::Trusted)).unwrap();
        writeln!(table, "  test      {}", by(Source::Test, TestTrust::Capped)).unwrap();
    }
    insta::assert_snapshot!(table, @"
    +15555550100
      imessage  admin for the owner (admin)
      trusted   admin for the owner (admin)
      test      refused: no rights yet
    +15555550101
      imessage  refused: no rights yet
      trusted   refused: no rights yet
      test      refused: no rights yet
    +15555550102
      imessage  refused: no rights yet
      trusted   refused: no rights yet
      test      refused: no rights yet
    +15555550103
      imessage  refused: no rights yet
      trusted   refused: no rights yet
      test      refused: no rights yet
    +15555550104
      imessage  refused: no rights yet
      trusted   refused: no rights yet
      test      refused: no rights yet
    +15555550105
      imessage  refused: unknown sender
      trusted   refused: unknown sender
      test      refused: unknown sender
    +15555550199
      imessage  refused: unknown sender
      trusted   refused: unknown sender
      test      refused: unknown sender
    harness
      imessage  refused: unknown sender
      trusted   harness for harness (bots)
      test      harness for harness (bots)
    ");
}

/// Two spellings of one person must not be two persons.
/// Incidents: 55.
/// Pitfall: 3.
#[test]
fn a_sender_is_known_by_any_spelling() {
    check(&arrival(Source::Test, ADMIN, "555-555-0100"), "admin for the owner (admin)");
    check(
        &arrival(Source::Imessage, "Owner@Example.com", "OWNER@example.com"),
        "admin for the owner (admin)",
    );
}

#[test]
fn an_admin_may_write_from_one_handle_into_the_chat_of_another_of_theirs() {
    check(&arrival(Source::Test, ADMIN, ADMIN_MAIL), "admin for the owner (admin)");
}

#[test]
fn nobody_writes_into_the_chat_of_another() {
    let refused = "refused: sender not of this chat";
    check(&arrival(Source::Test, OTHER_ADMIN, ADMIN), refused);
    check(&arrival(Source::Test, STRANGER, ADMIN), refused);
    check(&arrival(Source::Test, FAMILY, ADMIN), refused);
    check(&arrival(Source::Test, ADMIN, FAMILY), refused);
    check(&arrival(Source::Test, ADMIN, HARNESS), refused);
    check(&arrival(Source::Test, HARNESS, ADMIN), refused);
    check(&arrival(Source::Test, ADMIN, STRANGER), "refused: unknown sender");
}

#[test]
fn the_harness_has_one_spelling_and_one_source() {
    for sender in ["Harness", " harness", "harness\u{200B}", "test:harness"] {
        check(&arrival(Source::Test, HARNESS, sender), "refused: unknown sender");
    }
    check(&arrival(Source::Signal, HARNESS, HARNESS), "refused: unknown sender");
}

#[test]
fn no_source_brings_a_message_for_the_chat_of_another() {
    let mut forged = arrival(Source::Imessage, ADMIN, ADMIN);
    forged.source = Source::Test;
    check(&forged, "refused: chat of another source");
}

#[test]
fn an_empty_message_is_delivered_too() {
    let mut empty = arrival(Source::Test, ADMIN, ADMIN);
    empty.text.clear();
    check(&empty, "admin for the owner (admin)");
}

#[test]
fn groups_wait_for_their_rights_if_anyone_is_known() {
    let with = |participants: &[&str], sender: &str| {
        let mut arrival = arrival(Source::Test, "some-group", sender);
        arrival.group = Some(group(participants));
        arrival
    };
    check(&with(&[], ADMIN), "refused: no rights yet");
    check(&with(&[STRANGER, ADMIN], STRANGER), "refused: no rights yet");
    check(&with(&[FAMILY], STRANGER), "refused: no rights yet");
    check(&with(&[STRANGER], STRANGER), "ignored: group of strangers");
    check(&with(&["+15555550105"], STRANGER), "ignored: group of strangers");
    check(&with(&[], HARNESS), "ignored: group of strangers");
}

#[test]
fn a_chat_with_the_address_of_a_group_is_one_whatever_the_message_says() {
    let address = "0123456789abcdef0123456789abcdef";
    check(&arrival(Source::Test, address, ADMIN), "refused: no rights yet");
    check(&arrival(Source::Test, address, STRANGER), "ignored: group of strangers");
}

#[test]
fn the_owners_words_go_where_the_chats_own_contact_may_have_a_session() {
    for voice in [Voice::Note, Voice::Override] {
        let into = |source, chat: &str| {
            let mut injected = arrival(source, chat, "owner");
            injected.voice = voice;
            injected
        };
        check(&into(Source::Test, ADMIN), "admin for the owner (admin)");
        check(&into(Source::Imessage, ADMIN), "admin for the owner (admin)");
        check(&into(Source::Test, HARNESS), "harness for harness (bots)");
        check(&into(Source::Test, FAMILY), "refused: no rights yet");
        check(&into(Source::Test, STRANGER), "refused: unknown sender");
        check(&into(Source::Test, "chat123456"), "refused: no rights yet");
        let capped = outcome(&into(Source::Test, ADMIN), TestTrust::Capped);
        assert_eq!(capped, "refused: no rights yet");
    }
}

#[test]
fn an_arrival_formatted_for_debugging_tells_nothing_of_its_people() {
    let debug = format!("{:?}{:?}", arrival(Source::Test, ADMIN, ADMIN), directory());
    for private in ["hi\"", "+1555", "owner"] {
        assert!(!debug.contains(private), "{debug}");
    }
}

proptest! {
    /// Whoever claims whatever, only the owner's admins in their own chats, and the harness in its
    /// own, get a session.
    #[test]
    fn nobody_else_ever_reaches_a_session(
        source in select(Source::ALL.to_vec()),
        chat in handle(),
        sender in handle(),
        participants in option::of(vec(handle(), 0..3)),
        trust in select(vec![TestTrust::Capped, TestTrust::Trusted]),
    ) {
        let Ok(chat) = ChatId::new(source, &chat) else { return Ok(()) };
        let mut arrival = arrival(source, "x", &sender);
        arrival.chat = chat;
        arrival.group = participants
            .map(|participants| Group { id: "group".to_owned(), name: None, participants });
        if let Verdict::Deliver { profile, .. } = route(&arrival, &directory(), trust) {
            prop_assert!(arrival.group.is_none());
            let (sender, address) = (normalise_handle(&sender), arrival.chat.address());
            if profile == Profile::Harness {
                prop_assert_eq!((source, address, sender.as_str()), (Source::Test, HARNESS, HARNESS));
            } else {
                prop_assert!(source != Source::Test || trust == TestTrust::Trusted);
                let owner = [ADMIN, ADMIN_MAIL];
                let is_one_admin = |one: &[&str]| one.contains(&&*sender) && one.contains(&address);
                prop_assert!(is_one_admin(&owner) || is_one_admin(&[OTHER_ADMIN]));
            }
        }
    }
}

fn handle() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec![ADMIN, ADMIN_MAIL, OTHER_ADMIN, FAMILY, STRANGER, HARNESS, "chat123456"])
            .prop_map(str::to_owned),
        1 => "[ +(]{0,2}1?555[- ]555[- ]010[0-9]",
        1 => any::<String>(),
    ]
}
