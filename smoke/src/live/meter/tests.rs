use super::*;

/// What each line does: `r` a request, `$` a cost, `>` more may follow, `-` nothing.
#[track_caller]
fn play(lines: &[&str]) -> String {
    let mut counter = Counter::default();
    let said = lines.iter().map(|line| {
        let Some(charge) = counter.take(line) else { return "-".to_owned() };
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
fn an_answer_in_several_lines_is_one_request() {
    let lines = [
        r#"{"type":"system","subtype":"init"}"#,
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"assistant","message":{"id":"m1"}}"#,
        r#"{"type":"user","message":{}}"#,
        r#"{"type":"assistant","message":{"id":"m2"}}"#,
        r#"{"type":"result","session_id":"s","total_cost_usd":0.1}"#,
    ];
    assert_eq!(play(&lines), "- r - > r $>");
}

#[test]
fn a_failed_try_is_a_request_too() {
    let lines = [
        r#"{"type":"system","subtype":"api_retry","attempt":1}"#,
        r#"{"type":"assistant","message":{"id":"e1"},"is_api_error_message":true}"#,
        r#"{"type":"result","is_error":true}"#,
    ];
    assert_eq!(play(&lines), "r> r >");
}

#[test]
fn what_is_no_message_costs_nothing() {
    assert_eq!(play(&["", "text", "{}", r#"{"type":"control_response"}"#]), "- - - -");
}
