//! Whether a policy makes sense: each metric alone, all of them together, and beside what probes
//! offer. Pure; one sentence for each thing that is wrong.

use std::collections::BTreeSet;

use super::{Direction, Family, Kind, Metric, Policy, Scope, Statistic, Unit};
use crate::bench::probe::Offered;

/// The scenario of instruction counts, which no probe serves.
pub const INSTRUCTIONS: &str = "instructions";

/// The scenario that measures the machine and not the assistant, and has no policy.
pub const BARE: &str = "bare";

impl Policy {
    /// What is wrong with it, by itself.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.metrics.is_empty() {
            problems.push("there is no metric".to_owned());
        }
        let mut seen = BTreeSet::new();
        for metric in &self.metrics {
            let mut says = |what: String| problems.push(format!("{}: {what}", metric.id));
            if !seen.insert(&metric.id) {
                says("its id stands twice".to_owned());
            }
            if self.retired.contains(&metric.id) {
                says("its id is retired, and means something else in old runs".to_owned());
            }
            metric.problems().into_iter().for_each(says);
        }
        problems.extend(self.without_control());
        problems
    }

    /// What a probe offers that measures all of it.
    pub fn offered(&self) -> Vec<Offered> {
        let mut offered: Vec<Offered> = Vec::new();
        for metric in &self.metrics {
            let Some(name) = &metric.scenario else { continue };
            match offered.iter_mut().find(|it| it.name == *name) {
                Some(it) => it.metrics.push(metric.id.clone()),
                None => {
                    offered.push(Offered { name: name.clone(), metrics: vec![metric.id.clone()] });
                }
            }
        }
        offered
    }

    /// What is wrong with it, by itself and beside what a probe offers: each metric that is built has
    /// its scenario, and each offered one its policy.
    pub fn problems_with(&self, offered: &[Offered]) -> Vec<String> {
        let mut problems = self.problems();
        let measured: BTreeSet<(&str, &str)> = offered
            .iter()
            .filter(|scenario| scenario.name != BARE)
            .flat_map(|Offered { name, metrics }| {
                metrics.iter().map(move |metric| (name.as_str(), metric.as_str()))
            })
            .collect();
        let promised: BTreeSet<(&str, &str)> = self
            .metrics
            .iter()
            .filter(|metric| metric.scope == Scope::Bench)
            .filter_map(|metric| Some((metric.scenario.as_deref()?, metric.id.as_str())))
            .collect();
        for (scenario, id) in promised.difference(&measured) {
            problems.push(format!("{id}: the scenario {scenario} does not measure it"));
        }
        for (scenario, id) in measured.difference(&promised) {
            problems.push(format!("{id}: the scenario {scenario} measures it without a policy"));
        }
        problems
    }

    /// Families in which something is compared in pairs, and nothing could vouch for the machine.
    fn without_control(&self) -> Vec<String> {
        let paired = || self.metrics.iter().filter(|metric| metric.is_paired());
        let needed: BTreeSet<Family> = paired().map(|metric| metric.family).collect();
        let vouching: BTreeSet<Family> =
            paired().filter(|metric| metric.is_built()).map(|metric| metric.family).collect();
        needed
            .difference(&vouching)
            .map(|family| format!("the family {family} has no metric that could be its control"))
            .collect()
    }
}

impl Metric {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !is_well_formed(&self.id) {
            problems.push("its id is not made of small words joined by points".to_owned());
        }
        for (field, text) in [("title", &self.title), ("why", &self.why)] {
            if text.trim().is_empty() {
                problems.push(format!("its {field} is empty"));
            }
        }
        problems.extend(self.lines_out_of_order());
        problems.extend(self.relative_out_of_order());
        problems.extend(self.unit_amiss());
        problems.extend(self.statistic_amiss());
        problems.extend(self.scenario_amiss());
        problems
    }

    /// Its absolute lines, from the best to the worst.
    fn lines(&self) -> Vec<(&'static str, f64)> {
        let lines = [
            ("target", self.target),
            ("baseline", Some(self.baseline)),
            ("warn", Some(self.warn)),
            ("fail", self.fail),
            ("concern", Some(self.concern)),
        ];
        lines.into_iter().filter_map(|(name, line)| Some((name, line?))).collect()
    }

    fn lines_out_of_order(&self) -> Vec<String> {
        let lines = self.lines();
        let mut problems = Vec::new();
        for (name, line) in &lines {
            if !line.is_finite() || *line < 0.0 {
                problems.push(format!("its {name} of {line} is no amount"));
            }
        }
        for pair in lines.windows(2) {
            let [(better, good), (worse, bad)] = *pair else { continue };
            let ordered = match self.direction {
                Direction::Lower => good <= bad,
                Direction::Higher => good >= bad,
            };
            if !ordered {
                problems.push(format!("its {better} of {good} is worse than its {worse} of {bad}"));
            } else if self.kind == Kind::Exact && (good < bad || bad < good) {
                problems.push(format!("it is exact, but its {better} and its {worse} differ"));
            }
        }
        problems
    }

    fn relative_out_of_order(&self) -> Option<String> {
        let lines = self.relative?;
        if self.kind == Kind::Exact {
            return Some("it is exact, and so needs no relative lines".to_owned());
        }
        let ordered = 0.0 < lines.warn && lines.warn < lines.fail && lines.fail.is_finite();
        (!ordered).then(|| {
            format!("its relative lines {} and {} do not grow from 0", lines.warn, lines.fail)
        })
    }

    /// A probe slows by milliseconds what is timed, and things alone can be counted exactly.
    fn unit_amiss(&self) -> Option<String> {
        let fits = match (self.kind, self.unit) {
            (Kind::Latency, unit) => unit == Unit::Milliseconds,
            (Kind::Exact, unit) => unit == Unit::Count,
            (Kind::Growth, Unit::Milliseconds | Unit::Count) => false,
            (Kind::Growth, unit) => {
                (unit == Unit::Instructions) == (self.scope == Scope::Instructions)
            }
        };
        (!fits).then(|| "its unit does not fit its kind and scope".to_owned())
    }

    /// One sample has no percentile, and of few the largest says more about chance than about us.
    fn statistic_amiss(&self) -> Option<String> {
        let fits = match self.kind {
            Kind::Latency => true,
            Kind::Exact => self.statistic == Statistic::Max,
            Kind::Growth => self.statistic != Statistic::P95,
        };
        (!fits).then(|| "its statistic does not fit its kind".to_owned())
    }

    fn scenario_amiss(&self) -> Option<String> {
        match (&self.scenario, &self.awaits) {
            (Some(_), Some(_)) => Some("it has a scenario, and awaits its part".to_owned()),
            (None, None) => Some("it has no scenario, and awaits nothing".to_owned()),
            (Some(scenario), None) => {
                let counted = self.scope == Scope::Instructions;
                (counted != (scenario == INSTRUCTIONS))
                    .then(|| format!("its scenario {scenario} does not fit its scope"))
            }
            (None, Some(what)) => {
                what.trim().is_empty().then(|| "what it awaits is empty".to_owned())
            }
        }
    }
}

/// `daemon.pickup_20`: two words or more, of small letters, digits and underscores.
fn is_well_formed(id: &str) -> bool {
    let fits = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '_');
    let words: Vec<&str> = id.split('.').collect();
    words.len() >= 2 && words.iter().all(|word| !word.is_empty() && word.chars().all(fits))
}
