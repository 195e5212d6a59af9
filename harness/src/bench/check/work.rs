//! One scenario during a run: what it still owes, and what it gave.

use std::collections::{BTreeMap, BTreeSet};

use super::{How, Order, Planned, Purpose, Rules, Sides, THROWN_AWAY_MAX, Taken};
use crate::bench::paired::{Launch, Pair};
use crate::bench::policy::Metric;
use crate::bench::probe::Values;

#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) plan: Planned,
    /// Launches by purpose and number, with their pairs.
    owed: BTreeMap<(Purpose, usize), usize>,
    /// What launches gave. A head that was measured alone stands beside a base without values.
    taken: BTreeMap<(Purpose, usize), Vec<Pair<Values>>>,
    /// How often launches were asked for.
    rounds: BTreeMap<Purpose, usize>,
    thrown_away: BTreeMap<Purpose, usize>,
    given_up: BTreeSet<Purpose>,
    pub(super) end: Option<End>,
    pub(super) without_base: Option<String>,
}

/// Why nothing more is asked of a scenario.
#[derive(Debug, Clone)]
pub(super) enum End {
    Lacks(String),
    Failed(String),
}

impl Work {
    pub(super) fn begin(plan: Planned, rules: &Rules) -> Self {
        let mut work = Self {
            plan,
            owed: BTreeMap::new(),
            taken: BTreeMap::new(),
            rounds: BTreeMap::new(),
            thrown_away: BTreeMap::new(),
            given_up: BTreeSet::new(),
            end: None,
            without_base: None,
        };
        match work.plan.how {
            How::Paired => {
                work.asks_again(Purpose::Measure, rules);
            }
            How::Absolute { samples } | How::New { samples } => {
                work.owed.insert((Purpose::Measure, 0), samples);
            }
        }
        if work.plan.control_for.is_some() {
            work.asks_again(Purpose::Control, rules);
        }
        work
    }

    pub(super) fn orders(&self) -> impl Iterator<Item = Order> {
        self.owed.iter().map(|((purpose, launch), pairs)| Order {
            scenario: self.plan.scenario.clone(),
            purpose: *purpose,
            sides: self.sides(*purpose),
            pairs: *pairs,
            launch: *launch,
        })
    }

    fn sides(&self, purpose: Purpose) -> Sides {
        match (purpose, self.plan.how) {
            (Purpose::Control, _) => Sides::CopyAndHead,
            (Purpose::Measure | Purpose::Confirm, How::Paired) if self.without_base.is_none() => {
                Sides::BaseAndHead
            }
            _ => Sides::HeadAlone,
        }
    }

    pub(super) fn owes_nothing(&self) -> bool {
        self.owed.is_empty()
    }

    pub(super) fn asked_for(&self, order: &Order) -> bool {
        self.plan.scenario == order.scenario
            && self.owed.contains_key(&(order.purpose, order.launch))
    }

    /// Asks for the launches of another round; whether there is one left.
    pub(super) fn asks_again(&mut self, purpose: Purpose, rules: &Rules) -> bool {
        let round = self.rounds.get(&purpose).copied().unwrap_or(0);
        let over = self.end.is_some() || self.gave_up(purpose) || rules.rounds <= round;
        if !over {
            self.ask(purpose, round, rules.launches, self.plan.pairs * rules.factor(round));
        }
        !over
    }

    /// Asks for the launches of a confirmation, of which there is one.
    pub(super) fn asks_to_confirm(&mut self, rules: &Rules) {
        if self.end.is_none() && !self.rounds.contains_key(&Purpose::Confirm) {
            let pairs = self.plan.pairs * rules.confirming_factor();
            self.ask(Purpose::Confirm, 0, rules.launches, pairs);
        }
    }

    fn ask(&mut self, purpose: Purpose, round: usize, launches: usize, pairs: usize) {
        self.rounds.insert(purpose, round + 1);
        let first = round * launches;
        self.owed.extend((first..first + launches).map(|launch| ((purpose, launch), pairs)));
    }

    pub(super) fn took(&mut self, order: &Order, taken: Taken) {
        let key = (order.purpose, order.launch);
        self.owed.remove(&key);
        let pairs = match taken {
            Taken::Pairs(pairs) => pairs,
            Taken::Samples(samples) => {
                samples.into_iter().map(|head| Pair { base: Values::new(), head }).collect()
            }
        };
        self.taken.insert(key, pairs);
    }

    pub(super) fn disturbed(&mut self, order: &Order) {
        let thrown_away = self.thrown_away.entry(order.purpose).or_default();
        *thrown_away += 1;
        if THROWN_AWAY_MAX < *thrown_away {
            self.given_up.insert(order.purpose);
            self.owed.retain(|(purpose, _), _| *purpose != order.purpose);
        }
    }

    /// Whether launches for this were disturbed too often.
    pub(super) fn gave_up(&self, purpose: Purpose) -> bool {
        self.given_up.contains(&purpose)
    }

    pub(super) fn end(&mut self, end: End) {
        self.owed.clear();
        self.end = Some(end);
    }

    pub(super) fn goes_on_alone(&mut self, why: String) {
        self.owed.retain(|(purpose, _), _| *purpose != Purpose::Confirm);
        self.without_base = Some(why);
    }

    /// Whether any launch that was to judge the head has come to its end.
    pub(super) fn measured_something(&self) -> bool {
        self.taken.keys().any(|(purpose, _)| *purpose == Purpose::Measure)
    }

    /// What the head took, launch by launch.
    pub(super) fn heads(&self, metric: &Metric) -> Vec<Vec<f64>> {
        self.values(metric, |pair| &pair.head)
    }

    /// What the base took, launch by launch.
    pub(super) fn bases(&self, metric: &Metric) -> Vec<Vec<f64>> {
        self.values(metric, |pair| &pair.base)
    }

    fn values(&self, metric: &Metric, side: impl Fn(&Pair<Values>) -> &Values) -> Vec<Vec<f64>> {
        self.of(Purpose::Measure)
            .map(|pairs| pairs.iter().filter_map(|pair| value(side(pair), metric)).collect())
            .collect()
    }

    /// The launches of a purpose, of pairs that have a value on both sides.
    pub(super) fn launches(&self, purpose: Purpose, metric: &Metric) -> Vec<Launch> {
        let both = |pair: &Pair<Values>| {
            Some(Pair { base: value(&pair.base, metric)?, head: value(&pair.head, metric)? })
        };
        self.of(purpose)
            .map(|pairs| Launch { pairs: pairs.iter().filter_map(both).collect() })
            .collect()
    }

    fn of(&self, meant: Purpose) -> impl Iterator<Item = &Vec<Pair<Values>>> {
        let of_purpose = move |((purpose, _), pairs)| (purpose == meant).then_some(pairs);
        self.taken.iter().map(|(key, pairs)| (*key, pairs)).filter_map(of_purpose)
    }
}

fn value(values: &Values, metric: &Metric) -> Option<f64> {
    values.get(&metric.id).copied().filter(|value| value.is_finite())
}
