//! `baselines/history/<id>.jsonl`: every measuring run on one machine, a line each, only appended to.
//!
//! ```json
//! {"schema": "harness.history.v1", "at": "..", "commit": "..", "clean": true, "mode": "full",
//!  "load_median": 0.03, "values": {"daemon.ready": {"value": 9.3, "low": 9.1, "high": 9.6, "samples": 100}}}
//! ```
//!
//! It judges nothing; trends are drawn from it. A run that was cut short while it wrote leaves the
//! beginning of a line without its end: reading says so and goes on, the next [`append`] takes it away.
//! Anything else that is no line of the history is an error, as somebody must have edited it. Only
//! whole runs of the work tree are kept: the values of a quick one are of too few samples to lie beside
//! the others, and a comparison may be of any two commits.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::reference::Reference;
use super::report::{BenchReport, Measured, Mode, Point, Promotion, Trend};

/// The name of the format.
pub const SCHEMA: &str = "harness.history.v1";

/// So many runs of a metric are drawn at most, the latest: more are not told apart on a page.
pub const POINTS_MAX: usize = 200;

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it began.
    pub at: Timestamp,
    /// The commit that was measured.
    pub commit: String,
    /// Whether it was exactly that.
    pub clean: bool,
    /// What was asked for.
    pub mode: Mode,
    /// What others did meanwhile, as a part of all cores: the median look.
    pub load_median: f64,
    /// What was measured, by metric.
    pub values: BTreeMap<String, Measured>,
}

/// All runs of one machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// In the order of the file.
    pub lines: Vec<Line>,
    /// The number of a last line, counted from 1, that was cut and is not among them.
    pub cut: Option<usize>,
}

/// Why a history cannot be used: [`ExitCode::FileInvalid`].
///
/// [`ExitCode::FileInvalid`]: crate::exit_code::ExitCode::FileInvalid
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file.
    #[error("use the history {path}: {source}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why it cannot be read or written.
        source: io::Error,
    },
    /// One of its lines.
    #[error("read line {line} of the history {path}: {source}", path = .path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        source: LineError,
    },
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It is no run.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A version that this build does not know.
    #[error("it is {0:?} and not {SCHEMA}")]
    Schema(String),
}

impl Line {
    /// What is kept of a run; nothing of a quick one or a comparison. Whether a run was of
    /// everything is for the caller to know.
    pub fn of(report: &BenchReport) -> Option<Self> {
        if matches!(report.mode, Mode::Quick | Mode::Compare) {
            return None;
        }
        let measured = report.metrics.iter().filter_map(|metric| {
            Some((metric.policy.id.clone(), metric.head.clone().filter(|head| 0 < head.samples)?))
        });
        Some(Self {
            schema: SCHEMA.to_owned(),
            at: report.started_at,
            commit: report.head.commit.clone(),
            clean: report.head.clean,
            mode: report.mode,
            load_median: report.load.median,
            values: measured.collect(),
        })
    }

    fn parse(text: &str) -> Result<Self, LineError> {
        let line: Self = serde_json::from_str(text)?;
        if line.schema == SCHEMA { Ok(line) } else { Err(LineError::Schema(line.schema)) }
    }
}

impl History {
    /// Where that of the machine with this id lies, below the folder `baselines`.
    pub fn path(baselines: &Path, machine: &str) -> PathBuf {
        baselines.join("history").join(format!("{machine}.jsonl"))
    }

    /// From the file at `path`; empty where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or a line that was ended is none.
    pub fn read(path: &Path) -> Result<Self, HistoryError> {
        let named = || path.to_path_buf();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(HistoryError::File { path: named(), source }),
        };
        // A cut may go through a letter: that is no reason to read nothing.
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(&text).map_err(|(line, source)| HistoryError::Line {
            path: named(),
            line,
            source,
        })
    }

    /// From the text of the file. The error comes with the number of its line.
    fn parse(text: &str) -> Result<Self, (usize, LineError)> {
        let mut history = Self::default();
        for (index, text) in text.split_inclusive('\n').enumerate() {
            match Line::parse(text) {
                Ok(line) => history.lines.push(line),
                Err(LineError::Json(_)) if !text.ends_with('\n') => history.cut = Some(index + 1),
                Err(error) => return Err((index + 1, error)),
            }
        }
        Ok(history)
    }

    /// What a hand may have done to it: metrics that the policy does not know, values that
    /// nobody measured, quick runs, the same run twice. One sentence each.
    pub fn problems(&self, policy: &Policy) -> Vec<String> {
        let mut problems = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for Line { at, commit, mode, values, .. } in &self.lines {
            let mut says = |what: String| problems.push(format!("run of {at}: {what}"));
            if *mode == Mode::Quick {
                says("it is quick, and such are not kept".to_owned());
            }
            if !seen.insert((at, commit)) {
                says("it stands twice".to_owned());
            }
            for (id, measured) in values {
                if !policy.knows(id) {
                    says(format!("the policy does not know {id}"));
                }
                if measured.samples == 0 || !measured.estimate.is_sound() {
                    says(format!("its {id} is no measured value"));
                }
            }
        }
        problems
    }

    /// Every metric over time: its last [`POINTS_MAX`] runs, and all moves of its reference.
    ///
    /// Runs come in the order in which they began: a merge of two branches may have mixed their lines.
    pub fn trends(&self, reference: Option<&Reference>) -> BTreeMap<String, Trend> {
        let mut runs: Vec<&Line> = self.lines.iter().collect();
        runs.sort_by_key(|line| line.at);
        let mut trends: BTreeMap<String, Trend> = BTreeMap::new();
        for line in runs {
            for (id, measured) in &line.values {
                let (at, commit) = (line.at, line.commit.clone());
                let point = Point { at, commit, estimate: measured.estimate };
                trends.entry(id.clone()).or_default().points.push(point);
            }
        }
        for trend in trends.values_mut() {
            let too_many = trend.points.len().saturating_sub(POINTS_MAX);
            trend.points.drain(..too_many);
        }
        for (id, promoted) in reference.into_iter().flat_map(|reference| &reference.metrics) {
            let promotions: Vec<Promotion> =
                promoted.iter().map(|promoted| promoted.promotion.clone()).collect();
            trends.entry(id.clone()).or_default().promotions = promotions;
        }
        trends
    }
}

/// Appends a run, on the disk when this returns. In one write, so that a line is there in whole or
/// was cut at its end; the runs of one checkout hold its lock, so nobody else writes.
///
/// A history that somebody has edited into something else stays as it is.
///
/// # Errors
/// When it cannot be read, a line of it is none, or the file system refuses.
pub fn append(path: &Path, line: &Line) -> Result<(), HistoryError> {
    History::read(path)?;
    let mut text = serde_json::to_string(line).expect("it has string keys only");
    text.push('\n');
    write_behind(path, &text)
        .map_err(|source| HistoryError::File { path: path.to_path_buf(), source })
}

fn write_behind(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    mend_end(&mut file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Ends a last line that lacks nothing but its end, and takes away one that was cut.
fn mend_end(file: &mut File) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let rest = &bytes[whole..];
    if rest.is_empty() {
        Ok(())
    } else if str::from_utf8(rest).is_ok_and(|text| Line::parse(text).is_ok()) {
        file.write_all(b"\n")
    } else {
        file.set_len(u64::try_from(whole).expect("a file is no longer than its length"))
    }
}

#[cfg(test)]
mod tests;
