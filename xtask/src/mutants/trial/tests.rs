use std::collections::VecDeque;

use super::*;

/// Tests that failed, by name.
fn noticed(by: &[&str]) -> Finding {
    Finding::Noticed { by: by.iter().map(|&name| name.to_owned()).collect(), timeout: false }
}

/// Tests that did not end, by name.
fn hung(by: &[&str]) -> Finding {
    Finding::Noticed { by: by.iter().map(|&name| name.to_owned()).collect(), timeout: true }
}

/// Tries a fault on a bench that finds these, one after the other; what was asked of it, and the
/// verdict.
fn play(findings: &[Finding]) -> String {
    let mut left: VecDeque<&Finding> = findings.iter().collect();
    let mut asked = Vec::new();
    let verdict = judged(|stage, tree| {
        asked.push(match tree {
            Tree::AsItIs => format!("({stage})"),
            Tree::Faulty => stage.to_string(),
        });
        Ok(Some(left.pop_front().expect("the script says what is found").clone()))
    });
    assert!(left.is_empty(), "never asked for: {left:?}");
    format!("{} -> {}", asked.join(", "), verdict.unwrap())
}

use Finding::Held;

#[test]
fn the_test_that_is_named_is_believed_at_once() {
    assert_eq!(play(&[noticed(&["a"])]), "its test -> killed by its test");
}

#[test]
fn more_tests_count_only_once_they_have_held_without_the_fault() {
    let flaky = [Held, noticed(&["b"])];
    assert_eq!(
        play(&flaky),
        "its test, (tier 1) -> UNCLEAR: tier 1 does not hold without the fault"
    );
    let flaky = [Held, Held, Held, hung(&[])];
    assert_eq!(
        play(&flaky),
        "its test, (tier 1), tier 1, (tier 2) -> UNCLEAR: tier 2 does not hold without the fault"
    );
    let none = [Held, Finding::Nothing { why: "no test ran".to_owned() }];
    assert!(play(&none).ends_with("UNCLEAR: tier 1 does not hold without the fault"));
}

#[test]
fn a_test_that_is_not_the_named_one_kills_if_it_fails_again() {
    let again = [Held, Held, noticed(&["b", "c"]), noticed(&["c"])];
    assert_eq!(play(&again), "its test, (tier 1), tier 1, tier 1 -> killed by tier 1");
    let others = [Held, Held, noticed(&["b"]), noticed(&["c"])];
    assert_eq!(
        play(&others),
        "its test, (tier 1), tier 1, tier 1 -> UNCLEAR: tier 1 fails, but in other tests each time"
    );
}

#[test]
fn what_hung_kills_if_it_hangs_again() {
    assert_eq!(
        play(&[hung(&["a"]), hung(&["a"])]),
        "its test, its test -> killed by its test (timeout)"
    );
    // A run that was ended at its limit names nobody.
    assert_eq!(play(&[hung(&[]), hung(&[])]), "its test, its test -> killed by its test (timeout)");
    assert_eq!(play(&[hung(&["a"]), noticed(&["a"])]), "its test, its test -> killed by its test");
}

#[test]
fn what_was_noticed_once_is_no_kill() {
    let once = [hung(&["a"]), Held, Held, noticed(&["b"]), Held, Held, Held];
    assert_eq!(
        play(&once),
        "its test, its test, (tier 1), tier 1, tier 1, (tier 2), tier 2 \
         -> UNCLEAR: tier 1 noticed it once and not again"
    );
    let later = [hung(&["a"]), Held, Held, noticed(&["b"]), noticed(&["b"])];
    assert!(play(&later).ends_with("killed by tier 1"), "{}", play(&later));
}

#[test]
fn a_fault_that_nobody_notices_survives() {
    assert_eq!(
        play(&[Held, Held, Held, Held, Held]),
        "its test, (tier 1), tier 1, (tier 2), tier 2 -> SURVIVED"
    );
}

#[test]
fn a_wish_to_end_ends_it_wherever_it_is() {
    for held in 0..5 {
        let mut findings = vec![Held; held];
        findings.push(Finding::Interrupted);
        assert!(play(&findings).ends_with("-> interrupted"), "{}", play(&findings));
    }
    let in_between = [hung(&["a"]), Finding::Interrupted];
    assert_eq!(play(&in_between), "its test, its test -> interrupted");
}
