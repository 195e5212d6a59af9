//! Rules for Rust source files.

use super::Finding;
use super::code::bare;
use super::tree::{File, Tree};

/// Beyond this a file should be split.
const LINES_WARNING: usize = 600;
/// Beyond this it has to be.
const LINES_MAX: usize = 800;

/// Words that may not stand in code, and why.
const BANNED: &[(&str, &str)] = &[
    ("#[ignore", "a test that does not run is no test"),
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("unsafe", "the workspace has no unsafe code"),
    ("thread::sleep", "wait for a condition, or for a deadline in a select"),
    ("tokio::spawn", "nothing is spawned without an owner: use a JoinSet"),
    ("unbounded_channel", "every queue has a named bound"),
    ("tokio::task::spawn(", "nothing is spawned without an owner: use a JoinSet"),
];

/// Words that may not stand in tests, and why.
const BANNED_IN_TESTS: &[(&str, &str)] =
    &[("sleep(", "a test waits for what it wants to see, under paused time or with a deadline")];

/// All rules over all Rust files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs").flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let bared = bare(&file.text);
    let mut findings = Vec::new();
    if file.path.ends_with("/mod.rs") {
        findings.push(Finding::error(&file.path, 0, "name it after its module, beside its folder"));
    }
    // The file that a `mod tests;` names is told about there.
    if !file.path.ends_with("/tests.rs") && !file.text.trim_start().starts_with("//!") {
        findings.push(Finding::error(&file.path, 1, "begin with `//!`: what the file is for"));
    }
    findings.extend(check_length(file));
    let mut clock = Clock::Real;
    for (number, line) in (1..).zip(bared.lines()) {
        clock = clock.after(line);
        let waits_for_real = is_test(&file.path) && clock == Clock::Real;
        let banned_here = if waits_for_real { BANNED_IN_TESTS } else { &[] };
        for (word, why) in BANNED.iter().chain(banned_here) {
            if has_word(line, word) {
                findings.push(Finding::error(&file.path, number, format!("`{word}`: {why}")));
            }
        }
    }
    findings.extend(check_platforms(file, &bared));
    findings
}

/// Which time passes in the test that a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Real,
    /// The runtime jumps to the next deadline: a sleep is a step of the script and costs nothing.
    Paused,
}

impl Clock {
    /// An attribute that makes a test decides for all lines up to the next one.
    fn after(self, line: &str) -> Self {
        let line = line.trim_start();
        if !(line.starts_with("#[test]") || line.starts_with("#[tokio::test")) {
            self
        } else if line.contains("start_paused = true") {
            Self::Paused
        } else {
            Self::Real
        }
    }
}

fn check_length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let what = || format!("{lines} lines: split it");
    if LINES_MAX < lines {
        Some(Finding::error(&file.path, 0, what()))
    } else if LINES_WARNING < lines {
        Some(Finding::warning(&file.path, 0, what()))
    } else {
        None
    }
}

/// Code for one system alone is compiled and tested on that system alone; only constants may
/// differ.
fn check_platforms(file: &File, bared: &str) -> Vec<Finding> {
    let lines: Vec<&str> = bared.lines().collect();
    let mut findings = Vec::new();
    for (at, original) in file.text.lines().enumerate() {
        let code = lines.get(at).copied().unwrap_or_default();
        let names_it = code.contains("target_os") && original.contains("\"macos\"");
        if names_it && !is_constant(&lines[at..]) {
            let what = "only constants may differ by system";
            findings.push(Finding::error(&file.path, at + 1, what));
        }
    }
    findings
}

/// Whether the item that the first of these lines belongs to, or stands in, is a constant.
fn is_constant(lines: &[&str]) -> bool {
    let is_attribute = |line: &str| line.trim().is_empty() || line.trim_start().starts_with("#[");
    let names_constant = |line: &str| ["const", "static"].iter().any(|word| has_word(line, word));
    let decisive = lines.iter().find(|line| names_constant(line) || !is_attribute(line));
    decisive.is_some_and(|line| names_constant(line))
}

pub(super) fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Whether `word` stands in the line by itself and not as the end or beginning of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c == '_' || c.is_alphanumeric();
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_in_name = word.chars().next_back().is_some_and(is_name);
        let begins_in_name = word.chars().next().is_some_and(is_name);
        !(begins_in_name && before.is_some_and(is_name)
            || ends_in_name && after.is_some_and(is_name))
    })
}

#[cfg(test)]
mod tests;
