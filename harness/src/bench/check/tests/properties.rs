//! What holds of every run, whatever its machine answers.

use proptest::prelude::*;

use super::*;

/// Any answer to any order, as a function of `seed` and the order.
fn any_answer(order: &Order, seed: u64) -> Told {
    let name = format!("{}{:?}{}", order.scenario, order.purpose, order.launch);
    let mut chance = Seed::new(Draws { seed, times: 0 }.of(&name).seed);
    match chance.below(20) {
        0 => Told::Disturbed,
        1 => Told::Lacks,
        2 => Told::Failed,
        3 if seed.is_multiple_of(2) => Told::BaseLacks,
        3 => Told::BaseFailed,
        4 => Told::Took(Taken::Samples(Vec::new())),
        5..10 => taken(order, ROUGH, 1.05),
        _ => taken(order, QUIET, 1.0),
    }
}

/// A fast bootstrap: these properties are about the machine, not about its numbers.
fn coarse() -> Rules {
    Rules { draws: 60, ..Rules::full(9) }
}

fn any_plan() -> Vec<Planned> {
    let alone = Planned {
        how: How::Absolute { launches: 1, samples: 5 },
        control_for: None,
        ..planned("c")
    };
    vec![planned("a"), Planned { control_for: None, ..planned("b") }, alone]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_run_ends(seed: u64) {
        let mut check = Check::new(coarse(), any_plan());
        let mut steps = 0;
        while let Step::Launch(order) = check.next() {
            prop_assert_eq!(check.next(), Step::Launch(order.clone()));
            // What is disturbed is asked again, so chance moves on.
            tell(&mut check, &order, any_answer(&order, seed.wrapping_add(steps)));
            steps += 1;
            prop_assert!(steps < 200);
        }
        prop_assert!(check.orders().is_empty());
        prop_assert_eq!(check.findings(Surroundings::Quiet).metrics.len(), 3);
    }

    #[test]
    fn the_order_of_launches_is_irrelevant(seed: u64) {
        let world = |order: &Order| match order.scenario.as_str() {
            "a" => slower(order, Machine { pairs: 0.1, launches: 0.02 }, 1.08),
            _ => taken(order, QUIET, 1.0),
        };
        let run = |mut pick: Box<dyn FnMut(usize) -> usize>| {
            let mut check = Check::new(coarse(), any_plan());
            loop {
                let orders = check.orders();
                if orders.is_empty() {
                    return check.findings(Surroundings::Quiet);
                }
                let order = &orders[pick(orders.len())];
                tell(&mut check, order, world(order));
            }
        };
        let mut chance = Seed::new(seed);
        let shuffled = run(Box::new(move |count| crate::bench::statistics::pick(&mut chance, count)));
        prop_assert_eq!(run(Box::new(|_| 0)), shuffled);
    }

    #[test]
    fn beside_a_noisy_control_nothing_relative_is_passed_or_failed(effect in 0.5..2.0) {
        let world = |order: &Order| match order.purpose {
            Purpose::Control => taken(order, ROUGH, 1.0),
            _ => slower(order, QUIET, effect),
        };
        let findings = found(vec![planned("it")], world);
        prop_assert!(!findings.controls[0].quiet);
        prop_assert_eq!(
            findings.metrics[0].relative.as_ref().unwrap().judgement,
            Judgement::Inconclusive
        );
        prop_assert_eq!(findings.metrics[0].standing, Standing::Inconclusive);
    }
}
