//! What is checked of the daemon that runs, with the tier 4 runner of a slot.

use std::path::PathBuf;
use std::time::Duration;

use harness::exit_code::ExitCode;
use harness::report::{CaseReport, Outcome, Report};
use harness::restart::machine::{Half, Probe, Remarks, Told, Weight};
use harness::tier::Tier;

use super::cases::{self, Cases};
use super::home::{Home, QUESTION_MAX, knows_not, read, refusal, words};
use super::passage::Passage;
use super::slots::Slots;
use super::stuck::Stuck;
use super::time::Time;
use super::trouble::{Result, Trouble};
use super::views::{Deliveries, Status};
use super::{Means, room};
use crate::tier::{self, places::remove_file};

/// What is looked at while all others are held, and of a previous daemon.
const BRIEF: [&str; 2] = ["tier4::status", CHECK];

/// That it answers its built-in contact: this alone asks the world outside to do its part.
const CHECK: &str = "tier4::check";

/// What the looks at one daemon share, beside what they leave.
const WATCHED_FROM: &str = "watched-from.json";

/// What is kept of the time for the backlog to ask in which order it came.
const ORDER_MAX: Duration = Duration::from_secs(10);

/// Why what a target does not pass is not held against it.
const NEITHER: &str = "nor did the daemon before";

/// How many failures of a run are named.
const REASONS_MAX: usize = 3;

/// A daemon to be checked.
pub(super) struct Subject<'a> {
    pub(super) means: Means<'a>,
    pub(super) home: &'a Home,
    /// The runner of its slot.
    pub(super) runner: PathBuf,
    stuck: Stuck,
    /// What its looks share: none of them overlooks what came before it.
    watched_from: Option<PathBuf>,
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
        Self { means, home, runner, stuck: Stuck::default(), watched_from: None }
    }

    /// The same, with what was stuck before it was there.
    pub(super) fn not_blaming(self, stuck: &Stuck) -> Self {
        Self { stuck: stuck.clone(), ..self }
    }

    /// The same, watched from its first look on.
    pub(super) fn watched(self) -> Self {
        Self { watched_from: Some(self.means.runs.join(WATCHED_FROM)), ..self }
    }

    /// One look at it. All that it asks shares its time, as all looks share the launcher's patience.
    pub(super) fn look(&self, probe: Probe, soak: Duration) -> Result<Told> {
        let time = self.means.time;
        match probe {
            Probe::Held => {
                self.forget_beginning()?;
                self.brief("held", time).map(Told::Done)
            }
            Probe::Backlog => self.backlog(time).map(Told::Done),
            Probe::Soak(Half::First) => self.whole("soak-1", soak / 2, time).map(Told::Done),
            Probe::Soak(Half::Second) => {
                let mut remarks = self.whole("soak-2", soak / 2, time)?;
                remarks.says.push(self.ordered(self.status(time)?.generation, time)?);
                Ok(Told::Done(remarks))
            }
            Probe::Memory => Ok(Told::Resident(self.status(time)?.rss_bytes)),
        }
    }

    /// What lies there before the first look is of another daemon.
    fn forget_beginning(&self) -> anyhow::Result<()> {
        self.watched_from.as_deref().map_or(Ok(()), remove_file)
    }

    fn status(&self, time: Time<'_>) -> Result<Status> {
        time.persist(|| self.home.status_within(time))
    }

    /// Whether this daemon, which is the one that runs, answers its built-in contact, and what there is to
    /// say of it.
    pub(super) fn compare(&self) -> Result<(bool, Remarks)> {
        match self.checked("compare", CHECK, self.means.time) {
            Ok(_) => Ok((true, Remarks::plain(["the daemon that runs answers".to_owned()]))),
            Err(Trouble::Interrupted) => Err(Trouble::Interrupted),
            Err(trouble) => {
                let says = vec![format!("the daemon that runs does not answer: {trouble}")];
                // A runner that fell over has asked nothing.
                Ok((!trouble.is_silence(), Remarks { says, weight: Weight::Remarkable }))
            }
        }
    }

    /// Whether it is healthy and answers.
    fn brief(&self, name: &str, time: Time<'_>) -> Result<Remarks> {
        let mut says = Vec::new();
        for filter in BRIEF {
            let passed = self.checked(name, filter, time);
            let passed = if filter == CHECK { self.not_mute(passed)? } else { passed? };
            says.push(format!("{filter} {passed}"));
        }
        Ok(Remarks::plain([format!("{name}: {}", says.join(", "))]))
    }

    /// Silence is no evidence where there was silence before.
    fn not_mute(&self, passed: Result<String>) -> Result<String> {
        passed.map_err(|trouble| {
            if trouble.is_late() && self.stuck.is_mute {
                Trouble::refused(format!("{trouble}; {NEITHER}"))
            } else {
                trouble
            }
        })
    }

    /// Whether the daemon of before is as it was.
    fn as_before(&self, time: Time<'_>) -> Result<()> {
        for filter in BRIEF.into_iter().filter(|filter| *filter != CHECK || !self.stuck.is_mute) {
            match self.checked("previous", filter, time) {
                Ok(_) => {}
                Err(Trouble::Undecided(_)) if filter == CHECK => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    fn checked(&self, name: &str, filter: &str, time: Time<'_>) -> Result<String> {
        let directory = format!("{name}-{}", filter.replace("::", "-"));
        self.passes(&self.cases().only(filter), &directory, time)
    }

    fn whole(&self, name: &str, soak: Duration, time: Time<'_>) -> Result<Remarks> {
        let mut cases = self.cases();
        cases.soak = Some(soak);
        let passed = self.not_mute(self.passes(&cases, name, time))?;
        Ok(Remarks::plain([format!("{} s of the soak: {passed}", soak.as_secs_f64())]))
    }

    fn cases(&self) -> Cases {
        let mut cases = Cases::whole(Tier::Running, self.runner.clone());
        cases.order.home = Some(self.home.root().to_path_buf());
        cases.soak = Some(Duration::ZERO);
        cases.down.clone_from(&self.stuck.down);
        cases.watched_from.clone_from(&self.watched_from);
        cases
    }

    /// Waits until nothing waits but what did so before, and sees that it came in its order.
    fn backlog(&self, time: Time<'_>) -> Result<Remarks> {
        let patience = time.sooner_by(ORDER_MAX);
        let status = patience.persist(|| {
            let status = self.home.status_within(patience)?;
            if self.stuck.is_settled(&status) {
                return Ok(status);
            }
            let (after_s, complaint) = (patience.limit().as_secs(), self.stuck.complaint(&status));
            Err(Trouble::of_target(format!("after {after_s} s {complaint}")))
        })?;
        let order = self.ordered(status.generation, time)?;
        Ok(Remarks::plain([Stuck::remark(&status), order]))
    }

    /// What this generation has delivered; none where its program cannot say it.
    fn deliveries(&self, generation: i64, time: Time<'_>) -> Result<Option<Deliveries>> {
        let generation = generation.to_string();
        let verb = words(["deliveries", "--generation", &generation, "--json"]);
        let finished = self.home.run(&self.home.current_program(), &verb, time.question())?;
        if knows_not(&verb, &finished) {
            return Ok(None);
        }
        if !finished.status.success() {
            return Err(refusal(&verb, &finished));
        }
        read(&verb, &finished).map(Some)
    }

    /// Whether that came in its order. A database that is busy for a moment is asked again; what it
    /// says of the order is final.
    fn ordered(&self, generation: i64, time: Time<'_>) -> Result<String> {
        let answer = time.persist(|| self.deliveries(generation, time))?;
        let Some(Deliveries { delivered, overtaken }) = answer else {
            return Ok("it does not say in which order it delivers".to_owned());
        };
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

    /// Runs them for as long as is left. `5 passed`; nothing less will do.
    fn passes(&self, cases: &Cases, directory: &str, time: Time<'_>) -> Result<String> {
        let means = Means { time, ..self.means };
        let report = cases::run(means, cases, directory)?;
        let verdict = &report.verdict;
        if verdict.exit_code == ExitCode::Pass {
            return Ok(format!("{} passed", verdict.passed));
        }
        let why = format!("tier 4: {}: {}", verdict.exit_code.meaning(), reasons(&report));
        if self.is_mute_as_before(&report) {
            return Err(Trouble::refused(format!("{why}; {NEITHER}")));
        }
        let is_undecided = verdict.exit_code == ExitCode::PreconditionMissing;
        Err(if self.says_no(&report, time)? {
            Trouble::of_target(why)
        } else if is_undecided {
            Trouble::Undecided(why)
        } else {
            Trouble::refused(why)
        })
    }

    /// Whether all that failed is that it does not answer, as the daemon before did not either.
    fn is_mute_as_before(&self, report: &Report) -> bool {
        let mut failed = failed(report).peekable();
        self.stuck.is_mute && failed.peek().is_some() && failed.all(|it| it.id.starts_with(CHECK))
    }

    /// Whether a report that is no pass speaks against the daemon. A runner that fell over does not, nor
    /// does one that finds something else missing than the daemon, or the daemon missing for a moment,
    /// nor a disk that is full: no daemon keeps a message on that.
    fn says_no(&self, report: &Report, time: Time<'_>) -> Result<bool> {
        if tier::has_fallen(report) || self.lacks_room(report) {
            return Ok(false);
        }
        match report.verdict.exit_code {
            ExitCode::Failed | ExitCode::InvariantBroken => Ok(true),
            ExitCode::PreconditionMissing => match self.status(time.at_most(QUESTION_MAX)) {
                Err(Trouble::Interrupted) => Err(Trouble::Interrupted),
                answer => Ok(answer.is_err()),
            },
            _ => Ok(false),
        }
    }

    /// Whether a case has said so, which may be over by now, or a disk that messages lie on is full.
    fn lacks_room(&self, report: &Report) -> bool {
        let mut failed = report.cases.iter().filter(|case| case.outcome != Outcome::Passed);
        failed.any(|case| case.message.as_deref().is_some_and(room::says_full))
            || room::has_none_left(self.home.root())
            || self.home.messages().is_some_and(|place| room::has_none_left(&place))
    }
}

/// Releases what is held and checks the daemon that ran before, which has what was stuck still, and need
/// not pass more than it did. A slot from before there were runners is checked with that of `otherwise`.
pub(super) fn check_previous(
    means: Means<'_>,
    passage: Passage<'_>,
    stuck: &Stuck,
    otherwise: Option<&str>,
) -> Result<Told> {
    // A hold of a restart that is no more: that there is none is no failure.
    let _nothing_held = passage.release();
    let settled = passage.settle()?;
    let subject = Subject::new(means, passage.home, &settled.slot, otherwise);
    subject.not_blaming(stuck).as_before(means.time)?;
    Ok(Told::Settled(settled))
}

/// The cases that did not pass.
fn failed(report: &Report) -> impl Iterator<Item = &CaseReport> {
    report.cases.iter().filter(|case| case.outcome != Outcome::Passed)
}

/// What failed first, in a line.
fn reasons(report: &Report) -> String {
    let why = failed(report).take(REASONS_MAX).map(|case| {
        let message = case.message.as_deref().and_then(|text| text.lines().next());
        format!("{}: {}", case.id, message.unwrap_or(case.outcome.words()))
    });
    let why: Vec<String> = why.collect();
    if why.is_empty() { report.verdict.reasons.join("; ") } else { why.join("; ") }
}
