use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;
use roxmltree::Document;
use serde_json::Value;

use super::{Colour, json_lines, junit, markdown, terminal};
use crate::exit_code::ExitCode;
use crate::gate::Gate;
use crate::report::{CaseReport, End, Outcome, Report, Verdict};
use crate::specimen::{Entry, any_report, any_text, case, quarantined, report, saying};
use crate::verdict::judge;

/// A run with one case of most kinds.
fn mixed(gate: Gate) -> Report {
    let failed = CaseReport {
        elapsed_ms: 1_500.0,
        seed: Some(42),
        log: Some(PathBuf::from("target/harness/tier2/logs/late.log")),
        repeat: Some("HARNESS_SEED=42 cargo xtask test-tier 2 --only late".to_owned()),
        ..saying("see one reply: 0 came\nwithin 5 s", case("late", Outcome::Failed))
    };
    let cases = vec![
        case("good", Outcome::Passed),
        case("fine", Outcome::Passed),
        saying("npm is not here", case("real", Outcome::MissingPrecondition)),
        CaseReport { tries: 2, ..saying("the connection broke", case("twice", Outcome::Flaky)) },
        quarantined(Entry::Holds, saying("too slow", case("known", Outcome::TimedOut))),
        failed,
    ];
    report(gate, cases, Vec::new())
}

#[test]
fn a_terminal_shows_the_worst_first_and_the_totals_last() {
    insta::assert_snapshot!(terminal(&mixed(Gate::Open), Colour::Plain), @r#"
    failed                  1.50 s  tier2::late   see one reply: 0 came
    timed out               0.01 s  tier2::known  quarantine until 2026-03-15 (#7): too slow
    flaky                   0.01 s  tier2::twice  the connection broke
    missing precondition    0.01 s  tier2::real   npm is not here
    passed                          2 cases

    tier 2: failed, exit code 20 (gate open, all cases, linux x86_64, 2 cores, 12.34 s)
    1 failed: tier2::late
    1 failed in quarantine: tier2::known
    1 passed on a later try only: tier2::twice
    1 not tried, for lack of a precondition: tier2::real

    tier2::late: failed
      see one reply: 0 came
      within 5 s
      seed:   42
      log:    target/harness/tier2/logs/late.log
      repeat: HARNESS_SEED=42 cargo xtask test-tier 2 --only late

    tier2::known: timed out
      too slow

    tier2::twice: flaky
      the connection broke
      tries:  2

    quarantine
      tier2::known: until 2026-03-15 (#7)

    slowest
          1.50 s  tier2::late
          0.01 s  tier2::good
          0.01 s  tier2::fine
          0.01 s  tier2::real
          0.01 s  tier2::twice

    at the far end
      agent: fake, fake-claude, as 2.1.330

    1 skipped, 1 quarantined
    3 passed, 1 failed
    "#);
}

#[test]
fn a_run_without_cases_still_says_what_it_means() {
    let empty = report(Gate::Open, Vec::new(), Vec::new());
    insta::assert_snapshot!(terminal(&Report { ends: Vec::new(), ..empty }, Colour::Plain), @r"
    tier 2: nothing selected, exit code 33 (gate open, all cases, linux x86_64, 2 cores, 12.34 s)
    no case was selected

    0 skipped, 0 quarantined
    0 passed, 0 failed
    ");
}

#[test]
fn a_pull_request_gets_a_headline_and_the_rest_folded() {
    insta::assert_snapshot!(markdown(&mixed(Gate::Open)), @r#"
    ### ❌ tier 2: failed, exit code 20

    **3 passed, 1 failed**, 1 skipped, 1 quarantined

    - `1 failed: tier2::late`
    - `1 failed in quarantine: tier2::known`
    - `1 passed on a later try only: tier2::twice`
    - `1 not tried, for lack of a precondition: tier2::real`

    | outcome | case | time | |
    |---|---|---:|---|
    | failed | `tier2::late` | 1.50 s | `see one reply: 0 came` |
    | timed out | `tier2::known` | 0.01 s | <code>quarantine until 2026-03-15 (&#35;7): too slow</code> |
    | flaky | `tier2::twice` | 0.01 s | `the connection broke` |
    | missing precondition | `tier2::real` | 0.01 s | `npm is not here` |

    <details><summary><code>tier2::late</code>: failed</summary>

    <pre>see one reply: 0 came
    within 5 s</pre>

    - repeat: `HARNESS_SEED=42 cargo xtask test-tier 2 --only late`
    - seed: `42`
    - log: `target/harness/tier2/logs/late.log`

    </details>

    <details><summary><code>tier2::known</code>: timed out</summary>

    <pre>too slow</pre>

    </details>

    <details><summary><code>tier2::twice</code>: flaky</summary>

    <pre>the connection broke</pre>

    </details>

    <details><summary>how it ran</summary>

    - `gate open, all cases, linux x86_64, 2 cores, 12.34 s`
    - `agent`: fake, `fake-claude, as 2.1.330`
    - `tier2::late` took 1.50 s
    - `tier2::good` took 0.01 s
    - `tier2::fine` took 0.01 s
    - `tier2::real` took 0.01 s
    - `tier2::twice` took 0.01 s

    </details>
    "#);
}

#[test]
fn a_build_server_gets_an_element_for_every_case() {
    insta::assert_snapshot!(junit(&mixed(Gate::Closed)), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="harness" tests="6" skipped="1" failures="2" errors="1" time="12.340">
        <testsuite name="tier2" tests="6" skipped="1" errors="1" failures="2" time="12.340" timestamp="2026-03-10T12:00:00Z">
            <properties>
                <property name="gate" value="closed"/>
                <property name="exit_code" value="20"/>
                <property name="end.agent" value="fake, fake-claude, as 2.1.330"/>
            </properties>
            <testcase name="tier2::good" classname="tier2" time="0.010"/>
            <testcase name="tier2::fine" classname="tier2" time="0.010"/>
            <testcase name="tier2::real" classname="tier2" time="0.010">
                <error message="npm is not here" type="missing precondition">npm is not here</error>
            </testcase>
            <testcase name="tier2::twice" classname="tier2" time="0.010">
                <failure message="the connection broke" type="flaky">the connection broke</failure>
                <flakyFailure type="flaky">the connection broke</flakyFailure>
            </testcase>
            <testcase name="tier2::known" classname="tier2" time="0.010">
                <skipped message="quarantine until 2026-03-15 (#7): too slow" type="quarantined, timed out">too slow</skipped>
            </testcase>
            <testcase name="tier2::late" classname="tier2" time="1.500">
                <properties>
                    <property name="seed" value="42"/>
                    <property name="log" value="target/harness/tier2/logs/late.log"/>
                    <property name="repeat" value="HARNESS_SEED=42 cargo xtask test-tier 2 --only late"/>
                </properties>
                <failure message="see one reply: 0 came" type="failed">see one reply: 0 came
    within 5 s</failure>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn junit_tells_tolerated_trouble_from_what_counts() {
    let leaked = saying("a socket", case("leaks", Outcome::Leaked));
    let flaky = CaseReport { tries: 3, ..case("twice", Outcome::Flaky) };
    let expired = quarantined(Entry::Expired, case("old", Outcome::Passed));
    let text = junit(&report(Gate::Open, vec![leaked, flaky, expired], vec!["odd".into()]));
    let document = Document::parse(&text).unwrap();
    let below: Vec<(&str, Vec<&str>)> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|case| {
            let children = case.children().filter(roxmltree::Node::is_element);
            let named = children.map(|child| child.tag_name().name()).collect();
            (case.attribute("name").unwrap(), named)
        })
        .collect();
    let flaky_twice = vec!["flakyFailure", "flakyFailure"];
    assert_eq!(
        below,
        [
            ("tier2::leaks", vec!["system-err"]),
            ("tier2::twice", flaky_twice),
            ("tier2::old", vec!["failure"]),
        ]
    );
    assert!(text.contains(r#"type="expired quarantine""#) && text.contains("odd"), "{text}");
}

#[test]
fn what_xml_forbids_is_left_out_and_what_steers_a_terminal_too() {
    let nasty = "\u{1b}[31mred\u{1b}[0m \u{0}\u{8}\u{fffe}\u{ffff}\u{9b}2J\u{202e}end ]]> <&\r\n";
    let case = CaseReport { id: format!("tier2::{nasty}"), ..case("", Outcome::Failed) };
    let one = report(Gate::Open, vec![saying(nasty, case)], vec![nasty.to_owned()]);
    let text = junit(&one);
    let document = Document::parse(&text).unwrap();
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(failure.text(), Some("red 2Jend ]]> <&\n"));
    let shown = terminal(&one, Colour::Plain);
    assert!(!shown.chars().any(|one| one.is_control() && one != '\n'), "{shown:?}");
}

#[test]
fn colours_change_nothing_but_colours() {
    let mut coloured = terminal(&mixed(Gate::Open), Colour::Ansi);
    assert!(coloured.contains("\u{1b}[31mfailed"));
    for code in ["31", "32", "33", "0"] {
        coloured = coloured.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(coloured, terminal(&mixed(Gate::Open), Colour::Plain));
}

#[test]
fn a_long_run_stays_a_page() {
    let long = "x & y <br> | `\n".repeat(5_000);
    let failed = |number| saying(&long, case(&format!("number_{number}"), Outcome::Failed));
    let many = report(Gate::Open, (0..500).map(failed).collect(), vec![long.clone()]);
    let comment = markdown(&many);
    assert!(comment.len() < 65_536, "{}", comment.len());
    assert!(comment.contains("| | 480 more | | |"));
    let shown = terminal(&many, Colour::Plain);
    assert!(shown.contains("(480 more are in the report alone)"));
    assert!(shown.lines().count() < 1_600, "{}", shown.lines().count());
}

#[test]
fn every_event_is_one_line_of_json() {
    let at: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
    let one = case("good", Outcome::Passed);
    let whole = report(Gate::Closed, vec![one.clone()], Vec::new());
    let lines = [
        json_lines::started(at, "tier2::good", Some(7)),
        json_lines::ended(at, &one),
        json_lines::report(at, &whole),
    ];
    let [started, ended, last] = lines.map(|line| {
        assert_eq!(line.find('\n'), Some(line.len() - 1));
        serde_json::from_str::<Value>(&line).unwrap()
    });
    assert_eq!((&started["event"], &started["seed"]), (&"started".into(), &7.into()));
    assert_eq!((&ended["event"], &ended["case"]["id"]), (&"ended".into(), &"tier2::good".into()));
    assert_eq!((&last["event"], &last["verdict"]["passed"]), (&"report".into(), &1.into()));
    assert_eq!((&last["cases"], &last["tier"]), (&Value::Null, &2.into()));
}

/// Passed, failed, skipped or quarantined: as `JUnit`'s own totals tell it.
fn junit_totals(document: &Document<'_>) -> [usize; 3] {
    let total =
        |name| -> usize { document.root_element().attribute(name).unwrap().parse().unwrap() };
    let failed = total("failures") + total("errors");
    [total("tests") - failed - total("skipped"), failed, total("skipped")]
}

/// The same, counted from the elements.
fn junit_elements(document: &Document<'_>) -> [usize; 3] {
    let mut counts = [0; 3];
    for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
        let has = |name| case.children().any(|child| child.has_tag_name(name));
        let place =
            if has("failure") || has("error") { 1 } else { 2 * usize::from(has("skipped")) };
        counts[place] += 1;
    }
    counts
}

proptest! {
    // A report is rendered six ways here, in a build without optimization: enough to meet every
    // outcome in every quarantine behind either gate.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_rendering_tells_the_numbers_of_the_verdict(report in any_report()) {
        let verdict = judge(report.gate, &report.cases, &report.problems);
        let Verdict { passed, failed, skipped, quarantined, exit_code, .. } = verdict;
        let totals = format!("{passed} passed, {failed} failed");
        let expected = [passed, failed, skipped + quarantined];

        for colour in [Colour::Plain, Colour::Ansi] {
            let shown = terminal(&report, colour);
            let last: Vec<&str> = shown.lines().rev().take(2).collect();
            let before = format!("{skipped} skipped, {quarantined} quarantined");
            prop_assert_eq!(last, [totals.as_str(), before.as_str()]);
        }
        let comment = markdown(&report);
        prop_assert_eq!(comment.lines().filter(|line| line.starts_with("**")).count(), 1);
        let bold = format!("\n**{totals}**");
        prop_assert!(comment.contains(&bold));

        let xml = junit(&report);
        let document = Document::parse(&xml).unwrap();
        // Where no case is to blame, the run itself is one more.
        let mut with_run = expected;
        match report.verdict.exit_code {
            ExitCode::Pass => {}
            ExitCode::Skipped => with_run[2] += 1,
            _ => with_run[1] += usize::from(failed == 0),
        }
        prop_assert_eq!(junit_totals(&document), with_run);
        prop_assert_eq!(junit_elements(&document), with_run);

        let line: Value = serde_json::from_str(&json_lines::report(report.started_at, &report)).unwrap();
        let stored: Value = serde_json::from_str(&report.to_json()).unwrap();
        for json in [&line["verdict"], &stored["verdict"]] {
            prop_assert_eq!(&json["passed"], &Value::from(passed));
            prop_assert_eq!(&json["failed"], &Value::from(failed));
            prop_assert_eq!(&json["exit_code"], &Value::from(exit_code.number()));
        }
    }

    #[test]
    fn no_text_breaks_out_of_a_pull_request(report in any_report(), text in any_text()) {
        let report = Report {
            ends: vec![End { integration: text.clone(), real: true, what: text }],
            ..report
        };
        let mut comment = markdown(&report);
        let pairs = [("<details>", "</details>"), ("<pre>", "</pre>"), ("<code>", "</code>")];
        for (open, close) in pairs {
            prop_assert_eq!(comment.matches(open).count(), comment.matches(close).count());
        }
        // Within <pre> nothing is a table.
        let outside = comment.split("<pre>").filter_map(|part| part.rsplit("</pre>").next());
        for row in outside.flat_map(str::lines).filter(|line| line.starts_with('|')) {
            prop_assert_eq!(row.matches('|').count(), 5, "{}", row);
        }
        for (open, close) in pairs.into_iter().chain([("<summary>", "</summary>")]) {
            comment = comment.replace(open, "").replace(close, "");
        }
        prop_assert!(!comment.contains('<'), "{}", comment);
    }
}
