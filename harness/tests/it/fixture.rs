//! One table of what comes of every outcome, held against everything that tells it: the terminal,
//! Markdown, `JUnit`, the report, the lines while running, and the exit code.

use std::thread;

use harness::gate::Gate;
use harness::render::{junit, markdown};
use harness::report::{CaseReport, Outcome};
use jiff::ToSpan;
use jiff::Zoned;
use roxmltree::{Document, Node};

use crate::play::{PREFIX, Play, Played};

/// What a case counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Passed,
    Skipped,
    Quarantined,
    /// With the number that a run of it alone ends with.
    Failed(i32),
}

use Counts::{Failed, Passed, Quarantined, Skipped};

/// One case of the fixture tier.
struct Expected {
    name: &'static str,
    outcome: Outcome,
    /// What its message says, in part.
    says: &'static str,
    open: Counts,
    closed: Counts,
}

const fn row(
    name: &'static str,
    outcome: Outcome,
    says: &'static str,
    (open, closed): (Counts, Counts),
) -> Expected {
    Expected { name, outcome, says, open, closed }
}

#[rustfmt::skip]
const TABLE: [Expected; 22] = [
    row("passes", Outcome::Passed, "", (Passed, Passed)),
    row("fails", Outcome::Failed, "failed to see the sun", (Failed(20), Failed(20))),
    row("panics", Outcome::Panicked, "out of words, at harness/src/bin/fixture-tier.rs:", (Failed(20), Failed(20))),
    row("times_out", Outcome::TimedOut, "no end within 200ms", (Failed(20), Failed(20))),
    row("waits_too_long", Outcome::TimedOut, "no end within 200ms; then: failed to see the sea", (Failed(20), Failed(20))),
    row("breaks_an_invariant", Outcome::Broken, "messages lost: 1 of them", (Failed(21), Failed(21))),
    row("leaves_a_thread", Outcome::Leaked, "left behind: thread ", (Passed, Failed(21))),
    row("leaves_a_child", Outcome::Leaked, "(tail) still runs", (Passed, Failed(21))),
    row("leaves_a_zombie", Outcome::Leaked, "(true) was not reaped", (Passed, Failed(21))),
    row("leaves_an_orphan", Outcome::Leaked, "(tail) still runs", (Passed, Failed(21))),
    row("has_an_orphan_that_ends", Outcome::Passed, "", (Passed, Passed)),
    row("leaves_a_file_open", Outcome::Leaked, "left behind: file ", (Passed, Failed(21))),
    row("leaves_a_socket_open", Outcome::Leaked, "left behind: socket ", (Passed, Failed(21))),
    row("leaves_a_temporary_file", Outcome::Leaked, "/left is still on disk", (Passed, Failed(21))),
    row("leaves_a_temporary_directory", Outcome::Leaked, "/left-", (Passed, Failed(21))),
    row("holds_at_the_second_try", Outcome::Flaky, "it held only at try 2", (Passed, Failed(20))),
    row("does_not_get_through", Outcome::Failed, "nobody answers", (Failed(20), Failed(20))),
    row("is_skipped", Outcome::Skipped, "there is no moon", (Skipped, Skipped)),
    row("lacks_something", Outcome::MissingPrecondition, "the philosopher's stone", (Skipped, Failed(40))),
    row("fails_in_quarantine", Outcome::Failed, "failed to see the moon", (Quarantined, Quarantined)),
    row("fails_after_its_quarantine", Outcome::Failed, "failed to see the stars", (Failed(20), Failed(20))),
    row("passes_after_its_quarantine", Outcome::Passed, "", (Failed(32), Failed(32))),
];

const GATES: [Gate; 2] = [Gate::Open, Gate::Closed];

impl Expected {
    fn behind(&self, gate: Gate) -> Counts {
        match gate {
            Gate::Open => self.open,
            Gate::Closed => self.closed,
        }
    }

    fn id(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }
}

/// A quarantine that holds for one case, and one that has expired for each of these.
fn quarantine(expired: &[&str]) -> String {
    let today = Zoned::now().date();
    let entry = |name: &str, since: i32, days: i32| {
        let since = today + since.days();
        let expires = since + days.days();
        format!(
            "[[case]]\nid = \"{PREFIX}{name}\"\nowner = \"us\"\nissue = \"the book\"\n\
             since = {since}\nexpires = {expires}\nreason = \"it is known\"\n\n"
        )
    };
    let expired = expired.iter().map(|name| entry(name, -20, 10));
    expired.chain([entry("fails_in_quarantine", -2, 10)]).collect()
}

/// The element that `JUnit` has for what a case counts as.
const fn element(counts: Counts) -> Option<&'static str> {
    match counts {
        Passed => None,
        Skipped | Quarantined => Some("skipped"),
        Failed(40) => Some("error"),
        Failed(_) => Some("failure"),
    }
}

#[track_caller]
fn check_case(expected: &Expected, gate: Gate, case: &CaseReport) {
    assert_eq!(case.id, expected.id());
    assert_eq!(case.outcome, expected.outcome, "{}: {:?}", case.id, case.message);
    let message = case.message.as_deref().unwrap_or_default();
    assert!(message.contains(expected.says), "{}: {message}", case.id);
    let ran = case.outcome != Outcome::MissingPrecondition;
    assert_eq!((case.seed.is_some(), case.log.is_some()), (ran, ran), "{}", case.id);
    if ran && case.outcome != Outcome::Passed {
        let repeat = format!(
            "HARNESS_SEED={} cargo xtask test-tier 2 --only {}",
            case.seed.expect("it ran"),
            case.id
        );
        assert_eq!(case.repeat.as_ref(), Some(&repeat), "{}", case.id);
    }
    let tolerated = expected.behind(gate) == Quarantined;
    assert_eq!(case.is_quarantined(), tolerated, "{}", case.id);
}

#[test]
fn each_case_alone_ends_with_its_own_number() {
    // They mostly wait, so that all of them can do so at once.
    thread::scope(|scope| {
        for expected in &TABLE {
            for gate in GATES {
                scope.spawn(move || check_alone(expected, gate));
            }
        }
    });
}

fn check_alone(expected: &Expected, gate: Gate) {
    let id = expected.id();
    let is_expired = expected.name.ends_with("after_its_quarantine");
    let expired: &[&str] = if is_expired { &[expected.name] } else { &[] };
    let played = Play::with(&["--exact", &id]).behind(gate).tolerating(&quarantine(expired)).run();
    let (counts, name) = (expected.behind(gate), expected.name);
    let code = match counts {
        Passed => 0,
        Skipped | Quarantined => 41,
        Failed(code) => code,
    };
    assert_eq!(played.code, code, "{name} behind {gate:?}:\n{}{}", played.stderr, played.stdout);
    assert_eq!(i32::from(played.report.verdict.exit_code.number()), code, "{name}");
    assert_eq!(played.report.cases.len(), 1, "{name}");
    check_case(expected, gate, &played.report.cases[0]);
    played.check_junit_is_red();
    assert_eq!(played.litter(), [""; 0], "{name} behind {gate:?}");
}

#[test]
fn all_cases_together_are_told_alike_everywhere() {
    thread::scope(|scope| {
        for gate in GATES {
            scope.spawn(move || check_all(gate));
        }
    });
}

fn check_all(gate: Gate) {
    let expired = ["fails_after_its_quarantine", "passes_after_its_quarantine"];
    let played = Play::with(&[]).behind(gate).tolerating(&quarantine(&expired)).run();
    assert_eq!(played.code, 21, "{}", played.stdout);
    assert_eq!(played.report.cases.len(), TABLE.len());
    for (expected, case) in TABLE.iter().zip(&played.report.cases) {
        check_case(expected, gate, case);
    }
    let count = |wanted: fn(Counts) -> bool| {
        TABLE.iter().filter(|expected| wanted(expected.behind(gate))).count()
    };
    let passed = count(|counts| counts == Passed);
    let failed = count(|counts| matches!(counts, Failed(_)));
    let (skipped, quarantined) =
        (count(|counts| counts == Skipped), count(|counts| counts == Quarantined));
    let verdict = &played.report.verdict;
    assert_eq!(
        (verdict.passed, verdict.failed, verdict.skipped, verdict.quarantined),
        (passed, failed, skipped, quarantined)
    );
    check_terminal(gate, &played, &format!("{passed} passed, {failed} failed"));
    check_markdown(gate, &played, &format!("**{passed} passed, {failed} failed**"));
    check_junit(gate, &junit(&played.report));
    played.check_junit_is_red();
    check_lines(gate, &played);
    assert_eq!(played.litter(), [""; 0]);
}

fn check_terminal(gate: Gate, played: &Played, totals: &str) {
    assert_eq!(played.stdout.lines().last(), Some(totals), "{}", played.stdout);
    let shown = [&played.stdout, &played.stderr];
    assert!(shown.iter().all(|text| !text.contains('\x1b')), "no colour in a pipe");
    for expected in &TABLE {
        let outcome = expected.outcome.words();
        let told = |text: &str, line_of: &str| {
            text.lines().any(|line| line.starts_with(outcome) && line.contains(line_of))
        };
        assert!(told(&played.stderr, &expected.id()), "{}: {}", expected.name, played.stderr);
        // What passed without a remark is one line together.
        let is_plain = expected.outcome == Outcome::Passed && expected.behind(gate) == Passed;
        assert!(is_plain || told(&played.stdout, &expected.id()), "{}", played.stdout);
    }
}

fn check_markdown(gate: Gate, played: &Played, totals: &str) {
    let text = markdown(&played.report);
    assert!(text.contains(totals), "{text}");
    let cells = |line: &str| -> Option<(String, String)> {
        let mut cells =
            line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
        Some((cells.next()?, cells.next()?))
    };
    let rows: Vec<(String, String)> = text.lines().filter_map(cells).collect();
    for expected in &TABLE {
        let row = (expected.outcome.words().to_owned(), expected.id());
        let is_told = rows.contains(&row);
        let is_plain = expected.outcome == Outcome::Passed && expected.behind(gate) == Passed;
        assert_eq!(is_told, !is_plain, "{}: {text}", expected.name);
    }
}

fn check_junit(gate: Gate, text: &str) {
    let document = Document::parse(text).expect("it is XML");
    let cases: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), TABLE.len());
    for (expected, case) in TABLE.iter().zip(&cases) {
        assert_eq!(case.attribute("name"), Some(expected.id().as_str()));
        let has = |tag: &str| case.children().any(|node| node.has_tag_name(tag));
        let wanted = element(expected.behind(gate));
        for tag in ["skipped", "error", "failure"] {
            assert_eq!(has(tag), wanted == Some(tag), "{} behind {gate:?}: {tag}", expected.name);
        }
    }
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite"));
    let number = |name: &str| suite.and_then(|suite| suite.attribute(name)?.parse().ok());
    for (attribute, tag) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        let wanted =
            TABLE.iter().filter(|expected| element(expected.behind(gate)) == Some(tag)).count();
        assert_eq!(number(attribute), Some(wanted), "{attribute} behind {gate:?}");
    }
    assert_eq!(number("tests"), Some(TABLE.len()));
}

fn check_lines(gate: Gate, played: &Played) {
    let events =
        |event: &'static str| played.lines.iter().filter(move |line| line["event"] == event);
    // One that is tried twice begins twice, and one that lacks something never does.
    assert_eq!(events("started").count(), TABLE.len());
    assert_eq!(events("ended").count(), TABLE.len());
    for expected in &TABLE {
        // Those that run side by side end before the others, in any order.
        let line = events("ended").find(|line| line["case"]["id"] == expected.id().as_str());
        let line = line.expect("every case ends");
        let outcome = serde_json::to_value(expected.outcome).expect("it is a word");
        assert_eq!(line["case"]["outcome"], outcome, "{}", expected.name);
    }
    let last = played.lines.last().expect("there are lines");
    assert_eq!((&last["event"], &last["verdict"]["exit_code"]), (&"report".into(), &21.into()));
    assert_eq!(last["gate"], serde_json::to_value(gate).expect("it is a word"));
}

#[test]
fn a_log_says_what_a_failed_case_did() {
    let id = format!("{PREFIX}panics");
    let played = Play::with(&["--exact", &id]).env("RUST_BACKTRACE", "1").run();
    let log = played.log("panics");
    let said: Vec<&str> = log.lines().map(|line| line.get(11..).unwrap_or_default()).collect();
    assert!(said[0].starts_with("tier2::fixture::panics: try 1, seed "), "{log}");
    assert!(said[1].starts_with("out of words, at "), "{log}");
    assert_eq!(said[2], "backtrace:", "{log}");
    assert!(said.last().is_some_and(|last| last.starts_with("panicked: out of words")), "{log}");
    let message = played.report.cases[0].message.as_deref().unwrap_or_default();
    assert!(!message.contains("backtrace"), "the log has it: {message}");
}
