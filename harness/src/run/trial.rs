//! The wrapper around every case: seed, log, tries, what it left behind, what becomes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use libtest_mimic::{Completion, Failed};
use tempfile::TempDir;

use super::attempt::{self, Ended, LookUp};
use super::case::{Case, Missing};
use super::orphans;
use super::progress::Progress;
use super::room::{Log, Remains, Room, Shared};
use super::settings::Settings;
use super::traces::{Left, Traces, end_children};
use crate::gate::Gate;
use crate::quarantine::Quarantine;
use crate::render::plain;
use crate::report::{CaseReport, Outcome};
use crate::seed::Seed;
use crate::tier::Tier;
use crate::verdict::Standing;

/// All cases of a run share this, one at a time.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) tier: Tier,
    pub(super) settings: Settings,
    pub(super) quarantine: Quarantine,
    pub(super) today: Date,
    pub(super) progress: Progress,
    /// Where everything of this run is made, so that what stays of it is seen.
    pub(super) temp: TempDir,
    /// Set by a signal: the run is to end.
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) cases: Vec<CaseReport>,
    /// What came of cases that ran side by side, until it is their turn.
    pub(super) ahead: BTreeMap<String, CaseReport>,
    pub(super) kept: Vec<PathBuf>,
}

/// What came of all tries of a case.
struct Conclusion {
    outcome: Outcome,
    message: Option<String>,
    tries: u32,
    seed: u64,
    body: Duration,
}

impl Course {
    /// Runs one case, or says what it lacks; `None` for a case after an interruption.
    pub(super) fn run(
        &mut self,
        case: &Arc<Case>,
        missing: Option<&Missing>,
    ) -> Option<&CaseReport> {
        if let Some(report) = self.ahead.remove(&case.id) {
            self.cases.push(report);
            return self.cases.last();
        }
        if self.interrupted.load(Ordering::Relaxed) {
            return None;
        }
        let started = Instant::now();
        let report = match (missing, Log::begin(&self.settings.logs, &case.id)) {
            (Some(missing), _) => {
                let message = Some(format!("failed to {missing}"));
                self.report(case, Outcome::MissingPrecondition, message)
            }
            (None, Err(error)) => {
                let message = Some(format!("failed to begin its log: {error}"));
                self.report(case, Outcome::Failed, message)
            }
            (None, Ok(log)) => self.wrapped(case, log, started),
        };
        self.progress.ended(&report);
        self.cases.push(report);
        self.cases.last()
    }

    fn wrapped(&mut self, case: &Arc<Case>, log: Log, started: Instant) -> CaseReport {
        let path = log.path().to_path_buf();
        let shared = Arc::new(Shared::new(log));
        let temp_dir = self.temp.path().join(format!("{}", self.cases.len()));
        let run_dir = self.temp.path().to_path_buf();
        let before = Traces::now(&[&run_dir]);
        let mut conclusion = self.tries(case, &shared, &temp_dir);
        // The directory itself is ours; what is in it is not.
        let meant: Vec<PathBuf> = shared.kept().into_iter().chain([temp_dir.clone()]).collect();
        let own = shared.started();
        let left = Traces::left_since(&before, &[&run_dir, &temp_dir], &meant, || {
            orphans::reap(&own);
        });
        end_children(&left);
        conclusion.add(&left);
        if self.settings.remains == Remains::Removed || conclusion.outcome == Outcome::Passed {
            // What cannot be removed goes with the directory of the run, or is seen there.
            drop(fs::remove_dir_all(&temp_dir));
        } else if temp_dir.exists() {
            self.kept.push(temp_dir.clone());
        }
        shared.note(&format!(
            "{}: {}",
            conclusion.outcome,
            conclusion.message.as_deref().unwrap_or("nothing to say")
        ));
        self.kept.extend(shared.kept());
        let elapsed = started.elapsed();
        let message = conclusion.message.take();
        let mut report = self.report(case, conclusion.outcome, message);
        report.elapsed_ms = millis(elapsed);
        report.wrapper_ms = millis(elapsed.saturating_sub(conclusion.body));
        report.tries = conclusion.tries;
        report.seed = Some(conclusion.seed);
        report.log = Some(path);
        if conclusion.outcome != Outcome::Passed {
            report.repeat = Some(self.repeat(case, conclusion.seed));
        }
        report
    }

    /// Tries until it is over: only what did not get through is tried again.
    fn tries(&mut self, case: &Arc<Case>, shared: &Arc<Shared>, temp_dir: &Path) -> Conclusion {
        let mut body = Duration::ZERO;
        let mut number = 0;
        loop {
            number += 1;
            let seed = self.settings.seed.map_or_else(Seed::fresh, Seed::new);
            let said = seed.number();
            shared
                .note(&format!("{}: try {number}, seed {said}, {:?} at most", case.id, case.limit));
            self.progress.started(&case.id, said);
            let room =
                Room::new(seed, self.settings.remains, temp_dir.to_path_buf(), Arc::clone(shared));
            let tried = attempt::once(case, room, shared, || {
                self.progress.tick();
                orphans::reap(&shared.started());
                let gives_up = self.interrupted.load(Ordering::Relaxed);
                if gives_up { LookUp::GiveUp } else { LookUp::Wait }
            });
            body += tried.body;
            if let Ended::Transport(why) = &tried.ended
                && number <= case.retries
            {
                shared.note(&format!("trying again: {why}"));
                continue;
            }
            return Conclusion::of(tried.ended, number, said, body);
        }
    }

    pub(super) fn report(
        &self,
        case: &Case,
        outcome: Outcome,
        message: Option<String>,
    ) -> CaseReport {
        CaseReport {
            id: case.id.clone(),
            tags: case.tags.clone(),
            outcome,
            elapsed_ms: 0.0,
            wrapper_ms: 0.0,
            tries: 0,
            seed: None,
            log: None,
            message,
            repeat: None,
            quarantine: self.quarantine.note(&case.id, self.today),
        }
    }

    /// The command that repeats a try.
    fn repeat(&self, case: &Case, seed: u64) -> String {
        let live = if self.settings.is_live { " --api live" } else { "" };
        let (tier, id) = (self.tier.number(), &case.id);
        format!("HARNESS_SEED={seed} cargo xtask test-tier {tier}{live} --only {id}")
    }
}

impl Conclusion {
    fn of(ended: Ended, tries: u32, seed: u64, body: Duration) -> Self {
        let (outcome, message) = match ended {
            Ended::Well if 1 < tries => {
                (Outcome::Flaky, Some(format!("it held only at try {tries}")))
            }
            Ended::Well => (Outcome::Passed, None),
            Ended::Skipped(why) => (Outcome::Skipped, Some(why)),
            Ended::Undecided(why) => (Outcome::MissingPrecondition, Some(why)),
            Ended::Left(things) => (Outcome::Leaked, Some(things.join("; "))),
            Ended::Transport(why) | Ended::Failed(why) => (Outcome::Failed, Some(why)),
            Ended::Broken(why) => (Outcome::Broken, Some(why)),
            Ended::Panicked(why) => (Outcome::Panicked, Some(why)),
            Ended::TimedOut(why) => (Outcome::TimedOut, Some(why)),
        };
        Self { outcome, message, tries, seed, body }
    }

    /// What was left behind makes a case that held one that leaked; others only mention it.
    fn add(&mut self, left: &[Left]) {
        if left.is_empty() {
            return;
        }
        let things = left.iter().map(Left::to_string).collect::<Vec<_>>().join("; ");
        let said = self.message.take().map_or_else(String::new, |message| format!("{message}; "));
        self.message = Some(format!("{said}left behind: {things}"));
        // Of one that can say nothing it says nothing either.
        if self.outcome != Outcome::MissingPrecondition {
            self.outcome = self.outcome.max(Outcome::Leaked);
        }
    }
}

/// What the lines of Rust's own test harness call it.
pub(super) fn told(gate: Gate, case: &CaseReport) -> Result<Completion, Failed> {
    let message = plain(case.message.as_deref().unwrap_or_default());
    match Standing::of(gate, case) {
        Standing::Passed => Ok(Completion::Completed),
        Standing::Skipped => Ok(Completion::ignored_with(message)),
        Standing::Quarantined => {
            Ok(Completion::ignored_with(format!("in quarantine, {}: {message}", case.outcome)))
        }
        Standing::Failed(_) => {
            let log = case.log.iter().map(|log| format!("log: {}", log.display()));
            let repeat = case.repeat.iter().map(|repeat| format!("repeat it: {repeat}"));
            let said = format!("{}: {message}", case.outcome);
            let lines: Vec<String> = std::iter::once(said).chain(log).chain(repeat).collect();
            Err(Failed::from(lines.join("\n")))
        }
    }
}

fn millis(span: Duration) -> f64 {
    /// Thousandths of a millisecond say nothing about a case.
    const DIGITS: f64 = 1000.0;
    (span.as_secs_f64() * 1000.0 * DIGITS).round() / DIGITS
}
