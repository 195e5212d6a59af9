//! Reports for tests to look at, and ways to make up any of them.

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use crate::gate::Gate;
use crate::report::{
    CaseReport, End, Machine, Outcome, Quarantined, Report, SCHEMA, Selection, Verdict,
};
use crate::tier::Tier;
use crate::verdict::judge;

/// A case of tier 2 that ended so, in one try, within ten milliseconds.
pub(crate) fn case(name: &str, outcome: Outcome) -> CaseReport {
    CaseReport {
        id: format!("tier2::{name}"),
        tags: Vec::new(),
        outcome,
        elapsed_ms: 10.0,
        wrapper_ms: 0.1,
        tries: 1,
        seed: None,
        log: None,
        message: None,
        repeat: None,
        quarantine: None,
    }
}

/// The same case with a reason.
pub(crate) fn saying(message: &str, case: CaseReport) -> CaseReport {
    CaseReport { message: Some(message.to_owned()), ..case }
}

/// Whether an entry of the quarantine holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    Holds,
    Expired,
}

/// The same case in quarantine.
pub(crate) fn quarantined(entry: Entry, case: CaseReport) -> CaseReport {
    let expired = matches!(entry, Entry::Expired);
    let quarantine = Quarantined { issue: "#7".into(), expires: date(2026, 3, 15), expired };
    CaseReport { quarantine: Some(quarantine), ..case }
}

/// A judged report of all of tier 2.
pub(crate) fn report(gate: Gate, cases: Vec<CaseReport>, problems: Vec<String>) -> Report {
    let verdict: Verdict = judge(gate, &cases, &problems);
    Report {
        schema: SCHEMA.to_owned(),
        tier: Tier::RealBinaries,
        gate,
        started_at: "2026-03-10T12:00:00Z".parse::<Timestamp>().expect("a time"),
        elapsed_ms: 12_340,
        selection: Selection::default(),
        machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
        ends: vec![End {
            integration: "agent".into(),
            real: false,
            what: "fake-claude, as 2.1.330".into(),
        }],
        cases,
        problems,
        verdict,
    }
}

/// Any report: any outcomes and quarantines, and texts that try to break out of what holds them.
pub(crate) fn any_report() -> impl Strategy<Value = Report> {
    let gate = prop_oneof![Just(Gate::Open), Just(Gate::Closed)];
    let cases = proptest::collection::vec(any_case(), 0..12);
    let problems = proptest::collection::vec(any_text(), 0..2);
    (gate, cases, problems).prop_map(|(gate, cases, problems)| report(gate, cases, problems))
}

fn any_case() -> impl Strategy<Value = CaseReport> {
    let outcome = proptest::sample::select(Outcome::ALL.to_vec());
    let entry = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Entry::Holds)),
        1 => Just(Some(Entry::Expired)),
    ];
    let tier = prop_oneof![4 => Just(2), 1 => Just(4), 1 => Just(9)];
    let message = proptest::option::of(any_text());
    (tier, any_text(), outcome, entry, message, 0..5_u32).prop_map(
        |(tier, name, outcome, entry, message, tries)| {
            let id = format!("tier{tier}::{name}");
            let made = CaseReport { id, tries, message, ..case("", outcome) };
            entry.map_or(made.clone(), |entry| quarantined(entry, made))
        },
    )
}

/// Any text, and often what has a meaning in a terminal, in Markdown or in XML.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let spice = proptest::sample::select(vec![
        "|",
        "`",
        "\n",
        "\n\n",
        "</details>",
        "</pre>",
        "<b>",
        "&",
        "]]>",
        "\u{1b}[31m",
        "\u{0}",
        "\u{fffe}",
        "9 passed, 9 failed",
        "@somebody",
        "\r",
        "\\",
        "*",
        "_",
        "-->",
    ]);
    let word =
        prop_oneof![2 => "[a-z_:]{0,8}", 2 => spice.prop_map(str::to_owned), 1 => any::<String>()];
    proptest::collection::vec(word, 0..6).prop_map(|words| words.concat())
}
