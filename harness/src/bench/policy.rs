//! `baselines/metrics.toml`: what is promised of every metric, and how it is judged.
//!
//! ```toml
//! [[metric]]
//! id = "daemon.pickup_20"
//! title = "20 test messages picked up"
//! unit = "ms"
//! kind = "latency"
//! direction = "lower"
//! statistic = "median"
//! baseline = 110.0
//! warn = 250.0
//! concern = 500.0
//! relative = { warn = 0.03, fail = 0.05 }
//! scope = "bench"
//! gate = "blocking"
//! scenario = "pickup_polled"
//! family = "disk"
//! since = "2026-11-22"
//! why = "what a person waits for before anything happens"
//! ```
//!
//! The file is read strictly ([`Policy::read`]): a key that nobody knows would be a line that nobody
//! holds. A [`Metric`] inside of a report is read leniently, as the report may be of a newer build.
//! Whether the numbers make sense together says [`Policy::problems`].

mod problems;
mod reading;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::problems::{BARE, INSTRUCTIONS};
pub use self::reading::PolicyError;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Ids that were measured once: old runs still name them, and nobody may give them a new meaning.
    #[serde(default)]
    pub retired: Vec<String>,
    /// Every metric, in the order in which it is shown.
    #[serde(rename = "metric")]
    pub metrics: Vec<Metric>,
}

/// What is promised of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its stable name: `daemon.pickup_20`.
    pub id: String,
    /// What it is, from where to where.
    pub title: String,
    /// What it is counted in.
    pub unit: Unit,
    /// How it is judged.
    pub kind: Kind,
    /// Which way is better.
    pub direction: Direction,
    /// What one value is made of from several samples.
    pub statistic: Statistic,
    /// The promise: what it was when it was promised, or what this project promises.
    pub baseline: f64,
    /// What is aimed at, where that is more than the promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Beyond this it is remarked.
    pub warn: f64,
    /// Beyond this it fails, where that is stricter than the concern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<f64>,
    /// Beyond this users would notice: it fails.
    pub concern: f64,
    /// How much worse than an older build it may be; absent where it is judged absolutely alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<RelativeLines>,
    /// Who measures it.
    pub scope: Scope,
    /// Whether a failure of it fails the run.
    pub gate: Importance,
    /// The scenario of the probe that measures it; none as long as it awaits its part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What disturbs it, so that a control of the same kind can vouch for the machine.
    pub family: Family,
    /// The part of the assistant that is not built yet and that it will measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<String>,
    /// Since when it is promised.
    pub since: Date,
    /// Why anybody cares, and where its numbers come from.
    pub why: String,
}

/// How much worse than an older build a metric may be, as a fraction: 0.05 is 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelativeLines {
    /// Surely more than this is remarked.
    pub warn: f64,
    /// Surely more than this fails.
    pub fail: f64,
}

/// What a metric is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Megabytes, of a million bytes.
    #[serde(rename = "MB")]
    Megabytes,
    /// Kilobytes, of a thousand bytes.
    #[serde(rename = "kB")]
    Kilobytes,
    /// Milliseconds of processor time per minute.
    #[serde(rename = "ms/min")]
    CpuMsPerMinute,
    /// Machine instructions.
    #[serde(rename = "instructions")]
    Instructions,
    /// Things.
    #[serde(rename = "count")]
    Count,
}

/// How a metric is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Many samples, of which a statistic is judged.
    Latency,
    /// One sample, no tolerance.
    Exact,
    /// A few samples of something that grows: memory, processor time, instructions.
    Growth,
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

/// What one value is made of from several samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The one in the middle.
    Median,
    /// Nineteen of twenty are no larger.
    P95,
    /// The largest.
    Max,
}

/// Who measures a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The probe.
    Bench,
    /// The instruction counts, under valgrind.
    Instructions,
}

/// Whether a failure of a metric fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// It does.
    Blocking,
    /// It is shown.
    Advisory,
}

/// What disturbs a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Whoever else computes.
    Cpu,
    /// Whoever else writes and syncs.
    Disk,
    /// Whatever starting and scheduling processes depends on.
    Processes,
}

impl Policy {
    /// The metric with this id.
    pub fn find(&self, id: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.id == id)
    }

    /// Whether a stored run may name this metric: it is measured, or was once.
    pub fn knows(&self, id: &str) -> bool {
        self.find(id).is_some() || self.retired.iter().any(|retired| retired == id)
    }
}

impl Metric {
    /// Beyond this it fails: the stricter of the two lines.
    pub fn failing_line(&self) -> f64 {
        self.fail.unwrap_or(self.concern)
    }

    /// Whether it is compared with an older build sample by sample.
    pub fn is_paired(&self) -> bool {
        self.scope == Scope::Bench && self.kind == Kind::Latency && self.relative.is_some()
    }

    /// Whether it can be measured today.
    pub const fn is_built(&self) -> bool {
        self.awaits.is_none()
    }
}

impl Unit {
    /// As it stands behind a number.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Megabytes => "MB",
            Self::Kilobytes => "kB",
            Self::CpuMsPerMinute => "ms/min",
            Self::Instructions => "instructions",
            Self::Count => "",
        }
    }
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Disk, Self::Processes];
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::Processes => "processes",
        })
    }
}

#[cfg(test)]
mod tests;
