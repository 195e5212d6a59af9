//! What a restart does not hold against the target: what was so before, and what is over in a moment.

use super::*;
use harness::restart::machine::{Blame, Half, Probe};

/// It ends on the target, which is marked good.
#[track_caller]
fn ensure_passes(stage: &Stage) -> Report {
    let (code, report) = stage.restart(&[]);
    assert_eq!((code, stage.current().as_str()), (0, NEW), "{:?}", report.verdict);
    assert_eq!(report.standing, Some(Standing::Good));
    report
}

#[test]
fn a_daemon_that_its_owner_holds_is_restarted_and_stays_held() {
    let stage = Stage::new();
    stage.world("owned", "");
    stage.world("sessions", r#"[{"row":3,"chat":"test:1","state":"asleep","queue":0}]"#);
    stage.world("counts", r#""accepted":4,"delivered":1"#);
    let report = ensure_passes(&stage);
    assert!(stage.has("owned") && !stage.has("held"));
    let says = report.steps[11].says.join("\n");
    assert!(says.contains("the owner holds 5 messages"), "{says}");
}

#[test]
fn what_was_stuck_before_is_not_held_against_the_target() {
    let stage = Stage::new();
    let sessions = r#"[{"row":3,"chat":"test:1","state":"dead","queue":1},
        {"row":4,"chat":"test:2","state":"waiting","queue":1},
        {"row":5,"chat":"test:3","state":"idle","queue":1},
        {"row":6,"chat":"test:4","state":"resting","queue":1}]"#;
    stage.world("sessions", sessions);
    // Three of those that were delivered, one that nobody reads.
    stage.world("counts", r#""accepted":2,"delivered":3"#);
    ensure_passes(&stage);
    let calls = stage.calls();
    assert!(calls.contains(&"tier4 whole soak 0 down 3,4,6 trying 4,6".to_owned()), "{calls:?}");
}

#[test]
fn a_turn_that_fails_while_it_is_waited_for_is_not_held_against_the_target() {
    let stage = Stage::new();
    let sessions = |state| format!(r#"[{{"row":3,"chat":"test:1","state":"{state}","queue":1}}]"#);
    stage.world("sessions", &sessions("busy"));
    stage.world("sessions-drained", &sessions("resting"));
    stage.world("counts", r#""accepted":0,"delivered":1"#);
    ensure_passes(&stage);
    let calls = stage.calls();
    assert!(calls.contains(&"tier4 whole soak 0 down 3 trying 3".to_owned()), "{calls:?}");
}

/// The agents' API is away, say, or its limit is reached.
#[test]
fn what_the_daemon_before_does_not_pass_either_is_not_held_against_the_target() {
    let stage = Stage::new();
    stage.world("mute", &format!("{OLD}\n{NEW}"));
    let (asked, report) = gone_back(&stage, stage.restart(&[]));
    assert!(asked.ends_with(" --blameless"), "{asked}");
    assert_eq!(report.steps[5].outcome, Outcome::Remarked);
    let says = report.steps[5].says.join("\n");
    assert!(says.contains("the daemon that runs does not answer: "), "{says}");
    assert!(report.verdict.says.ends_with("nor did the daemon before"), "{}", report.verdict.says);
}

#[test]
fn a_target_that_passes_what_the_daemon_before_does_not_is_blessed() {
    let stage = Stage::new();
    stage.world("mute", OLD);
    ensure_passes(&stage);
}

#[test]
fn an_api_that_serves_nobody_any_more_is_held_against_neither() {
    let stage = Stage::new();
    stage.world("unserved", "");
    let (asked, report) = gone_back(&stage, stage.restart(&[]));
    assert!(asked.ends_with(" --blameless"), "{asked}");
    assert_eq!(report.steps[5].outcome, Outcome::Passed, "it served the one that runs");
}

/// By hand, with `drain`, or by a runner that was killed just before.
#[test]
fn what_is_down_is_seen_below_a_hold_that_is_there_already() {
    let stage = Stage::new();
    stage.world("held", "");
    stage.world("sessions", r#"[{"row":3,"chat":"test:1","state":"dead","queue":1}]"#);
    stage.world("counts", r#""accepted":1,"delivered":0"#);
    ensure_passes(&stage);
    let calls = stage.calls();
    assert!(calls.contains(&"tier4 whole soak 0 down 3".to_owned()), "{calls:?}");
}

#[test]
fn a_question_that_is_not_answered_once_is_asked_again() {
    for verb in ["status", "release", "deliveries"] {
        let stage = Stage::new();
        stage.world(&format!("misses-{verb}"), "");
        ensure_passes(&stage);
        assert!(!stage.has(&format!("misses-{verb}")), "it was missed");
    }
}

/// Every case fails, and the target is gone back from; what the launcher was asked for then.
fn gone_back_from(stage: &Stage) -> String {
    stage.world("unwell", NEW);
    let (code, report) = stage.restart(&[]);
    assert_eq!((code, stage.current().as_str()), (25, OLD), "{:?}", report.verdict);
    fs::read_to_string(stage.home().join("world/back")).unwrap()
}

#[test]
fn a_disk_that_is_full_for_a_moment_is_not_held_against_the_target() {
    for said in
        ["No space left on device (os error 28)", "Disk quota exceeded", "database or disk is full"]
    {
        let stage = Stage::new();
        stage.complains_of(said);
        let asked = gone_back_from(&stage);
        assert!(asked.trim().ends_with(" --blameless"), "{said}: {asked}");
    }
}

#[test]
fn a_disk_of_test_messages_without_room_is_not_held_against_the_target() {
    let stage = Stage::new();
    // A file system on which nothing can be stored, on Linux and on macOS.
    let full = ["/proc", "/dev"].into_iter().find(|place| Path::new(place).is_dir()).unwrap();
    fs::write(stage.home().join("config.toml"), format!("[test]\ndir = \"{full}\"\n")).unwrap();
    let asked = gone_back_from(&stage);
    assert!(asked.trim().ends_with(" --blameless"), "{asked}");
    let room = stage.home().display().to_string();
    fs::write(stage.home().join("config.toml"), format!("[test]\ndir = \"{room}\"\n")).unwrap();
    let asked = gone_back_from(&stage);
    assert!(!asked.contains("--blameless"), "{asked}");
}

/// What a look at the daemon of a stage comes to that has this long.
fn looked(stage: &Stage, probe: Probe, limit: Duration) -> Result<Told> {
    let home = Home::find(Some(&stage.home())).unwrap();
    let (workspace, never) = (Workspace::at(&stage.home()), Interrupt::never());
    let runs = stage.home().join("runs");
    let means = Means { workspace: &workspace, time: Time::from_now(limit, &never), runs: &runs };
    Subject::new(means, &home, OLD, None).look(probe, Duration::ZERO)
}

#[test]
fn what_an_earlier_daemon_left_of_its_watch_is_not_gone_on_from() {
    let stage = Stage::new();
    let runs = stage.home().join("reports/id/runs");
    fs::create_dir_all(&runs).unwrap();
    fs::write(runs.join("watched-from.json"), "somebody\n").unwrap();
    let home = Home::find(Some(&stage.home())).unwrap();
    let (workspace, never) = (Workspace::at(&stage.home()), Interrupt::never());
    let time = Time::from_now(AMPLE.1, &never);
    let means = Means { workspace: &workspace, time, runs: &runs };
    Subject::new(means, &home, OLD, None).watched().look(Probe::Held, Duration::ZERO).unwrap();
    assert_eq!(watches(&stage).1, OLD.repeat(2));
}

/// The least and the most that a look has which has to be long enough for some questions.
const AMPLE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(8));

/// What is seen by looks that have ever more time, until one had enough: on a machine that does much
/// else a question may not come to its answer in what is enough elsewhere.
#[track_caller]
fn seen_in_time<Seen>(look: impl Fn(Duration) -> Option<Seen>) -> Seen {
    let (mut limit, most) = AMPLE;
    loop {
        if let Some(seen) = look(limit) {
            return seen;
        }
        assert!(limit < most, "{limit:?} were not enough");
        limit *= 2;
    }
}

/// Why a look came to nothing, unless that is because its time was too short.
fn refusal(looked: Result<Told>) -> Option<(Blame, String)> {
    let trouble = looked.unwrap_err();
    (!trouble.is_late()).then(|| trouble.failure()).map(|it| (it.blame, it.why))
}

/// What is kept of a look at the backlog for the order.
const ORDER: Duration = Duration::from_secs(10);

/// The blame for a daemon that does not answer a look, however often it is asked.
#[track_caller]
fn blame_for_silence(probe: Probe, more: Duration) -> Blame {
    seen_in_time(|limit| {
        let stage = Stage::new();
        stage.world("ends-status", "69");
        let (blame, _) = refusal(looked(&stage, probe, limit + more))?;
        (1 < stage.calls().len()).then_some(blame)
    })
}

#[test]
fn a_daemon_that_is_silent_while_its_backlog_is_looked_at_is_blamed() {
    assert_eq!(blame_for_silence(Probe::Backlog, ORDER), Blame::Target);
}

#[test]
fn a_daemon_that_is_silent_about_its_memory_is_blamed() {
    assert_eq!(blame_for_silence(Probe::Memory, Duration::ZERO), Blame::Target);
}

#[test]
fn a_backlog_that_grew_is_blamed_on_the_target() {
    let (blame, why, limit_s) = seen_in_time(|limit| {
        let stage = Stage::new();
        stage.world("counts", r#""accepted":1,"delivered":0"#);
        let (blame, why) = refusal(looked(&stage, Probe::Backlog, ORDER + limit))?;
        Some((blame, why, limit.as_secs()))
    });
    assert_eq!(
        (blame, why),
        (Blame::Target, format!("after {limit_s} s 1 messages and 0 replies still wait"))
    );
}

/// The blame for an order that ends with this whenever it is asked for, and why.
fn order_that_ends_with(code: &str) -> (Blame, String) {
    seen_in_time(|limit| {
        let stage = Stage::new();
        stage.world("ends-deliveries", code);
        let refusal = refusal(looked(&stage, Probe::Soak(Half::Second), limit))?;
        let asked = stage.calls().iter().filter(|call| *call == "deliveries").count();
        (1 < asked).then_some(refusal)
    })
}

#[test]
fn an_order_that_cannot_be_asked_for_is_held_against_nobody() {
    let why = "deliveries ended with 75: failed to open it".to_owned();
    assert_eq!(order_that_ends_with("75"), (Blame::Nobody, why));
}

#[test]
fn a_target_that_knows_its_order_and_cannot_say_it_is_blamed() {
    let why = "deliveries ended with 1: failed to open it".to_owned();
    assert_eq!(order_that_ends_with("1"), (Blame::Target, why));
}

/// Each of them would have enough for itself, however busy the machine is they have not together.
#[test]
fn all_runners_of_a_look_share_its_time() {
    let stage = Stage::new();
    stage.world("slow-tier4::status", "2");
    stage.world("slow-tier4::check", "2");
    let late = looked(&stage, Probe::Held, Duration::from_millis(2500));
    assert!(matches!(late, Err(Trouble::Late)), "{late:?}");
}
