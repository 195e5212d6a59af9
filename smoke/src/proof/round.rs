//! One restart of the proof: into which build, what it has to come to, and what it came to.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::sandbox::Sandbox;
use harness::wait::{STEP, wait_for_every};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde::Serialize;
use serde_json::Value;

use super::{Flow, Plan, Traffic};
use crate::launched::{Fault, Slot, current, launcher_status};
use crate::views::status;

/// A restart may take this long: a daemon that never says READY is waited for.
const RESTART_LIMIT: Duration = Duration::from_mins(3);

/// The daemon before answers again within this time of the verdict.
const ANSWERS_AGAIN_MAX: Duration = Duration::from_secs(10);

/// How the builds that fail do so, and where: on the copy of the database, or as the daemon that
/// runs.
const FAULTS: [(&str, Kind); 10] = [
    ("exit live", Kind::RolledBack),
    ("silent live", Kind::RolledBack),
    ("mute live", Kind::RolledBack),
    ("corrupt candidate", Kind::Refused),
    ("crash live", Kind::RolledBack),
    ("hang live", Kind::RolledBack),
    ("leak live", Kind::RolledBack),
    ("exit candidate", Kind::Refused),
    ("silent candidate", Kind::Refused),
    ("mute candidate", Kind::Refused),
];

/// What a restart has to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The new build runs.
    Good,
    /// It ran, and the one before it runs again.
    RolledBack,
    /// It never ran.
    Refused,
}

impl Kind {
    /// The number that the restart ends with.
    const fn code(self) -> i32 {
        match self {
            Self::Good => 0,
            Self::RolledBack => 25,
            Self::Refused => 23,
        }
    }
}

/// One restart, before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Which, from 1.
    pub number: usize,
    /// How its build fails; `None` for a good one.
    pub fault: Option<&'static str>,
    /// What it has to come to.
    pub kind: Kind,
}

/// One restart, after it.
#[derive(Debug, Clone, Serialize)]
pub struct RoundOutcome {
    /// Which, from 1.
    pub number: usize,
    /// Its build.
    pub build: String,
    /// What it had to come to.
    pub kind: Kind,
    /// The number that the restart ended with.
    pub code: i32,
    /// How long it took.
    pub elapsed_s: f64,
    /// From the moment at which delivery was held to READY.
    pub gap_ms: Option<f64>,
    /// From the verdict to the first answer of the daemon that runs again.
    pub answers_again_ms: Option<i64>,
    /// What is not as it has to be.
    pub fault: Option<String>,
}

/// Good builds and bad ones in turns.
pub(super) fn all(good: usize, bad: usize) -> Vec<Round> {
    let mut rounds = Vec::new();
    for turn in 0..good.max(bad) {
        if turn < good {
            rounds.push((None, Kind::Good));
        }
        if turn < bad {
            let (fault, kind) = FAULTS[turn % FAULTS.len()];
            rounds.push((Some(fault), kind));
        }
    }
    (1..).zip(rounds).map(|(number, (fault, kind))| Round { number, fault, kind }).collect()
}

/// Restarts once, while messages flow.
pub(super) fn play(
    round: &Round,
    plan: &mut Plan,
    sandbox: &mut Sandbox,
    traffic: &mut Traffic,
) -> anyhow::Result<RoundOutcome> {
    let slot = lay(round, plan, sandbox)?;
    let before = Before { slot: current(sandbox)?, status: status(sandbox)? };
    let report = sandbox.root().join(format!("restart-{}.json", round.number));
    let began = Instant::now();
    let mut runner = begin(plan, sandbox, &slot, &report)?;
    let mut trouble = None;
    let ended = wait_for_every(STEP, RESTART_LIMIT, || {
        if plan.flow == Flow::Always {
            trouble = traffic.flow(sandbox, &mut plan.seed).err();
        }
        if trouble.is_some() { Some(runner.wait()) } else { runner.try_wait().transpose() }
    });
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if ended.is_none() {
        runner.kill().context("end the restart")?;
    }
    let elapsed_s = began.elapsed().as_secs_f64();
    let code = ended.context("see the restart end")??.code().unwrap_or(-1);
    let report = read(&report)?;
    let mut outcome = RoundOutcome {
        number: round.number,
        build: round.fault.unwrap_or("good").to_owned(),
        kind: round.kind,
        code,
        elapsed_s,
        gap_ms: gap_ms(&report),
        answers_again_ms: None,
        fault: None,
    };
    let checked = match round.kind {
        Kind::Good => took_over(sandbox, &slot, &before),
        Kind::Refused => untouched(sandbox, &before),
        Kind::RolledBack => answers_again(plan, sandbox, traffic, &report)
            .map(|ms| outcome.answers_again_ms = Some(ms))
            .and_then(|()| went_back(sandbox, &slot, &before)),
    };
    let wanted = round.kind.code();
    let fault = if code == wanted {
        checked.err().map(|error| format!("{error:#}"))
    } else {
        let says = report["verdict"]["says"].as_str().unwrap_or("it left no report");
        Some(format!("ended with {code} and not with {wanted}: {says}"))
    };
    outcome.fault = fault.map(|fault| format!("round {}: {fault}", round.number));
    Ok(outcome)
}

/// What ran before a round.
struct Before {
    slot: String,
    status: Value,
}

fn lay(round: &Round, plan: &Plan, sandbox: &Sandbox) -> anyhow::Result<Slot> {
    let home = sandbox.home();
    // Names sort by age, and the minute is as good as any.
    let name = format!("20260201T00{:02}00Z-round", round.number);
    match round.fault {
        None => Slot::lay(&home, &name, &plan.programs, Fault::None),
        Some(fault) => {
            let faulty = plan.faulty.as_deref().context("find a daemon with faults")?;
            Slot::lay_with(&home, &name, &plan.programs, (faulty, fault))
        }
    }
}

fn begin(plan: &Plan, sandbox: &Sandbox, slot: &Slot, report: &Path) -> anyhow::Result<Child> {
    let words = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(sandbox.root().join("restarts.log"))
        .context("open a file for what restarts say")?;
    let mut command = sandbox.command_of(&plan.xtask);
    command.arg("safe-restart").arg("--home").arg(sandbox.home());
    command.args(["--slot", &slot.name, "--soak", &format!("{}s", plan.soak.as_secs())]);
    command.arg("--json").arg(report);
    command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the top")?);
    command.spawn().context("start the restart")
}

fn read(report: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(report).with_context(|| format!("read {}", report.display()))?;
    serde_json::from_str(&text).with_context(|| format!("read {}", report.display()))
}

fn took_over(sandbox: &Sandbox, slot: &Slot, before: &Before) -> anyhow::Result<()> {
    let now = status(sandbox)?;
    ensure!(now["slot"] == slot.name.as_str(), "run the new build, and not {}", now["slot"]);
    let next = before.status["generation"].as_u64().map(|generation| generation + 1);
    ensure!(now["generation"].as_u64() == next, "begin one generation: {}", now["generation"]);
    ensure!(now["held"] == false, "deliver again");
    ensure!(slot.mark(&sandbox.home())["standing"] == "good", "mark the slot as good");
    Ok(())
}

fn untouched(sandbox: &Sandbox, before: &Before) -> anyhow::Result<()> {
    let now = status(sandbox)?;
    let same = ["pid", "generation", "slot"].iter().all(|key| now[*key] == before.status[*key]);
    ensure!(same && now["held"] == false, "leave the old daemon alone: {now}");
    Ok(())
}

fn went_back(sandbox: &Sandbox, slot: &Slot, before: &Before) -> anyhow::Result<()> {
    let now = status(sandbox)?;
    ensure!(now["slot"] == before.slot.as_str(), "run the build before, and not {}", now["slot"]);
    ensure!(now["held"] == false, "deliver again");
    ensure!(slot.mark(&sandbox.home())["standing"] == "bad", "mark the slot as bad");
    Ok(())
}

/// A step of a report, if it was begun.
fn step<'a>(report: &'a Value, name: &str) -> Option<&'a Value> {
    let steps = report["steps"].as_array()?;
    steps.iter().find(|step| step["step"] == name && step["outcome"] != "skipped")
}

/// From the moment at which delivery was held to READY of the new daemon.
fn gap_ms(report: &Value) -> Option<f64> {
    let (held, started) = (step(report, "drain")?, step(report, "start")?);
    let ready_ms = started["started_ms"].as_f64()? + started["elapsed_ms"].as_f64()?;
    Some(ready_ms - held["started_ms"].as_f64()?)
}

/// When it was decided to go back, in milliseconds since the epoch: by the launcher, where it did not
/// wait to be asked, else by who watches.
fn verdict_at_ms(sandbox: &Sandbox, report: &Value) -> anyhow::Result<i64> {
    let at = launcher_status(sandbox)?["rolled_back"]["at"].as_str().map(str::parse);
    let by_launcher: Option<jiff::Timestamp> = at.transpose().context("read when it went back")?;
    let began: jiff::Timestamp =
        report["started_at"].as_str().context("find when it began")?.parse()?;
    let back = step(report, "roll_back").context("find the way back")?;
    let after_ms = back["started_ms"].as_i64().context("find when it went back")?;
    let by_watcher_ms = began.as_millisecond() + after_ms;
    let by_launcher_ms = by_launcher.map_or(by_watcher_ms, jiff::Timestamp::as_millisecond);
    Ok(by_watcher_ms.min(by_launcher_ms))
}

/// How long after the verdict the daemon that runs again answered first, in milliseconds.
fn answers_again(
    plan: &mut Plan,
    sandbox: &mut Sandbox,
    traffic: &mut Traffic,
    report: &Value,
) -> anyhow::Result<i64> {
    let verdict_at_ms = verdict_at_ms(sandbox, report)?;
    let generation = status(sandbox)?["generation"].as_i64().context("find the generation")?;
    let mut trouble = None;
    let first = wait_for_every(STEP, ANSWERS_AGAIN_MAX, || {
        let sent =
            traffic.flow(sandbox, &mut plan.seed).and_then(|()| first_sent(sandbox, generation));
        sent.unwrap_or_else(|error| {
            trouble = Some(error);
            Some(0)
        })
    });
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    let first = first.context("see the build before answer again")?;
    let again_ms = first - verdict_at_ms;
    let max_ms = i64::try_from(ANSWERS_AGAIN_MAX.as_millis()).unwrap_or(i64::MAX);
    ensure!(again_ms <= max_ms, "answer again within {max_ms} ms of the verdict: {again_ms} ms");
    Ok(again_ms)
}

/// When a daemon sent its first text to a person, in milliseconds since the epoch.
fn first_sent(sandbox: &Sandbox, generation: i64) -> anyhow::Result<Option<i64>> {
    let database = sandbox.home().join("state/assistant.db");
    let db = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .context("open the database")?;
    db.query_row(
        "SELECT min(finished_at_ms) FROM outbox \
         WHERE state = 'sent' AND generation = ?1 AND chat <> 'test:harness'",
        [generation],
        |row| row.get(0),
    )
    .optional()
    .map(Option::flatten)
    .context("look for the first answer")
}
