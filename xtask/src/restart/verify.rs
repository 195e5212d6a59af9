//! What is checked of the daemon that runs, with the tier 4 runner of a slot.

use std::path::PathBuf;
use std::time::Duration;

use harness::exit_code::ExitCode;
use harness::report::{Outcome, Report};
use harness::restart::machine::{Half, Probe, Remarks, Told};
use harness::restart::step::PROBE_MAX;
use harness::tier::Tier;
use harness::wait::wait_for_every;

use super::Means;
use super::cases::{self, Cases};
use super::home::{Home, QUESTION_MAX, read, refusal, words};
use super::slots::Slots;
use super::trouble::{Result, Trouble};
use super::views::Deliveries;
use crate::tier;

/// How often a daemon that answers people is asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is looked at while all others are held, and of a previous daemon.
const BRIEF: [&str; 2] = ["tier4::status", "tier4::check"];

/// How the daemon's program says that it has no such command.
const NOT_KNOWN: i32 = 64;

/// How many failures of a run are named.
const REASONS_MAX: usize = 3;

/// A daemon to be checked.
pub(super) struct Subject<'a> {
    pub(super) means: Means<'a>,
    pub(super) home: &'a Home,
    /// The runner of its slot.
    pub(super) runner: PathBuf,
}

impl<'a> Subject<'a> {
    /// The daemon on this home. A slot from before there were runners is checked with that of
    /// `otherwise`.
    pub(super) fn new(
        means: Means<'a>,
        home: &'a Home,
        slot: &str,
        otherwise: Option<&str>,
    ) -> Self {
        let slots = Slots::at(home.slots());
        let own = slots.program(slot, "tier4");
        let other = otherwise.map(|slot| slots.program(slot, "tier4"));
        let runner = if own.exists() { own } else { other.unwrap_or(own) };
        Self { means, home, runner }
    }

    /// One look at it.
    pub(super) fn look(&self, probe: Probe, soak: Duration) -> Result<Told> {
        match probe {
            Probe::Held => self.brief("held").map(Told::Done),
            Probe::Backlog => self.backlog().map(Told::Done),
            Probe::Soak(Half::First) => self.whole("soak-1", soak / 2).map(Told::Done),
            Probe::Soak(Half::Second) => {
                let mut remarks = self.whole("soak-2", soak / 2)?;
                remarks.says.push(self.ordered(self.home.status()?.generation)?);
                Ok(Told::Done(remarks))
            }
            Probe::Memory => Ok(Told::Resident(self.home.status()?.rss_bytes)),
        }
    }

    /// Whether it is healthy and answers.
    pub(super) fn brief(&self, name: &str) -> Result<Remarks> {
        let mut says = Vec::new();
        for filter in BRIEF {
            let directory = format!("{name}-{}", filter.replace("::", "-"));
            let cases = self.cases().only(filter);
            let passed = self.ensure_passed(&cases::run(self.means, &cases, &directory)?)?;
            says.push(format!("{filter} {passed}"));
        }
        Ok(Remarks::plain([format!("{name}: {}", says.join(", "))]))
    }

    fn whole(&self, name: &str, soak: Duration) -> Result<Remarks> {
        let mut cases = self.cases();
        cases.soak = Some(soak);
        let passed = self.ensure_passed(&cases::run(self.means, &cases, name)?)?;
        Ok(Remarks::plain([format!("{} s of the soak: {passed}", soak.as_secs_f64())]))
    }

    fn cases(&self) -> Cases {
        let mut cases = Cases::whole(Tier::Running, self.runner.clone());
        cases.order.home = Some(self.home.root().to_path_buf());
        cases.soak = Some(Duration::ZERO);
        cases
    }

    fn backlog(&self) -> Result<Remarks> {
        let mut last = None;
        let settled = wait_for_every(LOOK_EVERY, PROBE_MAX.min(self.means.limit), || {
            if self.means.interrupt.came() {
                return Some(Err(Trouble::Interrupted));
            }
            let status = match self.home.status() {
                Ok(status) => status,
                Err(trouble) => return Some(Err(trouble)),
            };
            let is_settled = status.is_settled();
            last = Some(status);
            is_settled.then_some(Ok(()))
        });
        match (settled, last) {
            (Some(Ok(())), status) => {
                let order = self.ordered(status.unwrap_or_default().generation)?;
                Ok(Remarks::plain(["nothing waits any more".to_owned(), order]))
            }
            (Some(Err(trouble)), _) => Err(trouble),
            (None, status) => {
                let status = status.unwrap_or_default();
                Err(Trouble::of_target(format!(
                    "{} messages and {} replies still wait after {} s",
                    status.counts.accepted,
                    status.unsent,
                    PROBE_MAX.as_secs()
                )))
            }
        }
    }
    /// Whether what this generation has delivered came in its order.
    fn ordered(&self, generation: i64) -> Result<String> {
        let generation = generation.to_string();
        let verb = words(["deliveries", "--generation", &generation, "--json"]);
        let limit = self.means.limit.min(QUESTION_MAX);
        let finished = self.home.run(&self.home.current_program(), &verb, limit)?;
        match finished.status.code() {
            Some(0) => {}
            Some(NOT_KNOWN) => return Ok("it does not say in which order it delivers".to_owned()),
            _ => return Err(refusal(&verb, &finished)),
        }
        let Deliveries { delivered, overtaken } = read(&verb, &finished)?;
        if overtaken.is_empty() {
            return Ok(format!("{delivered} messages were delivered, each in its order"));
        }
        let named = overtaken.iter().take(REASONS_MAX);
        let rows: Vec<String> =
            named.map(|it| format!("row {} of session {}", it.row, it.session)).collect();
        Err(Trouble::of_target(format!(
            "{} messages were delivered behind a later one of their session: {}",
            overtaken.len(),
            rows.join(", ")
        )))
    }

    /// `5 passed`; nothing less will do.
    fn ensure_passed(&self, report: &Report) -> Result<String> {
        let verdict = &report.verdict;
        if verdict.exit_code == ExitCode::Pass {
            return Ok(format!("{} passed", verdict.passed));
        }
        let why = format!("tier 4: {}: {}", verdict.exit_code.meaning(), reasons(report));
        Err(if self.says_no(report) { Trouble::of_target(why) } else { Trouble::refused(why) })
    }

    /// Whether a report that is no pass speaks against the daemon. A runner that fell over does not, nor
    /// does one that finds something else missing than the daemon.
    fn says_no(&self, report: &Report) -> bool {
        if tier::has_fallen(report) {
            return false;
        }
        match report.verdict.exit_code {
            ExitCode::Failed | ExitCode::InvariantBroken => true,
            ExitCode::PreconditionMissing => self.home.status().is_err(),
            _ => false,
        }
    }
}

/// What failed first, in a line.
fn reasons(report: &Report) -> String {
    let failed = report.cases.iter().filter(|case| case.outcome != Outcome::Passed);
    let why = failed.take(REASONS_MAX).map(|case| {
        let message = case.message.as_deref().and_then(|text| text.lines().next());
        format!("{}: {}", case.id, message.unwrap_or(case.outcome.words()))
    });
    let why: Vec<String> = why.collect();
    if why.is_empty() { report.verdict.reasons.join("; ") } else { why.join("; ") }
}
