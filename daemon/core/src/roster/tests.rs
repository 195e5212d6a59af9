use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Action, Event, Roster, SessionRow};

/// `a1` asks, `i1` idle, `b1` busy, `r1` released; the answer: `G1` granted, `E1` evicted.
#[track_caller]
fn check(agents_alive_max: usize, script: &str, expected: &str) {
    let mut roster = Roster::new(agents_alive_max);
    let mut said = Vec::new();
    for word in script.split_whitespace() {
        let session = SessionRow(word[1..].parse().expect("a number"));
        roster.handle(match &word[..1] {
            "a" => Event::Asked(session),
            "i" => Event::Idle(session),
            "b" => Event::Busy(session),
            _ => Event::Released(session),
        });
        while let Some(action) = roster.poll_action() {
            said.push(match action {
                Action::Grant(SessionRow(row)) => format!("G{row}"),
                Action::Evict(SessionRow(row)) => format!("E{row}"),
            });
        }
    }
    assert_eq!(said.join(" "), expected);
}

#[test]
fn there_is_room_up_to_the_bound_and_then_a_line() {
    check(2, "a1 a2 a3 a4 r1 r2", "G1 G2 G3 G4");
}

#[test]
fn the_longest_idle_makes_room() {
    check(2, "a1 a2 i2 i1 a3 r2", "G1 G2 E2 G3");
}

#[test]
fn a_session_that_was_busy_after_all_stays_and_the_next_idle_one_goes() {
    check(2, "a1 a2 i1 a3 b1 i2 r2", "G1 G2 E1 E2 G3");
}

#[test]
fn one_in_line_evicts_one_only() {
    check(3, "a1 a2 a3 i1 i2 i3 a4", "G1 G2 G3 E1");
}

#[test]
fn who_gives_up_waiting_is_not_granted_later() {
    check(1, "a1 a2 r2 r1", "G1");
}

proptest! {
    /// Many chats at once start as many agents as there is room for.
    /// Incidents: J17.
    #[test]
    fn never_over_the_bound_and_everyone_is_served_once_the_others_leave(
        bound in 1_usize..4,
        script in proptest::collection::vec((0_u8..4, 1_i64..8), 0..120),
    ) {
        let mut roster = Roster::new(bound);
        let mut alive = BTreeSet::new();
        let mut asking = BTreeSet::new();
        let play = |roster: &mut Roster, event, alive: &mut BTreeSet<_>, asking: &mut BTreeSet<_>| {
            match event {
                Event::Asked(session) if !alive.contains(&session) => { asking.insert(session); }
                Event::Released(session) => { alive.remove(&session); asking.remove(&session); }
                _ => {}
            }
            roster.handle(event);
            while let Some(action) = roster.poll_action() {
                match action {
                    Action::Grant(session) => {
                        assert!(asking.remove(&session), "granted only to who asked");
                        assert!(alive.insert(session), "granted once");
                    }
                    Action::Evict(session) => assert!(alive.contains(&session)),
                }
                assert!(alive.len() <= bound);
            }
        };
        for (verb, row) in script {
            let session = SessionRow(row);
            let event = match verb {
                0 => Event::Asked(session),
                1 => Event::Idle(session),
                2 => Event::Busy(session),
                _ => Event::Released(session),
            };
            play(&mut roster, event, &mut alive, &mut asking);
        }
        while let Some(&session) = alive.iter().next() {
            play(&mut roster, Event::Released(session), &mut alive, &mut asking);
        }
        prop_assert!(asking.is_empty(), "left in line: {:?}", asking);
    }
}
