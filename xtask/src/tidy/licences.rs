//! Licences of every package, against the list in deny.toml.
//!
//! `cargo deny` checks the same file more thoroughly where it is installed; this check needs
//! nothing but cargo itself.

use anyhow::Context;
use serde::Deserialize;

use super::Finding;
use super::crates::Metadata;

/// What deny.toml allows and bans.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    #[serde(default)]
    deny: Vec<Banned>,
}

#[derive(Debug, Deserialize)]
struct Banned {
    #[serde(rename = "crate", alias = "name")]
    name: String,
    #[serde(default)]
    reason: String,
}

impl Policy {
    /// Reads deny.toml.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("parse it")
    }
}

/// Every package against the policy.
pub(super) fn check(metadata: &Metadata, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let place = format!("{} {}", package.name, package.version);
        if let Some(banned) = policy.bans.deny.iter().find(|banned| banned.name == package.name) {
            findings.push(Finding::error(&place, 0, format!("banned: {}", banned.reason)));
        }
        match &package.license {
            None => findings.push(Finding::error(&place, 0, "states no licence")),
            Some(licence) if !permits(licence, &policy.licenses.allow) => {
                let what = format!("licence `{licence}` is not on the list of deny.toml");
                findings.push(Finding::error(&place, 0, what));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Whether an SPDX expression can be met with the allowed licences alone. The old form `A/B` means
/// `A OR B`. `OR` binds weaker than `AND`, and an exception belongs to the licence before it.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { tokens: &tokens, allowed };
    parser.any() == Some(true) && parser.tokens.is_empty()
}

struct Parser<'a> {
    tokens: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    /// `None` where the expression is none.
    fn any(&mut self) -> Option<bool> {
        let mut permitted = self.all()?;
        while self.eat("OR") {
            permitted |= self.all()?;
        }
        Some(permitted)
    }

    fn all(&mut self) -> Option<bool> {
        let mut permitted = self.one()?;
        while self.eat("AND") {
            permitted &= self.one()?;
        }
        Some(permitted)
    }

    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let permitted = self.any()?;
            return self.eat(")").then_some(permitted);
        }
        let licence = self.next()?;
        let whole = if self.eat("WITH") {
            format!("{licence} WITH {}", self.next()?)
        } else {
            licence.to_owned()
        };
        Some(self.allowed.contains(&whole))
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let found = self.tokens.first().is_some_and(|token| *token == wanted);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests;
