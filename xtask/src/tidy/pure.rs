//! The rule that assistant-core stays pure: of the standard library it names nothing that reaches
//! out of the process. Clippy bans single functions there; this bans whole modules, so that a
//! function nobody thought of is not allowed by default.
//!
//! Its tests are left alone: they may read a recording.

use super::Finding;
use super::code::bare;
use super::sources::is_test;
use super::tree::Tree;

/// Where the rule holds.
const CORE: &str = "daemon/core/src/";

/// Modules of std whose business is the outside.
const OUTSIDE: [&str; 6] = ["env", "fs", "io", "net", "process", "thread"];

/// The rule over all files of the core.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let core =
        tree.ending(".rs").filter(|file| file.path.starts_with(CORE) && !is_test(&file.path));
    let mut findings = Vec::new();
    for file in core {
        let code = bare(&file.text);
        for (at, name) in named_of_std(&code) {
            if OUTSIDE.contains(&name) {
                let line = 1 + code[..at].matches('\n').count();
                let what = format!("`std::{name}`: the core does no I/O, waits for nothing");
                findings.push(Finding::error(&file.path, line, what));
            }
        }
    }
    findings
}

/// Every module that stands right below `std`, with its place in the code: `std::fs::File` and
/// `std::{fs, net}` alike.
fn named_of_std(code: &str) -> Vec<(usize, &str)> {
    let mut named = Vec::new();
    for (start, found) in code.match_indices("std::") {
        if code[..start].ends_with(is_name) {
            continue;
        }
        let at = start + found.len();
        if code[at..].starts_with('{') {
            named.extend(first_names(code, at + 1));
        } else {
            named.push((at, name_at(code, at)));
        }
    }
    named
}

/// The first name of every path in the braces that are open at `from`, those inside apart.
fn first_names(code: &str, from: usize) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut begins = true;
    for (offset, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && is_name(c) => {
                names.push((from + offset, name_at(code, from + offset)));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn name_at(code: &str, at: usize) -> &str {
    let rest = &code[at..];
    &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests;
