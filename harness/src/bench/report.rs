//! What a measuring run found: one `report.json`, from which everything else is rendered.
//!
//! ```json
//! {"schema": "harness.report.v1", "kind": "bench", "mode": "full", "head": {..}, "base": {..},
//!  "metrics": [{"id": "daemon.ready", "standing": "pass", "head": {..}, "relative": {..}, ..}],
//!  "trends": {"daemon.ready": {..}}, "tiers": [..], "verdict": {"exit_code": 0, ..}}
//! ```
//!
//! Fields are only ever added within a version; a reader ignores those that it does not know.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::policy::{Family, Metric};
use crate::exit_code::ExitCode;
use crate::report::{Machine, ReportError, Verdict as TierVerdict, known, read_json};
use crate::tier::Tier;

/// What tells this report from that of a tier, in the field `kind`.
pub const KIND: &str = "bench";

/// One measuring run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchReport {
    /// [`crate::report::SCHEMA`].
    pub schema: String,
    /// [`KIND`].
    pub kind: String,
    /// What was asked for.
    pub mode: Mode,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, builds apart.
    pub elapsed_ms: u64,
    /// The command that repeats it.
    pub repeat: String,
    /// Where it ran.
    pub machine: BenchMachine,
    /// What is judged.
    pub head: Build,
    /// What it is compared with.
    pub base: Option<Build>,
    /// Why there is nothing to compare with.
    pub base_missing: Option<String>,
    /// What others did on the machine meanwhile.
    pub load: Load,
    /// The same build against itself, one of each family.
    pub controls: Vec<Control>,
    /// Every metric of the policy, in its order.
    pub metrics: Vec<MetricReport>,
    /// What the machine itself takes for work of that kind, to read absolute times beside.
    pub bare: Vec<Bare>,
    /// Memory of the assistant's processes, by role.
    pub roles: Vec<RoleMemory>,
    /// Earlier runs on this machine, by metric.
    pub trends: BTreeMap<String, Trend>,
    /// The last runs of the tiers.
    pub tiers: Vec<TierSummary>,
    /// Tests that are tolerated for now.
    pub quarantine: Vec<QuarantineLine>,
    /// What it all means.
    pub verdict: BenchVerdict,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything, against an older build.
    Full,
    /// What changes every day, against an older build, in less than a minute.
    Quick,
    /// Absolute alone.
    Run,
    /// Two revisions.
    Compare,
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchMachine {
    /// Its name in `baselines/machines/`: what it is, not whose.
    pub id: String,
    /// System, architecture, cores.
    #[serde(flatten)]
    pub machine: Machine,
    /// The processor's name.
    pub cpu: String,
}

/// A build that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The commit that it is of, in hexadecimal digits.
    pub commit: String,
    /// Whether it is exactly that.
    pub clean: bool,
}

/// What others did on the machine during a run, as parts of all its cores (1.0: all of them).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How often it was looked, between launches, while nothing of ours worked.
    pub looks: usize,
    /// How many of these found more than the limit.
    pub loaded: usize,
    /// The limit.
    pub limit: f64,
    /// The median look.
    pub median: f64,
    /// The worst look.
    pub worst: f64,
}

/// A value with an interval that holds the true one with 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What one of the two ways of judging says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Surely within its line.
    Pass,
    /// Within its line, and surely beyond the one of remarks.
    Warn,
    /// It cannot be said.
    Inconclusive,
    /// Surely beyond its line.
    Fail,
}

/// The same build against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// The family that it vouches for.
    pub family: Family,
    /// The metric that was taken for it.
    pub metric: String,
    /// The ratio, which should be 1.
    pub ratio: Interval,
    /// Whether it is close enough to 1 for the machine to be trusted.
    pub quiet: bool,
}

/// What became of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricReport {
    /// What is promised of it.
    pub policy: Metric,
    /// What it means.
    pub standing: Standing,
    /// What was measured of the head; none if nothing was.
    pub head: Option<Measured>,
    /// Against the promise.
    pub absolute: Option<Judgement>,
    /// Against the base.
    pub relative: Option<Relative>,
    /// Why it is no plain pass, or why it was not measured.
    pub reasons: Vec<String>,
}

/// What a metric means for the run, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It holds.
    Pass,
    /// It holds absolutely, and the base does not have it.
    New,
    /// Its part is not built yet.
    Awaits,
    /// It was not part of this run.
    Unasked,
    /// It cannot be measured here.
    Skipped,
    /// It holds, with a remark.
    Warn,
    /// It cannot be said: never a pass.
    Inconclusive,
    /// It got worse than it may.
    Fail,
    /// It allows no tolerance and is off.
    Broken,
}

impl Standing {
    /// Every standing, the worst last.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::New,
        Self::Awaits,
        Self::Unasked,
        Self::Skipped,
        Self::Warn,
        Self::Inconclusive,
        Self::Fail,
        Self::Broken,
    ];

    /// Whether nothing is known of it, as nobody tried.
    pub const fn is_unmeasured(self) -> bool {
        matches!(self, Self::Awaits | Self::Unasked | Self::Skipped)
    }
}

/// The samples of one build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The statistic of the policy.
    #[serde(flatten)]
    pub estimate: Interval,
    /// How many samples.
    pub samples: usize,
}

/// A metric against the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relative {
    /// What was measured of the base in the same minutes.
    pub base: Measured,
    /// Head divided by base.
    pub ratio: Interval,
    /// How sure it is that this is beyond the failing line: the chance to see it if it were not.
    pub p: f64,
    /// How often both probes were started.
    pub launches: usize,
    /// Pairs in all of these.
    pub pairs: usize,
    /// What fresh launches said, if it was measured again to be sure.
    pub confirmation: Option<Interval>,
    /// What it means.
    pub judgement: Judgement,
}

/// What the machine itself takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bare {
    /// What was done.
    pub what: String,
    /// How long it took, in milliseconds.
    pub ms: Measured,
}

/// Memory of processes with the same role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleMemory {
    /// At which moment: `idle`, `100 sessions`.
    pub scene: String,
    /// `daemon`, `agent`.
    pub role: String,
    /// How many there are.
    pub processes: usize,
    /// Resident memory of all together.
    pub rss_bytes: u64,
    /// The same, with what is shared divided among those who share it; where the system tells.
    pub pss_bytes: Option<u64>,
}

/// A metric over time, on this machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Earlier runs and this one, oldest first.
    pub points: Vec<Point>,
    /// How its reference moved, oldest first.
    pub promotions: Vec<Promotion>,
}

/// One run of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// Of which commit.
    pub commit: String,
    /// What it was.
    #[serde(flatten)]
    pub estimate: Interval,
}

/// A reference that was moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// When.
    pub at: Timestamp,
    /// The commit that was measured.
    pub commit: String,
    /// The new reference.
    #[serde(flatten)]
    pub estimate: Interval,
    /// Why it moved.
    pub because: String,
}

/// The last run of a tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TierSummary {
    /// Which.
    pub tier: Tier,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub elapsed_ms: u64,
    /// What it meant.
    pub verdict: TierVerdict,
    /// Its slowest cases, slowest first.
    pub slowest: Vec<SlowCase>,
}

/// A case that took long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowCase {
    /// Its id.
    pub id: String,
    /// How long.
    pub elapsed_ms: f64,
}

/// An entry of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineLine {
    /// The case.
    pub id: String,
    /// Who cares for it.
    pub owner: String,
    /// Where the trouble is written down.
    pub issue: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Why.
    pub reason: String,
}

/// What a run means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchVerdict {
    /// The number that the command ends with.
    pub exit_code: ExitCode,
    /// Metrics that hold: passed, new, or with a remark.
    pub held: usize,
    /// Metrics that fail the run.
    pub failed: usize,
    /// Metrics that cannot be said.
    pub inconclusive: usize,
    /// Metrics that were not measured.
    pub unmeasured: usize,
    /// Why it is no plain pass, the worst first.
    pub reasons: Vec<String>,
}

impl Interval {
    /// Whether it could have been measured: amounts, and its ends the right way round.
    pub fn is_sound(&self) -> bool {
        let amounts = [self.value, self.low, self.high].into_iter().all(f64::is_finite);
        amounts && self.low <= self.high
    }
}

impl BenchReport {
    /// Reads one from disk.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let report: Self = read_json(path)?;
        known(&report.schema, path).map(|()| report)
    }

    /// As the text of `report.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report has string keys only");
        text.push('\n');
        text
    }
}
