use super::*;

#[track_caller]
fn refused(text: &str, said: &str) {
    assert_eq!(Holds::parse(text).unwrap_err().to_string(), said);
}

#[test]
fn each_answer_has_its_time() {
    let micros = Duration::from_micros;
    let holds = Holds::parse("initialize=440,assistant=60,result=90,interrupt=40,exit=120");
    let expected = Holds {
        initialize: micros(440),
        assistant: micros(60),
        result: micros(90),
        interrupt: micros(40),
        exit: micros(120),
    };
    assert_eq!(holds, Ok(expected));
    assert_eq!(Holds::parse("exit=7"), Ok(Holds { exit: micros(7), ..Holds::default() }));
}

#[test]
fn what_is_no_hold_is_refused() {
    refused("", r#"read the holds: "" names no answer that is still to be held"#);
    refused("exit=1,", r#"read the holds: "" names no answer that is still to be held"#);
    refused("answer=1", r#"read the holds: "answer" names no answer that is still to be held"#);
    refused("exit=1,exit=2", r#"read the holds: "exit" names no answer that is still to be held"#);
    refused("exit", r#"read the holds: "" is no whole number of microseconds"#);
    refused("exit=1.5", r#"read the holds: "1.5" is no whole number of microseconds"#);
}
