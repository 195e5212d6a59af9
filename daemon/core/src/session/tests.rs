//! Scripts: each word is an event, each line of the answer what the machine did about it.

use std::time::Duration;

use super::{
    Action, Activity, AttemptNo, Beginning, Cause, Command, Conversation, Delivery, Event, Hold,
    Memory, Owed, Report, Session, Start, TurnOutcome,
};
use crate::message::RowId;

mod away;
mod recovery;
mod trouble;
mod world;

/// Words: `new:1,2` rows stand in the store and a hint comes (`1!` was delivered before, `1!2`
/// with two counted attempts); `slot`, `up`, `lost` (resume refused), `failed` (launch), `exit`,
/// `asked` (exit at a request);
/// `ok:1,2` / `cut:` / `busy:` (api 529) / `bad:` (api 400) / `err:` / `full:` end of a turn
/// listing attempts; `run`, `idle`, `tasks:a,b`, `seen:1`, `cancel:1`, `nobegin`, `gone:1`; `kill`,
/// `away` (put away), `restart`, `evict`, `end` (10 s grace), `now`, `hold`, `release`; `+3` seconds.
#[track_caller]
fn play(start: Start, script: &str) -> String {
    play_from(
        Beginning { conversation: Conversation::OfTheChat, start, hold: Hold::Released },
        script,
    )
}

#[track_caller]
fn play_from(beginning: Beginning, script: &str) -> String {
    played(beginning, script).1.join("\n")
}

#[track_caller]
fn played(beginning: Beginning, script: &str) -> (Session, Vec<String>) {
    let mut session = Session::new(beginning);
    let mut store: Vec<Owed> = Vec::new();
    let mut now = Duration::ZERO;
    let mut lines = Vec::new();
    drain(&mut session, &mut store, now, "");
    let words: Vec<&str> = script.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let done = step(&mut session, &mut store, &mut now, (word, next));
        lines.push(format!("{word} -> {}", done.join(" ")).trim_end().to_owned());
    }
    (session, lines)
}

fn step(
    session: &mut Session,
    store: &mut Vec<Owed>,
    now: &mut Duration,
    (word, next): (&str, &str),
) -> Vec<String> {
    if let Some(seconds) = word.strip_prefix('+') {
        *now += Duration::from_secs(seconds.parse().expect("seconds"));
        session.handle_deadline(*now);
        return drain(session, store, *now, next);
    }
    let (verb, rest) = word.split_once(':').unwrap_or((word, ""));
    if verb == "new" {
        store.extend(rest.split(',').map(owed));
    }
    session.handle(*now, event(verb, rest));
    drain(session, store, *now, next)
}

fn owed(word: &str) -> Owed {
    let (row, counted) = word.split_once('!').unwrap_or((word, ""));
    let delivery = if word.contains('!') { Delivery::Again } else { Delivery::First };
    Owed { row: RowId(row.parse().expect("row")), counted: counted.parse().unwrap_or(0), delivery }
}

fn event(verb: &str, rest: &str) -> Event {
    let list = || -> Vec<&str> { rest.split(',').filter(|word| !word.is_empty()).collect() };
    let attempts = || -> Vec<AttemptNo> {
        list().iter().map(|no| AttemptNo(no.parse().expect("attempt"))).collect()
    };
    let ended = |outcome| Event::TurnEnded(attempts(), outcome);
    match verb {
        "new" => Event::Routed,
        "slot" => Event::SlotGranted,
        "up" => Event::Ready,
        "lost" => Event::ResumeRefused,
        "failed" => Event::LaunchFailed,
        "exit" => Event::Exited(Cause::ByItself),
        "asked" => Event::Exited(Cause::Asked),
        "ok" => ended(TurnOutcome::Answered),
        "cut" => ended(TurnOutcome::Interrupted),
        "busy" => ended(TurnOutcome::Elsewhere("api 529".to_owned())),
        "bad" => ended(TurnOutcome::Permanent("api 400".to_owned())),
        "full" => ended(TurnOutcome::Full),
        "err" => ended(TurnOutcome::Failed("broke".to_owned())),
        "run" => Event::Activity(Activity::Running),
        "idle" => Event::Activity(Activity::Idle),
        "tasks" => Event::Tasks(list().into_iter().map(str::to_owned).collect()),
        "seen" => Event::Seen(attempts()[0]),
        "cancel" => Event::Cancelled(attempts()[0]),
        "nobegin" => Event::NotBegun,
        "gone" => Event::Begun { finished: attempts() },
        "kill" => Event::Command(Command::Kill),
        "away" => Event::Command(Command::PutAway),
        "restart" => Event::Command(Command::Restart),
        "evict" => Event::Command(Command::Evict),
        "end" => Event::Command(Command::End { turn_grace: Duration::from_secs(10) }),
        "now" => Event::Command(Command::EndNow),
        "hold" => Event::Hold(Hold::Held),
        "release" => Event::Hold(Hold::Released),
        other => panic!("no such word: {other}"),
    }
}

/// Carries out fetches at once, and deliveries unless the next word says otherwise; says everything
/// else.
fn drain(session: &mut Session, store: &mut [Owed], now: Duration, next: &str) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(action) = session.poll_action() {
        if let Action::Fetch(after, room) = action {
            let rows: Vec<Owed> =
                store.iter().filter(|owed| after < owed.row).take(room).copied().collect();
            let more_after = rows.last().filter(|_| rows.len() == room).map(|owed| owed.row);
            session.handle(now, Event::Fetched { rows, more_after });
            continue;
        }
        said.push(show(&action));
        if matches!(action, Action::Deliver(_)) && next != "nobegin" && !next.starts_with("gone:") {
            session.handle(now, Event::Begun { finished: Vec::new() });
        }
    }
    said
}

fn show(action: &Action) -> String {
    match action {
        Action::Deliver(deliveries) => {
            let each = deliveries.iter().map(|delivered| {
                let again = if delivered.delivery == Delivery::Again { "!" } else { "" };
                let lost = if delivered.memory == Memory::Lost { "?" } else { "" };
                format!("{}={}{again}{lost}", delivered.attempt.0, delivered.row.0)
            });
            format!("Deliver({})", each.collect::<Vec<_>>().join(","))
        }
        Action::Settle(settlement) => {
            let answered = settlement.answered.iter().map(|attempt| format!("{}ok", attempt.0));
            let closed = settlement
                .closed
                .iter()
                .map(|(attempt, closed, counted)| format!("{}{closed:?}{counted:?}", attempt.0));
            let failed = settlement
                .failed
                .iter()
                .map(|(row, why)| format!("row{}:{}", row.0, why.as_str().replace(' ', "-")));
            let all: Vec<String> = answered.chain(closed).chain(failed).collect();
            format!("Settle({})", all.join(","))
        }
        Action::Close(step) => format!("{step:?}"),
        Action::Report(Report::Dropped(row, _)) => format!("Dropped({})", row.0),
        Action::Report(report) => format!("{report:?}"),
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn check(script: &str, expected: &str) {
    check_from(Start::Fresh, script, expected);
}

#[track_caller]
fn check_from(start: Start, script: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(play(start, script), expected.join("\n"));
}

#[test]
fn the_first_message_starts_an_agent_and_is_delivered_when_it_is_up() {
    check(
        "new:1 slot up seen:1 run ok:1 idle",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         seen:1 ->
         run ->
         ok:1 -> Settle(1ok)
         idle ->",
    );
}

#[test]
fn a_conversation_of_the_agent_alone_is_never_resumed() {
    let beginning = Beginning {
        conversation: Conversation::OfTheAgent,
        start: Start::Resume,
        hold: Hold::Released,
    };
    let said = play_from(beginning, "new:1 slot up ok:1 kill idle exit new:2 slot");
    let launches: Vec<&str> = said.lines().filter(|line| line.contains("Launch")).collect();
    assert_eq!(launches, ["slot -> Launch(Fresh)"; 2], "{said}");
}

#[test]
fn messages_go_to_a_running_turn_at_once_and_one_result_may_answer_several() {
    check(
        "new:1 slot up run new:2 new:3 ok:1,2 ok:3",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         new:2 -> Deliver(2=2)
         new:3 -> Deliver(3=3)
         ok:1,2 -> Settle(1ok,2ok)
         ok:3 -> Settle(3ok)",
    );
}

#[test]
fn a_hint_that_comes_while_the_store_is_asked_has_it_asked_once_more() {
    let mut session = Session::new(Beginning {
        conversation: Conversation::OfTheChat,
        start: Start::Fresh,
        hold: Hold::Released,
    });
    let mut asks_after = |event: Option<Event>| {
        if let Some(event) = event {
            session.handle(Duration::ZERO, event);
        }
        matches!(session.poll_action(), Some(Action::Fetch(..)))
    };
    let nothing = || Some(Event::Fetched { rows: Vec::new(), more_after: None });
    assert!(asks_after(None), "at the beginning");
    assert!(!asks_after(Some(Event::Routed)), "one question at a time");
    assert!(asks_after(nothing()), "what was routed meanwhile may not be in the answer");
    assert!(!asks_after(nothing()), "nothing came since");
}

/// Nothing but a message brings back what somebody ended.
/// Incidents: 46.
#[test]
fn a_killed_session_sleeps_until_the_next_message() {
    check(
        "new:1 slot up run kill idle exit +9999 new:2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         kill -> Interrupt
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot
         +9999 ->
         new:2 -> AskSlot",
    );
}

#[test]
fn a_session_killed_while_its_agent_is_restarted_sleeps() {
    check(
        "new:1 slot up run restart kill idle exit +9999 new:2",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         restart -> Interrupt
         kill ->
         idle -> CloseInput
         exit -> Settle(1InterruptedNo) ReleaseSlot
         +9999 ->
         new:2 -> AskSlot",
    );
}

#[test]
fn a_kill_does_not_keep_a_session_from_its_end() {
    check(
        "new:1 slot up run now kill exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         now -> Interrupt Terminate
         kill ->
         exit -> Settle(1InterruptedNo) ReleaseSlot End",
    );
}

#[test]
fn an_idle_agent_is_ended_and_comes_back_with_the_next_message() {
    check(
        "new:1 slot up run ok:1 idle +7200 exit new:2 slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         ok:1 -> Settle(1ok)
         idle ->
         +7200 -> CloseInput
         exit -> ReleaseSlot
         new:2 -> AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=2)",
    );
}

/// The end was decided before the message came; the conversation is resumed for it.
/// Incidents: 43.
#[test]
fn a_message_racing_the_reaper_is_delivered_afterwards() {
    check(
        "new:1 slot up run ok:1 idle +7200 new:2 exit slot up",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         ok:1 -> Settle(1ok)
         idle ->
         +7200 -> CloseInput
         new:2 ->
         exit -> ReleaseSlot AskSlot
         slot -> Launch(Resume)
         up -> Deliver(2=2)",
    );
}

#[test]
fn a_busy_agent_is_not_evicted() {
    check(
        "new:1 slot up run evict ok:1 idle evict exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         evict ->
         ok:1 -> Settle(1ok)
         idle ->
         evict -> CloseInput
         exit -> ReleaseSlot",
    );
}

/// Who waits for its own work is not idle.
/// Danger zone: 5.
#[test]
fn background_work_keeps_an_agent_from_idling_and_is_stopped_at_the_end() {
    check(
        "new:1 slot up run tasks:t1 ok:1 +7200 evict end +10 tasks: idle exit",
        r#"new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         tasks:t1 ->
         ok:1 -> Settle(1ok)
         +7200 ->
         evict ->
         end ->
         +10 -> StopTask("t1") Interrupt
         tasks: ->
         idle -> CloseInput
         exit -> ReleaseSlot End"#,
    );
}

#[test]
fn while_held_nothing_is_delivered_and_no_agent_started() {
    check(
        "hold new:1 release slot up hold new:2 ok:1 release",
        "hold ->
         new:1 ->
         release -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         hold ->
         new:2 ->
         ok:1 -> Settle(1ok)
         release -> Deliver(2=2)",
    );
}

#[test]
fn the_end_waits_for_the_turn_up_to_its_grace() {
    check(
        "new:1 slot up run end new:2 ok:1 idle exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         end ->
         new:2 ->
         ok:1 -> Settle(1ok)
         idle -> CloseInput
         exit -> ReleaseSlot End",
    );
}

#[test]
fn a_turn_longer_than_its_grace_is_interrupted() {
    check(
        "new:1 slot up run end +10 +5 +2 exit",
        "new:1 -> AskSlot
         slot -> Launch(Fresh)
         up -> Deliver(1=1)
         run ->
         end ->
         +10 -> Interrupt
         +5 -> Terminate
         +2 -> Kill
         exit -> Settle(1InterruptedNo) ReleaseSlot End",
    );
}

#[test]
fn a_session_without_rows_ends_at_once_and_then_says_nothing() {
    check(
        "end new:1 slot",
        "end -> End
         new:1 ->
         slot ->",
    );
}
