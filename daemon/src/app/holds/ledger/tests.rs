use proptest::prelude::*;

use super::*;

/// Words: `hold`, `release` of the owner; `lease:9`, `renew:9`, `over`, `gone`; `seen` and `missed` of
/// the runner; `+3` seconds. The answer says after each who holds: `o`, `r`, both, or `-`.
#[track_caller]
fn check(mut ledger: Ledger, script: &str, expected: &str) {
    let mut now = Duration::ZERO;
    let mut said = Vec::new();
    for word in script.split_whitespace() {
        let (verb, number) = word.split_once(':').unwrap_or((word, "0"));
        let time = Duration::from_secs(number.parse().unwrap());
        match verb {
            "hold" => ledger.handle(now, Change::Owner(Hold::Held)),
            "release" => ledger.handle(now, Change::Owner(Hold::Released)),
            "lease" => ledger.handle(now, Change::Lease(time)),
            "renew" => ledger.handle(now, Change::Renew(time)),
            "over" => ledger.handle(now, Change::RestartOver),
            "gone" => ledger.handle(now, Change::FileGone),
            "seen" => ledger.handle(now, Change::RunnerSeen),
            "missed" => ledger.handle(now, Change::RunnerMissed),
            wait => {
                now += Duration::from_secs(wait.strip_prefix('+').unwrap().parse().unwrap());
                ledger.handle_deadline(now);
            }
        }
        said.push(shown(&ledger));
    }
    assert_eq!(said.join(" "), expected, "{script}");
}

fn shown(ledger: &Ledger) -> String {
    let letter = |by: HeldBy| match by {
        HeldBy::Owner => "o",
        HeldBy::Restart => "r",
        HeldBy::Other => "?",
    };
    let letters: String = ledger.held_by().into_iter().map(letter).collect();
    let held = ledger.hold() == Hold::Held;
    assert_eq!(held, !letters.is_empty());
    if held { letters } else { "-".to_owned() }
}

fn free() -> Ledger {
    Ledger::new(Hold::Released, Hold::Released)
}

#[test]
fn delivery_is_held_as_long_as_anybody_holds_it() {
    check(free(), "hold lease:30 release over", "o or r -");
    check(free(), "lease:30 hold over release", "r or o -");
}

/// Whoever held it may have been killed.
#[test]
fn a_lease_that_nobody_renews_runs_out_and_the_owners_hold_does_not() {
    check(free(), "lease:30 +29 +1", "r r -");
    check(free(), "lease:30 +29 lease:30 +29 +1", "r r r r -");
    check(free(), "hold lease:30 +9999 release", "o or o -");
}

#[test]
fn a_lease_is_what_was_asked_for_last_also_if_that_is_shorter() {
    check(free(), "lease:600 lease:5 +5", "r r -");
}

#[test]
fn a_lease_does_not_outlive_the_runner_that_asked_for_it() {
    check(free(), "lease:90 seen +30 missed +1 missed +1", "r r r r r r -");
    // It was back, or another one came in its place.
    check(free(), "lease:90 seen missed +1 seen +1 missed +1 +1", "r r r r r r r r -");
    // A renewal is of the same runner, and no longer than it lives.
    check(free(), "lease:90 seen missed renew:90 +2", "r r r r -");
    check(free(), "lease:1 seen missed +1", "r r r -");
    check(free(), "hold lease:90 seen missed +2", "o or or or o");
}

#[test]
fn a_lease_that_was_asked_for_by_hand_has_no_runner_to_outlive() {
    check(free(), "lease:90 missed +89 missed +1", "r r r r -");
    // Behind one whose runner was gone, too.
    check(free(), "lease:90 seen missed +2 lease:90 missed +89 +1", "r r r - r r r -");
}

/// What it had just asked for comes behind its end, from a child that it has left.
#[test]
fn what_is_asked_for_while_a_runners_lease_stands_is_that_runners() {
    check(free(), "lease:5 seen lease:90 missed +1 missed +1", "r r r r r r -");
    check(free(), "lease:5 seen missed lease:90 missed +1 +1", "r r r r r r -");
    check(free(), "lease:5 seen missed lease:90 seen +9 missed +1 +1", "r r r r r r r r -");
}

/// That hold ends with its file, which the launcher removes.
#[test]
fn a_runner_that_is_gone_does_not_end_the_hold_of_a_file() {
    check(Ledger::new(Hold::Released, Hold::Held), "seen missed +9999 gone", "r r r -");
}

#[test]
fn what_was_released_is_not_renewed() {
    check(free(), "lease:30 over renew:30 renew:30", "r - - -");
    check(free(), "lease:30 +20 renew:30 +29 +1", "r r r r -");
}

#[test]
fn a_daemon_that_was_started_held_is_so_until_the_file_is_gone_or_the_restart_over() {
    let held = || Ledger::new(Hold::Released, Hold::Held);
    check(held(), "+9999 gone", "r -");
    check(held(), "over gone", "- -");
    check(held(), "lease:30 gone +30", "r r -");
    check(held(), "lease:30 +30 gone", "r r -");
    check(Ledger::new(Hold::Held, Hold::Held), "gone +9999 release", "o o -");
}

proptest! {
    /// Whatever is asked in whatever order: a lease is never longer than the longest asked for, so
    /// a restart that was killed holds nothing for ever.
    #[test]
    fn once_the_file_is_gone_a_silent_restart_ends_with_its_longest_lease(
        changes in proptest::collection::vec((0_u8..7, 0_u64..100, 0_u64..50), 0..40)
    ) {
        let mut ledger = Ledger::new(Hold::Released, Hold::Held);
        let mut now = Duration::ZERO;
        for (which, time, pause) in changes {
            let time = Duration::from_secs(time);
            let change = match which {
                0 => Change::Lease(time),
                1 => Change::Renew(time),
                2 => Change::RestartOver,
                3 => Change::FileGone,
                4 => Change::RunnerSeen,
                5 => Change::RunnerMissed,
                _ => Change::Owner(Hold::Released),
            };
            ledger.handle(now, change);
            now += Duration::from_secs(pause);
            ledger.handle_deadline(now);
            prop_assert!(ledger.deadline().is_none_or(|deadline| now < deadline));
        }
        ledger.handle(now, Change::FileGone);
        ledger.handle_deadline(now + Duration::from_secs(100));
        prop_assert_eq!(ledger.hold(), Hold::Released);
    }
}
