//! The life of rows, as scripts and at random.
//!
//! Words of a script: `in:a` accepts message a, `route:a`, `refuse:a` and `ignore:a` decide about
//! it, `try:a/1` begins attempt 1 on it, `ok:1` is a result that lists attempt 1, `bad:1` closes it
//! counted, `lost:1` uncounted, `fail:a` gives the message up, `gen` begins a run of the daemon, and
//! `remove` takes the session away (the next `route` makes another).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::store::inbox::{Route, RouteDecision};
use crate::store::sessions;
use crate::store::tests::{arrival, check_indexed, in_memory, new_session};
use crate::store::{counts, outbox};

/// A database, and what the script calls its rows.
struct Life {
    db: Connection,
    rows: BTreeMap<String, RowId>,
    generation: Generation,
    at: i64,
    /// What settlements and begins answered.
    said: String,
}

impl Life {
    fn new() -> Life {
        let rows = BTreeMap::new();
        Life { db: in_memory(), rows, generation: Generation(1), at: 0, said: String::new() }
    }

    fn step(&mut self, word: &str) {
        self.at += 1;
        let at = WallMs(self.at);
        let (verb, object) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "in" => {
                let accepted = inbox::accept(&self.db, &[arrival(object)], at).unwrap();
                self.rows.insert(object.to_owned(), accepted[0].row);
            }
            "route" => {
                let session = sessions::ensure(&self.db, &new_session("test:a"), at).unwrap().row;
                self.decide(object, RouteDecision::Session(session));
            }
            "refuse" => self.decide(object, RouteDecision::Refused("stranger".to_owned())),
            "ignore" => self.decide(object, RouteDecision::Ignored("tapback".to_owned())),
            "try" => self.begin(object),
            "ok" => self
                .settle(&Settlement { answered: vec![object.to_owned()], ..Settlement::default() }),
            "bad" => self.close(object, AttemptOutcome::TurnFailed, Counted::Yes),
            "lost" => self.close(object, AttemptOutcome::AgentEnded, Counted::No),
            "fail" => self.settle(&Settlement {
                failed: vec![(self.row(object), "poison".to_owned())],
                ..Settlement::default()
            }),
            "gen" => {
                self.generation.0 += 1;
                abandon_older(&self.db, self.generation, at).unwrap();
                outbox::settle_older(&self.db, self.generation, at).unwrap();
            }
            "remove" => {
                for session in sessions::all(&self.db).unwrap() {
                    sessions::remove(&self.db, session.row, at).unwrap();
                }
            }
            other => panic!("no such verb: {other}"),
        }
    }

    fn row(&self, key: &str) -> RowId {
        // A number that never was a row, for what was never accepted.
        self.rows.get(key).copied().unwrap_or(RowId(404))
    }

    fn decide(&mut self, key: &str, decision: RouteDecision) {
        let route = Route { row: self.row(key), decision };
        inbox::record_routes(&self.db, &[route], WallMs(self.at)).unwrap();
    }

    fn begin(&mut self, object: &str) {
        let (key, uuid) = object.split_once('/').unwrap();
        let attempt = NewAttempt {
            uuid: uuid.to_owned(),
            row: self.row(key),
            agent_session: "agent".to_owned(),
            generation: self.generation,
        };
        if begin(&self.db, &[attempt], WallMs(self.at)).unwrap().is_empty() {
            write!(self.said, " {object} not begun;").unwrap();
        }
    }

    fn close(&mut self, uuid: &str, outcome: AttemptOutcome, counted: Counted) {
        let closed = vec![(uuid.to_owned(), outcome, counted)];
        self.settle(&Settlement { closed, ..Settlement::default() });
    }

    fn settle(&mut self, settlement: &Settlement) {
        let settled = settle(&self.db, settlement, WallMs(self.at)).unwrap();
        for uuid in settled.unknown {
            write!(self.said, " {uuid} unknown;").unwrap();
        }
    }

    /// Every row: `key state(reason) deliveries/counted`, `?` behind one that waits for the router.
    fn told(&self) -> String {
        let mut statement = self
            .db
            .prepare(
                "SELECT key, state, reason, routed_at_ms IS NULL,
                    (SELECT count(*) FROM attempts WHERE attempts.row = inbox.row),
                    (SELECT total(counted) FROM attempts WHERE attempts.row = inbox.row)
                 FROM inbox ORDER BY row",
            )
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut told = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let (key, state): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            let reason: Option<String> = row.get(2).unwrap();
            let unrouted: bool = row.get(3).unwrap();
            let (deliveries, counted): (i64, f64) = (row.get(4).unwrap(), row.get(5).unwrap());
            let reason = reason.map_or(String::new(), |reason| format!("({reason})"));
            let unrouted = if unrouted { "?" } else { "" };
            told.push(format!("{key} {state}{reason}{unrouted} {deliveries}/{counted}"));
        }
        told.join(", ")
    }
}

#[track_caller]
fn play(script: &str) -> String {
    let mut life = Life::new();
    for word in script.split_whitespace() {
        life.step(word);
    }
    let said = life.said.trim();
    if said.is_empty() { life.told() } else { format!("{} [{said}]", life.told()) }
}

#[test]
fn a_message_is_accepted_routed_delivered_and_answered() {
    assert_eq!(play("in:a"), "a accepted? 0/0");
    assert_eq!(play("in:a route:a"), "a accepted 0/0");
    assert_eq!(play("in:a route:a try:a/1"), "a delivered 1/0");
    assert_eq!(play("in:a route:a try:a/1 ok:1"), "a answered 1/0");
}

#[test]
fn a_message_that_is_refused_or_ignored_says_why_and_is_never_delivered() {
    assert_eq!(play("in:a refuse:a try:a/1"), "a refused(stranger) 0/0 [a/1 not begun;]");
    assert_eq!(play("in:a ignore:a route:a"), "a ignored(tapback) 0/0");
}

#[test]
fn one_result_answers_every_attempt_that_it_lists() {
    let mut life = Life::new();
    for word in "in:a in:b in:c route:a route:b route:c try:a/1 try:b/2 try:c/3".split(' ') {
        life.step(word);
    }
    life.settle(&Settlement { answered: vec!["1".into(), "3".into()], ..Settlement::default() });
    assert_eq!(life.told(), "a answered 1/0, b delivered 1/0, c answered 1/0");
}

#[test]
fn a_failed_attempt_leaves_its_message_owed() {
    assert_eq!(play("in:a route:a try:a/1 bad:1"), "a delivered 1/1");
    assert_eq!(play("in:a route:a try:a/1 lost:1 try:a/2 ok:2"), "a answered 2/0");
}

#[test]
fn a_message_that_is_given_up_says_why() {
    let script = "in:a route:a try:a/1 bad:1 try:a/2 bad:2 try:a/3 bad:3 fail:a";
    assert_eq!(play(script), "a failed(poison) 3/3");
}

/// Who comes late does not undo what was settled.
/// Incidents: 93.
#[test]
fn what_is_finished_stays_as_it_finished() {
    assert_eq!(play("in:a route:a try:a/1 ok:1 fail:a refuse:a"), "a answered 1/0");
    assert_eq!(play("in:a route:a try:a/1 fail:a ok:1 ok:1"), "a failed(poison) 1/0");
    assert_eq!(play("in:a route:a try:a/1 ok:1 try:a/2"), "a answered 1/0 [a/2 not begun;]");
}

#[test]
fn an_attempt_that_nobody_began_is_reported_and_changes_nothing() {
    assert_eq!(play("in:a route:a ok:9 bad:8"), "a accepted 0/0 [9 unknown; 8 unknown;]");
    assert_eq!(play("try:a/1"), " [a/1 not begun;]");
}

/// A word from before the crash changes nothing that the new run has settled.
/// Incidents: 93.
#[test]
fn a_new_run_of_the_daemon_closes_what_was_open_and_counts_nothing() {
    assert_eq!(play("in:a route:a try:a/1 gen bad:1"), "a delivered 1/0");
}

#[test]
fn a_late_result_still_answers() {
    assert_eq!(play("in:a route:a try:a/1 gen ok:1"), "a answered 1/0");
    assert_eq!(play("in:a route:a try:a/1 bad:1 ok:1"), "a answered 1/0");
}

#[test]
fn a_second_attempt_abandons_the_first() {
    assert_eq!(play("in:a route:a try:a/1 try:a/2 bad:1 bad:2"), "a delivered 2/1");
}

#[test]
fn what_a_removed_session_owed_goes_back_to_the_router() {
    let script = "in:a in:b in:c route:a route:b route:c try:a/1 try:b/2 ok:2 remove";
    assert_eq!(play(script), "a delivered? 1/0, b answered 1/0, c accepted? 0/0");
    let again = format!("{script} route:a bad:1 try:a/3 ok:3");
    assert_eq!(play(&again), "a answered 2/0, b answered 1/0, c accepted? 0/0");
}

#[test]
fn a_uuid_is_never_used_twice() {
    let mut life = Life::new();
    for word in "in:a in:b route:a route:b try:a/1".split(' ') {
        life.step(word);
    }
    let again = NewAttempt {
        uuid: "1".to_owned(),
        row: life.row("b"),
        agent_session: "agent".to_owned(),
        generation: life.generation,
    };
    assert!(begin(&life.db, &[again], WallMs(0)).is_err());
}

#[test]
fn every_statement_finds_its_rows_by_index() {
    for sql in [OWED, SUPERSEDE, DELIVERED, ROW_OF, ANSWER, CLOSE, ABANDON] {
        check_indexed(sql);
    }
}

/// A step of a random script, over four messages and a few dozen attempts.
fn step() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "c", "d"]);
    let uuid = 0..24_u8;
    prop_oneof![
        3 => key.clone().prop_map(|key| format!("in:{key}")),
        3 => key.clone().prop_map(|key| format!("route:{key}")),
        1 => key.clone().prop_map(|key| format!("refuse:{key}")),
        1 => key.clone().prop_map(|key| format!("ignore:{key}")),
        1 => key.clone().prop_map(|key| format!("fail:{key}")),
        5 => key.prop_map(|key| format!("try:{key}")),
        3 => uuid.clone().prop_map(|uuid| format!("ok:{uuid}")),
        2 => uuid.clone().prop_map(|uuid| format!("bad:{uuid}")),
        2 => uuid.prop_map(|uuid| format!("lost:{uuid}")),
        1 => Just("gen".to_owned()),
        1 => Just("remove".to_owned()),
    ]
}

/// The state of every row.
fn states(db: &Connection) -> BTreeMap<RowId, RowState> {
    let mut statement = db.prepare("SELECT row, state FROM inbox").unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let state = RowState::parse(&row.get::<_, String>(1)?).unwrap();
        Ok((RowId(row.get(0)?), state))
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

/// Every row that somebody still has on a list: the router's, or a session's.
fn listed(db: &Connection) -> BTreeSet<RowId> {
    let mut listed: BTreeSet<RowId> = inbox::unrouted(db, RowId(0), 100)
        .unwrap()
        .rows
        .into_iter()
        .map(|found| found.row)
        .collect();
    for session in inbox::sessions_with_unfinished(db).unwrap() {
        let owed = inbox::unfinished(db, session, RowId(0), 100).unwrap();
        listed.extend(owed.rows.into_iter().map(|pending| pending.row));
    }
    listed
}

fn is_finished(state: RowState) -> bool {
    !matches!(state, RowState::Accepted | RowState::Delivered)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_finished_changes(script in prop::collection::vec(step(), 1..60)) {
        let mut life = Life::new();
        let mut begun: BTreeMap<String, RowId> = BTreeMap::new();
        let mut listed_attempts: BTreeSet<RowId> = BTreeSet::new();
        let mut before: BTreeMap<RowId, RowState> = BTreeMap::new();
        for word in &script {
            let word = if let Some(key) = word.strip_prefix("try:") {
                // Attempts are numbered as they come: a uuid is never used twice.
                let uuid = begun.len();
                begun.insert(uuid.to_string(), life.row(key));
                format!("{word}/{uuid}")
            } else {
                word.clone()
            };
            if let Some(row) = word.strip_prefix("ok:").and_then(|uuid| begun.get(uuid)) {
                listed_attempts.insert(*row);
            }
            life.step(&word);

            let now = states(&life.db);
            for (row, state) in &before {
                let is = now.get(row).expect("a row never goes away");
                if is_finished(*state) {
                    prop_assert_eq!(state, is, "a finished row changed at {}", &word);
                }
            }
            let owed: BTreeSet<RowId> =
                now.iter().filter(|(_, state)| !is_finished(**state)).map(|(row, _)| *row).collect();
            prop_assert_eq!(&listed(&life.db), &owed, "after {}", &word);
            for (row, state) in &now {
                if *state == RowState::Answered {
                    prop_assert!(listed_attempts.contains(row), "answered by nothing: {row:?}");
                }
            }
            before = now;
        }

        let tally = counts::counts(&life.db).unwrap().total();
        let count = |wanted| before.values().filter(|state| **state == wanted).count() as u64;
        prop_assert_eq!(tally.accepted, count(RowState::Accepted));
        prop_assert_eq!(tally.delivered, count(RowState::Delivered));
        prop_assert_eq!(tally.answered, count(RowState::Answered));
        prop_assert_eq!(tally.refused, count(RowState::Refused));
        prop_assert_eq!(tally.ignored, count(RowState::Ignored));
        prop_assert_eq!(tally.failed, count(RowState::Failed));
    }
}
