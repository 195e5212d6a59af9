//! `launcher ...`: asks the launcher, for programs above all; and the ways of `start`, `stop` and
//! `restart` where there is one.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use assistant_core::limits::{READY_MAX, STOP_MARGIN};
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::print::Screen;
use super::start::Words;
use super::{Place, waiting};
use crate::config::Config;
use crate::config::args::{Launcher, LauncherVerb};
use crate::config::paths::HOME_VARIABLE;
use crate::control::client::{self, AskError};
use crate::control::lock::{self, Held, LockError};
use crate::exit::{Code, Failure};
use crate::launcher::answer_max;
use crate::launcher::protocol::{Answer, Request, Status, Up};
use crate::slots::request::Initiator;
use crate::slots::{SlotName, Slots, Standing};

/// How often a launcher that begins, or ends, is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// What an answer may take on its way, beyond the launcher's own time for it.
const WAY_MAX: Duration = Duration::from_secs(10);

pub(super) fn launcher(
    place: &Place,
    asked: Launcher,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let json = asked.json;
    let request = match asked.verb {
        LauncherVerb::CarryOut { command } => return carry_out(&command),
        LauncherVerb::MarkBad { slot, why } if !runs(place)? => {
            mark_bad(place, &slot, &why)?;
            return show(screen, json, &Answer::Done);
        }
        LauncherVerb::Stop => return waiting(stop(place, screen)),
        verb => request(verb),
    };
    let switches = matches!(request, Request::Switch { .. });
    waiting(async {
        let answer = ask(place, request).await?;
        let went_back = matches!(answer, Answer::RolledBack(_));
        let code = show(screen, json, &answer)?;
        Ok(if switches && went_back { Code::Failed } else { code })
    })
}

/// Whether a launcher runs on the home.
pub(super) fn runs(place: &Place) -> anyhow::Result<bool> {
    Ok(look(place)? != Held::Free)
}

/// `start`, where a launcher is installed: it in the background.
pub(super) async fn start(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let home = &place.home;
    if let held @ (Held::BySomebody | Held::By(_)) = look(place)? {
        let holder = if let Held::By(holder) = held { Some(holder) } else { None };
        let home = home.root().to_owned();
        return Err(Failure::from(LockError::Held { holder, home }).into());
    }
    let began = Instant::now();
    let mut words = Words::begin(&home.stderr_file()).context("open stderr.log")?;
    let mut child = Command::new(home.launcher_program())
        .args(["launch", "--detached"])
        .env(HOME_VARIABLE, home.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.file()?)
        .spawn()
        .context("start the launcher's process")?;
    let status = match came_up(place, &mut child, began).await? {
        Came::Up(status) => status,
        Came::Ended(code) => {
            words.complain();
            return Ok(code);
        }
    };
    let Some(daemon) = status.daemon.filter(|daemon| daemon.ready) else {
        let message = "no daemon is ready: claude-assistant launcher status, logs/launcher.log";
        return Err(Failure::new(Code::Failed, message).into());
    };
    let slot = status.slot.map_or_else(String::new, |slot| format!(", slot {slot}"));
    let generation = daemon.generation.unwrap_or_default();
    let ms = began.elapsed().as_millis();
    screen.line(&format!(
        "claude-assistant is up: pid {}, generation {generation}{slot}, ready after {ms} ms",
        daemon.pid
    ))?;
    Ok(Code::Done)
}

/// `stop`, where a launcher runs: it ends with its daemon.
pub(super) async fn stop(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let began = Instant::now();
    ask(place, Request::Stop).await?;
    let patience = answer_max(stop_max(place));
    while look(place)? != Held::Free {
        if patience < began.elapsed() {
            let message = format!(
                "the launcher still runs {} s after it was asked to end",
                patience.as_secs()
            );
            return Err(Failure::new(Code::Failed, message).into());
        }
        sleep(LOOK_INTERVAL).await;
    }
    let ms = began.elapsed().as_millis();
    screen.line(&format!("claude-assistant has ended, after {ms} ms"))?;
    Ok(Code::Done)
}

/// `restart`, where a launcher runs: the same slot again.
pub(super) async fn restart(place: &Place, screen: &mut Screen) -> anyhow::Result<Code> {
    let answer = ask(place, Request::Restart).await?;
    show(screen, false, &answer)
}

/// Asks the launcher of this home.
async fn ask(place: &Place, request: Request) -> Result<Answer, Failure> {
    let patience = answer_max(stop_max(place)) + WAY_MAX;
    client::ask_of(&place.home.launcher_socket(), request, patience).await.map_err(|error| {
        let message = match &error {
            AskError::NotRunning => {
                format!("no launcher is running on {}", place.home.root().display())
            }
            AskError::NoAnswer(what) => format!("the launcher gave no answer: {what}"),
            other => other.to_string(),
        };
        Failure { message, ..Failure::from(error) }
    })
}

/// What came of a launcher that was started.
enum Came {
    Up(Box<Status>),
    Ended(Code),
}

/// Waits until its daemon is ready, or it has none to start, or it ends.
async fn came_up(place: &Place, child: &mut Child, began: Instant) -> anyhow::Result<Came> {
    let patience = stop_max(place) + READY_MAX;
    loop {
        if let Some(status) = child.try_wait().context("wait for the launcher")? {
            return Ok(Came::Ended(match status.code().map_or(Code::Failed, Code::of_status) {
                // It ended well, but it was to stay.
                Code::Done => Code::Failed,
                code => code,
            }));
        }
        if let Ok(Answer::Status(status)) = ask(place, Request::Status).await {
            let ready = status.daemon.as_ref().is_some_and(|daemon| daemon.ready);
            if ready || status.state == "waiting" || patience < began.elapsed() {
                return Ok(Came::Up(status));
            }
        }
        if patience < began.elapsed() {
            return Ok(Came::Up(Box::default()));
        }
        sleep(LOOK_INTERVAL).await;
    }
}

fn look(place: &Place) -> anyhow::Result<Held> {
    lock::look(&place.home.launcher_lock()).context("look at the launcher's lock")
}

/// How long a stop of the daemon may take, as its launcher sees it.
fn stop_max(place: &Place) -> Duration {
    let user_home = place.user_home.as_deref();
    let config = Config::load(&place.home.config_file(), user_home)
        .unwrap_or_else(|_| Config::defaults(user_home));
    config.shutdown.deadline + STOP_MARGIN
}

fn request(verb: LauncherVerb) -> Request {
    match verb {
        LauncherVerb::Status => Request::Status,
        LauncherVerb::Arm { id, target, confirm_timeout, runner, backup } => {
            let confirm_timeout_ms = u64::try_from(confirm_timeout.as_millis()).unwrap_or(u64::MAX);
            // The launcher stands somewhere else.
            let backup = backup.map(|file| std::path::absolute(&file).unwrap_or(file));
            Request::Arm { id, target, confirm_timeout_ms, runner_pid: runner, backup }
        }
        LauncherVerb::Switch(it) => Request::Switch { id: it.id },
        LauncherVerb::Confirm { id, unproven } => Request::Confirm { id, unproven },
        LauncherVerb::Disarm(it) => Request::Disarm { id: it.id },
        LauncherVerb::RollBack { id, why, blameless } => Request::RollBack { id, why, blameless },
        LauncherVerb::RollBackTo { slot } => Request::RollBackTo { slot },
        LauncherVerb::Restart => Request::Restart,
        LauncherVerb::MarkBad { slot, why } => Request::MarkBad { slot, why },
        LauncherVerb::Request => Request::Ask { initiator: Initiator::Owner(true) },
        LauncherVerb::Stop | LauncherVerb::CarryOut { .. } => Request::Stop,
    }
}

/// Becomes the command, in a session of its own.
fn carry_out(command: &[std::ffi::OsString]) -> anyhow::Result<Code> {
    let (program, arguments) = command.split_first().context("find a command")?;
    // Fails only for the leader of a process group, which has what this would give it.
    let _ = rustix::process::setsid();
    let error = std::process::Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("run {}", program.display()))
}

/// With no launcher, what is to run is not marked either: it would be started by the next one.
fn mark_bad(place: &Place, slot: &SlotName, why: &str) -> Result<(), Failure> {
    let slots = Slots::of(&place.home);
    let refused = |message: String| Err(Failure::new(Code::Failed, message));
    if !slots.dir(slot).is_dir() {
        return refused(format!("there is no slot {slot}"));
    }
    if slots.current()?.as_ref() == Some(slot) {
        return refused("the slot is in use".to_owned());
    }
    Ok(slots.set_mark(slot, Standing::Bad, why)?)
}

fn show(screen: &mut Screen, json: bool, answer: &Answer) -> anyhow::Result<Code> {
    if json {
        match answer {
            Answer::Done => screen.json(&json!({}))?,
            Answer::Status(status) => screen.json(status)?,
            Answer::Up(up) => screen.json(up)?,
            Answer::RolledBack(it) => screen.json(&json!({ "rolled_back": it }))?,
            Answer::Requested { id } => screen.json(&json!({ "id": id }))?,
        }
        return Ok(Code::Done);
    }
    match answer {
        Answer::Done => {}
        Answer::Status(status) => screen.line(&described(status))?,
        Answer::Up(Up { slot, pid, generation, gap_ms, .. }) => screen.line(&format!(
            "claude-assistant is up: pid {pid}, generation {generation}, slot {slot}, away for \
             {gap_ms} ms"
        ))?,
        Answer::RolledBack(it) => {
            screen.line(&format!("went back from {}: {}", it.target, it.why))?;
        }
        Answer::Requested { id } => screen.line(&format!("restart {id} is under way"))?,
    }
    Ok(Code::Done)
}

fn described(status: &Status) -> String {
    let mut lines = vec![format!("launcher  pid {}, {}", status.pid, status.state)];
    if let Some(daemon) = &status.daemon {
        let ready = if daemon.ready { "ready" } else { "not ready" };
        lines.push(format!("daemon    pid {}, {ready}", daemon.pid));
    }
    if let Some(pending) = &status.pending {
        lines.push(format!("restart   {} to {}", pending.id, pending.target));
    }
    if let Some(it) = &status.rolled_back {
        lines.push(format!("went back {} from {}: {}", it.at, it.target, it.why));
    }
    for slot in &status.slots {
        let standing = match slot.standing {
            Some(Standing::Good) => "good",
            Some(Standing::Bad) => "bad",
            None => "-",
        };
        let current = if status.slot.as_ref() == Some(&slot.name) { "*" } else { " " };
        let why = slot.why.as_deref().unwrap_or_default();
        lines.push(format!("{current} {}  {standing}  {why}", slot.name).trim_end().to_owned());
    }
    lines.join("\n")
}
