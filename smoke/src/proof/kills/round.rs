//! One kill: a restart, somebody killed in the middle of it, and what is there afterwards.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;
use harness::restart::step::LEASE;
use harness::sandbox::Sandbox;
use harness::wait::{STEP, wait_for_every};
use serde::Serialize;
use serde_json::Value;

use super::words::{Turn, Words};
use super::{Kill, Point, World};
use crate::case::SOON;
use crate::launched::{Fault, Slot, Victim, current, daemon_of, healthy};
use crate::stream::Work;
use crate::views::status;

/// How long a restart may take to come to the point.
const COMES_MAX: Duration = Duration::from_mins(3);

/// How long a command that was not killed may take to end, its way back included.
const ENDS_MAX: Duration = Duration::from_mins(5);

/// How long after the kill, and after the end of the command, all has to be at rest on a healthy
/// version. Shorter than a lease, which does not outlive the command that was killed.
const RESTS_MAX: Duration = Duration::from_mins(1);
const _: () = assert!(RESTS_MAX.as_secs() < LEASE.as_secs());

/// How long a message may take after that: what waited goes first.
const ANSWERED_MAX: Duration = Duration::from_mins(2);

/// Between two looks by commands.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The third crash of a slot within ten minutes is one too many.
const CRASHES_MAX: usize = 2;

/// One kill, after it.
#[derive(Debug, Clone, Serialize)]
pub struct KillOutcome {
    /// Which, from 1.
    pub number: usize,
    /// Where.
    pub point: Point,
    /// Who.
    pub victim: Victim,
    /// The step that was open by the command's own words.
    pub open: Option<String>,
    /// Whether it was the one that was meant.
    pub hit: bool,
    /// What the command ended with; none for one that was killed.
    pub code: Option<i32>,
    /// What runs afterwards: `before` or `target`.
    pub runs: Option<&'static str>,
    /// How the target is marked afterwards: `good`, `bad`, or not at all.
    pub target: Option<String>,
    /// From the kill to a healthy version at rest.
    pub rests_after_s: Option<f64>,
    /// From the kill to the answer to a message that was sent then.
    pub answers_after_s: Option<f64>,
    /// What is not as it has to be.
    pub fault: Option<String>,
}

impl KillOutcome {
    /// Nothing yet.
    pub(super) const fn of(kill: &Kill) -> Self {
        Self {
            number: kill.number,
            point: kill.point,
            victim: kill.victim,
            open: None,
            hit: false,
            code: None,
            runs: None,
            target: None,
            rests_after_s: None,
            answers_after_s: None,
            fault: None,
        }
    }
}

/// A restart under way.
struct Restart {
    target: Slot,
    before: String,
    /// The daemon that runs, as far as it is known.
    daemon: Option<u32>,
    runner: Child,
    words: Words,
}

/// Restarts, kills, and looks.
pub(super) fn play(kill: &Kill, world: &mut World) -> anyhow::Result<KillOutcome> {
    freshen(world)?;
    let mut restart = begin(kill, world)?;
    let mut outcome = KillOutcome::of(kill);
    let played = strike(kill, world, &mut restart, &mut outcome)
        .and_then(|struck| recover(world, &mut restart, struck, &mut outcome));
    let _gone = restart.runner.kill().and_then(|()| restart.runner.wait());
    let mark = restart.target.mark(&world.sandbox.home());
    outcome.target = mark["standing"].as_str().map(str::to_owned);
    outcome.fault = played.err().map(|error| format!("{}: {error:#}", kill.name()));
    Ok(outcome)
}

/// Lets another slot run where the launcher has counted crashes that were kills.
fn freshen(world: &mut World) -> anyhow::Result<()> {
    if world.crashes < CRASHES_MAX {
        return Ok(());
    }
    let home = world.sandbox.home();
    let name = slot_name(world, "fresh");
    let slot = Slot::lay(&home, &name, &world.plan.programs, Fault::None)?;
    slot.mark_good(&home)?;
    let said = world.sandbox.cli(&["launcher", "roll-back-to", &name], COMES_MAX)?;
    ensure!(said.status.success(), "let {name} run: {}", said.stderr.trim());
    world.crashes = 0;
    Ok(())
}

/// Names sort by age.
fn slot_name(world: &World, what: &str) -> String {
    let (hours, minutes) = (world.restarts / 60, world.restarts % 60);
    format!("20260201T{hours:02}{minutes:02}00Z-{what}")
}

fn begin(kill: &Kill, world: &mut World) -> anyhow::Result<Restart> {
    world.restarts += 1;
    let name = slot_name(world, "kill");
    let (sandbox, plan) = (&world.sandbox, &world.plan);
    let fault = if kill.point == Point::RollBack { Fault::Live("exit 1") } else { Fault::None };
    let target = Slot::lay(&sandbox.home(), &name, &plan.programs, fault)?;
    let before = current(sandbox)?;
    let daemon = world.service.launcher_pid().and_then(daemon_of);
    let mut command = sandbox.command_of(&plan.xtask);
    command.arg("safe-restart").arg("--home").arg(sandbox.home());
    command.args(["--slot", &name, "--soak", &format!("{}s", plan.soak.as_secs())]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the top")?);
    let mut runner = command.spawn().context("start the restart")?;
    let pipe = runner.stderr.take().context("listen to the restart")?;
    let words = Words::listen(pipe, &sandbox.root().join("restarts.log"), thread::current())?;
    Ok(Restart { target, before, daemon, runner, words })
}

/// Waits for the point and kills. The moment of the kill.
fn strike(
    kill: &Kill,
    world: &mut World,
    restart: &mut Restart,
    outcome: &mut KillOutcome,
) -> anyhow::Result<Instant> {
    let delay = world.plan.seed.between(Duration::ZERO, kill.point.latest());
    let step = kill.point.step();
    attend(world, COMES_MAX, STEP, |_| {
        let begun = restart.words.when(step, Turn::Begins);
        if begun.is_none() && restart.runner.try_wait()?.is_some() {
            anyhow::bail!("see {step} begin: the restart has ended before");
        }
        Ok(begun.is_some_and(|at| delay <= at.elapsed()).then_some(()))
    })?
    .with_context(|| format!("see {step} begin"))?;
    if Point::Start as u8 <= kill.point as u8 {
        restart.daemon = None;
        await_inside(kill.point, world, restart)?;
    }
    // Only the daemons before and after the switch are there to be looked for at leisure.
    // Nobody has seen the command end yet: its number is still its own.
    kill.victim.strike(Some(restart.runner.id()), &world.service, restart.daemon)?;
    let struck = Instant::now();
    if kill.victim.has_daemon() {
        world.crashes += 1;
    }
    if kill.victim.has_runner() {
        restart.runner.wait().context("see the restart gone")?;
        restart.words.finish();
    }
    outcome.open = restart.words.open_at(struck);
    outcome.hit = outcome.open.as_deref() == Some(step);
    Ok(struck)
}

/// Waits for what the command does not tell of: that the launcher has come to the target, and that
/// delivery is released.
fn await_inside(point: Point, world: &mut World, restart: &Restart) -> anyhow::Result<()> {
    let target = restart.target.name.as_str();
    let came = match point {
        Point::Start => attend(world, SOON, STEP, |world| {
            Ok((current(&world.sandbox)? == target).then_some(()))
        })?,
        Point::RollBack => {
            attend(world, SOON, STEP, |world| Ok(goes_back(&world.sandbox).then_some(())))?
        }
        Point::VerifyReleased => attend(world, COMES_MAX, LOOK_EVERY, |world| {
            let now = status(&world.sandbox)?;
            Ok((now["held"] == false && now["slot"] == target).then_some(()))
        })?,
        _ => Some(()),
    };
    came.with_context(|| format!("see the restart come to {}", point.word()))
}

/// The launcher has written that it goes back.
fn goes_back(sandbox: &Sandbox) -> bool {
    let path = sandbox.home().join("state/restart/pending.json");
    let text = fs::read_to_string(path).unwrap_or_default();
    let pending: Value = serde_json::from_str(&text).unwrap_or_default();
    pending["phase"] == "rolling_back"
}

/// Waits for the end of the command, for rest, and for an answer.
fn recover(
    world: &mut World,
    restart: &mut Restart,
    struck: Instant,
    outcome: &mut KillOutcome,
) -> anyhow::Result<()> {
    let ended = attend(world, ENDS_MAX, STEP, |_| Ok(restart.runner.try_wait()?))?;
    outcome.code = ended.context("see the restart end")?.code();
    // A healthy version is there in the end: nobody has to be woken.
    let woken = outcome.code == Some(i32::from(ExitCode::RollbackFailed.number()));
    ensure!(!woken, "find the way back, which the restart says it did not");
    let (before, target) = (restart.before.as_str(), restart.target.name.as_str());
    let mut last = None;
    let rests = attend(world, RESTS_MAX, LOOK_EVERY, |world| {
        match healthy(&world.sandbox, &world.service, &[before, target]) {
            Ok(slot) => Ok(Some(slot)),
            Err(error) => {
                last = Some(error);
                Ok(None)
            }
        }
    })?;
    let slot = match (rests, last) {
        (Some(slot), _) => slot,
        (None, Some(error)) => return Err(error.context(format!("rest within {RESTS_MAX:?}"))),
        (None, None) => anyhow::bail!("look at it"),
    };
    outcome.rests_after_s = Some(struck.elapsed().as_secs_f64());
    outcome.runs = Some(if slot == before { "before" } else { "target" });
    if slot == target {
        // What was killed since was maybe this one: the next round may count on one crash less.
        world.crashes = world.crashes.min(1);
    }
    let chat = outcome.number % world.traffic.stream.chats();
    world.traffic.stream.send(&mut world.sandbox, chat, Work::Quick)?;
    let word = world.traffic.stream.words_of(chat).last().cloned().context("find the message")?;
    let answered = attend(world, ANSWERED_MAX, LOOK_EVERY, |world| {
        let replies = world.sandbox.replies()?;
        Ok(replies.iter().any(|reply| reply.text.ends_with(&word)).then_some(()))
    })?;
    answered.with_context(|| format!("see {word} answered within {ANSWERED_MAX:?}"))?;
    outcome.answers_after_s = Some(struck.elapsed().as_secs_f64());
    Ok(())
}

/// Looks until something is found, while messages flow.
fn attend<T>(
    world: &mut World,
    limit: Duration,
    every: Duration,
    mut look: impl FnMut(&mut World) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    let found = wait_for_every(every, limit, || {
        let World { sandbox, traffic, plan, .. } = world;
        traffic.flow(sandbox, &mut plan.seed).and_then(|()| look(world)).transpose()
    });
    found.transpose()
}
