//! One scenario during a run: what it still owes, and what it gave.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use super::{
    BASE_TROUBLES_MAX, HEAD_TROUBLES_MAX, How, Order, Planned, Purpose, Rules, Sides,
    THROWN_AWAY_MAX, Taken,
};
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
    /// Since the last launch that was not.
    thrown_away: BTreeMap<Purpose, usize>,
    given_up: BTreeSet<Purpose>,
    pub(super) end: Option<End>,
    /// Why the head goes on alone.
    pub(super) alone: Option<Alone>,
    /// Since the last launch in which the base did what it should.
    base_troubles: usize,
    /// What went wrong on the side of the head, each time.
    pub(super) head_troubles: Vec<String>,
}

/// Why head is measured without the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alone {
    /// The base does not have the scenario.
    BaseLacks,
    /// The base has it and it went wrong there, again and again.
    BaseFails(String),
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
            alone: None,
            base_troubles: 0,
            head_troubles: Vec::new(),
        };
        work.asks_again(Purpose::Measure, rules);
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
            (Purpose::Measure | Purpose::Confirm, How::Paired) if self.alone.is_none() => {
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

    /// Whether launches that were asked for have not come to their end.
    pub(super) fn owes(&self, purpose: Purpose) -> bool {
        self.owed.keys().any(|(owed, _)| *owed == purpose)
    }

    /// Whether not even the first round of what judges the head was taken, for whatever reason.
    pub(super) fn is_cut(&self, rules: &Rules) -> bool {
        let first = match self.plan.how {
            How::Paired => self.plan.launches(rules),
            How::Absolute { launches, .. } | How::New { launches, .. } => launches,
        };
        (0..first).any(|launch| !self.taken.contains_key(&(Purpose::Measure, launch)))
    }

    /// Asks for the launches of another round; whether there is one left.
    pub(super) fn asks_again(&mut self, purpose: Purpose, rules: &Rules) -> bool {
        let Some((round, launches, pairs)) = self.next_round(purpose, rules) else { return false };
        self.ask(purpose, round, launches, pairs);
        true
    }

    /// How long another round would take; none if there is none.
    pub(super) fn cost_of_round(&self, purpose: Purpose, rules: &Rules) -> Option<Duration> {
        let (_, launches, pairs) = self.next_round(purpose, rules)?;
        Some(self.plan.cost.of(self.sides(purpose), launches, pairs))
    }

    /// How long it would take to confirm what fails; none if that is not to be.
    pub(super) fn cost_of_confirmation(&self, rules: &Rules) -> Option<Duration> {
        let pairs = self.plan.pairs * rules.confirming_factor();
        let launches = self.plan.confirming_launches(rules);
        self.may_confirm().then(|| self.plan.cost.of(Sides::BaseAndHead, launches, pairs))
    }

    /// Its number, its launches, and their pairs.
    fn next_round(&self, purpose: Purpose, rules: &Rules) -> Option<(usize, usize, usize)> {
        let round = self.rounds.get(&purpose).copied().unwrap_or(0);
        let over = self.end.is_some() || self.gave_up(purpose) || rules.rounds <= round;
        let (launches, pairs) = match (purpose, self.plan.how) {
            // Of one build alone there are no pairs that could be too few: more of the same.
            (
                Purpose::Measure,
                How::Absolute { launches, samples } | How::New { launches, samples },
            ) => (launches, samples),
            (Purpose::Measure, How::Paired) if self.alone.is_some() => return None,
            _ => (self.plan.launches(rules), self.plan.pairs * rules.factor(round)),
        };
        (!over).then_some((round, launches, pairs))
    }

    /// Asks for the launches of a confirmation, of which there is one.
    pub(super) fn asks_to_confirm(&mut self, rules: &Rules) {
        if self.may_confirm() {
            let pairs = self.plan.pairs * rules.confirming_factor();
            self.ask(Purpose::Confirm, 0, self.plan.confirming_launches(rules), pairs);
        }
    }

    fn may_confirm(&self) -> bool {
        self.end.is_none() && self.alone.is_none() && !self.rounds.contains_key(&Purpose::Confirm)
    }

    fn ask(&mut self, purpose: Purpose, round: usize, launches: usize, pairs: usize) {
        self.rounds.insert(purpose, round + 1);
        let first = round * launches;
        self.owed.extend((first..first + launches).map(|launch| ((purpose, launch), pairs)));
    }

    pub(super) fn took(&mut self, order: &Order, taken: Taken) {
        let key = (order.purpose, order.launch);
        self.owed.remove(&key);
        self.thrown_away.remove(&order.purpose);
        if order.sides == Sides::BaseAndHead {
            self.base_troubles = 0;
        }
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

    fn end(&mut self, end: End) {
        self.owed.clear();
        self.end = Some(end);
    }

    /// What was there for a while does not lack: then it is as any trouble.
    pub(super) fn lacks(&mut self, what: String) {
        if self.taken.is_empty() {
            self.end(End::Lacks(what));
        } else {
            self.failed(format!("find {what}"));
        }
    }

    /// It is asked once more: what goes wrong twice is no accident.
    pub(super) fn failed(&mut self, why: String) {
        self.head_troubles.push(why.clone());
        if HEAD_TROUBLES_MAX < self.head_troubles.len() {
            self.end(End::Failed(why));
        }
    }

    /// A base that gave values before has the scenario, whatever it says later.
    pub(super) fn base_lacks(&mut self) {
        let had = self.taken.values().flatten().any(|pair| !pair.base.is_empty());
        if had {
            self.base_failed("find what it had before".to_owned());
        } else {
            self.go_on_alone(Alone::BaseLacks);
        }
    }

    /// It is asked again for a while. What was taken stays.
    pub(super) fn base_failed(&mut self, why: String) {
        self.base_troubles += 1;
        if BASE_TROUBLES_MAX < self.base_troubles {
            self.go_on_alone(Alone::BaseFails(why));
        }
    }

    fn go_on_alone(&mut self, why: Alone) {
        self.owed.retain(|(purpose, _), _| *purpose != Purpose::Confirm);
        self.alone = Some(why);
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
