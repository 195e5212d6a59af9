//! Rules for Rust source files.

use super::code::bare;
use super::tree::{File, Tree};
use super::{Finding, Severity};

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

/// Words that may not stand in what looks at the daemon from outside, and why.
const BANNED_OUTSIDE: &[(&str, &str)] =
    &[("sleep(", WAITS_OUTSIDE), ("park_timeout(", WAITS_OUTSIDE)];
const WAITS_OUTSIDE: &str = "wait for a condition with harness::wait";

/// What looks at the daemon from outside, and the one file of it that may wait by itself.
const OUTSIDE: [&str; 3] = ["harness/src/", "smoke/src/", "xtask/src/"];
const WAIT: &str = "harness/src/wait.rs";

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
    findings.extend(check_words(file, &bared));
    findings.extend(check_platforms(file, &bared));
    findings
}

fn check_words(file: &File, bared: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let outside = file.path != WAIT && OUTSIDE.iter().any(|part| file.path.starts_with(part));
    let mut clock = if bared.lines().any(is_test_attribute) { Clock::Real } else { Clock::Callers };
    for (number, line) in (1..).zip(bared.lines()) {
        clock = clock.after(line);
        let mut banned = |words: &[(&str, &str)], severity| {
            for (word, why) in words.iter().filter(|(word, _)| has_word(line, word)) {
                let what = format!("`{word}`: {why}");
                findings.push(Finding { severity, ..Finding::error(&file.path, number, what) });
            }
        };
        banned(BANNED, Severity::Error);
        if outside {
            banned(BANNED_OUTSIDE, Severity::Error);
        } else if is_test(&file.path) {
            match clock {
                Clock::Real => banned(BANNED_IN_TESTS, Severity::Error),
                Clock::Callers => banned(BANNED_IN_TESTS, Severity::Warning),
                Clock::Paused => {}
            }
        }
    }
    findings
}

/// Which time passes in the test that a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clock {
    Real,
    /// A file without a test of its own serves tests elsewhere, and what passes is their time.
    Callers,
    /// The runtime jumps to the next deadline: a sleep is a step of the script and costs nothing.
    Paused,
}

impl Clock {
    /// An attribute that makes a test decides for all lines up to the next one.
    fn after(self, line: &str) -> Self {
        let line = line.trim_start();
        if !is_test_attribute(line) {
            self
        } else if line.contains("start_paused = true") {
            Self::Paused
        } else {
            Self::Real
        }
    }
}

fn is_test_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("#[test]") || line.starts_with("#[tokio::test")
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
