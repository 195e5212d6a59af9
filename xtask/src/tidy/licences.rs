//! Licences and sources of every package, against the lists in deny.toml.
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
    #[serde(default)]
    sources: Sources,
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

/// Where a package may come from beyond crates.io and this tree.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    #[serde(default)]
    allow_registry: Vec<String>,
    #[serde(default)]
    allow_git: Vec<String>,
}

impl Sources {
    /// Whether a package of this source, as cargo names it, may be built in; a path has none.
    fn permit(&self, source: Option<&str>) -> bool {
        let Some(source) = source else { return true };
        if CRATES_IO.contains(&source) {
            return true;
        }
        let (kind, url) = source.split_once('+').unwrap_or(("", source));
        let allowed = if kind == "git" { &self.allow_git } else { &self.allow_registry };
        // Cargo adds what was asked for and the commit to the address of a repository.
        let bare = url.split(['?', '#']).next().unwrap_or(url);
        allowed.iter().any(|allowed| allowed == bare)
    }
}

/// What cargo calls crates.io, by the kind of its index.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

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
        if !policy.sources.permit(package.source.as_deref()) {
            let source = package.source.as_deref().unwrap_or_default();
            let what = format!("comes from {source}, which deny.toml does not allow");
            findings.push(Finding::error(&place, 0, what));
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
/// `A OR B`, and some authors write the words small. `OR` binds weaker than `AND`, and an exception
/// belongs to the licence before it.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let large = |token| match token {
        "or" => "OR",
        "and" => "AND",
        "with" => "WITH",
        other => other,
    };
    let tokens: Vec<&str> = spaced.split_whitespace().map(large).collect();
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
