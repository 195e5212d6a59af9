use super::{TurnFacts, TurnOutcome, classify};

#[track_caller]
fn check(case: (bool, Option<&str>, &str, Option<u16>, u64), expected: &TurnOutcome) {
    let (is_error, terminal_reason, subtype, api_status, model_turns) = case;
    let facts = TurnFacts {
        is_error,
        terminal_reason: terminal_reason.map(str::to_owned),
        subtype: subtype.to_owned(),
        api_status,
        model_turns,
    };
    assert_eq!(classify(&facts), *expected, "{case:?}");
}

fn elsewhere(reason: &str) -> TurnOutcome {
    TurnOutcome::Elsewhere(reason.to_owned())
}

fn permanent(reason: &str) -> TurnOutcome {
    TurnOutcome::Permanent(reason.to_owned())
}

#[test]
fn a_turn_that_completed_without_error_answers() {
    check((false, Some("completed"), "success", None, 1), &TurnOutcome::Answered);
}

/// Every failure that was seen, by its status and never by its words: those change.
/// What the other end refuses for now is tried again.
/// Incidents: 8, 9, 56.
#[test]
fn success_with_is_error_is_no_answer() {
    for status in [401, 403, 404, 429, 500, 529] {
        let expected = elsewhere(&format!("api {status}"));
        check((true, Some("api_error"), "success", Some(status), 1), &expected);
    }
    check((true, Some("api_error"), "success", None, 1), &elsewhere("api unreachable"));
    // An older program says "completed" beside an API error.
    check((true, Some("completed"), "success", Some(500), 1), &elsewhere("api 500"));
}

/// What is too large or malformed will be so at the next try.
/// Incidents: 8, 9.
#[test]
fn what_the_other_end_will_never_take_is_permanent() {
    check((true, Some("api_error"), "success", Some(400), 1), &permanent("api 400"));
    check((true, Some("image_error"), "success", Some(413), 1), &permanent("api 413"));
    check((false, None, "success", None, 0), &permanent("blocked before the model"));
}

#[test]
fn a_full_conversation_is_no_fault_of_the_message() {
    check((true, Some("blocking_limit"), "success", None, 0), &TurnOutcome::Full);
}

/// Several facts may speak at once, and the order of the look decides what is done: what we cut
/// ourselves first, then what the message can help, then the conversation, then the other end.
/// Incidents: 57.
#[test]
fn of_several_facts_the_most_telling_decides() {
    let blocking = Some("blocking_limit");
    check((true, Some("aborted_tools"), "success", Some(500), 1), &TurnOutcome::Interrupted);
    check((true, Some("image_error"), "success", Some(400), 1), &permanent("api 400"));
    check((true, Some("image_error"), "success", None, 1), &permanent("attachment too large"));
    check((true, blocking, "success", Some(529), 0), &TurnOutcome::Full);
    check((true, Some("max_turns"), "error_max_turns", Some(429), 1), &elsewhere("api 429"));
}

#[test]
fn a_cut_turn_is_interrupted_whatever_else_it_says() {
    for reason in ["aborted_streaming", "aborted_tools"] {
        check((true, Some(reason), "error_during_execution", None, 2), &TurnOutcome::Interrupted);
        check((false, Some(reason), "success", None, 1), &TurnOutcome::Interrupted);
    }
}

#[test]
fn any_other_end_is_the_turns_own_failure() {
    let expected = TurnOutcome::Failed("error_max_turns (max_turns)".to_owned());
    check((true, Some("max_turns"), "error_max_turns", None, 1), &expected);
    let expected = TurnOutcome::Failed("ended as something_new".to_owned());
    check((false, Some("something_new"), "success", None, 1), &expected);
}
