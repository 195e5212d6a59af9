pub(super) mod stage;
mod stuck;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::stage::{NEW, OLD, Stage};
use super::lock::{Holder, Lock};
use super::slots::{Gate, Slots};
use super::verify::Subject;
use super::*;
use harness::restart::flags::{CHECKS_MAX, SOAK};
use harness::restart::machine::{Sight, Told};
use harness::restart::report::{Outcome, Report, Seen, Standing};
use harness::tier::Tier;
use harness::wait::wait_until;

/// Nothing was switched, nothing is held, and the report says so.
#[track_caller]
fn ensure_untouched(stage: &Stage, report: &Report) {
    assert_eq!(stage.current(), OLD);
    assert!(!stage.has("held") && !stage.has("pending"));
    assert!(!stage.calls().contains(&"launcher-switch".to_owned()));
    let said = "untouched: pid 107, generation 7 as before".to_owned();
    assert!(report.decisions.contains(&said), "{:?}", report.decisions);
}

#[test]
fn a_whole_restart_ends_on_the_target() {
    let stage = Stage::new();
    let (code, report) = stage.restart(&[]);
    assert_eq!((code, stage.current().as_str()), (0, NEW));
    assert_eq!(report.verdict.says, "pass: the target runs, is marked good, and delivers");
    assert!(!stage.has("held") && !stage.has("pending") && stage.has("good"));
    assert_eq!((report.gap_ms, report.standing), (Some(150), Some(Standing::Good)));
    assert_eq!(report.after.map(|after| after.generation), Some(8));
    assert!(report.steps.iter().all(|step| step.outcome == Outcome::Passed), "{:?}", report.steps);
    let copy = report.backup.unwrap();
    assert!(copy.is_file() && copy.starts_with(stage.home().canonicalize().unwrap()));
    // What was made for the candidate is gone.
    let left = fs::read_dir(stage.home().join("run")).unwrap().count();
    assert_eq!(left, 1, "the lock alone is left");
    for form in ["report.md", "junit.xml", "runs/held-tier4-status/report.json"] {
        let place = stage.home().join("state/restart/reports").join(&report.id).join(form);
        assert!(place.is_file(), "{form}");
    }
}

#[test]
fn the_target_is_checked_while_held_and_twice_more_when_it_is_released() {
    let stage = Stage::new();
    stage.restart(&[]);
    let calls = stage.calls();
    let seen: Vec<&str> = calls
        .iter()
        .map(String::as_str)
        .filter(|call| {
            call.starts_with("tier4") || *call == "release" || *call == "launcher-confirm"
        })
        .collect();
    assert_eq!(
        seen,
        [
            // The daemon that runs, for comparison.
            "tier4 tier4::check soak 0",
            "tier4 tier4::status soak 0",
            "tier4 tier4::check soak 0",
            "release",
            "tier4 whole soak 0",
            "tier4 whole soak 0",
            "launcher-confirm",
        ]
    );
}

/// What the looks of a stage were told of where their watch begins, and what was there then.
fn watches(stage: &Stage) -> (Vec<String>, String) {
    let read = |name: &str| fs::read_to_string(stage.home().join("world").join(name)).unwrap();
    (read("watched").lines().map(str::to_owned).collect(), read("watched-from"))
}

#[test]
fn the_target_is_watched_from_the_first_look_to_the_last() {
    let stage = Stage::new();
    stage.restart(&[]);
    let (told, began) = watches(&stage);
    // The one before is another daemon, and looked at alone.
    let alone = ["tier4::status ", "tier4::check "];
    assert_eq!(told[0], alone[1]);
    let from = |name: &str| format!("{name} watched-from.json");
    let names = ["tier4::status", "tier4::check", "whole", "whole"];
    assert_eq!(told[1..], names.map(from));
    assert_eq!(began, format!("{NEW}\n").repeat(4), "all go on from the first");
    let stage = Stage::new();
    stage.world("overtakes", "");
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 25, "{:?}", report.verdict);
    let (told, _) = watches(&stage);
    assert_eq!(told[told.len() - 2..], alone);
}

#[test]
fn a_candidate_that_fails_leaves_everything_as_it_was() {
    let stage = Stage::new();
    stage.world("unfit", "");
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 23);
    assert_eq!(report.verdict.says, "candidate failed: see the answer: none came within 20 s");
    assert!(!stage.calls().contains(&"drain".to_owned()));
    ensure_untouched(&stage, &report);
}

#[test]
fn an_old_program_that_could_not_go_back_stops_it() {
    let stage = Stage::new();
    stage.world("fails-run", "failed to open the database: it needs schema 2\n");
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 23);
    assert!(report.verdict.says.ends_with("it needs schema 2"), "{}", report.verdict.says);
    ensure_untouched(&stage, &report);
}

#[test]
fn who_is_busy_all_the_time_is_let_alone() {
    let stage = Stage::new();
    stage.world("busy", "");
    let (code, report) = stage.restart(&["--drain", "0s"]);
    assert_eq!(code, 24);
    assert!(report.verdict.says.contains("1 sessions are busy"), "{}", report.verdict.says);
    ensure_untouched(&stage, &report);
}

#[test]
fn a_switch_that_went_back_by_itself_is_checked_and_told() {
    let stage = Stage::new();
    stage.world("stillborn", "");
    let (code, report) = stage.restart(&[]);
    assert_eq!((code, stage.current().as_str()), (25, OLD));
    assert_eq!(report.verdict.says, "rolled back: no READY within 30 s");
    assert_eq!(report.standing, Some(Standing::Bad));
    assert_eq!(report.after.map(|after| after.generation), Some(9));
    assert!(stage.calls().contains(&"tier4 tier4::check soak 0".to_owned()));
}

#[test]
fn a_target_that_does_not_answer_is_gone_back_from() {
    let stage = Stage::new();
    stage.world("unwell", NEW);
    let (code, report) = stage.restart(&[]);
    assert_eq!((code, stage.current().as_str()), (25, OLD));
    assert!(report.verdict.says.contains("see the answer: none came"), "{}", report.verdict.says);
    assert!(!stage.has("held") && !stage.has("pending") && !stage.has("good"));
}

/// What the launcher was asked for on the way back, and the report.
fn gone_back(stage: &Stage, (code, report): (u8, Report)) -> (String, Report) {
    assert_eq!((code, stage.current().as_str()), (25, OLD), "{:?}", report.verdict);
    let asked = fs::read_to_string(stage.home().join("world/back")).unwrap();
    (asked.trim().to_owned(), report)
}

#[test]
fn a_target_that_was_not_found_wanting_is_not_blamed() {
    let blameless = |(asked, report): (String, Report)| {
        assert!(asked.ends_with(" --blameless"), "{asked}");
        assert_eq!(report.standing, Some(Standing::Unproven));
        let said = "nothing speaks against the target, which may be tried again";
        assert!(report.decisions.iter().any(|it| it.contains(said)), "{:?}", report.decisions);
    };
    for call in ["launcher-switch", "release", "tier4 whole soak 0"] {
        let stage = Stage::new();
        blameless(gone_back(&stage, interrupted_at(&stage, call, &[])));
    }
    for trouble in ["loses-runner", "dies-whole", "dies-tier4::check"] {
        let stage = Stage::new();
        stage.world(trouble, "");
        blameless(gone_back(&stage, stage.restart(&[])));
    }
    let stage = Stage::new();
    stage.world("unwell", NEW);
    let (asked, report) = gone_back(&stage, stage.restart(&[]));
    assert!(!asked.contains("--blameless"), "{asked}");
    assert_eq!(report.standing, Some(Standing::Bad));
}

#[test]
fn a_target_that_delivers_out_of_order_is_gone_back_from() {
    let stage = Stage::new();
    stage.world("overtakes", "");
    let (asked, report) = gone_back(&stage, stage.restart(&[]));
    assert!(!asked.contains("--blameless"), "{asked}");
    assert_eq!(
        report.verdict.says,
        "rolled back: 2 messages were delivered behind a later one of their session: \
         row 17 of session 3, row 18 of session 3"
    );
    assert_eq!(stage.calls().iter().filter(|call| *call == "deliveries").count(), 1);
}

#[test]
fn a_target_says_before_it_is_blessed_in_which_order_it_delivered() {
    let says = |stage: &Stage| -> String {
        let (code, report) = stage.restart(&[]);
        assert_eq!((code, stage.current().as_str()), (0, NEW));
        assert_eq!(stage.calls().iter().filter(|call| *call == "deliveries").count(), 2);
        report.steps[11].says.join("\n")
    };
    let stage = Stage::new();
    assert!(says(&stage).contains("12 messages were delivered, each in its order"));
    // A program from before it could say that is no worse than it was.
    let stage = Stage::new();
    stage.world("older", "");
    assert!(says(&stage).contains("it does not say in which order it delivers"));
}

#[test]
fn a_previous_slot_that_does_not_answer_either_is_told_to_a_person() {
    let stage = Stage::new();
    stage.world("stillborn", "");
    stage.world("unwell-later", OLD);
    let told = stage.home().join("world/told");
    let config = format!(
        "[restart]\nalert_command = [\"sh\", \"-c\", 'echo \"$0\" > {}']\n",
        told.display()
    );
    fs::write(stage.home().join("config.toml"), config).unwrap();
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 26);
    assert!(
        fs::read_to_string(told).unwrap().starts_with("no READY within 30 s; the way back failed")
    );
    assert_eq!(report.verdict.reasons.len(), 2);
}

#[test]
fn the_second_restart_is_told_who_is_at_it() {
    let stage = Stage::new();
    let path = stage.home().join(LOCK);
    let lock = Lock::take(&path, &Holder::here("somebody", "v2")).unwrap();
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 50);
    assert!(report.verdict.says.contains("somebody (pid"), "{}", report.verdict.says);
    drop(lock);
    // A file without the lock is nobody's.
    assert!(path.exists());
    assert_eq!(stage.restart(&[]).0, 0);
}

#[test]
fn a_home_that_cannot_be_written_to_is_a_missing_precondition() {
    let stage = Stage::new();
    fs::remove_dir(stage.home().join("state")).unwrap();
    fs::write(stage.home().join("state"), "a file").unwrap();
    assert_eq!(stage.play(&[], &Interrupt::never()), ExitCode::PreconditionMissing);
    assert_eq!(stage.calls(), [""; 0]);
}

#[test]
fn restarts_that_come_to_nothing_do_not_fill_the_disk_with_copies() {
    let stage = Stage::new();
    stage.leave_copies();
    stage.world("fails-launcher-arm", "busy\n");
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 20);
    // Three of those before, its own, and somebody's.
    let left = ["r1763870470003-0000.db", "r1763870470004-0000.db", "r1763870470005-0000.db"];
    let own = format!("{}.db", report.id);
    assert_eq!(stage.copies(), [&["mine.db"], &left[..], &[&own]].concat());
}

#[test]
fn a_copy_of_the_report_is_of_this_restart_or_not_there() {
    let stage = Stage::new();
    let copy = stage.home().join("copy.json");
    let words = ["--json", copy.to_str().unwrap()];
    let (_, report) = stage.restart(&words);
    assert_eq!(Report::read(&copy).unwrap(), report);
    // It does not come so far as to have a report.
    let senseless = [words.as_slice(), &["--drain", "long"]].concat();
    assert_eq!(stage.play(&senseless, &Interrupt::never()), ExitCode::BadUsage);
    assert!(!copy.exists());
    // Its own place cannot be written to.
    fs::remove_dir_all(stage.home().join("state")).unwrap();
    fs::write(stage.home().join("state"), "a file").unwrap();
    assert_eq!(stage.play(&words, &Interrupt::never()), ExitCode::PreconditionMissing);
    let written = Report::read(&copy).unwrap();
    assert_eq!(written.verdict.exit_code, ExitCode::PreconditionMissing);
    let home = Home::find(Some(&stage.home())).unwrap();
    let left = leave::write(&home, &written, Some(&copy));
    assert_eq!(left.places, [copy], "a place is named where something was written");
    assert_eq!(left.troubles.len(), 3, "{:?}", left.troubles);
}

#[test]
fn what_is_wanted_has_to_make_sense_first() {
    let slots = |stage: &Stage| Slots::at(stage.home().join("slots"));
    let stage = Stage::new();
    stage.world("slot", NEW);
    fs::remove_file(stage.home().join("slots/current")).unwrap();
    std::os::unix::fs::symlink(NEW, stage.home().join("slots/current")).unwrap();
    let (code, report) = stage.restart(&[]);
    assert!(code == 40 && report.verdict.says.contains("runs already"), "{}", report.verdict.says);

    let stage = Stage::new();
    let mark = r#"{"format":1,"standing":"bad","since":"2026-03-10T12:00:00Z","why":"it leaks"}"#;
    fs::write(stage.home().join(format!("slots/marks/{NEW}.json")), mark).unwrap();
    let (code, report) = stage.restart(&[]);
    assert!(code == 40 && report.verdict.says.ends_with("is marked bad: it leaks"));

    let stage = Stage::new();
    let mut manifest = slots(&stage).manifest(NEW).unwrap();
    let gate: Option<Gate> = manifest.gate.take();
    slots(&stage).write(&manifest).unwrap();
    let (code, report) = stage.restart(&[]);
    assert!(gate.is_some() && code == 40 && report.verdict.says.contains("has not passed"));

    // Nothing, or tier 1 alone, is no gate.
    for tiers in [vec![], vec![Tier::InProcess]] {
        manifest.gate = gate.clone().map(|gate| Gate { tiers, ..gate });
        slots(&stage).write(&manifest).unwrap();
        let (code, report) = stage.restart(&[]);
        assert!(code == 40 && report.verdict.says.contains("has not passed"));
    }

    // A receipt that lies there is of these programs.
    let stage = Stage::new();
    stage.leave_receipt(|_| {});
    assert_eq!(stage.restart(&["--dry-run"]).0, 0);
    stage.leave_receipt(|receipt| {
        receipt.subject.binaries.insert("claude-assistant".to_owned(), "another".to_owned());
    });
    let (code, report) = stage.restart(&["--dry-run"]);
    let says = report.verdict.says;
    assert!(code == 40 && says.contains("the receipt of tier 2 holds no more"), "{says}");

    let stage = Stage::new();
    stage.world("fails-status", "no daemon is running\n");
    let (code, report) = stage.restart(&[]);
    assert!(code == 40 && report.verdict.says.contains("claude-assistant start"));
}

#[test]
fn a_slot_that_is_named_is_neither_selected_for_nor_measured() {
    use clap::Parser as _;
    for word in ["--gate=all", "--strict-perf"] {
        assert!(stage::Line::try_parse_from(["x", "--slot", NEW, word]).is_err(), "{word}");
    }
}

#[test]
fn what_is_said_of_the_time_to_confirm_is_so() {
    use clap::CommandFactory as _;
    let checks_s = CHECKS_MAX.as_secs();
    let help =
        stage::Line::command().render_long_help().to_string().replace(char::is_whitespace, "");
    assert!(help.contains(&format!("(thesoakand{checks_s}s,whichallcheckstakeatmost)")), "{help}");
    let guide = include_str!("../../../docs/changing-the-daemon.md");
    let all_s = (SOAK + CHECKS_MAX).as_secs();
    let soak_s = SOAK.as_secs();
    let said =
        format!("for {all_s} s at most: the soak of {soak_s} s (`--soak`) and the {checks_s} s");
    assert!(guide.contains(&said), "the guide does not say: {said}");
}

#[test]
fn a_program_that_was_changed_is_not_started() {
    let stage = Stage::new();
    let path = stage.home().join("slots").join(NEW).join("bin/tier4");
    fs::write(&path, "#!/bin/sh\nexit 0\n").unwrap();
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 40);
    assert!(report.verdict.says.contains("not the one that was built"), "{}", report.verdict.says);
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let stage = Stage::new();
    let left = stage.home().join("run/restart-r1-0000");
    fs::create_dir(&left).unwrap();
    let (code, report) = stage.restart(&["--dry-run"]);
    assert_eq!(code, 0);
    assert_eq!(stage.calls(), ["launcher-status", "status"]);
    assert!(left.is_dir(), "it is for a restart to remove");
    assert!(!stage.home().join(LOCK).exists());
    let made = fs::read_dir(stage.home().join("state/restart")).unwrap().count();
    assert_eq!(made, 1, "the reports alone");
    assert_eq!(report.steps[3].outcome, Outcome::Skipped);
    assert_eq!(report.steps[3].says, [format!("slot {NEW} would be taken as it is")]);
    assert_eq!(report.steps[6].outcome, Outcome::Skipped);
}

#[test]
fn a_wish_to_end_before_anything_happened_ends_it() {
    let stage = Stage::new();
    let (code, report) = stage.restart_with(&[], &Interrupt::at_once());
    assert_eq!((code, stage.current().as_str()), (30, OLD));
    assert!(report.verdict.says.contains("it was interrupted"));
    assert!(!stage.has("held"));
}

/// A wish to end that comes as soon as this was asked of a program.
fn interrupted_at(stage: &Stage, call: &str, words: &[&str]) -> (u8, Report) {
    let flag = Arc::new(AtomicBool::new(false));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let asked = || stage.calls().iter().any(|it| it == call);
            let _ended =
                wait_until(Duration::from_secs(30), || asked() || over.load(Ordering::Relaxed));
            flag.store(true, Ordering::Relaxed);
        });
        let ended = stage.restart_with(words, &Interrupt::by(Arc::clone(&flag)));
        over.store(true, Ordering::Relaxed);
        ended
    })
}

#[test]
fn a_wish_to_end_on_the_way_back_does_not_spoil_it() {
    let stage = Stage::new();
    stage.world("unwell", NEW);
    let (code, report) = interrupted_at(&stage, "launcher-roll-back", &[]);
    assert_eq!((code, stage.current().as_str()), (25, OLD), "{:?}", report.verdict);
}

#[test]
fn a_wish_to_end_is_heard_while_a_candidate_is_tried_and_the_database_copied() {
    for verb in ["candidate", "backup"] {
        let stage = Stage::new();
        stage.world(&format!("slow-{verb}"), "");
        let began = Instant::now();
        let (code, report) = interrupted_at(&stage, verb, &[]);
        assert_eq!(code, 30, "{verb}: {:?}", report.verdict);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        ensure_untouched(&stage, &report);
    }
}

#[test]
fn all_that_an_action_asks_shares_its_time() {
    let stage = Stage::new();
    let home = Home::find(Some(&stage.home())).unwrap();
    stage.world("slow-candidate", "");
    let never = Interrupt::never();
    let limit = Duration::from_millis(300);
    let began = Instant::now();
    let late =
        passage::candidate(&home, "r1-0000", NEW, Time::from_now(limit, &never)).unwrap_err();
    assert!(late.to_string().starts_with("candidate gave no answer within 0."), "{late}");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(!stage.calls().contains(&"run".to_owned()));
}

#[test]
fn arming_shares_its_time_with_all_that_it_asks() {
    let stage = Stage::new();
    let home = Home::find(Some(&stage.home())).unwrap();
    stage.world("slow-hold", "");
    let never = Interrupt::never();
    let time = Time::from_now(Duration::from_secs(1), &never);
    let passage = passage::Passage { home: &home, id: "r1-0000", time };
    let sight =
        Sight { daemon: Seen { pid: 107, generation: 7 }, slot: OLD.to_owned(), says: vec![] };
    let began = Instant::now();
    let late = passage.arm(NEW, &sight, Duration::from_mins(5)).unwrap_err();
    assert!(late.to_string().starts_with("hold gave no answer within "), "{late}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn a_wish_to_end_is_none_to_keep_a_target_that_was_not_checked() {
    let stage = Stage::new();
    let (code, report) = interrupted_at(&stage, "launcher-switch", &["--no-rollback"]);
    assert_eq!((code, stage.current().as_str()), (25, OLD), "{:?}", report.verdict);
    assert!(!stage.has("good"));
}

#[test]
fn a_failed_build_that_is_kept_is_said_to_run() {
    let stage = Stage::new();
    stage.world("unwell", NEW);
    let (code, report) = stage.restart(&["--no-rollback"]);
    assert_eq!((code, stage.current().as_str()), (20, NEW));
    let says = &report.verdict.says;
    assert!(says.starts_with("failed: the failed build runs, as --no-rollback asks: "), "{says}");
    assert_eq!(report.standing, Some(Standing::Unproven));
    assert!(!stage.has("good") && !stage.has("pending") && !stage.has("held"));
}

#[test]
fn a_launcher_that_does_not_arm_leaves_the_daemon_released() {
    let stage = Stage::new();
    stage.world("fails-launcher-arm", "busy: a restart is pending\n");
    let (code, report) = stage.restart(&[]);
    assert_eq!(code, 20);
    assert!(report.verdict.says.ends_with("busy: a restart is pending"));
    ensure_untouched(&stage, &report);
}
