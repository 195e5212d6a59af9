use super::*;

const ASKS: &[u8] = br#"{"type":"control_request","request_id":"1"}"#;
const ANSWERS: &[u8] = br#"{"type":"control_response","response":{}}"#;
const TELLS: &[u8] = br#"{"type":"system","subtype":"init"}"#;

/// Who says what, at which millisecond.
enum Said {
    Driver(u64, &'static [u8]),
    Agent(u64, &'static [u8]),
}

use Said::{Agent, Driver};

/// The agent's own time, in milliseconds.
#[track_caller]
fn own(lines: &[Said]) -> u128 {
    let began = Instant::now();
    let at = |ms: u64| began + Duration::from_millis(ms);
    let mut turns = Turns::begin(began);
    let mut own = None;
    for line in lines {
        match line {
            Driver(ms, line) => turns.driver_said(line, at(*ms)),
            Agent(ms, line) => own = own.or(turns.agent_said(line, at(*ms))),
        }
    }
    own.expect("the agent answers").as_millis()
}

#[test]
fn a_driver_that_asks_late_is_waited_for() {
    assert_eq!(own(&[Driver(0, ASKS), Agent(300, ANSWERS)]), 300);
    assert_eq!(own(&[Driver(40, ASKS), Agent(300, ANSWERS)]), 260);
}

#[test]
fn a_driver_that_answers_late_is_waited_for() {
    let late = |ms| [Driver(0, ASKS), Agent(100, ASKS), Driver(ms, ANSWERS), Agent(300, ANSWERS)];
    assert_eq!(own(&late(100)), 300);
    assert_eq!(own(&late(150)), 250);
}

#[test]
fn what_is_owed_at_once_is_waited_for_once() {
    let two = [
        Driver(10, ASKS),
        Agent(100, ASKS),
        Agent(110, ASKS),
        Driver(120, ANSWERS),
        Driver(150, ANSWERS),
        Agent(300, ANSWERS),
    ];
    assert_eq!(own(&two), 240);
    let open = [Driver(0, ASKS), Agent(100, ASKS), Agent(300, ANSWERS)];
    assert_eq!(own(&open), 100);
}

#[test]
fn only_the_first_answer_is_told_and_other_lines_are_nobodys_turn() {
    let lines = [
        Agent(5, TELLS),
        Driver(10, TELLS),
        Driver(20, ASKS),
        Agent(120, ANSWERS),
        Agent(130, ASKS),
        Agent(900, ANSWERS),
    ];
    assert_eq!(own(&lines), 100);
}

#[test]
fn lines_are_passed_on_as_they_are_and_each_is_heard() {
    let heard = std::cell::RefCell::new(0);
    let mut to = Vec::new();
    let count = |_: &[u8]| {
        *heard.borrow_mut() += 1;
        Ok(())
    };
    pass(&b"one\n\xff two\nlast"[..], &mut to, count).unwrap();
    assert_eq!((to.as_slice(), heard.into_inner()), (&b"one\n\xff two\nlast"[..], 3));
}

#[test]
fn a_time_is_read_as_it_was_written() {
    let time = Duration::from_nanos(1_234_567);
    assert_eq!(told(&time.as_nanos().to_string()), Some(time));
    assert_eq!(told("soon"), None);
}
