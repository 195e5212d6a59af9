//! Reading the policy: its TOML, with every key known.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Policy;

/// Keys of the file itself.
const FILE_KEYS: &[&str] = &["retired", "metric"];

/// Keys of a metric.
pub(super) const METRIC_KEYS: &[&str] = &[
    "id",
    "title",
    "unit",
    "kind",
    "direction",
    "statistic",
    "baseline",
    "target",
    "warn",
    "fail",
    "concern",
    "relative",
    "scope",
    "gate",
    "scenario",
    "family",
    "awaits",
    "since",
    "why",
];

/// Keys of its relative lines.
pub(super) const RELATIVE_KEYS: &[&str] = &["warn", "fail"];

/// Why the file cannot be used. It names no path; [`Policy::read`] does.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is not there, or cannot be read.
    #[error("read the policy {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// What it says makes no sense.
    #[error("read the policy {path}: {source}", path = .path.display())]
    In {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// It is no TOML, lacks something, or has values that are unknown here.
    #[error("understand its TOML: {0}")]
    Toml(#[from] toml::de::Error),
    /// A key that nobody would look at.
    #[error("understand `{key}` in line {line}: there is no such key")]
    UnknownKey {
        /// Which one.
        key: String,
        /// Where it stands, counted from 1.
        line: usize,
    },
}

impl Policy {
    /// From the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or breaks its format: [`ExitCode::FileInvalid`].
    ///
    /// [`ExitCode::FileInvalid`]: crate::exit_code::ExitCode::FileInvalid
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let named = || path.to_path_buf();
        let text = fs::read_to_string(path)
            .map_err(|source| PolicyError::File { path: named(), source })?;
        Self::parse(&text)
            .map_err(|source| PolicyError::In { path: named(), source: Box::new(source) })
    }

    /// From the text of the file.
    ///
    /// # Errors
    /// When it breaks its format.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document = DeTable::parse(text)?;
        let unknown = unknown_key(document.get_ref());
        if let Some(key) = unknown {
            let line = text[..key.span().start].matches('\n').count() + 1;
            return Err(PolicyError::UnknownKey { key: key.get_ref().to_string(), line });
        }
        Ok(toml::from_str(text)?)
    }
}

type Key<'text> = Spanned<std::borrow::Cow<'text, str>>;

fn unknown_key<'table, 'text>(file: &'table DeTable<'text>) -> Option<&'table Key<'text>> {
    let metrics = file.get("metric").and_then(|metrics| match metrics.get_ref() {
        DeValue::Array(metrics) => Some(metrics),
        _ => None,
    });
    let tables = metrics.into_iter().flat_map(|metrics| metrics.iter().filter_map(table));
    beyond(file, FILE_KEYS).or_else(|| tables.map(unknown_in_metric).find_map(|unknown| unknown))
}

fn unknown_in_metric<'table, 'text>(metric: &'table DeTable<'text>) -> Option<&'table Key<'text>> {
    let relative = metric.get("relative").and_then(table);
    beyond(metric, METRIC_KEYS).or_else(|| beyond(relative?, RELATIVE_KEYS))
}

fn beyond<'table, 'text>(
    table: &'table DeTable<'text>,
    known: &[&str],
) -> Option<&'table Key<'text>> {
    table.keys().find(|key| !known.contains(&key.get_ref().as_ref()))
}

fn table<'value, 'text>(value: &'value Spanned<DeValue<'text>>) -> Option<&'value DeTable<'text>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}
