//! What becomes of messages when the agent, its API or what it says goes wrong.

use std::time::Duration;

use super::{Daemon, number};
use crate::control::protocol::SessionState;

/// The frame's line that marks a redelivery.
const AGAIN: &str = "[Redelivery";

/// To have reached an agent is not to be answered: a result has to list the message.
/// Incidents: K11.
#[tokio::test(start_paused = true)]
async fn a_message_whose_agent_died_is_delivered_again_marked_with_what_was_sent_since() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    // One turn: the first text is replied to, then a tool runs, under which the agent is killed.
    daemon.write(&number(0), "so far");
    daemon.write(&number(0), "tool: sleep 60; echo done");
    daemon.until("a reply and the tool", |daemon| daemon.sent(&number(0)).len() == 2).await;
    daemon.agents.kill(daemon.session(&number(0)));
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered", "answered", "answered"]);

    let launches = daemon.agents.launches();
    assert_eq!(launches.len(), 2);
    assert!(!launches[0].messages().iter().any(|line| line.contains(AGAIN)));
    let again = launches[1].messages();
    assert!(again.iter().all(|line| line.contains(AGAIN)), "{again:#?}");
    assert!(again[0].contains("You said: so far"), "what was sent is quoted: {again:#?}");
    assert!(!again[0].contains("You said: first"), "what was sent before is not: {again:#?}");
    daemon.end().await;
}

/// Neither is it tried for ever, nor does it vanish unseen.
/// A bad message is tried so often and no oftener, and stops no other.
/// Incidents: 5, 8.
/// Pitfall: 4.
#[tokio::test(start_paused = true)]
async fn a_message_that_kills_its_agent_three_times_alone_is_given_up_and_the_next_goes_through() {
    let mut daemon = Daemon::start().await;
    for launch in 1..=3 {
        daemon.agents.plan(launch, r#"[{"when": {"on": "turn"}, "what": {"exit": 1}}]"#);
    }
    daemon.write(&number(0), "poison");
    daemon.until("given up", |daemon| daemon.states() == ["failed(poison)"]).await;
    assert_eq!(daemon.rows()[0].attempts, (3, 3));
    daemon.write(&number(0), "hello");
    daemon.until_sent(&number(0), &["You said: hello"]).await;
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["failed(poison)", "answered"]);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_shared_a_deadly_turn_are_tried_alone_and_only_the_bad_one_is_given_up() {
    let mut daemon = Daemon::start().await;
    // The first launch dies with both; after that only turns that carry the bad one do.
    daemon.agents.plan(1, r#"[{"when": {"on": "turn"}, "what": {"exit": 1}}]"#);
    daemon.agents.plan(2, r#"[{"when": {"on": "turn", "n": 2}, "what": {"exit": 1}}]"#);
    for launch in 3..=4 {
        daemon.agents.plan(launch, r#"[{"when": {"on": "turn"}, "what": {"exit": 1}}]"#);
    }
    daemon.write(&number(0), "good");
    daemon.write(&number(0), "bad");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered", "failed(poison)"]);
    daemon.end().await;
}

/// It is no fault of the session's, so neither agent nor message has to go.
/// Incidents: 65.
#[tokio::test(start_paused = true)]
async fn an_overloaded_api_is_waited_for_and_counts_against_no_message() {
    let mut daemon = Daemon::start().await;
    // A stand-in tries twice in a turn: three turns fail.
    daemon.write(&number(0), "error 529 x6");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered"]);
    assert_eq!(daemon.rows()[0].attempts, (4, 0));
    assert_eq!(daemon.agents.launches().len(), 1);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_api_refuses_for_good_is_given_up_alone() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 4 500");
    daemon.until("the slow turn", |daemon| daemon.states() == ["delivered"]).await;
    daemon.write(&number(0), "before");
    daemon.write(&number(0), "error 400");
    daemon.write(&number(0), "after");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered", "answered", "failed(api 400)", "answered"]);
    daemon.end().await;
}

/// A resume that failed in silence would be an agent without a memory that nobody misses.
/// Incidents: 28, 31.
#[tokio::test(start_paused = true)]
async fn an_unknown_conversation_begins_anew_and_says_so() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    daemon.agents.forget();
    daemon.agents.kill(daemon.session(&number(0)));
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    daemon.write(&number(0), "second");
    daemon.until_done().await;
    assert_eq!(daemon.sent(&number(0)).len(), 2);

    let launches = daemon.agents.launches();
    let [first, refused, fresh] = launches.as_slice() else { panic!("{launches:#?}") };
    assert_eq!(refused.argument("--resume"), first.argument("--session-id"));
    assert_ne!(fresh.argument("--session-id"), None);
    let told = fresh.messages();
    assert!(told[0].contains("[Your memory of this chat begins here"), "{told:#?}");
    let session = daemon.session(&number(0));
    let noted = daemon
        .transcript(session)
        .iter()
        .any(|entry| entry["what"] == "the earlier conversation could not be resumed");
    assert!(noted, "{:#?}", daemon.transcript(session));
    // The new conversation is the one to come back to.
    daemon.agents.kill(session);
    daemon.write(&number(0), "recall");
    daemon.until("the recall", |daemon| daemon.sent(&number(0)).len() == 3).await;
    let recalled = &daemon.sent(&number(0))[2];
    assert!(recalled.ends_with("second") && !recalled.contains("first"), "{recalled}");
    daemon.until_done().await;
    daemon.end().await;
}

/// One turn with a fault is answered all the same.
async fn check_goes_on(fault: &str) {
    let mut daemon = Daemon::start().await;
    let plan = format!(r#"[{{"when": {{"on": "turn"}}, "what": {fault}}}]"#);
    daemon.agents.plan(1, &plan);
    daemon.write(&number(0), "one");
    daemon.until_done().await;
    daemon.write(&number(0), "two");
    daemon.until_done().await;
    daemon.until_sent(&number(0), &["You said: one", "You said: two"]).await;
    assert_eq!(daemon.states(), ["answered", "answered"], "{fault}");
    assert_eq!(daemon.agents.launches().len(), 1, "{fault}");
    daemon.end().await;
}

/// Its end is noticed at once, and however long ago that was when the next message comes, there is
/// an agent to answer it.
/// Incidents: 34, 37.
#[tokio::test(start_paused = true)]
async fn whenever_its_agent_was_killed_a_message_up_to_a_minute_later_is_answered() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    for (round, seconds) in (1..).zip([0, 1, 2, 5, 30, 59, 60]) {
        let began = tokio::time::Instant::now();
        daemon.agents.kill(daemon.session(&number(0)));
        while daemon.status().await.sessions[0].state == SessionState::Idle {
            assert!(began.elapsed() < Duration::from_secs(1), "its end is not noticed");
            tokio::task::yield_now().await;
        }
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let written = tokio::time::Instant::now();
        daemon.write(&number(0), &format!("after {seconds}"));
        daemon.until("an answer", |daemon| daemon.sent(&number(0)).len() == round + 1).await;
        // The wait after one error, and a moment.
        assert!(written.elapsed() < Duration::from_secs(3), "{seconds}: {:?}", written.elapsed());
        daemon.until_done().await;
    }
    daemon.end().await;
}

/// A picture that a tool reads comes as one line, and some are longer than any bound.
/// Incidents: 35.
#[tokio::test(start_paused = true)]
async fn a_line_of_any_length_costs_neither_its_session_nor_another() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(1), "hello");
    daemon.until_done().await;
    let mut expected = Vec::new();
    for (launch, megabytes) in (2..).zip([1, 5, 20]) {
        let plan = format!(
            r#"[{{"when": {{"on": "turn"}}, "what": {{"long_line_bytes": {}}}}}]"#,
            megabytes << 20
        );
        daemon.agents.plan(launch, &plan);
        let began = tokio::time::Instant::now();
        daemon.write(&number(launch), "one");
        daemon.write(&number(1), "beside it");
        daemon.until_done().await;
        expected.push("You said: beside it".to_owned());
        let (ours, other) = (daemon.sent(&number(launch)), daemon.sent(&number(1)));
        assert_eq!((ours.len(), &other[1..]), (1, &expected[..]), "{megabytes} MB");
        assert!(began.elapsed() < Duration::from_secs(5), "{megabytes} MB");
    }
    assert_eq!(daemon.agents.launches().len(), 4, "no agent ended for it");
    daemon.end().await;
}

/// None of them is a reason to begin anew.
/// Incidents: 40.
#[tokio::test(start_paused = true)]
async fn a_session_goes_on_after_lines_that_it_cannot_read() {
    check_goes_on(r#""garbage""#).await;
    check_goes_on(r#""unknown_type""#).await;
    check_goes_on(r#"{"long_line_bytes": 17825792}"#).await;
    check_goes_on(r#"{"stderr_bytes": 1000000}"#).await;
    check_goes_on(r#""duplicate""#).await;
}

/// The waits as a person sees them.
/// Not at once, and not only at the next look.
/// Incidents: 79.
/// Danger zone: 2.
#[tokio::test(start_paused = true)]
async fn an_agent_that_never_comes_up_is_tried_again_after_waits_that_grow() {
    let mut daemon = Daemon::start().await;
    for launch in 1..=2 {
        daemon.agents.plan(launch, r#"[{"when": {"on": "connect"}, "what": {"exit": 1}}]"#);
    }
    let began = tokio::time::Instant::now();
    daemon.write(&number(0), "hello");
    daemon.until_sent(&number(0), &["You said: hello"]).await;
    // 2 s after the first error, 4 s after the second.
    let took = began.elapsed();
    assert!(Duration::from_secs(6) <= took && took < Duration::from_secs(7), "{took:?}");
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (1, 0));
    daemon.end().await;
}

/// Nobody has to write again for that.
/// Incidents: 49.
#[tokio::test(start_paused = true)]
async fn a_turn_without_a_result_is_noticed_when_the_agent_is_idle() {
    let mut daemon = Daemon::start().await;
    let skip = r#"[{"when": {"on": "turn", "n": 1, "message": "result"}, "what": "skip"}]"#;
    daemon.agents.plan(1, skip);
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["answered"]);
    let told = daemon.agents.launches()[0].messages();
    assert!(told[1].contains(AGAIN) && told[1].contains("You said: hello"), "{told:#?}");
    daemon.end().await;
}

/// Nothing is thrown away, and nobody is told of the limit with every message they write.
/// Incidents: 27, K10.
#[tokio::test(start_paused = true)]
async fn messages_that_come_while_the_account_is_at_its_limit_wait_and_are_answered_after_it() {
    let mut daemon = Daemon::start().await;
    // Turns are tried after 2, 4, 8, 16 and 32 seconds.
    let limited =
        (1..=5).map(|n| format!(r#"{{"when": {{"on": "turn", "n": {n}}}, "what": "rate_limit"}}"#));
    daemon.agents.plan(1, &format!("[{}]", limited.collect::<Vec<_>>().join(", ")));
    for n in 0..5 {
        daemon.write(&number(0), &format!("m{n}"));
        daemon.until("accepted", |daemon| daemon.rows().len() == n + 1).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let finished = |state: &String| state != "accepted" && state != "delivered";
        assert!(!daemon.states().iter().any(finished), "{:?}", daemon.states());
        assert_eq!(daemon.sent(&number(0)), [""; 0]);
    }
    let replies: Vec<String> = (0..5).map(|n| format!("You said: m{n}")).collect();
    daemon.until("the answers", |daemon| daemon.sent(&number(0)) == replies).await;
    daemon.until_done().await;
    assert!(daemon.rows().iter().all(|row| row.state == "answered" && row.attempts.1 == 0));
    assert_eq!(daemon.agents.launches().len(), 1);
    daemon.end().await;
}

/// No new agent would be let in either: the one that is there waits, and so do the messages.
/// Incidents: 70.
#[tokio::test(start_paused = true)]
async fn a_login_that_stays_refused_has_no_agent_restarted() {
    let mut daemon = Daemon::start().await;
    daemon.agents.plan(1, r#"[{"when": {"on": "turn"}, "what": "auth_error"}]"#);
    daemon.write(&number(0), "hello");
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(daemon.states(), ["delivered"]);
    assert_eq!((daemon.agents.launches().len(), daemon.agents.alive()), (1, 1));
    let (tries, counted) = daemon.rows()[0].attempts;
    assert_eq!(counted, 0, "it is no fault of the message");
    assert!((2..=20).contains(&tries), "tried {tries} times");
    daemon.end().await;
}
