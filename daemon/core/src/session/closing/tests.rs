use std::time::Duration;

use super::{Closing, Pending};

/// `q` quiet, `h` hurry, `+n` seconds pass; the answer is what was done at which second.
#[track_caller]
fn check(pending: Pending, tasks: &[&str], script: &str, expected: &str) {
    let mut now = Duration::ZERO;
    let mut closing = Closing::begin(now, pending, tasks.iter().map(|&task| task.to_owned()));
    let mut said = Vec::new();
    let mut note = |closing: &mut Closing, now: Duration| {
        while let Some(step) = closing.poll_step() {
            said.push(format!("{}:{step:?}", now.as_secs()));
        }
    };
    note(&mut closing, now);
    for word in script.split_whitespace() {
        match word {
            "q" => closing.quiet(now),
            "h" => closing.hurry(now),
            wait => {
                now += Duration::from_secs(wait[1..].parse().expect("seconds"));
                closing.handle_deadline(now);
            }
        }
        note(&mut closing, now);
    }
    assert_eq!(said.join(" "), expected);
}

#[test]
fn a_quiet_agent_only_has_its_input_closed() {
    check(Pending::Nothing, &[], "+2", "0:CloseInput");
}

#[test]
fn a_turn_is_interrupted_and_input_closed_once_it_ended() {
    check(Pending::Turn, &[], "+1 q", "0:Interrupt 1:CloseInput");
}

#[test]
fn background_tasks_are_stopped_first() {
    check(
        Pending::Turn,
        &["a", "b"],
        "q",
        r#"0:StopTask("a") 0:StopTask("b") 0:Interrupt 0:CloseInput"#,
    );
    check(Pending::Tasks, &["a"], "q", r#"0:StopTask("a") 0:CloseInput"#);
}

#[test]
fn a_turn_that_does_not_end_is_terminated_with_its_input_open() {
    check(Pending::Turn, &[], "+4 +1 +2 +60", "0:Interrupt 5:Terminate 7:Kill");
}

#[test]
fn an_agent_that_does_not_leave_is_terminated_then_killed() {
    check(Pending::Nothing, &[], "+3 +1 +1", "0:CloseInput 3:Terminate 5:Kill");
}

#[test]
fn in_a_hurry_waiting_ends_at_once_but_term_keeps_its_time() {
    check(Pending::Turn, &[], "h h +1 +1", "0:Interrupt 0:Terminate 2:Kill");
}

#[test]
fn who_cannot_listen_is_terminated_at_once() {
    check(Pending::Deaf, &[], "+2", "0:Terminate 2:Kill");
}
