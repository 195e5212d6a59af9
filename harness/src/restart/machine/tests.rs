mod world;

use proptest::prelude::*;

use self::world::{Fate, World, play, play_until};
use super::super::flags::{CHECKS_MAX, Drain, OnFailure};
use super::super::report::{Outcome, Seen};
use super::*;

const FATES: [Fate; 12] = [
    Fate::Fails,
    Fate::Unable,
    Fate::Hangs,
    Fate::Silent,
    Fate::Lost,
    Fate::LauncherDies,
    Fate::DaemonDies,
    Fate::Unwell,
    Fate::Interrupted,
    Fate::InterruptedInVain,
    Fate::Killed,
    Fate::Busy,
];

fn flags() -> Flags {
    Flags::default()
}

/// What a restart with these fates ends with, and what it did.
fn ended(flags: &Flags, fates: &[(usize, Fate)]) -> (World, Option<Restart>) {
    let mut script = vec![Fate::Good; 60];
    for (at, fate) in fates {
        script[*at] = *fate;
    }
    play(flags, &script)
}

/// The exit code, and where the world ended.
fn code(flags: &Flags, fates: &[(usize, Fate)]) -> (u8, &'static str) {
    let (world, restart) = ended(flags, fates);
    let restart = restart.expect("the runner was not killed");
    (restart.account().code().number(), world.slot())
}

/// Where an action stands in a run in which all is well.
fn at(wanted: &Action) -> usize {
    let (world, _) = ended(&flags(), &[]);
    world.seen.iter().position(|action| action == wanted).expect("it is part of a good run")
}

#[test]
fn a_good_run_ends_on_the_target_and_says_so_of_every_step() {
    let (world, restart) = ended(&flags(), &[]);
    let account = restart.as_ref().map(Restart::account).expect("it ended");
    assert_eq!((account.code(), world.slot()), (ExitCode::Pass, "target"));
    assert!(account.steps.iter().all(|step| step.outcome == Outcome::Passed));
    assert_eq!(account.steps.len(), 13);
    assert_eq!(account.gap_ms, Some(300));
    assert_eq!(account.after.map(|after| after.generation), Some(8));
    assert!(account.held_ms.is_some_and(|held| 0 < held));
}

#[test]
fn each_step_before_the_switch_has_its_own_number() {
    let fails = |action: &Action| code(&flags(), &[(at(action), Fate::Fails)]);
    assert_eq!(fails(&Action::Lock), (50, "previous"));
    assert_eq!(fails(&Action::Look), (40, "previous"));
    assert_eq!(fails(&Action::Build), (22, "previous"));
    assert_eq!(fails(&Action::Gate), (20, "previous"));
    assert_eq!(fails(&Action::Candidate), (23, "previous"));
    assert_eq!(fails(&Action::BackUp), (20, "previous"));
    assert_eq!(fails(&Action::Arm), (20, "previous"));
    assert_eq!(fails(&Action::Switch), (20, "previous"));
}

#[test]
fn a_gate_that_is_late_says_nothing_of_the_target() {
    assert_eq!(code(&flags(), &[(at(&Action::Gate), Fate::Hangs)]), (30, "previous"));
}

/// A daemon that answers nobody is what the target may mend.
#[test]
fn one_that_does_not_pass_before_is_restarted_all_the_same_and_remarked() {
    for fate in [Fate::Fails, Fate::Unable, Fate::Hangs, Fate::Silent] {
        let (world, restart) = ended(&flags(), &[(at(&Action::Compare), fate)]);
        let restart = restart.expect("it ended");
        assert_eq!(
            (restart.account().code(), world.slot()),
            (ExitCode::Pass, "target"),
            "{fate:?}"
        );
        assert_eq!(restart.account().steps[5].outcome, Outcome::Remarked, "{fate:?}");
    }
    let interrupted = code(&flags(), &[(at(&Action::Compare), Fate::Interrupted)]);
    assert_eq!(interrupted, (30, "previous"));
}

#[test]
fn a_target_that_is_not_well_ends_on_the_previous_one() {
    for probe in [
        Probe::Held,
        Probe::Backlog,
        Probe::Soak(Half::First),
        Probe::Soak(Half::Second),
        Probe::Memory,
    ] {
        let place = at(&Action::Verify(probe));
        assert_eq!(code(&flags(), &[(place, Fate::Fails)]), (25, "previous"), "{probe:?}");
        assert_eq!(code(&flags(), &[(place, Fate::Hangs)]), (25, "previous"), "{probe:?}");
        assert_eq!(code(&flags(), &[(place, Fate::DaemonDies)]), (25, "previous"), "{probe:?}");
    }
    assert_eq!(code(&flags(), &[(at(&Action::Switch), Fate::Unwell)]), (25, "previous"));
}

/// Whom the runner blames when it has the launcher go back; none where it does not.
fn blamed(fates: &[(usize, Fate)]) -> Option<Blame> {
    let (world, _) = ended(&flags(), fates);
    world.seen.iter().find_map(|action| match action {
        Action::RollBack { blame, .. } => Some(*blame),
        _ => None,
    })
}

#[test]
fn a_target_is_blamed_for_what_a_check_of_it_says_and_for_nothing_else() {
    let probes = [
        Probe::Held,
        Probe::Backlog,
        Probe::Soak(Half::First),
        Probe::Soak(Half::Second),
        Probe::Memory,
    ];
    let checks = probes.into_iter().map(Action::Verify).chain([Action::Release]);
    for place in checks.map(|check| at(&check)) {
        for fate in [Fate::Fails, Fate::Hangs] {
            assert_eq!(blamed(&[(place, fate)]), Some(Blame::Target), "{fate:?} at {place}");
        }
        for fate in [Fate::Unable, Fate::Interrupted, Fate::InterruptedInVain] {
            assert_eq!(blamed(&[(place, fate)]), Some(Blame::Nobody), "{fate:?} at {place}");
        }
        // What comes after a no changes nothing of it, nor does a no that came too late.
        let no_first = [(place, Fate::Fails), (place + 1, Fate::Interrupted)];
        assert_eq!(blamed(&no_first), Some(Blame::Target));
    }
    assert_eq!(blamed(&[(at(&Action::Verify(Probe::Memory)), Fate::Unwell)]), Some(Blame::Target));
    // Of these the launcher knows more than the runner.
    let switch = at(&Action::Switch);
    for fate in [Fate::Lost, Fate::Interrupted] {
        assert_eq!(blamed(&[(switch, fate)]), Some(Blame::Nobody), "{fate:?}");
    }
    let bless = at(&Action::Confirm(Proof::Proven));
    for fate in [Fate::Fails, Fate::Unable, Fate::Hangs, Fate::InterruptedInVain] {
        assert_eq!(blamed(&[(bless, fate)]), Some(Blame::Nobody), "{fate:?}");
    }
}

/// A switch that ends with this generation of the target, where the one before had 7.
fn blamed_for_generation(generation: i64) -> Blame {
    let (mut restart, now) = play_until(&flags(), &Action::Switch);
    let daemon = Seen { pid: 200, generation };
    let switched = Switched { daemon, stop_ms: 1, end: End::InOrder, gap_ms: 1 };
    restart.handle(now, Event::Told(Told::Switched(switched)));
    match restart.poll_action(now) {
        Some(Action::RollBack { blame, .. }) => blame,
        other => panic!("not gone back, but {other:?}"),
    }
}

#[test]
fn a_generation_that_another_daemon_took_is_not_held_against_the_target() {
    assert_eq!(blamed_for_generation(9), Blame::Nobody);
    assert_eq!(blamed_for_generation(7), Blame::Target);
}

#[test]
fn a_previous_one_that_is_not_well_either_needs_a_person() {
    let place = at(&Action::Verify(Probe::Held));
    let (world, restart) = ended(&flags(), &[(place, Fate::Fails), (place + 2, Fate::Fails)]);
    let restart = restart.expect("it ended");
    assert_eq!(restart.account().code(), ExitCode::RollbackFailed);
    assert!(matches!(world.seen.last(), Some(Action::Alert { .. })));
}

#[test]
fn an_answer_that_was_lost_is_found_out() {
    assert_eq!(code(&flags(), &[(at(&Action::Switch), Fate::Lost)]), (25, "previous"));
    let (world, restart) = ended(&flags(), &[(at(&Action::Confirm(Proof::Proven)), Fate::Lost)]);
    let restart = restart.expect("it ended");
    assert_eq!((restart.account().code(), world.slot()), (ExitCode::Pass, "target"));
    // A build server, which knows steps alone, is as green as the exit code.
    assert!(restart.account().steps.iter().all(|step| step.outcome != Outcome::Failed));
}

#[test]
fn who_is_busy_at_the_end_of_the_drain_is_interrupted() {
    let place = at(&Action::Drain { within: SLICE, lease: LEASE, manners: Manners::Wait });
    let busy: Vec<(usize, Fate)> = (place..place + 12).map(|at| (at, Fate::Busy)).collect();
    let (world, restart) = ended(&flags(), &busy);
    let restart = restart.expect("it ended");
    assert_eq!(restart.account().code(), ExitCode::Pass);
    assert_eq!(world.interruptions, 1);
}

#[test]
fn who_is_busy_after_the_interruption_too_is_let_alone() {
    let place = at(&Action::Drain { within: SLICE, lease: LEASE, manners: Manners::Wait });
    let busy: Vec<(usize, Fate)> = (place..place + 13).map(|at| (at, Fate::Busy)).collect();
    assert_eq!(code(&flags(), &busy), (24, "previous"));
}

#[test]
fn nobody_is_interrupted_when_it_is_waited_for_idleness() {
    let flags = Flags { drain: Drain::WhenIdle(Duration::from_secs(30)), ..flags() };
    let busy: Vec<(usize, Fate)> = (7..50).map(|at| (at, Fate::Busy)).collect();
    let (world, restart) = ended(&flags, &busy);
    assert_eq!(restart.expect("it ended").account().code(), ExitCode::NotDrained);
    assert_eq!((world.interruptions, world.holds), (0, 0));
}

#[test]
fn whoever_became_busy_in_the_moment_of_the_hold_is_let_go_and_waited_for() {
    let flags = Flags { drain: Drain::WhenIdle(Duration::from_secs(30)), ..flags() };
    // The look finds nobody, the hold somebody.
    let (world, restart) = ended(&flags, &[(8, Fate::Busy)]);
    assert_eq!(restart.expect("it ended").account().code(), ExitCode::Pass);
    assert!(world.seen.contains(&Action::LetGo));
    assert_eq!(world.holds, 2);
}

#[test]
fn a_reason_to_interrupt_at_once_is_written_down() {
    let flags = Flags { drain: Drain::Now { because: "it leaks".to_owned() }, ..flags() };
    let (world, restart) = ended(&flags, &[]);
    let restart = restart.expect("it ended");
    assert_eq!((world.interruptions, world.slot()), (1, "target"));
    assert!(restart.account().decisions.iter().any(|it| it.contains("it leaks")));
}

#[test]
fn a_dry_run_changes_nothing() {
    let flags = Flags { scope: Scope::DryRun, ..flags() };
    let (world, restart) = ended(&flags, &[]);
    let restart = restart.expect("it ended");
    let account = restart.account();
    assert_eq!(account.code(), ExitCode::Pass);
    assert_eq!(world.seen, [Action::Lock, Action::Look, Action::Select, Action::Foresee]);
    let begun = account.steps.iter().filter(|step| step.outcome != Outcome::Skipped);
    assert_eq!(
        begun.map(|step| step.name.as_str()).collect::<Vec<_>>(),
        ["lock", "preflight", "select"]
    );
    assert_eq!(account.verdict().says, "pass: it was a dry run, and nothing was changed");
    for would in ["then interrupt", "watch the target for 30 s", "gone back from, to previous"] {
        assert!(account.decisions.iter().any(|it| it.contains(would)), "{would}");
    }
}

#[test]
fn a_failing_target_stays_where_somebody_asks_for_that() {
    let flags = Flags { on_failure: OnFailure::Keep, ..flags() };
    let place = at(&Action::Verify(Probe::Soak(Half::First)));
    assert_eq!(code(&flags, &[(place, Fate::Fails)]), (20, "target"));
    // Nobody has said of one that it failed who only wanted the restart to end.
    for fate in [Fate::Interrupted, Fate::InterruptedInVain] {
        assert_eq!(code(&flags, &[(place, fate)]), (25, "previous"));
    }
    // Nor was anything said of one whose checks could not be made.
    assert_eq!(code(&flags, &[(place, Fate::Unable)]), (25, "previous"));
    // A target that never ran cannot stay.
    assert_eq!(code(&flags, &[(at(&Action::Switch), Fate::Unwell)]), (25, "previous"));
}

#[test]
fn a_daemon_that_died_meanwhile_is_not_called_untouched() {
    let place = at(&Action::Build);
    let fates = [(place, Fate::DaemonDies), (place + 1, Fate::Fails)];
    assert_eq!(code(&flags(), &fates), (21, "previous"));
    // Nor is another one replaced than was looked at.
    assert_eq!(code(&flags(), &fates[..1]), (21, "previous"));
}

/// Each check takes as long as it may, and the launcher still waits for the blessing.
#[test]
fn checks_that_take_all_of_their_time_end_before_the_launcher_goes_back() {
    for soak_s in [0, 30, 601] {
        let soak = Duration::from_secs(soak_s);
        let flags = Flags { soak, confirm_timeout: soak + CHECKS_MAX, ..flags() };
        let probes = [
            Probe::Held,
            Probe::Backlog,
            Probe::Soak(Half::First),
            Probe::Soak(Half::Second),
            Probe::Memory,
        ];
        let checks: Vec<Action> = probes.into_iter().map(Action::Verify).collect();
        let limits = checks.iter().chain([&Action::Release]).map(|it| it.limit(&flags));
        let longest: Option<Duration> = limits.sum();
        assert_eq!(longest, Some(Step::Verify.limit(&flags)));
    }
}

#[test]
fn a_daemon_that_grows_is_not_blessed() {
    assert_eq!(
        code(&flags(), &[(at(&Action::Verify(Probe::Memory)), Fate::Unwell)]),
        (25, "previous")
    );
}

#[test]
fn silence_is_told_as_it_was_and_blamed_on_a_target_that_is_checked() {
    let failure = |wanted: &Action| {
        let (restart, now) = play_until(&flags(), wanted);
        let mut restart = restart;
        restart.handle(now, Event::Unanswered("status gave no answer within 3 s".to_owned()));
        restart.failed.expect("it failed")
    };
    for (action, blame) in
        [(Action::Verify(Probe::Backlog), Blame::Target), (Action::Switch, Blame::Nobody)]
    {
        let failed = failure(&action);
        assert_eq!(failed.why, "status gave no answer within 3 s");
        assert_eq!(failed.blame, blame, "{action:?}");
    }
}

#[test]
fn what_comes_when_nothing_is_under_way_changes_nothing() {
    let mut restart = Restart::new(flags());
    restart.handle(Duration::ZERO, Event::Told(Told::Idle(true)));
    restart.handle_deadline(Duration::from_hours(1));
    assert_eq!(restart.poll_action(Duration::ZERO), Some(Action::Lock));
    assert_eq!(restart.poll_action(Duration::ZERO), None);
    restart.handle_deadline(Duration::from_secs(4));
    assert!(!restart.is_over());
    restart.handle_deadline(Duration::from_secs(5));
    assert!(restart.is_over());
    assert_eq!(restart.account().code(), ExitCode::Locked);
    restart.handle(Duration::ZERO, Event::Interrupted);
    assert_eq!(restart.account().code(), ExitCode::Locked);
}

/// Each action of a good run, with everything that can happen to it alone: nothing needs a person.
#[test]
fn no_single_mishap_needs_a_person() {
    for when_idle in [false, true] {
        let drain = Drain::WhenIdle(Duration::from_mins(1));
        let flags = if when_idle { Flags { drain, ..flags() } } else { flags() };
        for place in 0..24 {
            for fate in FATES {
                let (world, restart) = ended(&flags, &[(place, fate)]);
                let what = format!("{fate:?} at {:?}", world.seen.get(place));
                world.ensure_well(&what);
                let Some(restart) = restart else { continue };
                assert_ne!(restart.account().code(), ExitCode::RollbackFailed, "{what}");
                world.ensure_said(&restart, &what);
            }
        }
    }
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Good),
        1 => prop::sample::select(FATES.to_vec()),
    ]
}

fn any_flags() -> impl Strategy<Value = Flags> {
    let drain = prop_oneof![
        Just(Drain::Within(Duration::from_secs(25))),
        Just(Drain::WhenIdle(Duration::from_secs(25))),
        Just(Drain::Now { because: "x".to_owned() }),
    ];
    let on_failure = prop_oneof![2 => Just(OnFailure::RollBack), 1 => Just(OnFailure::Keep)];
    (drain, on_failure).prop_map(|(drain, on_failure)| Flags {
        drain,
        on_failure,
        ..Flags::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_people_are_answered_by_a_healthy_version(
        flags in any_flags(),
        script in prop::collection::vec(any_fate(), 60),
    ) {
        let (world, restart) = play(&flags, &script);
        world.ensure_well("any script");
        if let Some(restart) = restart {
            world.ensure_said(&restart, "any script");
        }
    }
}
