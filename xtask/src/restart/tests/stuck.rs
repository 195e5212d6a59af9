//! What a restart does not hold against the target: what was so before, and what is over in a moment.

use super::*;
use harness::restart::machine::{Blame, Probe};

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
        {"row":5,"chat":"test:3","state":"idle","queue":1}]"#;
    stage.world("sessions", sessions);
    // Two of those that were delivered, one that nobody reads.
    stage.world("counts", r#""accepted":2,"delivered":2"#);
    ensure_passes(&stage);
    let calls = stage.calls();
    assert!(calls.contains(&"tier4 whole soak 0 down 3,4".to_owned()), "{calls:?}");
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
fn a_status_or_a_release_that_is_slow_once_is_asked_for_again() {
    for verb in ["status", "release"] {
        let stage = Stage::new();
        stage.world(&format!("misses-{verb}"), "");
        ensure_passes(&stage);
        assert!(!stage.has(&format!("misses-{verb}")), "it was missed");
    }
}

#[test]
fn an_order_that_cannot_be_asked_for_is_held_against_nobody() {
    for code in [64, 75, 77] {
        let stage = Stage::new();
        stage.world("ends-deliveries", &code.to_string());
        let (asked, report) = gone_back(&stage, stage.restart(&[]));
        assert!(asked.ends_with(" --blameless"), "{code}: {asked}");
        let says = &report.verdict.says;
        assert!(
            says.contains(&format!("deliveries ended with {code}: failed to open it")),
            "{says}"
        );
    }
    let stage = Stage::new();
    stage.world("ends-deliveries", "1");
    let (asked, report) = gone_back(&stage, stage.restart(&[]));
    assert!(!asked.contains("--blameless"), "{asked}");
    assert_eq!(report.standing, Some(Standing::Bad));
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
fn a_daemon_that_is_silent_to_the_end_is_blamed() {
    let stage = Stage::new();
    stage.world("ends-status", "69");
    for (probe, limit_s) in [(Probe::Backlog, 11), (Probe::Memory, 1)] {
        let failure = looked(&stage, probe, Duration::from_secs(limit_s)).unwrap_err().failure();
        assert_eq!(failure.blame, Blame::Target, "{probe:?}: {}", failure.why);
    }
    assert!(2 < stage.calls().len(), "it was asked again: {:?}", stage.calls());
}

#[test]
fn a_backlog_that_grew_is_blamed_on_the_target() {
    let stage = Stage::new();
    stage.world("counts", r#""accepted":1,"delivered":0"#);
    let failure = looked(&stage, Probe::Backlog, Duration::from_secs(11)).unwrap_err().failure();
    assert_eq!(
        (failure.blame, failure.why.as_str()),
        (Blame::Target, "after 1 s 1 messages and 0 replies still wait")
    );
}

#[test]
fn all_runners_of_a_look_share_its_time() {
    let stage = Stage::new();
    stage.world("slow-tier4::status", "3");
    stage.world("slow-tier4::check", "30");
    let began = Instant::now();
    let late = looked(&stage, Probe::Held, Duration::from_secs(4));
    assert!(matches!(late, Err(Trouble::Late)), "{late:?}");
    // A time for each of them would be 7 s.
    assert!(began.elapsed() < Duration::from_millis(6500), "{:?}", began.elapsed());
}
