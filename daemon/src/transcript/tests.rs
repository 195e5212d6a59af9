use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use jiff::tz::TimeZone;
use serde_json::json;

use super::*;

#[test]
fn every_event_is_a_line_that_names_it_first_by_its_moment() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("3.jsonl");
    let mut transcript = Transcript::open(&path).unwrap();
    let (tool, id) = ("Bash".to_owned(), "t1".to_owned());
    for event in [
        Event::SessionStart { agent_pid: 9, agent_session: "s".into(), resumed: true },
        Event::In { row: 1, attempt: "a".into(), text: "one\ntwo".into() },
        Event::ToolUse { tool: tool.clone(), id: id.clone(), input: json!({"command": "ls"}) },
        Event::Permission {
            tool,
            id,
            verdict: "allow".into(),
            reason: "admin".into(),
            input: json!({}),
        },
        Event::Out { row: 2, text: "three".into() },
        Event::Turn {
            attempts: vec!["a".into()],
            outcome: "success".into(),
            failed: false,
            duration_ms: Some(5),
            cost_usd_total: Some(0.25),
            text: String::new(),
        },
        Event::error("no"),
        Event::Error { what: "api 529".into(), cause: Cause::Outside },
        Event::SessionStop { reason: "idle".into() },
    ] {
        transcript.record(event);
    }
    let text = fs::read_to_string(&path).unwrap();
    let events: Vec<String> = text
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            assert!(line.starts_with("{\"at\":\"") && value["at"].as_str().unwrap().ends_with('Z'));
            value["event"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected = "SESSION_START IN TOOL_USE PERMISSION OUT TURN ERROR ERROR SESSION_STOP";
    assert_eq!(events.join(" "), expected);
    assert_eq!(
        text.matches(r#""what":"no"}"#).count(),
        1,
        "that it is our own goes without saying"
    );
    assert!(text.contains(r#""what":"api 529","cause":"outside"}"#), "{text}");
    for line in text.lines() {
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[track_caller]
fn check_pretty(line: &str, expected: &str) {
    assert_eq!(pretty(line, &TimeZone::UTC), expected);
}

#[test]
fn a_person_reads_a_line_each() {
    check_pretty(
        r#"{"at":"2026-01-01T10:00:00.123Z","event":"IN","row":1,"attempt":"a","text":"one\ntwo"}"#,
        "10:00:00 in     one\n                two",
    );
    check_pretty(
        r#"{"at":"2026-01-01T10:00:00Z","event":"TOOL_USE","tool":"Bash","id":"t","input":{"command":"ls"}}"#,
        r#"10:00:00 tool   Bash {"command":"ls"}"#,
    );
    check_pretty(
        r#"{"at":"2026-01-01T10:00:00Z","event":"TURN","attempts":[],"outcome":"success","failed":false,"duration_ms":7}"#,
        "10:00:00 turn   success, 7 ms",
    );
}

#[test]
fn a_line_of_another_version_is_shown_as_it_is() {
    check_pretty(r#"{"event":"NEW"}"#, r#"{"event":"NEW"}"#);
    check_pretty("not even json", "not even json");
}

#[test]
fn a_message_cannot_act_on_the_terminal() {
    check_pretty(
        r#"{"at":"2026-01-01T10:00:00Z","event":"OUT","row":1,"text":"\u001b[2J\u202ex\u009b"}"#,
        "10:00:00 out    \u{241b}[2J\u{fffd}x\u{fffd}",
    );
}

#[test]
fn a_long_input_is_cut_for_reading() {
    let input = json!({ "text": "é".repeat(500) });
    let line = json!({"at": "2026-01-01T10:00:00Z", "event": "TOOL_USE", "tool": "Write", "id": "t", "input": input});
    let text = pretty(&line.to_string(), &TimeZone::UTC);
    assert!(text.ends_with("é…") && text.chars().count() < 230, "{text}");
}
