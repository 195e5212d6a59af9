//! Runs whose time is up, and scenarios that were given up: what is left of a plan says nothing.

use super::*;

#[test]
fn what_was_cut_by_the_limit_is_inconclusive_whatever_it_shows() {
    for effect in [1.0, 1.3] {
        let plan = || vec![planned("it")];
        let (orders, _) = play(plan(), |order| slower(order, QUIET, effect));
        for told in 1..orders.len() {
            let mut check = Check::new(rules(), plan());
            for order in &orders[..told] {
                tell(&mut check, order, slower(order, QUIET, effect));
            }
            let report = &check.findings(Surroundings::Quiet).metrics[0];
            assert_eq!(report.standing, Standing::Inconclusive, "{told}: {:?}", report.reasons);
            assert!(report.reasons[0].contains("the time was up"), "{:?}", report.reasons);
        }
    }
}

#[test]
fn a_scenario_alone_that_was_cut_is_inconclusive_on_either_side_of_its_line() {
    for value in [9.0, 900.0] {
        let how = How::Absolute { launches: 10, samples: 1 };
        let plan = Planned { how, control_for: None, ..planned("it") };
        let mut check = Check::new(rules(), vec![plan]);
        for _ in 0..9 {
            let Step::Launch(order) = check.next() else { panic!("nine of ten are asked for") };
            tell(&mut check, &order, always(&order, value));
        }
        let report = &check.findings(Surroundings::Quiet).metrics[0];
        assert_eq!(report.standing, Standing::Inconclusive, "{value}: {:?}", report.reasons);
    }
}

/// How many launches a rough machine is asked for in so much time.
fn asked(left: Duration, effect: f64) -> usize {
    let mut check = Check::new(rules(), vec![planned("it")]);
    check.may_take(left);
    let mut launches = 0;
    while let Step::Launch(order) = check.next() {
        let told = match order.purpose {
            Purpose::Control => slower(&order, QUIET, 1.0),
            _ => slower(&order, ROUGH, effect),
        };
        tell(&mut check, &order, told);
        launches += 1;
    }
    launches
}

#[test]
fn what_looks_worse_is_asked_again_where_that_leaves_time_to_confirm() {
    // The second round takes 4.75 s, the third 8.75 s, and the confirmation 9.5 s.
    assert_eq!(asked(Duration::from_secs(14), 1.1), 10);
    assert_eq!(asked(Duration::from_secs(15), 1.1), 15);
    assert_eq!(asked(Duration::MAX, 1.1), 20);
}

#[test]
fn what_does_not_is_asked_again_as_long_as_there_is_time_for_that() {
    assert_eq!(asked(Duration::from_secs(4), 0.9), 10);
    assert_eq!(asked(Duration::from_secs(5), 0.9), 15);
    assert_eq!(asked(Duration::from_secs(9), 0.9), 20);
}

#[test]
fn a_scenario_alone_that_was_given_up_is_inconclusive_on_either_side_of_its_line() {
    for value in [9.0, 900.0] {
        let how = How::Absolute { launches: 10, samples: 1 };
        let plan = Planned { how, control_for: None, ..planned("it") };
        let world = |order: &Order| match order.launch {
            0 => always(order, value),
            _ => Told::Disturbed,
        };
        check(plan, world, Standing::Inconclusive, "the machine was busy during too many launches");
    }
}

#[test]
fn beside_what_is_compared_what_is_not_was_cut_as_well() {
    let absolute = Metric { relative: None, ..metric("it") };
    let plan = || Planned { metrics: vec![absolute.clone()], ..planned("it") };
    let world = |order: &Order| match order.launch {
        0 => slower(order, QUIET, 1.0),
        _ => Told::Disturbed,
    };
    check(plan(), world, Standing::Inconclusive, "the machine was busy during too many launches");
    let mut run = Check::new(rules(), vec![plan()]);
    for order in run.orders().into_iter().take(2) {
        tell(&mut run, &order, slower(&order, QUIET, 1.0));
    }
    let report = &run.findings(Surroundings::Quiet).metrics[0];
    assert_eq!(report.standing, Standing::Inconclusive, "{:?}", report.reasons);
}

#[test]
fn where_time_is_short_the_controls_have_it_first() {
    // The later in the plan, the later in every list that goes by the plan.
    let plan = vec![Planned { control_for: None, ..planned("a") }, planned("b")];
    let mut check = Check::new(rules(), plan);
    // For the second round of one purpose (4.75 s), and of a scenario that may fail then none.
    check.may_take(Duration::from_secs(5));
    while let Step::Launch(order) = check.next() {
        if order.pairs == 40 {
            break;
        }
        tell(&mut check, &order, slower(&order, ROUGH, 1.0));
    }
    let asked: Vec<_> = check.orders().iter().map(|it| (it.purpose, it.pairs)).collect();
    assert_eq!(asked, [(Purpose::Control, 40); 5]);
}
