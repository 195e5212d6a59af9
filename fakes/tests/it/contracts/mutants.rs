//! Faults of the stand-in, each of which the contracts have to find.
//!
//! A mutant is the stand-in with one fault between it and the host: a line unsaid, said twice, said
//! with another word, unheard, or heard with another word. That is all a host can see of a fault.

use harness::contract::{Launch, Session};
use serde_json::{Value, json};

use super::fault::{Fault, Mutant, Pick};

/// The answer to the host's request of this subtype.
const fn answer_to(subtype: &'static str) -> Pick {
    Pick::Answer(subtype)
}

const fn line(kind: &'static str) -> Pick {
    Pick::Line(kind)
}

/// All mutants, each with the contracts that have to kill it.
pub(crate) fn all() -> Vec<Mutant> {
    [
        turns(),
        messages(),
        tools(),
        questions(),
        hooks(),
        steering(),
        interrupts(),
        sessions(),
        trouble(),
    ]
    .concat()
}

fn mutant(name: &'static str, killed_by: &'static [&'static str], faults: Vec<Fault>) -> Mutant {
    Mutant { name, killed_by, faults }
}

fn turns() -> Vec<Mutant> {
    let greeting = json!({ "type": "system", "subtype": "init", "uuid": "g", "session_id": "s" });
    vec![
        mutant("it greets before it is spoken to", &["C01"], vec![Fault::Greets(greeting)]),
        mutant("no init", &["C02", "C30"], vec![Fault::Unsaid(line("system/init"))]),
        mutant("init only in the first turn", &["C02"], vec![Fault::SaidOnce(line("system/init"))]),
        mutant("a result is dropped", &["C02", "C37"], vec![Fault::Unsaid(line("result"))]),
        mutant("a result comes twice", &["C02", "C20"], vec![Fault::SaidTwice(line("result"))]),
        mutant(
            "a result comes twice, each with an id of its own",
            &["C02", "C20"],
            vec![Fault::SaidAgain(line("result"))],
        ),
        mutant(
            "a result without is_error",
            &["C02"],
            vec![Fault::SaidWith(line("result"), "/is_error", Value::Null)],
        ),
        mutant(
            "a result lists no message",
            &["C02", "C21"],
            vec![Fault::SaidWith(line("result"), "/user_message_uuids", Value::Null)],
        ),
        mutant(
            "another session in every turn",
            &["C02", "C30"],
            vec![Fault::SaidWith(line("system/init"), "/session_id", json!("another"))],
        ),
    ]
}

fn messages() -> Vec<Mutant> {
    vec![
        mutant("no idle", &["C03"], vec![Fault::Unsaid(Pick::State("idle"))]),
        mutant(
            "a message never completes",
            &["C03", "C20"],
            vec![Fault::Unsaid(Pick::Lifecycle("completed"))],
        ),
        mutant(
            "an answer under another id",
            &["C01", "C04"],
            vec![Fault::SaidWith(line("control_response"), "/response/request_id", json!("req_0"))],
        ),
        mutant("an answer comes twice", &["C04"], vec![Fault::SaidTwice(line("control_response"))]),
        mutant(
            "an error is answered as a success",
            &["C04", "C08"],
            vec![Fault::SaidWith(
                line("control_response/error"),
                "/response/subtype",
                json!("success"),
            )],
        ),
    ]
}

fn tools() -> Vec<Mutant> {
    vec![
        mutant(
            "a tool's result is dropped",
            &["C05", "C14"],
            vec![Fault::Unsaid(line("user/tool_result"))],
        ),
        mutant(
            "a tool's result under another id",
            &["C05"],
            vec![Fault::SaidWith(
                line("user/tool_result"),
                "/message/content/0/tool_use_id",
                json!("toolu_0"),
            )],
        ),
        mutant(
            "tools/call twice",
            &["C06"],
            vec![Fault::SaidAgain(line("control_request/mcp_message/tools/call"))],
        ),
        mutant(
            "tools/call without its tool-use id",
            &["C06"],
            vec![Fault::SaidWith(
                line("control_request/mcp_message/tools/call"),
                "/request/message/params/_meta",
                json!({}),
            )],
        ),
        mutant(
            "initialize is answered before the tool server is greeted",
            &["C06"],
            vec![Fault::Unsaid(line("control_request/mcp_message/initialize"))],
        ),
        mutant(
            "the end of a task gives no turn",
            &["C07", "C39"],
            vec![Fault::Silenced(line("system/task_notification"))],
        ),
        mutant(
            "an injected result says nothing of its origin",
            &["C07", "C39"],
            vec![Fault::SaidWith(line("result"), "/origin", Value::Null)],
        ),
        mutant(
            "pieces of an answer are lost",
            &["C41"],
            vec![Fault::SaidOnce(line("stream_event"))],
        ),
        mutant("long lines are cut", &["C11"], vec![Fault::CutLines(1024 * 1024)]),
    ]
}

fn questions() -> Vec<Mutant> {
    let allow = json!("allow");
    vec![
        mutant(
            "a line of an unknown type ends it",
            &["C09"],
            vec![Fault::HeardWith(line("never_heard_of"), "/type", json!("user"))],
        ),
        mutant("a last line without an end is lost", &["C12"], vec![Fault::DeafToUnended]),
        mutant("a broken line is passed over", &["C10"], vec![Fault::DeafToGarbage]),
        mutant(
            "a deny runs the tool all the same",
            &["C14"],
            vec![Fault::HeardWith(Pick::Said("behavior"), "/response/response/behavior", allow)],
        ),
        mutant(
            "the changed input of an allow is ignored",
            &["C13"],
            vec![Fault::HeardWith(
                Pick::Said("updatedInput"),
                "/response/response/updatedInput/command",
                json!("touch asked"),
            )],
        ),
        mutant(
            "denials are not listed",
            &["C14", "C17", "C38"],
            vec![Fault::SaidWith(line("result"), "/permission_denials", json!([]))],
        ),
        mutant(
            "a deny does not end the turn",
            &["C15"],
            vec![Fault::HeardWith(
                Pick::Said("interrupt"),
                "/response/response/interrupt",
                json!(false),
            )],
        ),
        mutant(
            "an open question is not withdrawn",
            &["C16"],
            vec![Fault::Unsaid(line("control_cancel_request"))],
        ),
    ]
}

fn hooks() -> Vec<Mutant> {
    vec![
        mutant(
            "a hook's answer is ignored",
            &["C17", "C18", "C19"],
            vec![
                Fault::HeardWith(Pick::Said("hookSpecificOutput"), "/response/response", json!({})),
                Fault::HeardWith(Pick::Said("decision"), "/response/response", json!({})),
            ],
        ),
        mutant(
            "hooks are never asked",
            &["C17", "C18", "C19"],
            vec![Fault::HeardWith(
                line("control_request/initialize"),
                "/request/hooks",
                Value::Null,
            )],
        ),
        mutant(
            "the stop hook is never told that it reminded",
            &["C18"],
            vec![Fault::SaidWith(
                line("control_request/hook_callback/Stop"),
                "/request/input/stop_hook_active",
                json!(false),
            )],
        ),
        mutant(
            "a question that fails with stdin says nothing",
            &["C38"],
            vec![Fault::SaidWith(
                line("user/tool_result"),
                "/message/content/0/is_error",
                json!(false),
            )],
        ),
    ]
}

fn steering() -> Vec<Mutant> {
    vec![
        mutant(
            "a folded message is never listed",
            &["C20"],
            vec![Fault::FirstOf(line("result"), "/user_message_uuids")],
        ),
        mutant(
            "a message during a tool waits for a turn of its own",
            &["C20"],
            vec![Fault::HeardWith(line("user"), "/priority", json!("later"))],
        ),
        mutant(
            "priorities are ignored",
            &["C22"],
            vec![Fault::HeardWith(Pick::Has("priority"), "/priority", json!("next"))],
        ),
        mutant(
            "cancel_async_message is answered and not obeyed",
            &["C23"],
            vec![Fault::Pretends("cancel_async_message", json!({ "cancelled": true }))],
        ),
        mutant("a message is taken as often as it is sent", &["C24"], vec![Fault::RenamesRepeated]),
    ]
}

fn interrupts() -> Vec<Mutant> {
    vec![
        mutant(
            "an interrupt is answered and the turn goes on",
            &["C25", "C26"],
            vec![Fault::Pretends("interrupt", json!({ "still_queued": [] }))],
        ),
        mutant(
            "an interrupt is not answered",
            &["C25", "C27"],
            vec![Fault::Unsaid(answer_to("interrupt"))],
        ),
        mutant(
            "an interrupted turn says that it went well",
            &["C25", "C26"],
            vec![Fault::SaidWith(line("result/error_during_execution"), "/is_error", json!(false))],
        ),
        mutant(
            "an interrupt empties the queue unasked",
            &["C28"],
            vec![Fault::HeardWith(
                line("control_request/interrupt"),
                "/request/cancel_queued",
                json!(true),
            )],
        ),
        mutant(
            "cancel_queued is ignored",
            &["C29"],
            vec![Fault::HeardWith(
                line("control_request/interrupt"),
                "/request/cancel_queued",
                json!(false),
            )],
        ),
    ]
}

fn sessions() -> Vec<Mutant> {
    vec![
        mutant(
            "a resumed session starts afresh",
            &["C30", "C31", "C33"],
            vec![Fault::Launches(afresh)],
        ),
        mutant("a fork is no fork", &["C42"], vec![Fault::Launches(unforked)]),
        mutant("a fork is taken that is called none", &["C32"], vec![Fault::Launches(forked)]),
        mutant("a session id is given twice", &["C32"], vec![Fault::Launches(renamed)]),
        mutant("a refusal ends with exit code 0", &["C31", "C32"], vec![Fault::ExitCode(1, 0)]),
    ]
}

fn trouble() -> Vec<Mutant> {
    vec![
        mutant(
            "an error of the API says that it went well",
            &["C34"],
            vec![Fault::SaidWith(line("result/success"), "/is_error", json!(false))],
        ),
        mutant(
            "an error of the API ends the process",
            &["C34"],
            vec![Fault::EndsAfter(Pick::FailedResult)],
        ),
        mutant(
            "a retry is not told",
            &["C34", "C35"],
            vec![Fault::Unsaid(line("system/api_retry"))],
        ),
        mutant("exit code 0 after an error result", &["C36"], vec![Fault::ExitCode(1, 0)]),
        mutant("exit code 1 after a good result", &["C01", "C36"], vec![Fault::ExitCode(0, 1)]),
        mutant(
            "the end of stdin ends the turn",
            &["C37", "C38", "C39"],
            vec![Fault::EndsWithStdin],
        ),
    ]
}

/// A session that should go on begins.
fn afresh(launch: &Launch) -> Session {
    match &launch.session {
        Session::Resume(id) => Session::New(other(id)),
        session => session.clone(),
    }
}

/// A session that should stay as it was goes on.
fn unforked(launch: &Launch) -> Session {
    match &launch.session {
        Session::Fork(of) => Session::Resume(of.clone()),
        session => session.clone(),
    }
}

/// A session that should go on under another id does so.
fn forked(launch: &Launch) -> Session {
    match &launch.session {
        Session::ResumeAs { of, .. } => Session::Resume(of.clone()),
        session => session.clone(),
    }
}

/// An id that is in use is not noticed.
fn renamed(launch: &Launch) -> Session {
    match &launch.session {
        Session::New(id) if 0 < launch.run => Session::New(other(id)),
        session => session.clone(),
    }
}

/// Another id of the same form.
fn other(id: &str) -> String {
    id.replacen("c0", "d0", 1)
}
