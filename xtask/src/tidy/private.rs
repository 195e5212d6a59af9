//! What belongs to people and to nobody else stands in no file: numbers, addresses, keys. Examples
//! use those that nobody can have.
//!
//! Absent: names. A list of names would itself be what must not be here.

use super::Finding;
use super::tree::{File, Tree};

/// Digits of a telephone number with its country, as E.164 has them; fewer are no whole number.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// No exchange of any area is called so: numbers with these digits are for examples.
const NOBODYS_NUMBER: &str = "555555";

/// Domains that were set aside for examples (RFC 2606).
const NOBODYS_DOMAINS: &[&str] = &["example.com", "example.org", "example.net"];

/// How keys begin. Split in two, so that this file does not hold them itself.
const KEYS: &[(&str, &str)] = &[
    ("sk-", "ant-"),
    ("gh", "p_"),
    ("github_", "pat_"),
    ("xo", "xb-"),
    ("AK", "IA"),
    ("PRIVATE ", "KEY-----"),
];

/// All rules, over every text file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let found = [
            (has_number(line), "a telephone number that somebody may have: use +15555550123"),
            (has_address(line), "an e-mail address that somebody may have: use example.com"),
            (has_key(line), "what looks like a key"),
        ];
        let wrong = found.into_iter().filter(|(found, _)| *found);
        findings.extend(wrong.map(|(_, what)| Finding::error(&file.path, number, what)));
    }
    findings
}

fn has_number(line: &str) -> bool {
    line.split('+').skip(1).any(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        NUMBER_DIGITS.contains(&digits) && !rest[..digits].contains(NOBODYS_NUMBER)
    })
}

fn has_address(line: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    line.match_indices('@').any(|(at, _)| {
        let domain = &line[at + 1..];
        let end = domain.find(|c| !part(c)).unwrap_or(domain.len());
        let domain = domain[..end].trim_end_matches('.').to_ascii_lowercase();
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        let is_domain = 2 <= top.len() && top.bytes().all(|byte| byte.is_ascii_lowercase());
        let named = line[..at].chars().next_back().is_some_and(part);
        let nobodys = NOBODYS_DOMAINS.iter().any(|known| {
            domain == *known || domain.strip_suffix(known).is_some_and(|sub| sub.ends_with('.'))
        });
        named && is_domain && !nobodys
    })
}

fn has_key(line: &str) -> bool {
    KEYS.iter().any(|(first, second)| {
        let begins = format!("{first}{second}");
        line.match_indices(&begins).any(|(at, _)| {
            let inside = line[..at].chars().next_back().is_some_and(char::is_alphanumeric);
            let rest = &line[at + begins.len()..];
            let of_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
            let length = rest.bytes().take_while(of_key).count();
            // A word that only begins so is too short; the end of a key's heading has no more.
            !inside && (12 <= length || begins.ends_with("--"))
        })
    })
}

#[cfg(test)]
mod tests;
