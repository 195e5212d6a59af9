//! One life of the daemon after another on the same home: what a crash leaves, and what the next
//! life makes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use assistant_core::time::WallMs;
use serde_json::Value;
use uuid::Uuid;

use super::daemon::Row;
use super::{Daemon, Setup, number};
use crate::clock::wall_now;
use crate::control::protocol::{Request, SessionState, Status};
use crate::session::tests::agents::Launch;

/// The frame's line that marks a redelivery.
const AGAIN: &str = "[Redelivery";

/// Attempts in flight to one agent.
const IN_FLIGHT_MAX: usize = 50;

/// The conversation was on record before the first byte reached the agent.
/// An attempt is durable before its first byte leaves: the next life knows what is owed.
/// Incidents: 1, 45.
#[tokio::test(start_paused = true)]
async fn a_message_that_a_crash_cut_off_is_answered_by_the_next_life_which_says_so() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "tool: sleep 3600; echo done");
    daemon.until("the tool", |daemon| daemon.states() == ["delivered"]).await;
    assert_eq!(daemon.status().await.generation, 1);
    daemon.crash().await;
    daemon.start_again().await;
    assert_eq!(daemon.status().await.generation, 2);
    daemon.until("a second try", |daemon| daemon.agents.launches().len() == 2).await;
    daemon.until("its message", |daemon| !daemon.agents.launches()[1].messages().is_empty()).await;
    let launches = daemon.agents.launches();
    assert_eq!(launches[1].argument("--resume"), launches[0].argument("--session-id"));
    assert!(launches[1].messages()[0].contains(AGAIN));
    assert!(!launches[0].messages()[0].contains(AGAIN));
    tokio::time::advance(Duration::from_hours(1)).await;
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (2, 0));
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_sender_lost_the_rights_between_two_lives_reaches_no_agent() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "tool: sleep 3600; echo done");
    daemon.until("the tool", |daemon| daemon.states() == ["delivered"]).await;
    daemon.crash().await;
    daemon.set_trust("false");
    daemon.start_again().await;
    daemon.until_done().await;
    assert_eq!(daemon.states(), ["refused(no rights yet)"]);
    let later = &daemon.agents.launches()[1..];
    assert!(later.iter().all(|launch| launch.messages().is_empty()), "{later:#?}");
    daemon.end().await;
}

/// A session that was down for long is not flooded, and the rest stays on record.
/// Incidents: 4.
#[tokio::test(start_paused = true)]
async fn many_unanswered_messages_are_delivered_in_order_and_never_more_than_fifty_at_once() {
    let mut daemon = Daemon::start().await;
    daemon.agents.plan(1, r#"[{"when": {"on": "turn"}, "what": "stall"}]"#);
    for n in 0..120 {
        daemon.write(&number(0), &format!("m{n}"));
    }
    let delivered =
        |daemon: &Daemon| daemon.states().iter().filter(|state| *state == "delivered").count();
    daemon.until("all accepted", |daemon| daemon.rows().len() == 120).await;
    daemon.until("fifty delivered", |daemon| delivered(daemon) == IN_FLIGHT_MAX).await;
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(delivered(&daemon), IN_FLIGHT_MAX);
    let counts = daemon.status().await.counts;
    assert_eq!((counts.delivered, counts.accepted), (50, 70), "the rest is told of");
    daemon.crash().await;

    daemon.start_again().await;
    daemon
        .until("all answered", |daemon| {
            assert!(delivered(daemon) <= IN_FLIGHT_MAX);
            daemon.states().iter().all(|state| state == "answered")
        })
        .await;
    let replies: Vec<String> = (0..120).map(|n| format!("You said: m{n}")).collect();
    assert_eq!(daemon.sent(&number(0)), replies);
    let told = daemon.agents.launches()[1].messages();
    let marked: Vec<bool> = told.iter().map(|line| line.contains(AGAIN)).collect();
    assert_eq!(marked, [[true; 50].as_slice(), &[false; 70]].concat());
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_claimed_file_survives_a_crash_and_is_one_message() {
    let mut daemon = Daemon::start().await;
    daemon.crash().await;
    daemon.write(&number(0), "while you were away");
    daemon.start_again().await;
    daemon.until_sent(&number(0), &["You said: while you were away"]).await;
    daemon.until_done().await;
    daemon.end().await;
}

/// A session has to find out that its conversation is gone, forget it and begin another, with a
/// message waiting. Cut off wherever in that, it is neither forgotten itself nor begun without end,
/// and a conversation that was begun is the one to come back to.
/// Incidents: 28, 32.
#[tokio::test(start_paused = true)]
async fn wherever_a_new_beginning_is_cut_off_the_next_life_makes_one_and_no_more() {
    let before_its_refusal =
        r#"[{"when": {"on": "connect", "message": "result"}, "what": "stall"}]"#;
    let before_it_is_up = r#"[{"when": {"on": "connect"}, "what": "stall"}]"#;
    let before_it_answers = r#"[{"when": {"on": "turn"}, "what": "stall"}]"#;
    // Which agent of the life stops where, and which conversations are asked for in all: the one
    // that is gone (g), or others, each by its number.
    check_cut(1, before_its_refusal, "g g 1").await;
    check_cut(2, before_it_is_up, "g 1 2").await;
    check_cut(2, before_it_answers, "g 1 1").await;
    check_cut(2, "[]", "g 1").await;
}

async fn check_cut(stops: usize, plan: &str, expected: &str) {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "first");
    daemon.until_done().await;
    daemon.crash().await;
    daemon.agents.forget();
    // The first one was that of the conversation that is gone.
    daemon.agents.plan(1 + stops, plan);
    daemon.start_again().await;
    daemon.write(&number(0), "second");
    daemon.until("an agent", |daemon| daemon.agents.launches().len() == 1 + stops).await;
    // As far as it comes.
    tokio::time::advance(Duration::from_secs(30)).await;
    daemon.until("looked at", |_| true).await;
    daemon.crash().await;
    daemon.start_again().await;
    daemon.until_done().await;
    tokio::time::advance(Duration::from_mins(10)).await;
    assert_eq!(daemon.states(), ["answered", "answered"]);
    let asked_for: Vec<String> = daemon.agents.launches().iter().map(conversation).collect();
    let mut known = vec![&asked_for[0]];
    let mut shown = Vec::new();
    for one in &asked_for[1..] {
        if !known.contains(&one) {
            known.push(one);
        }
        let place = known.iter().position(|other| *other == one).unwrap();
        shown.push(if place == 0 { "g".to_owned() } else { place.to_string() });
    }
    assert_eq!(shown.join(" "), expected, "{plan}");
    daemon.end().await;
}

/// The conversation that an agent began or came back to.
fn conversation(launch: &Launch) -> String {
    let id = launch.argument("--session-id").or(launch.argument("--resume"));
    id.expect("one of them").to_owned()
}

/// That it once had an agent is no reason to start one: only a message that is owed is.
/// Incidents: 46.
#[tokio::test(start_paused = true)]
async fn a_session_that_was_ended_stays_so_in_the_next_life() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hello");
    daemon.until_done().await;
    daemon.ask(Request::KillSession { session: number(0) }).await.unwrap();
    daemon.until("no agent", |daemon| daemon.agents.alive() == 0).await;
    daemon.stop().await;
    for orderly in [true, false] {
        daemon.start_again().await;
        tokio::time::advance(Duration::from_mins(5)).await;
        daemon.until("looked at", |_| true).await;
        let sessions = daemon.status().await.sessions;
        assert_eq!(sessions[0].state, SessionState::Asleep);
        assert_eq!(daemon.agents.launches().len(), 1);
        if orderly {
            daemon.stop().await;
        } else {
            daemon.crash().await;
        }
    }
    daemon.start_again().await;
    daemon.end().await;
}

/// What a session is doing is told by its agent and stands in no file, so it cannot be out of date.
/// Incidents: 53.
#[tokio::test(start_paused = true)]
async fn after_a_crash_no_session_is_shown_at_work_before_its_agent_is() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(1), "hello");
    daemon.until_done().await;
    daemon.write(&number(0), "tool: sleep 3600; echo done");
    daemon.until("the tool", |daemon| daemon.rows().last().unwrap().state == "delivered").await;
    daemon.crash().await;
    let slow_start = r#"[{"when": {"on": "connect"}, "what": {"delay_ms": 30000}}]"#;
    daemon.agents.plan(3, slow_start);
    daemon.start_again().await;
    let states = |status: Status| -> Vec<SessionState> {
        status.sessions.into_iter().map(|session| session.state).collect()
    };
    let at_once = states(daemon.status().await);
    assert!(!at_once.contains(&SessionState::Busy), "{at_once:?}");
    daemon.until("its agent", |daemon| daemon.agents.launches().len() == 3).await;
    let starting = states(daemon.status().await);
    assert_eq!(starting, [SessionState::Asleep, SessionState::Starting]);
    daemon.until("its message", |daemon| !daemon.agents.launches()[2].messages().is_empty()).await;
    assert_eq!(states(daemon.status().await)[1], SessionState::Busy);
    tokio::time::advance(Duration::from_hours(1)).await;
    daemon.until_done().await;
    daemon.end().await;
}

/// What is the same is told apart by where it stands, and not by what it says.
/// Incidents: K9.
#[tokio::test(start_paused = true)]
async fn the_same_words_twice_that_a_crash_cut_off_are_answered_twice() {
    let mut daemon = Daemon::start().await;
    for _ in 0..2 {
        daemon.write(&number(0), "slow 30 1000");
    }
    daemon.until("both", |daemon| daemon.states() == ["delivered", "delivered"]).await;
    daemon.crash().await;
    daemon.start_again().await;
    daemon.until_sent(&number(0), &["You said: slow 30 1000"; 2]).await;
    daemon.until_done().await;
    daemon.end().await;
}

/// A count in memory alone would begin anew, and the message would be tried for ever.
/// Incidents: 5, K18.
#[tokio::test(start_paused = true)]
async fn what_counted_against_a_message_counts_in_the_next_life_too() {
    let mut daemon = Daemon::start().await;
    for launch in 1..=3 {
        daemon.agents.plan(launch, r#"[{"when": {"on": "turn"}, "what": {"exit": 1}}]"#);
    }
    daemon.write(&number(0), "poison");
    let counted = |daemon: &Daemon| daemon.rows().first().map(|row| row.attempts);
    daemon.until("two that count", |daemon| counted(daemon) == Some((2, 2))).await;
    daemon.crash().await;
    daemon.start_again().await;
    daemon.until("given up", |daemon| daemon.states() == ["failed(poison)"]).await;
    assert_eq!(counted(&daemon), Some((3, 3)));
    daemon.end().await;
}

/// Small random numbers out of a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Crashes of the daemon in one story.
const CRASHES: i64 = 15;

/// Crashes at random moments: after some steps of the runtime, or some seconds.
/// Incidents: 1, 5, 52.
/// Pitfall: 1.
#[tokio::test(start_paused = true)]
async fn whenever_it_crashes_nothing_is_lost_and_nothing_comes_twice_unmarked() {
    let seed = Uuid::new_v4().as_u64_pair().0 | 1;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let mut daemon = Daemon::start().await;
    let mut written = 0;
    for _ in 0..CRASHES {
        for _ in 0..dice.below(4) {
            let text = match dice.below(4) {
                0 => format!("tool: sleep 2; echo m{written}."),
                1 => format!("slow 3 400 m{written}."),
                _ => format!("m{written}."),
            };
            daemon.write(&number(usize::try_from(dice.below(3)).unwrap()), &text);
            written += 1;
        }
        for _ in 0..dice.below(3) {
            tokio::time::advance(Duration::from_millis(dice.below(1500))).await;
            for _ in 0..dice.below(300) {
                tokio::task::yield_now().await;
            }
        }
        daemon.crash().await;
        daemon.start_again().await;
    }
    daemon.until_done().await;
    assert!(daemon.states().iter().all(|state| state == "answered"), "{:#?}", daemon.rows());
    // Once in each life at most, and no crash of the daemon is blamed on a message.
    let bounded = |row: &Row| row.attempts.0 <= CRASHES + 1 && row.attempts.1 == 0;
    assert!(daemon.rows().iter().all(bounded), "{:#?}", daemon.rows());
    for chat in (0..3).map(number) {
        let rows = daemon.rows().into_iter().filter(|row| row.chat == format!("test:{chat}"));
        let texts: Vec<String> = rows.map(|row| row.text).collect();
        check_deliveries(&daemon, &texts);
    }
    daemon.end().await;
}

/// Every text reached an agent, unmarked at most once and never after a marked time, and first
/// times came in order.
#[track_caller]
fn check_deliveries(daemon: &Daemon, texts: &[String]) {
    let told: Vec<String> = daemon.agents.launches().iter().flat_map(Launch::messages).collect();
    let mut first_times = Vec::new();
    for text in texts {
        let with_text = told.iter().enumerate().filter(|(_, line)| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["message"]["content"].as_str().unwrap().lines().any(|line| line == text)
        });
        let times: Vec<(usize, bool)> =
            with_text.map(|(at, line)| (at, line.contains(AGAIN))).collect();
        assert!(!times.is_empty(), "{text} reached nobody");
        assert!(times[1..].iter().all(|(_, marked)| *marked), "{text}: {times:?}");
        first_times.extend(times.iter().find(|(_, marked)| !marked).map(|(at, _)| *at));
    }
    assert!(first_times.is_sorted(), "{first_times:?}");
}

/// Nobody is asked to look at a crash, and no agent is started for what owes nothing.
/// Incidents: 81.
#[tokio::test(start_paused = true)]
async fn a_life_after_a_crash_starts_no_agent_where_nothing_is_owed() {
    let mut daemon = Daemon::start().await;
    for n in 0..3 {
        daemon.write(&number(n), "hello");
    }
    daemon.until_done().await;
    daemon.crash().await;
    daemon.start_again().await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!((daemon.agents.launches().len(), daemon.agents.alive()), (3, 0));
    daemon.end().await;
}

/// To those who sleep for weeks nothing is said twice: neither when the clocks have moved on
/// under a daemon, nor when the next one begins.
/// Incidents: K6.
#[tokio::test(start_paused = true)]
async fn weeks_later_nothing_is_delivered_again() {
    const WEEKS_MS: i64 = 3 * 7 * 24 * 60 * 60 * 1000;
    let slept = Arc::new(AtomicI64::new(0));
    let moved = Arc::clone(&slept);
    let clock = Arc::new(move || WallMs(wall_now().0 + moved.load(Ordering::Relaxed)));
    let mut daemon = Daemon::start_with(Setup { clock, ..Setup::default() }).await;
    let mut said = Vec::new();
    for life in 1..=3 {
        said.push(format!("in life {life}"));
        daemon.write(&number(0), said.last().unwrap());
        daemon.until_done().await;
        slept.fetch_add(WEEKS_MS, Ordering::Relaxed);
        tokio::time::advance(Duration::from_millis(WEEKS_MS.unsigned_abs())).await;
        said.push(format!("after the sleep of life {life}"));
        daemon.write(&number(0), said.last().unwrap());
        daemon.until_done().await;
        daemon.crash().await;
        slept.fetch_add(WEEKS_MS, Ordering::Relaxed);
        daemon.start_again().await;
    }
    tokio::time::sleep(Duration::from_mins(10)).await;
    let replies: Vec<String> = said.iter().map(|text| format!("You said: {text}")).collect();
    assert_eq!(daemon.sent(&number(0)), replies);
    assert!(daemon.rows().iter().all(|row| row.attempts.0 == 1), "{:#?}", daemon.rows());
    daemon.end().await;
}
