//! The launches of a build against itself, on disk as they come: a run of hours can be gone on with.
//!
//! ```json
//! {"schema": "harness.noise.v1", "commit": "..", "clean": true, "machine": "linux-x86_64-2-..", "at": ".."}
//! {"scenario": "pickup", "kind": "equal", "pairs": [{"base": {..}, "head": {..}}, ..]}
//! {"scenario": "pickup", "kind": "slowed", "pairs": [..]}
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context;
use harness::bench::paired::{Launch, Pair};
use harness::bench::policy::Metric;
use harness::bench::probe::Values;
use harness::bench::report::Build;
use harness::exit_code::ExitCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bench::Refusal;

/// The name of the format.
const SCHEMA: &str = "harness.noise.v1";

/// What was recorded, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    schema: String,
    #[serde(flatten)]
    pub(super) build: Build,
    pub(super) machine: String,
    pub(super) at: Timestamp,
}

/// Whether both sides of a launch were the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// They were.
    Equal,
    /// The head was slowed.
    Slowed,
}

/// One launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) scenario: String,
    pub(super) kind: Kind,
    pub(super) pairs: Vec<Pair<Values>>,
}

/// All of them.
pub(super) struct Recording {
    pub(super) head: Head,
    lines: Vec<Line>,
    file: File,
}

impl Head {
    /// Of this build on this machine, from now on.
    pub(super) fn new(build: Build, machine: String) -> Self {
        Self { schema: SCHEMA.to_owned(), build, machine, at: Timestamp::now() }
    }

    /// Whether another recording is of the same thing.
    fn continues(&self, earlier: &Self) -> bool {
        self.schema == earlier.schema
            && self.build.clean
            && self.build == earlier.build
            && self.machine == earlier.machine
    }
}

impl Recording {
    /// A new one at `path`.
    pub(super) fn begin(path: &Path, head: Head) -> anyhow::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).context("make the directory of the recording")?;
        }
        let file = File::create(path).with_context(|| format!("make {}", path.display()))?;
        let mut recording = Self { head, lines: Vec::new(), file };
        let line = serde_json::to_string(&recording.head).context("write the recording")?;
        recording.put(&line)?;
        Ok(recording)
    }

    /// The one at `path`, to be gone on with; `None` where it is of something else, or not there.
    ///
    /// A build with changes is never the same twice.
    pub(super) fn resume(path: &Path, head: &Head) -> anyhow::Result<Option<Self>> {
        let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
        let found = read(&text).filter(|(earlier, ..)| head.continues(earlier));
        found.map(|found| Self::go_on(path, found)).transpose()
    }

    /// The one at `path`, whatever it is of.
    pub(super) fn last(path: &Path) -> anyhow::Result<Self> {
        let refused = |code, why| Refusal { code, why };
        let text = fs::read_to_string(path).map_err(|error| {
            let why = format!("read the recording {}: {error}", path.display());
            let absent = error.kind() == io::ErrorKind::NotFound;
            refused(if absent { ExitCode::PreconditionMissing } else { ExitCode::FileInvalid }, why)
        })?;
        let understand = format!("understand {}: it is no {SCHEMA}", path.display());
        Self::go_on(path, read(&text).ok_or(refused(ExitCode::FileInvalid, understand))?)
    }

    fn go_on(path: &Path, (head, lines, kept): Found) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).open(path).context("open the recording")?;
        file.set_len(u64::try_from(kept).unwrap_or(u64::MAX)).context("mend the recording")?;
        Ok(Self { head, lines, file })
    }

    /// One launch more.
    pub(super) fn add(&mut self, line: Line) -> anyhow::Result<()> {
        let text = serde_json::to_string(&line).context("write the recording")?;
        self.put(&text)?;
        self.lines.push(line);
        Ok(())
    }

    /// How many launches there are.
    pub(super) fn count(&self, scenario: &str, kind: Kind) -> usize {
        self.of(scenario, kind).count()
    }

    /// The launches of one metric, those that gave values of it.
    pub(super) fn launches(&self, scenario: &str, kind: Kind, metric: &Metric) -> Vec<Launch> {
        let value = |values: &Values| values.get(&metric.id).copied();
        let pair =
            |pair: &Pair<Values>| Some(Pair { base: value(&pair.base)?, head: value(&pair.head)? });
        let launch = |line: &Line| Launch { pairs: line.pairs.iter().filter_map(pair).collect() };
        let all = self.of(scenario, kind).map(launch);
        all.filter(|launch| !launch.pairs.is_empty()).collect()
    }

    fn of(&self, scenario: &str, kind: Kind) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.scenario == scenario && line.kind == kind)
    }

    fn put(&mut self, line: &str) -> anyhow::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes()).context("write the recording")
    }
}

/// What a recording is of, its launches, and how many bytes of it are whole lines.
type Found = (Head, Vec<Line>, usize);

fn read(text: &str) -> Option<Found> {
    let mut texts = text.split_inclusive('\n');
    let first = texts.next()?;
    let head = serde_json::from_str::<Head>(first).ok().filter(|head| head.schema == SCHEMA)?;
    let (mut lines, mut kept) = (Vec::new(), first.len());
    for line in texts {
        // What a run left that was ended while it wrote is the last line, and is written anew.
        let Ok(read) = serde_json::from_str(line) else { break };
        lines.push(read);
        kept += line.len();
    }
    Some((head, lines, kept))
}

#[cfg(test)]
mod tests;
