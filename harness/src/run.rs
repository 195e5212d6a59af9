//! Running cases: a runner is a program whose `main` hands its cases to [`run`].
//!
//! ```text
//!  arguments, environment ─> select ─> each case: seed, log, try (thread, limit, panic) ─> look
//!                                      for what it left ─> outcome ─> report, verdict, exit code
//! ```
//!
//! A runner understands the arguments of Rust's own test harness, so that `cargo test` and
//! `cargo nextest` can start it; without them it shows lines of its own. Cases run one after the
//! other: they measure time and keep cores busy, and would disturb each other. Those that say that
//! they mostly wait run before them, side by side.
//!
//! Absent on purpose: what a case looks at. A case brings its own sandbox.

mod attempt;
mod case;
mod failure;
mod lanes;
mod orphans;
mod progress;
mod room;
mod settings;
mod traces;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use jiff::{Timestamp, Zoned};
use libtest_mimic::{Arguments, Completion, Trial};
use signal_hook::consts::{SIGINT, SIGTERM};

use self::case::Needs;
pub use self::case::{Body, Case, Company, Missing, Need};
pub use self::failure::{Broken, LeftBehind, Skip, Transport, Undecided, unbroken};
use self::progress::{Progress, tell};
pub use self::room::{Remains, Room};
use self::settings::{Settings, Voice};
use self::trial::Course;
use crate::exit_code::ExitCode;
use crate::quarantine::Quarantine;
use crate::report::{CaseReport, End, Machine, Outcome, Report, SCHEMA};
use crate::tier::Tier;
use crate::verdict::judge;

/// Runs the cases that the command line selects, and says how; the number to end with.
pub fn run(tier: Tier, ends: Vec<End>, cases: Vec<Case>) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help is no error, and goes to the standard output.
        Err(shown) if !shown.use_stderr() => {
            drop(shown.print());
            return ExitCode::Pass;
        }
        Err(wrong) => {
            tell(&wrong.to_string());
            return ExitCode::BadUsage;
        }
    };
    if arguments.list {
        list(&arguments, cases);
        return ExitCode::Pass;
    }
    let settings = match Settings::read(&arguments) {
        Ok(settings) => settings,
        Err(error) => {
            tell(&format!("failed to {error}"));
            return ExitCode::BadUsage;
        }
    };
    run_selected(tier, ends, cases, arguments, settings).unwrap_or_else(|error| {
        tell(&format!("failed to {error:#}"));
        ExitCode::Failed
    })
}

/// Prints libtest's list and nothing else. A case that lacks something counts as one that is
/// ignored, which is how nextest leaves it out.
fn list(arguments: &Arguments, cases: Vec<Case>) {
    let mut needs = Needs::default();
    let listed = |case: Case| {
        let is_missing = needs.missing(&case).is_some();
        let never = || Err("a listing runs nothing".into());
        Trial::test(case.id, never).with_ignored_flag(is_missing)
    };
    let trials = cases.into_iter().map(listed).collect();
    // It has nothing to conclude: nothing ran.
    let _nothing = libtest_mimic::run(arguments, trials);
}

fn run_selected(
    tier: Tier,
    ends: Vec<End>,
    cases: Vec<Case>,
    mut arguments: Arguments,
    settings: Settings,
) -> anyhow::Result<ExitCode> {
    let (started_at, started) = (Timestamp::now(), Instant::now());
    let ids: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
    let mut course = begin(tier, settings)?;
    let problems = read_quarantine(&mut course, &ids);
    let course = Arc::new(Mutex::new(course));
    let cases: Vec<Arc<Case>> = cases.into_iter().map(Arc::new).collect();
    let trials = trials(&cases, &course);
    arguments.test_threads = Some(1);
    // What lacks something is run too, to be reported.
    arguments.include_ignored = !arguments.ignored;
    if locked(&course).settings.voice != Voice::Libtest {
        arguments.logfile = Some("/dev/null".to_owned());
    }
    let selected: BTreeSet<String> = trials
        .iter()
        .filter(|trial| !arguments.is_filtered_out(trial))
        .map(|trial| trial.name().to_owned())
        .collect();
    locked(&course).progress.expect(selected.len());
    let beside = beside(&cases, &selected);
    // Where somebody reads libtest's lines, the order of the cases is theirs.
    if 1 < beside.len() && locked(&course).settings.voice != Voice::Libtest {
        locked(&course).run_side_by_side(beside);
    }
    // What libtest-mimic counts is less than the report says.
    let _counts = libtest_mimic::run(&arguments, trials);
    let mut course = locked(&course);
    if let Some(why) = course.cut_short(selected.len()) {
        course.fail_run(why);
    }
    let verdict = judge(course.settings.gate, &course.cases, &problems);
    let report = Report {
        schema: SCHEMA.to_owned(),
        tier,
        gate: course.settings.gate,
        started_at,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        selection: course.settings.selection.clone(),
        machine: Machine::here(),
        ends,
        cases: std::mem::take(&mut course.cases),
        problems,
        verdict,
    };
    course.finish(&report)?;
    Ok(ending(report.verdict.exit_code, &course.settings))
}

/// The number to end with. nextest lists a case as ignored only if it lacks something, and takes
/// every number but 0 for a failure; that a case skipped itself is in the lines that it shows.
fn ending(code: ExitCode, settings: &Settings) -> ExitCode {
    match code {
        ExitCode::Skipped if settings.is_case_of_nextest => ExitCode::Pass,
        code => code,
    }
}

/// Prepares what all cases of a run share.
fn begin(tier: Tier, settings: Settings) -> anyhow::Result<Course> {
    orphans::adopt().context("adopt what outlives its parent")?;
    // Before anything is made: whoever is asked to end early removes it.
    let interrupted = interruption().context("listen to signals")?;
    let logs = &settings.logs;
    fs::create_dir_all(logs).with_context(|| format!("make {}", logs.display()))?;
    let temp = temp_dir().context("make a directory for temporary files")?;
    let progress = Progress::begin(settings.voice, settings.lines.as_deref())
        .context("open the file for JSON lines")?;
    Ok(Course {
        tier,
        quarantine: Quarantine::none(),
        today: Zoned::now().date(),
        progress,
        temp,
        interrupted,
        cases: Vec::new(),
        ahead: BTreeMap::new(),
        kept: Vec::new(),
        settings,
    })
}

/// A directory of this run, in which everything of it makes its temporary files from now on. Its
/// name is short, because paths of sockets have to be.
fn temp_dir() -> io::Result<tempfile::TempDir> {
    let temp = tempfile::Builder::new()
        .prefix("h")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()?;
    // It is set already only where a process runs twice, which no runner does.
    drop(tempfile::env::override_temp_dir(temp.path()));
    Ok(temp)
}

/// Set by the first Ctrl-C or TERM; the second one ends the process as ever.
fn interruption() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupted))?;
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Reads the quarantine; what is wrong with it.
fn read_quarantine(course: &mut Course, ids: &[String]) -> Vec<String> {
    let Some(path) = &course.settings.quarantine else { return Vec::new() };
    match Quarantine::read(path) {
        Ok(quarantine) => course.quarantine = quarantine,
        Err(error) => return vec![format!("failed to {error}")],
    }
    let known: Vec<&str> = ids.iter().map(String::as_str).collect();
    course.quarantine.problems(course.tier, &known, course.today)
}

/// Those of the selected cases that run side by side: nothing that lacks something runs.
fn beside(cases: &[Arc<Case>], selected: &BTreeSet<String>) -> Vec<Arc<Case>> {
    let mut needs = Needs::default();
    let is_beside = |case: &&Arc<Case>| {
        case.company == Company::Others
            && selected.contains(&case.id)
            && needs.missing(case).is_none()
    };
    cases.iter().filter(is_beside).cloned().collect()
}

fn trials(cases: &[Arc<Case>], course: &Arc<Mutex<Course>>) -> Vec<Trial> {
    let mut needs = Needs::default();
    let trial = |case: &Arc<Case>| {
        let missing = needs.missing(case);
        let is_missing = missing.is_some();
        let (course, case) = (Arc::clone(course), Arc::clone(case));
        Trial::ignorable_test(case.id.clone(), move || {
            let mut course = locked(&course);
            let gate = course.settings.gate;
            let report = course.run(&case, missing.as_ref());
            report.map_or_else(
                || Ok(Completion::ignored_with("the run was interrupted")),
                |report| trial::told(gate, report),
            )
        })
        .with_ignored_flag(is_missing)
    };
    cases.iter().map(trial).collect()
}

fn locked(course: &Mutex<Course>) -> MutexGuard<'_, Course> {
    course.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Course {
    /// Why not all of the selected cases were tried, if so.
    fn cut_short(&self, selected: usize) -> Option<String> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Some("the run was interrupted".to_owned());
        }
        // A wrapper that fell over, or arguments that leave cases out once more.
        let told = self.cases.len();
        (told != selected)
            .then(|| format!("{selected} cases were selected, and {told} have an outcome"))
    }

    /// Counts the run as one more case, which failed: no quarantine tolerates that.
    fn fail_run(&mut self, why: String) {
        self.cases.push(CaseReport {
            id: format!("tier{}::(run)", self.tier.number()),
            tags: Vec::new(),
            outcome: Outcome::Failed,
            elapsed_ms: 0.0,
            wrapper_ms: 0.0,
            tries: 0,
            seed: None,
            log: None,
            message: Some(why),
            repeat: None,
            quarantine: None,
        });
    }

    /// Shows and writes what the run found.
    fn finish(&mut self, report: &Report) -> anyhow::Result<()> {
        self.progress.finished(report);
        if !self.kept.is_empty() {
            self.temp.disable_cleanup(true);
        }
        self.progress.summarise(report);
        if let Some(path) = &self.settings.report {
            report.write(path)?;
        }
        Ok(())
    }
}
