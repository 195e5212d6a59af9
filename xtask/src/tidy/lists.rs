//! Lists of what has to hold, in docs/testing.md, against the tests that hold it.
//!
//! ```text
//! | 13 | no wake-up is lost in a burst | `claude-assistant app::tests::burst::a_burst_..` |
//! | 15 | a row is seen within one poll | *messengers* |
//! ```
//!
//! The third column names tests, or the stage that brings them, or says why it cannot arise. A named
//! test exists and carries the number in its doc comment (`/// Incidents: 13, K1.`); a test that
//! carries a number stands in the list. Every number is listed once.

mod sources;

use std::collections::{BTreeMap, BTreeSet};

use self::sources::{Test, ids_of, tests_of};
use super::tree::Tree;
use super::{Finding, marked};

const DOCUMENT: &str = "docs/testing.md";

/// A list: its markers, how doc comments call its numbers, and which numbers there are.
struct List {
    mark: &'static str,
    word: &'static str,
    numbers: &'static [(&'static str, u32)],
    /// Entries that are a group of smaller ones and have a word for a number.
    named: &'static [&'static str],
}

/// Each group of numbers: its letter, and its last number; they begin with 1.
const LISTS: &[List] = &[
    List {
        mark: "incidents",
        word: "Incidents:",
        numbers: &[("", 115), ("J", 27), ("K", 21)],
        named: &["F-smaller", "K-flush", "K-also"],
    },
    List { mark: "danger-zones", word: "Danger zone:", numbers: &[("", 6)], named: &[] },
    List { mark: "pitfalls", word: "Pitfall:", numbers: &[("", 7)], named: &[] },
];

/// Stages that bring what is not there yet.
const STAGES: &[&str] = &["messengers", "rights", "whole assistant"];

/// All lists, and the generated tables beside them.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.find(DOCUMENT) else { return Vec::new() };
    let mut findings = check_generated(&document.text);
    let tests = tests_of(tree);
    for list in LISTS {
        match marked::find(&document.text, list.mark) {
            Some((text, first_line)) => {
                let rows = rows_of(text, first_line);
                findings.extend(check_numbers(list, &rows));
                findings.extend(rows.iter().flat_map(|row| check_row(list, row, &tests)));
                findings.extend(check_tests(list, &rows, &tests));
            }
            None => findings.push(no_markers(list.mark)),
        }
    }
    findings.extend(check_references(&document.text, &ids_of(tree)));
    findings
}

/// Tables that a command writes.
fn check_generated(text: &str) -> Vec<Finding> {
    let generated =
        [(crate::affected::MARK, crate::affected::markdown(), "affected --write-table")];
    let mut findings = Vec::new();
    for (mark, expected, command) in generated {
        match marked::find(text, mark) {
            Some((found, _)) if found.trim() == expected.trim() => {}
            Some((_, line)) => {
                let what = format!("the table `{mark}` is old: run `cargo xtask {command}`");
                findings.push(Finding::error(DOCUMENT, line, what));
            }
            None => findings.push(no_markers(mark)),
        }
    }
    findings
}

fn no_markers(mark: &str) -> Finding {
    let what = format!("has no `<!-- begin {mark} -->` with its end");
    Finding::error(DOCUMENT, 0, what)
}

/// One row of a list.
struct Row<'a> {
    line: usize,
    number: &'a str,
    holds: &'a str,
    place: &'a str,
}

/// The rows of all tables in a text, headings apart.
fn rows_of(text: &str, first_line: usize) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (line, row) in (first_line..).zip(text.lines()) {
        let Some(inside) = row.trim().strip_prefix('|').and_then(|row| row.strip_suffix('|'))
        else {
            continue;
        };
        let columns: Vec<&str> = inside.split('|').map(str::trim).collect();
        if let [number, holds, place] = columns[..]
            && number != "number"
            && !number.starts_with("--")
        {
            rows.push(Row { line, number, holds, place });
        }
    }
    rows
}

/// Every number once, and none that does not exist.
fn check_numbers(list: &List, rows: &[Row<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut missing: BTreeSet<String> = list
        .numbers
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}")))
        .chain(list.named.iter().map(|&name| name.to_owned()))
        .collect();
    let mut seen = BTreeSet::new();
    for row in rows {
        if !missing.remove(row.number) && !seen.contains(row.number) {
            let what = format!("there is no number {} among the {}", row.number, list.mark);
            findings.push(Finding::error(DOCUMENT, row.line, what));
        } else if !seen.insert(row.number) {
            let what = format!("{} stands twice among the {}", row.number, list.mark);
            findings.push(Finding::error(DOCUMENT, row.line, what));
        }
        if row.holds.is_empty() || row.place.is_empty() {
            let what = format!("{} says nothing", row.number);
            findings.push(Finding::error(DOCUMENT, row.line, what));
        }
    }
    for number in missing {
        let what = format!("{number} is missing among the {}", list.mark);
        findings.push(Finding::error(DOCUMENT, 0, what));
    }
    findings
}

/// What a row names exists.
fn check_row(list: &List, row: &Row<'_>, tests: &[Test]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in references(row.place) {
        match tests.iter().find(|test| test.is_called(name)) {
            None => {
                let what = format!("there is no test {name}");
                findings.push(Finding::error(DOCUMENT, row.line, what));
            }
            Some(test) if !test.numbers(list.word).contains(row.number) => {
                let what = format!("{name} does not say `{} {}`", list.word, row.number);
                findings.push(Finding::error(DOCUMENT, row.line, what));
            }
            Some(_) => {}
        }
    }
    for stage in row.place.split('*').skip(1).step_by(2) {
        if !STAGES.contains(&stage) {
            let what = format!("there is no stage called {stage:?}");
            findings.push(Finding::error(DOCUMENT, row.line, what));
        }
    }
    findings
}

/// What a test says it holds is listed with its name.
fn check_tests(list: &List, rows: &[Row<'_>], tests: &[Test]) -> Vec<Finding> {
    let by_number: BTreeMap<&str, &Row<'_>> = rows.iter().map(|row| (row.number, row)).collect();
    let mut findings = Vec::new();
    for test in tests {
        for number in test.numbers(list.word) {
            let listed = by_number
                .get(number)
                .is_some_and(|row| references(row.place).any(|name| test.is_called(name)));
            if !listed {
                let what = format!(
                    "{} says `{} {number}` and is not listed there in {DOCUMENT}",
                    test.name, list.word
                );
                findings.push(Finding::error(&test.path, test.line, what));
            }
        }
    }
    findings
}

/// Every case that is named anywhere in the document exists.
fn check_references(text: &str, ids: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        let cases = line.split('`').skip(1).step_by(2).filter(|code| is_case(code));
        for name in cases.filter(|name| !ids.contains(name)) {
            let what = format!("there is no case {name}");
            findings.push(Finding::error(DOCUMENT, number, what));
        }
    }
    findings
}

/// Whether a code span is the full id of a case.
fn is_case(code: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut parts = code.split("::");
    let tier = parts.next().and_then(|first| first.strip_prefix("tier"));
    tier.is_some_and(|number| number.parse::<u8>().is_ok())
        && 2 <= parts.count()
        && code.chars().all(plain)
}

/// The tests that the last column of a row names.
fn references(place: &str) -> impl Iterator<Item = &str> {
    place.split('`').skip(1).step_by(2).filter(|code| code.contains("::"))
}

#[cfg(test)]
mod tests;
