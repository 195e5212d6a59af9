//! Cases that mostly wait, side by side: each in a runner of its own, which is this program once more
//! with the one id. So what a case leaves behind is looked for in its own process, as ever.
//!
//! ```text
//! waiting ─> a lane: runner --exact ID ─> its report ─> kept until it is the case's turn
//!            at most AT_ONCE of them
//! ```
//!
//! A runner that leaves no report that fits is a failed case. Where the run is interrupted each is
//! asked to end, once, and tells of its case as far as it came. One whose time is over is asked as well,
//! so that it ends what its case started, then killed; what that left comes to this process, and is ended.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use anyhow::{Context, ensure};
use rustix::process::Signal;

use super::case::Case;
use super::orphans;
use super::trial::Course;
use crate::environment;
use crate::processes::signal;
use crate::report::{CaseReport, Outcome, Report};
use crate::seed::Seed;
use crate::wait::wait_for_every;

/// How many run at once: cases that mostly wait, so more than a small machine has cores, and few enough
/// that each still gets what its limit was made for.
const AT_ONCE: usize = 4;

/// How often it is looked whether one has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How often whoever looks on sees that time goes by.
const TICK: Duration = Duration::from_millis(100);

/// What a runner needs beyond the limit of its case: to start, for the case's last words, and to look
/// for what it left.
const MARGIN: Duration = Duration::from_mins(1);

/// How long a runner that was asked to end may take for that: its case is called off, and what carries a
/// mark of it killed.
const ENDS_MAX: Duration = Duration::from_secs(10);

/// How much is shown of what a runner said that left no report.
const SHOWN_BYTES: usize = 2000;

/// A runner of one case.
struct Lane {
    case: Arc<Case>,
    child: Child,
    report: PathBuf,
    words: PathBuf,
    until: Instant,
    time: Time,
}

/// What a runner has of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Some is left.
    Left,
    /// It was over, and the runner asked to end.
    Over,
}

impl Course {
    /// Runs these to their ends. Their reports are kept for [`Course::run`].
    pub(super) fn run_side_by_side(&mut self, mut cases: Vec<Arc<Case>>) {
        // What may take longest begins first.
        cases.sort_by_key(|case| std::cmp::Reverse(case.limit));
        let mut waiting = VecDeque::from(cases);
        let mut lanes: Vec<Lane> = Vec::new();
        let mut told = false;
        loop {
            let goes_on = !self.interrupted.load(Ordering::Relaxed);
            while goes_on && lanes.len() < AT_ONCE {
                let Some(case) = waiting.pop_front() else { break };
                match self.begin_lane(&case, waiting.len()) {
                    Ok(lane) => lanes.push(lane),
                    Err(error) => self.keep(&case, Err(error)),
                }
            }
            if lanes.is_empty() {
                return;
            }
            if !goes_on && !std::mem::replace(&mut told, true) {
                for lane in &lanes {
                    // One that has just ended hears nothing.
                    drop(signal(lane.child.id(), Signal::TERM));
                }
            }
            let over = wait_for_every(LOOK_EVERY, TICK, || {
                lanes.iter_mut().enumerate().find_map(|(at, lane)| Some((at, lane.over()?)))
            });
            self.progress.tick();
            if let Some((at, ended)) = over {
                let lane = lanes.swap_remove(at);
                if lane.time == Time::Over {
                    orphans::end(std::process::id(), &ids(&lanes));
                }
                let found = ended.and_then(|status| lane.found(status));
                self.keep(&lane.case, found);
            }
        }
    }

    /// Starts the runner of a case; `number` is no other's.
    fn begin_lane(&mut self, case: &Arc<Case>, number: usize) -> anyhow::Result<Lane> {
        let place = |what: &str| self.temp.path().join(format!("{what}{number}"));
        let (report, words) = (place("report"), place("words"));
        let file = File::create(&words).context("make a file for what its runner says")?;
        let seed = self.settings.seed.unwrap_or_else(|| Seed::fresh().number());
        let own = env::current_exe().context("find this runner")?;
        let child = Command::new(own)
            .args(["--exact", &case.id])
            .env(environment::SEED, seed.to_string())
            .env(environment::REPORT, &report)
            .env(environment::LOGS, &self.settings.logs)
            .env_remove(environment::LINES)
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("share a file with its runner")?)
            .stderr(file)
            // An interruption reaches it once, from here, and not from the terminal as well.
            .process_group(0)
            .spawn()
            .context("start its runner")?;
        self.progress.started(&case.id, seed);
        let limit = case.limit * (case.retries + 1) + MARGIN;
        let until = Instant::now() + limit;
        Ok(Lane { case: Arc::clone(case), child, report, words, until, time: Time::Left })
    }

    /// Keeps what came of a case until it is its turn.
    fn keep(&mut self, case: &Case, found: anyhow::Result<CaseReport>) {
        let report = found.unwrap_or_else(|error| {
            self.report(case, Outcome::Failed, Some(format!("failed to {error:#}")))
        });
        self.progress.ended(&report);
        self.ahead.insert(case.id.clone(), report);
    }
}

/// The processes of these runners.
fn ids(lanes: &[Lane]) -> BTreeSet<u32> {
    lanes.iter().map(|lane| lane.child.id()).collect()
}

impl Lane {
    /// How it ended, if it did, or had to.
    fn over(&mut self) -> Option<anyhow::Result<ExitStatus>> {
        match self.child.try_wait() {
            Ok(None) if self.until < Instant::now() => match self.time {
                Time::Left => {
                    self.time = Time::Over;
                    self.until = Instant::now() + ENDS_MAX;
                    signal(self.child.id(), Signal::TERM).err().map(|error| Err(error.into()))
                }
                Time::Over => {
                    let ended = self.child.kill().and_then(|()| self.child.wait());
                    Some(ended.context("end its runner, whose time was over"))
                }
            },
            ended => ended.context("wait for its runner").transpose(),
        }
    }

    /// What its report says of the case.
    fn found(&self, status: ExitStatus) -> anyhow::Result<CaseReport> {
        let late = self.time == Time::Over;
        ensure!(
            !late,
            "see its runner end in its time; it was asked to, and said: {}",
            self.said()
        );
        let report = Report::read(&self.report).with_context(|| {
            format!("hear of its runner, which ended with {status} and said: {}", self.said())
        })?;
        let number = report.verdict.exit_code.number();
        let fits = status.code() == Some(i32::from(number));
        ensure!(fits, "believe its runner, which ended with {status} and its report with {number}");
        let mut cases = report.cases.into_iter();
        let case = cases.find(|case| case.id == self.case.id);
        case.with_context(|| format!("hear of it from its runner, which said: {}", self.said()))
    }

    /// The end of what it said.
    fn said(&self) -> String {
        let text =
            fs::read(&self.words).unwrap_or_else(|error: io::Error| error.to_string().into());
        String::from_utf8_lossy(&text[text.len().saturating_sub(SHOWN_BYTES)..]).trim().to_owned()
    }
}

#[cfg(test)]
mod tests;
