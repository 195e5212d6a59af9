//! What a restart did so far, as its report will tell it.

use std::path::PathBuf;
use std::time::Duration;

use super::{Action, Remarks, Weight};
use crate::exit_code::ExitCode;
use crate::restart::flags::{Flags, Scope};
use crate::restart::report::{Outcome, Seen, StepReport, Verdict};
use crate::restart::step::Step;

/// Steps, decisions and the verdict.
#[derive(Debug)]
pub struct Account {
    /// Every step, in order; the way back only where it was taken.
    pub steps: Vec<StepReport>,
    /// What was decided, and why.
    pub decisions: Vec<String>,
    /// The daemon of the beginning.
    pub before: Option<Seen>,
    /// The slot of the beginning.
    pub previous: Option<String>,
    /// The daemon of the end.
    pub after: Option<Seen>,
    /// From the beginning of the stop to READY.
    pub gap_ms: Option<u64>,
    /// From the hold to the release.
    pub held_ms: Option<u64>,
    /// The copy of the database.
    pub backup: Option<PathBuf>,
    /// Why it is no plain pass.
    pub reasons: Vec<String>,
    code: ExitCode,
    /// What a pass comes down to.
    gist: &'static str,
    open: Option<Step>,
    held_since: Option<Duration>,
    /// When the action under way began.
    action_began: Duration,
}

/// A time as reports have it.
fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Account {
    pub(super) fn new(flags: &Flags) -> Self {
        let forward = Step::ALL.into_iter().filter(|step| *step != Step::RollBack);
        let steps = forward.map(|step| StepReport::skipped(step, ms(step.limit(flags))));
        Self {
            steps: steps.collect(),
            decisions: Vec::new(),
            before: None,
            previous: None,
            after: None,
            gap_ms: None,
            held_ms: None,
            backup: None,
            reasons: Vec::new(),
            code: ExitCode::Pass,
            gist: match flags.scope {
                Scope::Whole => "the target runs, is marked good, and delivers",
                Scope::DryRun => "it was a dry run, and nothing was changed",
            },
            open: None,
            held_since: None,
            action_began: Duration::ZERO,
        }
    }

    /// The step that is open.
    pub const fn open_step(&self) -> Option<Step> {
        self.open
    }

    /// What it would end with now.
    pub const fn code(&self) -> ExitCode {
        self.code
    }

    /// What it all means, of a restart that is over.
    pub fn verdict(&self) -> Verdict {
        let meaning = self.code.meaning();
        let says = match self.reasons.first() {
            Some(reason) => format!("{meaning}: {reason}"),
            None => format!("{meaning}: {}", self.gist),
        };
        Verdict { exit_code: self.code, says, reasons: self.reasons.clone() }
    }

    /// When the action under way began, if it has a limit of its own, else the step it belongs to.
    pub(super) fn began(&self, has_own_limit: bool) -> Duration {
        let open = self.steps.iter().find(|it| !has_own_limit && Some(it.step) == self.open);
        open.map_or(self.action_began, |it| Duration::from_millis(it.started_ms))
    }

    /// Opens the step of an action where that is another than the open one; when it began.
    pub(super) fn begin(&mut self, now: Duration, action: &Action, step: Option<Step>) -> Duration {
        self.action_began = now;
        if matches!(action, Action::Drain { .. }) {
            self.held_since.get_or_insert(now);
        }
        let Some(step) = step else { return now };
        if self.open != Some(step) {
            self.close(now, Outcome::Passed);
            self.open = Some(step);
            let row = self.row(step);
            row.started_ms = ms(now);
        }
        Duration::from_millis(self.row(step).started_ms)
    }

    /// Ends the open step, unless it has an outcome already.
    pub(super) fn close(&mut self, now: Duration, outcome: Outcome) {
        let Some(step) = self.open.take() else { return };
        let row = self.row(step);
        row.elapsed_ms = ms(now).saturating_sub(row.started_ms);
        if row.outcome == Outcome::Skipped {
            row.outcome = outcome;
        }
    }

    /// Ends the open step with a failure.
    pub(super) fn close_failed(&mut self, now: Duration, why: &str) {
        if let Some(step) = self.open {
            let row = self.row(step);
            row.outcome = Outcome::Failed;
            row.says.push(why.to_owned());
        }
        self.close(now, Outcome::Failed);
    }

    /// A step that failed held all the same.
    pub(super) fn soften(&mut self, step: Step) {
        self.row(step).outcome = Outcome::Remarked;
    }

    /// The stop was one action with the start: how much of it was which.
    pub(super) fn split_switch(&mut self, now: Duration, stop_ms: u64) {
        let row = self.row(Step::Stop);
        row.elapsed_ms = stop_ms;
        if row.outcome == Outcome::Skipped {
            row.outcome = Outcome::Passed;
        }
        let started_ms = row.started_ms.saturating_add(stop_ms);
        self.open = Some(Step::Start);
        self.row(Step::Start).started_ms = started_ms;
        self.close(now, Outcome::Passed);
    }

    /// Says something of the open step.
    pub(super) fn say(&mut self, remarks: Remarks) {
        let Some(step) = self.open else {
            self.decisions.extend(remarks.says);
            return;
        };
        let row = self.row(step);
        row.says.extend(remarks.says);
        if remarks.weight == Weight::Remarkable {
            row.outcome = Outcome::Remarked;
        }
    }

    /// Writes down a decision.
    pub(super) fn decide(&mut self, what: impl Into<String>) {
        self.decisions.push(what.into());
    }

    /// The end is another than a pass. What came first is the reason, what came last the code.
    pub(super) fn end_with(&mut self, code: ExitCode, why: &str) {
        self.code = code;
        self.reasons.push(why.to_owned());
    }

    /// Delivery is open again.
    pub(super) fn released(&mut self, now: Duration) {
        if let Some(since) = self.held_since.take() {
            self.held_ms = Some(ms(now.saturating_sub(since)));
        }
    }

    fn row(&mut self, step: Step) -> &mut StepReport {
        let at = self.steps.iter().position(|row| row.step == step).unwrap_or_else(|| {
            // Only the way back is not there from the beginning.
            self.steps.push(StepReport::skipped(step, ms(step.limit(&Flags::default()))));
            self.steps.len() - 1
        });
        &mut self.steps[at]
    }
}
