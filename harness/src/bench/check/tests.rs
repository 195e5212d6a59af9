//! Runs over made-up machines: what is asked for, and what is said in the end.

mod limits;
mod properties;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::super::paired::Pair;
use super::super::policy::{Family, Importance, Kind, Metric};
use super::super::probe::Values;
use super::super::report::{Judgement, Standing};
use super::super::simulated::{Machine, exact, metric};
use super::super::statistics::Draws;
use super::{
    BASE_TROUBLES_MAX, BaseCount, Check, Cost, Findings, How, Order, Planned, Purpose, Rules,
    Sides, Step, Surroundings, THROWN_AWAY_MAX, Taken, awaiting, counted, skipped, uncounted,
};
use crate::seed::Seed;

/// More steps than any run of these tests takes.
const STEPS_MAX: usize = 2000;
const QUIET: Machine = Machine { pairs: 0.02, launches: 0.002 };
const ROUGH: Machine = Machine { pairs: 0.4, launches: 0.3 };

/// What becomes of a launch.
#[derive(Debug, Clone)]
enum Told {
    Took(Taken),
    Disturbed,
    Lacks,
    Failed,
    BaseLacks,
    BaseFailed,
}

/// A scenario of one metric, which also vouches for its family.
fn planned(id: &str) -> Planned {
    Planned {
        scenario: id.to_owned(),
        metrics: vec![metric(id)],
        how: How::Paired,
        pairs: 20,
        often: 1,
        control_for: Some(Family::Cpu),
        cost: Cost { launch: Duration::from_millis(75), sample: Duration::from_millis(10) },
    }
}

fn rules() -> Rules {
    Rules { draws: 1000, ..Rules::full(9) }
}

/// The launch that this machine gives to `order`, whenever it is asked for.
fn taken(order: &Order, machine: Machine, slower: f64) -> Told {
    let name = format!("{}{:?}{}", order.scenario, order.purpose, order.launch);
    let mut seed = Seed::new(Draws { seed: 0, times: 0 }.of(&name).seed);
    let values = |value| Values::from([(order.scenario.clone(), value)]);
    let pairs = machine.launch(order.pairs, slower, &mut seed).pairs;
    Told::Took(match order.sides {
        Sides::HeadAlone => Taken::Samples(pairs.iter().map(|it| values(it.head)).collect()),
        Sides::BaseAndHead | Sides::CopyAndHead => Taken::Pairs(
            pairs.iter().map(|it| Pair { base: values(it.base), head: values(it.head) }).collect(),
        ),
    })
}

/// Every value of this launch is `value`.
fn always(order: &Order, value: f64) -> Told {
    let one = Values::from([(order.scenario.clone(), value)]);
    Told::Took(match order.sides {
        Sides::HeadAlone => Taken::Samples(vec![one; order.pairs]),
        _ => Taken::Pairs(vec![Pair { base: one.clone(), head: one }; order.pairs]),
    })
}

/// Head is `slower` than the base; a copy of it is not.
fn slower(order: &Order, machine: Machine, slower: f64) -> Told {
    taken(order, machine, if order.purpose == Purpose::Control { 1.0 } else { slower })
}

fn tell(check: &mut Check, order: &Order, told: Told) {
    match told {
        Told::Took(taken) => check.took(order, taken),
        Told::Disturbed => check.disturbed(order),
        Told::Lacks => check.lacks(order, "a machine".to_owned()),
        Told::Failed => check.failed(order, "start".to_owned()),
        Told::BaseLacks => check.base_lacks(order),
        Told::BaseFailed => check.base_failed(order, "start".to_owned()),
    }
}

/// Drives a run to its end: what was asked for, and what was found.
#[track_caller]
fn play(plan: Vec<Planned>, world: impl Fn(&Order) -> Told) -> (Vec<Order>, Check) {
    let mut check = Check::new(rules(), plan);
    let mut orders = Vec::new();
    while let Step::Launch(order) = check.next() {
        assert!(orders.len() < STEPS_MAX, "it never ends: {order:?}");
        tell(&mut check, &order, world(&order));
        orders.push(order);
    }
    (orders, check)
}

#[track_caller]
fn found(plan: Vec<Planned>, world: impl Fn(&Order) -> Told) -> Findings {
    play(plan, world).1.findings(Surroundings::Quiet)
}

/// One scenario, and how its only metric stands.
#[track_caller]
fn check(plan: Planned, world: impl Fn(&Order) -> Told, expected: Standing, why: &str) {
    let findings = found(vec![plan], world);
    let report = &findings.metrics[0];
    let reasons = report.reasons.join("; ");
    assert_eq!(report.standing, expected, "{reasons}");
    assert!(reasons.contains(why) && reasons.is_empty() == why.is_empty(), "{reasons}");
}

#[test]
fn a_build_that_is_no_worse_passes() {
    check(planned("it"), |order| slower(order, QUIET, 1.0), Standing::Pass, "");
}

#[test]
fn a_build_that_is_worse_fails_once_it_is_confirmed() {
    let (orders, run) = play(vec![planned("it")], |order| slower(order, QUIET, 1.3));
    assert_eq!(orders.iter().filter(|it| it.purpose == Purpose::Confirm).count(), 10);
    let findings = run.findings(Surroundings::Quiet);
    let report = &findings.metrics[0];
    assert_eq!(report.standing, Standing::Fail);
    assert!(report.reasons[0].contains("worse than the base"), "{:?}", report.reasons);
    let relative = report.relative.as_ref().unwrap();
    assert_eq!((relative.launches, relative.pairs), (5, 100));
    assert!((relative.ratio.value - 1.3).abs() < 0.03 && relative.p < 0.01, "{relative:?}");
    assert!(1.25 < relative.confirmation.unwrap().low);
    assert!(findings.controls[0].quiet, "{:?}", findings.controls);
}

#[test]
fn a_failure_that_does_not_come_again_is_a_remark() {
    let once = |order: &Order| {
        slower(order, QUIET, if order.purpose == Purpose::Confirm { 1.0 } else { 1.3 })
    };
    check(planned("it"), once, Standing::Warn, "and fresh launches were not");
}

#[test]
fn a_failure_that_cannot_be_confirmed_is_inconclusive() {
    let busy = |order: &Order| match order.purpose {
        Purpose::Confirm => Told::Disturbed,
        _ => slower(order, QUIET, 1.3),
    };
    check(planned("it"), busy, Standing::Inconclusive, "it could not be confirmed");
}

#[test]
fn what_cannot_be_said_is_asked_again_with_twice_the_pairs() {
    let rough = |order: &Order| match order.purpose {
        Purpose::Control => slower(order, QUIET, 1.0),
        _ => slower(order, ROUGH, 1.0),
    };
    let (orders, run) = play(vec![planned("it")], rough);
    let mut asked = BTreeMap::new();
    for order in &orders {
        *asked.entry((order.purpose, order.pairs)).or_insert(0) += 1;
    }
    let measure = |pairs| ((Purpose::Measure, pairs), 5);
    assert_eq!(
        asked.into_iter().collect::<Vec<_>>(),
        [measure(20), measure(40), measure(80), ((Purpose::Control, 20), 5)]
    );
    let report = &run.findings(Surroundings::Quiet).metrics[0];
    assert_eq!(report.standing, Standing::Inconclusive);
    assert_eq!(report.relative.as_ref().unwrap().pairs, 5 * (20 + 40 + 80));
}

#[test]
fn an_advisory_metric_is_neither_asked_again_nor_confirmed() {
    let mut plan = planned("it");
    plan.metrics[0].gate = Importance::Advisory;
    let (orders, run) = play(vec![plan], |order| slower(order, QUIET, 1.3));
    assert_eq!(orders.len(), 10);
    assert_eq!(run.findings(Surroundings::Quiet).metrics[0].standing, Standing::Fail);
}

#[test]
fn launches_of_all_scenarios_take_turns() {
    let plan = vec![planned("a"), Planned { control_for: None, ..planned("b") }];
    let check = Check::new(rules(), plan);
    let turns: Vec<String> = check
        .orders()
        .iter()
        .take(6)
        .map(|it| format!("{} {:?} {}", it.scenario, it.purpose, it.launch))
        .collect();
    assert_eq!(
        turns,
        ["a Measure 0", "a Control 0", "b Measure 0", "a Measure 1", "a Control 1", "b Measure 1"]
    );
}

#[test]
fn without_a_control_nothing_is_said_about_the_base() {
    let alone = Planned { control_for: None, ..planned("it") };
    let world = |order: &Order| slower(order, QUIET, 1.0);
    check(alone, world, Standing::Inconclusive, "a build against itself was not quiet enough");
}

#[test]
fn a_machine_that_disturbs_every_launch_ends_the_run_with_nothing_said() {
    let (orders, run) = play(vec![planned("it")], |_| Told::Disturbed);
    assert_eq!(orders.len(), 2 * (THROWN_AWAY_MAX + 1));
    let report = &run.findings(Surroundings::Loaded).metrics[0];
    assert_eq!(report.standing, Standing::Inconclusive);
    assert_eq!(report.reasons, ["the machine was busy whenever it was measured"]);
}

#[test]
fn a_disturbance_that_ends_is_forgotten() {
    let tries = RefCell::new(BTreeMap::new());
    let world = |order: &Order| {
        let mut tries = tries.borrow_mut();
        let nth: &mut usize = tries.entry((order.purpose, order.launch)).or_default();
        *nth += 1;
        if *nth <= THROWN_AWAY_MAX { Told::Disturbed } else { slower(order, QUIET, 1.0) }
    };
    check(planned("it"), world, Standing::Pass, "");
}

#[test]
fn on_a_busy_machine_nothing_timed_fails_and_what_is_exact_still_does() {
    let alone = |metric: Metric| Planned {
        metrics: vec![metric],
        how: How::Absolute { launches: 1, samples: 10 },
        control_for: None,
        ..planned("it")
    };
    let standing = |metric, surroundings| {
        let run = play(vec![alone(metric)], |order| always(order, 200.0)).1;
        run.findings(surroundings).metrics[0].standing
    };
    assert_eq!(standing(metric("it"), Surroundings::Quiet), Standing::Fail);
    assert_eq!(standing(metric("it"), Surroundings::Loaded), Standing::Inconclusive);
    let growth = Metric { kind: Kind::Growth, ..metric("it") };
    assert_eq!(standing(growth, Surroundings::Loaded), Standing::Fail);
    assert_eq!(standing(exact("it"), Surroundings::Loaded), Standing::Broken);

    let paired = play(vec![planned("it")], |order| slower(order, QUIET, 1.3)).1;
    assert_eq!(paired.findings(Surroundings::Loaded).metrics[0].standing, Standing::Inconclusive);
}

#[test]
fn load_is_no_reason_to_throw_away_what_is_not_timed() {
    let plan = vec![planned("timed"), Planned { metrics: vec![exact("x")], ..planned("exact") }];
    let check = Check::new(rules(), plan);
    assert!(check.minds_load("timed"));
    assert!(!check.minds_load("exact"));
}

#[test]
fn what_the_base_does_not_have_is_new() {
    let new = Planned { how: How::New { launches: 1, samples: 10 }, ..planned("it") };
    let quick = |order: &Order| always(order, 9.0);
    check(new, quick, Standing::New, "the base does not have it");
    let base_lacks = |order: &Order| match always(order, 9.0) {
        Told::Took(Taken::Pairs(mut pairs)) => {
            for pair in &mut pairs {
                pair.base.clear();
            }
            Told::Took(Taken::Pairs(pairs))
        }
        other => other,
    };
    check(planned("it"), base_lacks, Standing::New, "the base does not have it");
    let told = |order: &Order| match order.sides {
        Sides::BaseAndHead => Told::BaseLacks,
        _ => always(order, 9.0),
    };
    check(planned("it"), told, Standing::New, "the base does not have it");
}

#[test]
fn a_base_in_trouble_makes_nothing_new() {
    let dies = |order: &Order| match order.sides {
        Sides::BaseAndHead => Told::BaseFailed,
        _ => always(order, 9.0),
    };
    check(planned("it"), dies, Standing::Inconclusive, "the base failed to start");
    let slow = |order: &Order| match order.sides {
        Sides::BaseAndHead => Told::BaseFailed,
        _ => always(order, 900.0),
    };
    check(planned("it"), slow, Standing::Fail, "is beyond 100 ms");
}

#[test]
fn a_base_whose_trouble_ends_is_compared() {
    let tries = RefCell::new(BTreeMap::new());
    let world = |order: &Order| {
        let mut tries = tries.borrow_mut();
        let nth: &mut usize = tries.entry((order.purpose, order.launch)).or_default();
        *nth += 1;
        if order.sides == Sides::BaseAndHead && *nth <= BASE_TROUBLES_MAX {
            Told::BaseFailed
        } else {
            slower(order, QUIET, 1.3)
        }
    };
    check(planned("it"), world, Standing::Fail, "worse than the base");
}

#[test]
fn pairs_that_were_taken_stay_when_the_base_goes_wrong_or_says_it_lacks() {
    for told in [Told::BaseFailed, Told::BaseLacks] {
        let world = |order: &Order| match (order.sides, order.launch) {
            (Sides::BaseAndHead, 2..) => told.clone(),
            _ => slower(order, QUIET, 1.3),
        };
        let findings = found(vec![planned("it")], world);
        let report = &findings.metrics[0];
        assert_eq!(report.standing, Standing::Inconclusive, "{:?}", report.reasons);
        assert_eq!(report.relative.as_ref().unwrap().launches, 2);
        assert_eq!(report.head.as_ref().unwrap().samples, 100);
    }
}

#[test]
fn a_long_scenario_is_several_launches_and_goes_on_where_it_straddles_its_line() {
    let alone = |metric| Planned {
        metrics: vec![metric],
        how: How::Absolute { launches: 10, samples: 1 },
        control_for: None,
        ..planned("it")
    };
    let straddling =
        |order: &Order| always(order, if order.launch.is_multiple_of(2) { 90.0 } else { 110.0 });
    let (orders, run) = play(vec![alone(metric("it"))], straddling);
    assert_eq!(orders.len(), 30);
    assert_eq!(run.findings(Surroundings::Quiet).metrics[0].head.as_ref().unwrap().samples, 30);
    let advisory = Metric { gate: Importance::Advisory, ..metric("it") };
    assert_eq!(play(vec![alone(advisory)], straddling).0.len(), 10);
    assert_eq!(play(vec![alone(metric("it"))], |order| always(order, 9.0)).0.len(), 10);
}

#[test]
fn a_scenario_that_goes_wrong_fails_its_metrics() {
    check(planned("it"), |_| Told::Failed, Standing::Fail, "failed to start");
}

#[test]
fn what_goes_wrong_once_is_asked_again_and_remarked() {
    let first = RefCell::new(true);
    let world = |order: &Order| {
        if first.replace(false) { Told::Failed } else { slower(order, QUIET, 1.0) }
    };
    check(planned("it"), world, Standing::Warn, "failed to start, and once more did not");
}

#[test]
fn what_lacks_late_erases_no_value() {
    let world = |order: &Order| match order.launch {
        0 => slower(order, QUIET, 1.0),
        _ => Told::Lacks,
    };
    let findings = found(vec![planned("it")], world);
    let report = &findings.metrics[0];
    assert_eq!(report.standing, Standing::Fail);
    assert_eq!(report.reasons[0], "failed to find a machine");
    assert_eq!(report.head.as_ref().unwrap().samples, 20);
}

#[test]
fn a_scenario_that_cannot_run_here_is_skipped() {
    check(planned("it"), |_| Told::Lacks, Standing::Skipped, "this machine lacks a machine");
}

#[test]
fn a_scenario_that_gives_no_value_fails() {
    let none = |_: &Order| Told::Took(Taken::Pairs(Vec::new()));
    check(planned("it"), none, Standing::Fail, "its scenario gave no value of it");
}

#[test]
fn a_run_that_is_asked_too_early_says_so() {
    let report = Check::new(rules(), vec![planned("it")]).findings(Surroundings::Quiet);
    assert_eq!(report.metrics[0].standing, Standing::Inconclusive);
    assert_eq!(report.metrics[0].reasons, ["the run ended before it was measured"]);
}

#[test]
fn what_was_not_asked_for_is_ignored() {
    let mut check = Check::new(rules(), vec![planned("it")]);
    let before = check.orders();
    let stray = Order { launch: 77, ..before[0].clone() };
    check.disturbed(&stray);
    check.failed(&Order { scenario: "other".to_owned(), ..stray }, "exist".to_owned());
    assert_eq!(check.orders(), before);
}

#[test]
fn counts_are_compared_as_they_are() {
    let standing = |head, base| counted(&metric("it"), head, &base).standing;
    assert_eq!(standing(20.0, BaseCount::Is(20.0)), Standing::Pass);
    assert_eq!(standing(20.8, BaseCount::Is(20.0)), Standing::Warn);
    assert_eq!(standing(21.2, BaseCount::Is(20.0)), Standing::Fail);
    assert_eq!(standing(20.0, BaseCount::Lacks), Standing::New);
    assert_eq!(standing(20.0, BaseCount::Unasked), Standing::Pass);
    assert_eq!(standing(20.0, BaseCount::Failed("build".to_owned())), Standing::Inconclusive);
    assert_eq!(standing(120.0, BaseCount::Is(120.0)), Standing::Fail);
    let report = uncounted(&metric("it"), "count it");
    assert_eq!(
        (report.standing, report.reasons),
        (Standing::Fail, vec!["failed to count it".into()])
    );
}

#[test]
fn what_was_not_measured_says_why() {
    let waits = Metric { awaits: Some("the messenger".to_owned()), ..metric("it") };
    assert_eq!(awaiting(&waits).reasons, ["awaits the messenger"]);
    assert_eq!(skipped(&waits, "valgrind is missing").standing, Standing::Skipped);
}

#[test]
fn what_launches_have_much_of_their_own_is_launched_more_often() {
    let plan = Planned { often: 3, ..planned("it") };
    let (orders, _) = play(vec![plan], |order| slower(order, QUIET, 1.3));
    let count = |purpose| orders.iter().filter(|it| it.purpose == purpose).count();
    assert_eq!(
        [Purpose::Measure, Purpose::Control, Purpose::Confirm].map(count),
        [15, 15, 30],
        "{orders:?}"
    );
}

#[test]
fn a_quick_run_takes_a_second_round_of_what_one_cannot_tell() {
    let mut check = Check::new(Rules::quick(1), vec![planned("it")]);
    let mut rounds = Vec::new();
    while let Step::Launch(_) = check.next() {
        let orders = check.orders();
        rounds.push((orders.len(), orders[0].pairs));
        for order in orders {
            tell(&mut check, &order, slower(&order, ROUGH, 1.0));
        }
    }
    assert_eq!(rounds, [(10, 20), (10, 20)]);
    assert_eq!((Rules::quick(1).confirming_factor(), Rules::full(1).confirming_factor()), (1, 2));
}
