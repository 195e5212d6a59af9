//! What the machine itself takes for work of the kind that is measured, to read absolute times
//! beside: nothing is promised of it, and nothing is compared.

use std::collections::BTreeMap;

use harness::bench::check::Rules;
use harness::bench::policy::{BARE, Statistic};
use harness::bench::report::{Bare, Measured};
use harness::bench::statistics::Resampled;

use super::launch::{self, Start, Task};
use super::plan;
use crate::running::Interrupt;

/// Measures it; empty where that does not work, which is said.
pub(super) fn measure(head: &Start, rules: Rules, interrupt: &Interrupt) -> Vec<Bare> {
    let task = Task {
        scenario: BARE,
        count: plan::BARE_SAMPLES,
        limit: plan::USUAL_MAX,
        slowed: None,
        interrupt,
    };
    let samples = match launch::alone(head, task) {
        Ok(samples) => samples,
        Err(trouble) => {
            eprintln!("xtask: nothing is known of the machine itself: failed to {trouble}");
            return Vec::new();
        }
    };
    let mut taken: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (what, ms) in samples.into_iter().flat_map(|sample| sample.values) {
        taken.entry(what).or_default().push(ms);
    }
    let bare = |(what, times): (String, Vec<f64>)| {
        let draws = rules.chance().of(&what);
        let estimate = Resampled::of(Statistic::Median, &[&times], draws)?.interval();
        Some(Bare { what, ms: Measured { estimate, samples: times.len() } })
    };
    taken.into_iter().filter_map(bare).collect()
}
