//! What a restart asks of a daemon: to hold delivery, to come to rest, to make room for its
//! successor; and that nothing is lost or said twice unmarked on the way.

use std::fs::{self, File};
use std::time::Duration;

use rusqlite::Connection;
use tokio::time::{Instant, timeout};

use super::{Daemon, Setup, Starts, number};
use crate::control::protocol::{
    Answer, Drained, HeldBy, Refusal, RefusalKind, Request, SessionState,
};
use crate::exit::Code;

/// What the frame of a message says that was delivered before.
const AGAIN: &str = "[Redelivery: ";

async fn drain(daemon: &Daemon, within_s: u64, interrupt: bool) -> Drained {
    match daemon.ask(Request::Drain { within_s, lease_s: 30, interrupt }).await {
        Ok(Answer::Drained(drained)) => drained,
        other => panic!("not drained: {other:?}"),
    }
}

fn restart_hold(lease_s: u64) -> Request {
    Request::Hold { by: HeldBy::Restart, lease_s: Some(lease_s) }
}

fn restart_release() -> Request {
    Request::Release { by: HeldBy::Restart }
}

async fn held_by(daemon: &Daemon) -> Vec<HeldBy> {
    let status = daemon.status().await;
    assert_eq!(status.held, !status.held_by.is_empty());
    status.held_by
}

/// Statements behind the daemon's back.
fn sql(daemon: &Daemon, statements: &str) {
    let db = Connection::open(daemon.home().database()).unwrap();
    db.busy_timeout(Duration::from_mins(1)).unwrap();
    db.execute_batch(statements).unwrap();
}

/// A hold in memory alone would end with the daemon that was told of it.
#[tokio::test(start_paused = true)]
async fn the_owners_hold_is_kept_over_lives_until_the_owner_releases_it() {
    let mut daemon = Daemon::start().await;
    daemon.ask(Request::hold()).await.unwrap();
    daemon.crash().await;
    daemon.start_again().await;
    assert_eq!(held_by(&daemon).await, [HeldBy::Owner]);
    daemon.write(&number(0), "wait for me");
    daemon.until("accepted", |daemon| daemon.rows().len() == 1).await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!((daemon.states(), daemon.agents.launches().len()), (vec!["accepted".to_owned()], 0));
    daemon.ask(Request::release()).await.unwrap();
    daemon.until_sent(&number(0), &["You said: wait for me"]).await;
    daemon.until_done().await;
    daemon.stop().await;
    daemon.start_again().await;
    assert_eq!(held_by(&daemon).await, []);
    daemon.end().await;
}

/// A restart that was killed says nothing any more, and nobody is there to release for it.
#[tokio::test(start_paused = true)]
async fn a_restarts_hold_ends_with_its_lease_and_leaves_the_owners_alone() {
    let mut daemon = Daemon::start().await;
    daemon.ask(restart_hold(30)).await.unwrap();
    let began = Instant::now();
    daemon.write(&number(0), "hello");
    daemon.until("accepted", |daemon| daemon.rows().len() == 1).await;
    assert_eq!(held_by(&daemon).await, [HeldBy::Restart]);
    daemon.until_done().await;
    let waited = began.elapsed();
    assert!(Duration::from_secs(30) <= waited && waited < Duration::from_secs(32), "{waited:?}");
    daemon.ask(Request::hold()).await.unwrap();
    daemon.ask(restart_hold(30)).await.unwrap();
    assert_eq!(held_by(&daemon).await, [HeldBy::Owner, HeldBy::Restart]);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(held_by(&daemon).await, [HeldBy::Owner]);
    daemon.ask(restart_hold(30)).await.unwrap();
    daemon.ask(restart_release()).await.unwrap();
    assert_eq!(held_by(&daemon).await, [HeldBy::Owner]);
    daemon.end().await;
}

/// The lock of restarts, as their command holds it.
fn restart_lock(daemon: &Daemon) -> File {
    let path = daemon.home().restart_lock();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lock = File::create(path).unwrap();
    lock.lock().unwrap();
    lock
}

/// Its lease is for the time that its command says nothing, not for the time behind its end.
#[tokio::test(start_paused = true)]
async fn the_hold_of_a_restart_whose_command_was_killed_ends_long_before_its_lease() {
    let mut daemon = Daemon::start().await;
    let lock = restart_lock(&daemon);
    daemon.ask(restart_hold(90)).await.unwrap();
    daemon.write(&number(0), "hello");
    daemon.until("accepted", |daemon| daemon.rows().len() == 1).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(held_by(&daemon).await, [HeldBy::Restart]);
    drop(lock);
    let died = Instant::now();
    daemon.until_done().await;
    let waited = died.elapsed();
    assert!(Duration::from_secs(2) <= waited && waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(held_by(&daemon).await, []);
    daemon.end().await;
}

/// The same while it waited for quiet: what it had asked for does not take the hold again.
#[tokio::test(start_paused = true)]
async fn a_drain_whose_command_was_killed_releases_delivery() {
    let mut daemon = Daemon::start().await;
    let lock = restart_lock(&daemon);
    daemon.write(&number(0), "slow 10 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let asked = daemon.ask(Request::Drain { within_s: 60, lease_s: 90, interrupt: false });
    let killed = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(lock);
    };
    let (refused, ()) = tokio::join!(asked, killed);
    let refusal = refused.expect_err("it is nobody's hold any more");
    assert_eq!(refusal.message, "the restart's hold was released meanwhile");
    assert_eq!(held_by(&daemon).await, []);
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_hold_of_nobody_known_or_without_a_sensible_lease_is_refused() {
    let daemon = Daemon::start().await;
    let refused = [
        Request::Hold { by: HeldBy::Other, lease_s: None },
        Request::Release { by: HeldBy::Other },
        Request::Hold { by: HeldBy::Restart, lease_s: None },
        restart_hold(0),
        restart_hold(3601),
        Request::Drain { within_s: 601, lease_s: 30, interrupt: false },
        Request::Drain { within_s: 1, lease_s: 0, interrupt: false },
    ];
    for request in refused {
        let asked = format!("{request:?}");
        let refusal = daemon.ask(request).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Invalid, "{asked}");
    }
    assert_eq!(held_by(&daemon).await, []);
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_turn_that_runs_and_keeps_what_comes_meanwhile() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 10 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    daemon.write(&number(1), "after you");
    daemon.until("it is answered", |daemon| daemon.states()[1..] == ["answered"]).await;
    let drained = drain(&daemon, 60, false).await;
    assert!(drained.quiet, "{drained:?}");
    assert!((5000..10_000).contains(&drained.waited_ms), "{drained:?}");
    assert_eq!(daemon.states()[0], "answered");
    daemon.write(&number(0), "held");
    daemon.until("accepted", |daemon| daemon.rows().len() == 3).await;
    // The lease counts from the answer.
    tokio::time::sleep(Duration::from_secs(28)).await;
    assert_eq!(daemon.states()[2], "accepted");
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_too_short_says_who_is_at_work_and_disturbs_nobody() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 30 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let drained = drain(&daemon, 2, false).await;
    let busy = vec![daemon.session(&number(0))];
    let expected = Drained { quiet: false, busy, unsent: 0, waited_ms: drained.waited_ms };
    assert_eq!(drained, expected);
    assert!((2000..2100).contains(&drained.waited_ms), "{drained:?}");
    assert_eq!(held_by(&daemon).await, [HeldBy::Restart]);
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (1, 0));
    daemon.end().await;
}

/// What it owes waits for the next daemon, as at any other time.
#[tokio::test(start_paused = true)]
async fn a_session_that_rests_is_shown_to_and_is_not_waited_for() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "error 403 x1");
    let state = async |daemon: &Daemon| daemon.status().await.sessions.first().map(|it| it.state);
    let began = Instant::now();
    while state(&daemon).await != Some(SessionState::Resting) {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", state(&daemon).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(drain(&daemon, 1, false).await.quiet);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(state(&daemon).await, Some(SessionState::Resting));
    assert_eq!(daemon.states(), ["delivered"]);
    daemon.ask(restart_release()).await.unwrap();
    daemon.until_done().await;
    assert_eq!(state(&daemon).await, Some(SessionState::Idle));
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_not_sent_yet_is_waited_for() {
    let daemon = Daemon::start().await;
    // As if its sender were at it, and slow.
    sql(
        &daemon,
        "INSERT INTO outbox (source, chat, text, attachments, key, state, created_at_ms)
         VALUES ('test', 'test:+15555550199', 't', '[]', 'k', 'attempting', 1)",
    );
    assert_eq!(daemon.status().await.unsent, 1);
    let drained = drain(&daemon, 1, false).await;
    assert_eq!((drained.quiet, drained.busy, drained.unsent), (false, Vec::new(), 1));
    sql(&daemon, "UPDATE outbox SET state = 'sent', finished_at_ms = 2");
    assert!(drain(&daemon, 1, false).await.quiet);
    daemon.end().await;
}

/// The harness checks a daemon while it is held: it neither waits nor is waited for.
#[tokio::test(start_paused = true)]
async fn an_agent_of_the_harness_is_neither_waited_for_nor_put_away() {
    let mut daemon = Daemon::start().await;
    daemon.write("harness", "slow 30 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    assert!(drain(&daemon, 1, true).await.quiet);
    daemon.until_sent("harness", &["You said: slow 30 1000"]).await;
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (1, 0));
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_whose_hold_is_released_meanwhile_does_not_take_it_again() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 10 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let asked = daemon.ask(Request::Drain { within_s: 60, lease_s: 30, interrupt: false });
    let releasing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        daemon.ask(restart_release()).await.unwrap();
    };
    let (drained, ()) = tokio::join!(asked, releasing);
    let message = "the restart's hold was released meanwhile";
    assert_eq!(drained, Err(Refusal::new(RefusalKind::Failed, message)));
    assert_eq!(held_by(&daemon).await, []);
    daemon.until_done().await;
    daemon.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_put_away_by_a_drain_is_taken_up_at_the_release_without_a_message() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 30 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    let drained = drain(&daemon, 20, true).await;
    assert!(drained.quiet && drained.waited_ms < 10_000, "{drained:?}");
    assert_eq!((daemon.states(), daemon.agents.alive()), (vec!["delivered".to_owned()], 0));
    daemon.ask(restart_release()).await.unwrap();
    daemon.until_sent(&number(0), &["You said: slow 30 1000"]).await;
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (2, 0));
    assert!(daemon.agents.launches()[1].messages()[0].contains(AGAIN));
    daemon.end().await;
}

/// The whole way of a restart: what was interrupted is taken up by the successor, marked, and not
/// before it may; what came meanwhile comes behind it.
/// Incidents: 2, 3.
#[tokio::test(start_paused = true)]
async fn what_a_restart_interrupts_is_taken_up_by_its_successor_once_that_is_released() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "slow 60 1000");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    assert!(!drain(&daemon, 1, false).await.quiet);
    assert!(drain(&daemon, 20, true).await.quiet);
    daemon.write(&number(0), "and this");
    daemon.until("accepted", |daemon| daemon.rows().len() == 2).await;
    fs::write(daemon.pending(), "{}").unwrap();
    let took = daemon.stop().await;
    assert!(took < Duration::from_secs(5), "nothing is left to wait for: {took:?}");

    daemon.set_starts(Starts::HeldByFile);
    daemon.start_again().await;
    assert_eq!(held_by(&daemon).await, [HeldBy::Restart]);
    daemon.write("harness", "are you there");
    daemon.until_sent("harness", &["You said: are you there"]).await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(daemon.states()[..2], ["delivered", "accepted"]);

    daemon.ask(restart_release()).await.unwrap();
    daemon.until_done().await;
    assert_eq!(daemon.rows()[0].attempts, (2, 0));
    assert_eq!(daemon.rows()[1].attempts, (1, 0));
    let launches = daemon.agents.launches();
    let resumed = launches.last().unwrap();
    assert_eq!(resumed.argument("--resume"), launches[0].argument("--session-id"));
    let marked: Vec<bool> = resumed.messages().iter().map(|line| line.contains(AGAIN)).collect();
    assert_eq!(marked, [true, false]);
    daemon.end().await;
}

/// A restart that is confirmed, or rolled back, takes the file away: nobody has to say more.
#[tokio::test(start_paused = true)]
async fn a_daemon_that_starts_held_by_a_file_delivers_a_second_after_the_file_is_gone() {
    let mut daemon =
        Daemon::start_with(Setup { starts: Starts::HeldByFile, ..Setup::default() }).await;
    assert_eq!(held_by(&daemon).await, [], "there is no such file");
    daemon.stop().await;
    fs::write(daemon.pending(), "{}").unwrap();
    daemon.start_again().await;
    daemon.write(&number(0), "hello");
    daemon.until("accepted", |daemon| daemon.rows().len() == 1).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(daemon.states(), ["accepted"]);
    fs::remove_file(daemon.pending()).unwrap();
    let began = Instant::now();
    daemon.until_sent(&number(0), &["You said: hello"]).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    // One that comes again means nothing any more.
    fs::write(daemon.pending(), "{}").unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(held_by(&daemon).await, []);
    daemon.until_done().await;
    daemon.end().await;
}

/// It may have been stopped for an hour, or forgotten: it must not talk beside its successor.
/// Incidents: 93.
#[tokio::test(start_paused = true)]
async fn a_daemon_whose_successor_has_begun_ends_at_once_as_a_defect() {
    let mut daemon = Daemon::start().await;
    daemon.write(&number(0), "hang");
    daemon.until("the turn", |daemon| daemon.states() == ["delivered"]).await;
    sql(&daemon, "UPDATE meta SET value = value + 1 WHERE name = 'generation'");
    daemon.write(&number(1), "not for the old one");
    let began = Instant::now();
    let served = timeout(Duration::from_mins(10), daemon.serve());
    assert_eq!(served.await.expect("it ends"), Code::Bug);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "no turn is waited for: {took:?}");
    assert_eq!(daemon.states(), ["delivered"], "nothing was written");
    assert_eq!(daemon.agents.launches().len(), 1);
    daemon.agents.forget();
    daemon.start_again().await;
    daemon.until_sent(&number(1), &["You said: not for the old one"]).await;
    assert_eq!(daemon.status().await.generation, 3);
    daemon.end().await;
}
