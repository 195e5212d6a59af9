//! Conversations in, the next answer out.

use serde_json::json;

use super::{Answer, Block, Entry, Fault, Pace, REPLY_TOOL, Tally, answer, texts_of};

fn frame(text: &str) -> String {
    format!("---SMS FROM +15555550123 (family)---\nChat ID: +15555550123\n{text}\n---END SMS---")
}

fn prompt(text: &str) -> Entry {
    Entry::Prompt { uuids: Vec::new(), text: frame(text) }
}

fn called(id: &str, name: &str) -> Entry {
    Entry::Called { id: id.to_owned(), name: name.to_owned(), input: json!({}) }
}

fn returned(id: &str, text: &str) -> Entry {
    Entry::Returned { id: id.to_owned(), text: text.to_owned(), is_error: false }
}

fn ask(conversation: &[Entry]) -> Answer {
    answer(conversation, &[REPLY_TOOL.to_owned(), "Bash".to_owned()])
}

/// The blocks in short: `reply "..."`, `call NAME`, or the text.
fn short(answer: &Answer) -> String {
    let blocks = answer.blocks.iter().map(|block| match block {
        Block::Text(text) => text.clone(),
        Block::Call { name, input } if name == REPLY_TOOL => format!("reply {}", input["text"]),
        Block::Call { name, input } => format!("call {name} {input}"),
    });
    blocks.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(conversation: &[Entry], expected: &str) {
    assert_eq!(short(&ask(conversation)), expected);
}

#[test]
fn a_plain_text_comes_back_in_a_reply() {
    check(&[prompt("hi")], r#"reply "You said: hi""#);
    check(&[prompt("hi"), called("1", REPLY_TOOL), returned("1", "sent")], "Done.");
}

#[test]
fn without_the_reply_tool_the_answer_is_text() {
    assert_eq!(short(&answer(&[prompt("hi")], &[])), "You said: hi");
}

#[test]
fn each_of_several_frames_gets_its_own_reply() {
    let both =
        Entry::Prompt { uuids: Vec::new(), text: format!("{}\n{}", frame("one"), frame("one")) };
    check(&[both], r#"reply "You said: one", reply "You said: one""#);
    let folded = Entry::Folded { text: frame("two") };
    check(&[prompt("one"), called("1", REPLY_TOOL), folded], r#"reply "You said: two""#);
}

#[test]
fn a_turn_that_failed_is_not_answered_with_the_next() {
    check(&[prompt("error 400"), Entry::Failed, prompt("hi")], r#"reply "You said: hi""#);
}

#[test]
fn a_tool_is_called_first_and_its_output_replied() {
    let call = called("1", "Bash");
    check(
        &[prompt("tool: echo x")],
        r#"Running., call Bash {"command":"echo x","description":"run it"}"#,
    );
    check(&[prompt("tool: echo x"), call, returned("1", "x\n")], r#"reply "The tool said: x""#);
}

#[test]
fn a_tool_that_is_not_offered_is_not_called() {
    let answer = answer(&[prompt("tool: echo x")], &[REPLY_TOOL.to_owned()]);
    assert_eq!(short(&answer), r#"reply "I have no tool Bash here. You said: tool: echo x""#);
}

#[test]
fn recall_lists_the_earlier_texts_once() {
    let conversation = [prompt("one"), prompt("two"), prompt("one"), prompt("recall")];
    check(&conversation, r#"reply "I remember: one | two""#);
    check(&[prompt("recall")], r#"reply "I remember nothing.""#);
}

#[test]
fn silence_ends_with_a_reminder() {
    let feedback = Entry::Feedback { text: "send something".to_owned() };
    check(&[prompt("silent")], "Done.");
    check(&[prompt("silent"), feedback.clone()], r#"reply "You said: silent""#);
    check(&[prompt("silent always"), feedback], "Done.");
}

#[test]
fn a_slow_text_has_a_pace() {
    let answer = ask(&[prompt("slow 3 20")]);
    assert_eq!(answer.pace, Some(Pace { chunks: 3, chunk_ms: 20 }));
}

#[test]
fn a_big_reply_has_the_length_asked_for() {
    let Block::Call { input, .. } = &ask(&[prompt("big 5000")]).blocks[0] else {
        panic!("a reply is a call");
    };
    assert_eq!(input["text"].as_str().map(str::len), Some(5000));
}

#[test]
fn a_fault_strikes_as_often_as_the_text_says() {
    let strikes =
        |text: &str, scope: &str, tally: &mut Tally| tally.strike(scope, &ask(&[prompt(text)]));
    let mut tally = Tally::default();
    let refused = Some(Fault::Status { code: 500, times: Some(2) });
    assert_eq!(strikes("error 500 x2", "a", &mut tally), refused);
    assert_eq!(strikes("error 500 x2", "a", &mut tally), refused);
    assert_eq!(strikes("error 500 x2", "a", &mut tally), None);
    assert_eq!(strikes("error 500 x2", "b", &mut tally), refused);
    assert_eq!(strikes("drop", "a", &mut tally), Some(Fault::Drop));
    assert_eq!(strikes("drop", "a", &mut tally), None);
    assert_eq!(strikes("hang", "a", &mut tally), Some(Fault::Hang));
    assert_eq!(strikes("hi", "a", &mut tally), None);
}

#[test]
fn the_text_of_a_frame_is_what_the_person_wrote() {
    let told = "<system-reminder>\nnot this\n</system-reminder>\n\
        ---GROUP SMS [walks] FROM +15555550123 [TIER: family]---\n\
        [Your memory begins here]\n[Redelivery: sent before]\nChat ID: 0123456789abcdef0123\n[Reply thread, oldest first:\n  You: \"a\"\n  x: \"b\"]\n\
        line one\n\nline two\n\nATTACHMENTS:\n  - a.png (image/png, 1 KB)\n    Path: /a.png\n\
        ---END SMS---\n---TEST FROM x---\nChat ID: y\n(no text)\n---END TEST---\n---OWNER NOTE---\nChat ID: y\nnote\n---END OWNER NOTE---";
    assert_eq!(texts_of(told), ["line one\n\nline two", "(no text)", "note"]);
    assert_eq!(texts_of("bare words"), ["bare words"]);
    assert_eq!(texts_of("<task-notification>x</task-notification>"), [""; 0]);
}
