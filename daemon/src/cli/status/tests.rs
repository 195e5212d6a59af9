use super::*;
use crate::control::protocol::{LastError, SessionState};

#[test]
fn a_person_sees_everything_on_one_screen() {
    let status = Status {
        version: "0.1.0".into(),
        generation: 4,
        pid: 123,
        uptime_s: 7300,
        slot: Some("20261123T040118Z-be6e8ec1a2b3".into()),
        held: true,
        held_by: vec![HeldBy::Owner],
        unsent: 2,
        tasks_alive: 9,
        rss_bytes: 12 << 20,
        agent: AgentStatus { program: "/bin/claude".into(), version: "2.1.330".into() },
        sources: vec![SourceStatus {
            name: "test".into(),
            enabled: true,
            watching: true,
            last_poll_ago_ms: Some(40),
            seen: 3,
            ..SourceStatus::default()
        }],
        sessions: vec![SessionStatus {
            row: 1,
            name: "direct".into(),
            contact: "owner".into(),
            tier: "admin".into(),
            chat: "test:+15555550123".into(),
            state: SessionState::Busy,
            turns: 2,
            last_activity_ago_s: Some(5),
            agent_pid: Some(124),
            ..SessionStatus::default()
        }],
        counts: Counts { answered: 2, delivered: 1, ..Counts::default() },
        contacts_error: Some("contacts.toml:3: contact.tier: missing".into()),
        last_error: Some(LastError {
            at: "2026-01-01T00:00:00Z".into(),
            what: "a\nb".into(),
            session: None,
        }),
        ..Status::default()
    };
    let expected = "\
claude-assistant 0.1.0, up 2 h, pid 123, generation 4, held
agent     /bin/claude version 2.1.330
messages  0 accepted, 1 delivered, 2 answered, 0 refused, 0 ignored, 0 failed
process   12.0 MiB in memory, 9 tasks
slot      20261123T040118Z-be6e8ec1a2b3
replies   2 on their way
contacts  contacts.toml:3: contact.tier: missing
error     a\u{240a}b (2026-01-01T00:00:00Z)

SOURCE  STATE     LAST LOOK  SEEN  ERRORS  BACKLOG  OLDEST
test    watching  40 ms ago  3     0       0        -

ROW  NAME    CONTACT  TIER   STATE  TURNS  QUEUE  ACTIVE   AGENT    CHAT
1    direct  owner    admin  busy   2      0      5 s ago  pid 124  test:+15555550123";
    assert_eq!(for_people(&status, Colours::Off).join("\n"), expected);
}

/// Who reads that it is held has to know whether a release would help.
#[test]
fn a_person_sees_on_whose_account_messages_are_held() {
    let first_line = |held, held_by| {
        let status = Status { held, held_by, ..Status::default() };
        let line = for_people(&status, Colours::Off).swap_remove(0);
        line.split_once("generation 0").unwrap().1.to_owned()
    };
    assert_eq!(first_line(false, vec![]), "");
    // A daemon of before it said so.
    assert_eq!(first_line(true, vec![]), ", held");
    assert_eq!(first_line(true, vec![HeldBy::Owner]), ", held");
    assert_eq!(first_line(true, vec![HeldBy::Restart]), ", held for a restart");
    let both = first_line(true, vec![HeldBy::Owner, HeldBy::Restart]);
    assert_eq!(both, ", held by the owner and for a restart");
}
