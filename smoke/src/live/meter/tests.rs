use super::*;

const SAID: &str = r#"{"type":"user","message":{"role":"user","content":"x"}}"#;
const RESULT: &str = r#"{"type":"result","session_id":"s","total_cost_usd":0.1}"#;

/// What each line does, one that is said to the program begins with `<`: `r` a request, `$` a cost,
/// `>` something has to be left for it, `-` nothing.
#[track_caller]
fn play(lines: &[&str]) -> String {
    let mut counter = Counter::default();
    let said = lines.iter().map(|line| {
        let charge = match line.strip_prefix('<') {
            Some(line) => counter.put(line),
            None => counter.take(line),
        };
        let Some(charge) = charge else { return "-".to_owned() };
        let mut said: String = charge
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Request => 'r',
                Entry::Cost { .. } => '$',
            })
            .collect();
        if charge.goes_on {
            said.push('>');
        }
        said
    });
    said.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_request_is_paid_for_before_it_is_made_and_once() {
    let lines = [
        r#"<{"type":"control_request","request":{"subtype":"initialize"}}"#,
        r#"<{"type":"user","message":{}}"#,
        r#"{"type":"system","subtype":"init"}"#,
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"user","message":{}}"#,
        r#"{"type":"user","message":{}}"#,
        r#"{"type":"assistant","message":{"id":"m2"}}"#,
        r#"{"type":"result","session_id":"s","total_cost_usd":0.1}"#,
    ];
    assert_eq!(play(&lines), "- r> - - - r> - - $>");
}

#[test]
fn a_request_that_was_cut_off_before_its_answer_stays_paid_for() {
    let said = format!("<{SAID}");
    let lines = [
        said.as_str(),
        RESULT,
        said.as_str(),
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"user","message":{}}"#,
        RESULT,
    ];
    assert_eq!(play(&lines), "r> $> r> - r> $>");
}

#[test]
fn an_answer_that_nobody_announced_is_a_request() {
    let lines = [
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"assistant","message":{"id":"m2"}}"#,
    ];
    assert_eq!(play(&lines), "r - r");
}

#[test]
fn a_failed_try_is_a_request_too() {
    let lines = [
        r#"<{"type":"user","message":{}}"#,
        r#"{"type":"system","subtype":"api_retry","attempt":1}"#,
        r#"{"type":"assistant","message":{"id":"e1"},"is_api_error_message":true}"#,
        r#"{"type":"result","is_error":true}"#,
    ];
    assert_eq!(play(&lines), "r> r> - >");
}

#[test]
fn what_is_no_message_costs_nothing() {
    assert_eq!(play(&["", "text", "{}", r#"{"type":"control_response"}"#]), "- - - -");
}

/// A program that waits, metered with so many requests; its ledger lies in the directory.
fn metered(requests: u64) -> (tempfile::TempDir, Metered) {
    let place = tempfile::tempdir().unwrap();
    let ledger = place.path().join("ledger.jsonl");
    std::fs::write(&ledger, "").unwrap();
    let child =
        Command::new("sh").args(["-c", "read -r line"]).stdin(Stdio::piped()).spawn().unwrap();
    let budget = Budget { requests, usd: 1.0 };
    let meter = Meter { program: PathBuf::from("sleep"), ledger, budget };
    (place, Metered::new(meter, child))
}

/// Whether the program was ended, and what was spent. One that was not ends with its input.
fn ended(metered: &Metered) -> (bool, u64) {
    let mut child = metered.child();
    drop(child.stdin.take());
    let status = child.wait().unwrap();
    (status.signal() == Some(9), Spent::read(&metered.meter.ledger).unwrap().requests)
}

#[test]
fn a_message_for_which_nothing_is_left_does_not_reach_the_program() {
    let (_place, metered) = metered(1);
    let control = r#"{"type":"control_request","request_id":"1"}"#;
    let mut reached = Vec::new();
    metered.pass_in(format!("{control}\n{SAID}\n").as_bytes(), &mut reached);
    metered.pass_in(format!("{control}\n{SAID}\n{control}\n").as_bytes(), &mut reached);
    let reached = String::from_utf8(reached).unwrap();
    assert_eq!(reached, format!("{control}\n{SAID}\n{control}\n"));
    assert_eq!(ended(&metered), (true, 1));
}

#[test]
fn what_a_tool_gave_ends_the_program_if_nothing_is_left_to_ask_with() {
    for (requests, expected) in [(1, (true, 1)), (2, (false, 2))] {
        let (_place, metered) = metered(requests);
        metered.pass_in(format!("{SAID}\n").as_bytes(), io::sink());
        let said = format!("{}\n{SAID}\n", r#"{"type":"assistant","message":{"id":"m1"}}"#);
        let mut heard = Vec::new();
        metered.pass_out(said.as_bytes(), &mut heard).unwrap();
        // What it has said is passed on all the same.
        assert_eq!(String::from_utf8(heard).unwrap(), said);
        assert_eq!(ended(&metered), expected, "of {requests}");
    }
}

#[test]
fn what_cannot_be_written_down_is_not_asked() {
    let (place, metered) = metered(9);
    std::fs::remove_file(place.path().join("ledger.jsonl")).unwrap();
    let mut reached = Vec::new();
    metered.pass_in(format!("{SAID}\n").as_bytes(), &mut reached);
    assert_eq!(reached, b"");
    std::fs::write(place.path().join("ledger.jsonl"), "").unwrap();
    assert_eq!(ended(&metered), (true, 0));
}

#[test]
fn several_meters_do_not_spend_the_last_request_twice() {
    let (place, metered) = metered(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            let (ledger, budget) = (place.path().join("ledger.jsonl"), metered.meter.budget);
            let meter = Meter { program: PathBuf::new(), ledger, budget };
            scope.spawn(move || {
                let charge = Charge { entries: vec![Entry::Request], goes_on: true };
                while meter.settle(charge.clone()).unwrap() {}
            });
        }
    });
    assert_eq!(ended(&metered), (false, 5));
}
