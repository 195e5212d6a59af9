//! What was so before a restart and is so after it: the new build is neither to blame for it nor may
//! it change it.

use std::fs;

use anyhow::{Context, ensure};
use harness::command::{Finished, run_within};
use harness::wait::wait_until;
use serde_json::Value;

use super::{NEXT, RESTART_LIMIT, command_with, lay};
use crate::case::{ADMINS, Case, OWNER, SOON};
use crate::launched::{Service, Slot, install};
use crate::views::{count, status, wait_echoes, wait_settled};

/// An agent that cannot be started is tried three times, two and four seconds apart: all of them are
/// in sight.
const SOAK: &str = "8s";

/// What the API refuses whenever it is asked, and may take some other day.
const REFUSED: &str = "error 403";

/// Its agent cannot be started, and will not be by the next build either: that one tries as soon as
/// delivery is open again, and says in transcript, log and status that it could not. Beside it is one
/// whose agent is well and whose turns fail, which the next build finds out again too.
pub(super) fn a_session_that_was_dead_is_held_against_no_build(
    case: &mut Case,
) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, super::Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    case.sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(&case.sandbox, &["hello".to_owned()], SOON)?;
    wait_settled(&case.sandbox, SOON)?;
    case.sandbox.drop_message(ADMINS[1], REFUSED)?;
    let has_failed = || state(case, ADMINS[1]).is_some_and(|state| state == "resting");
    ensure!(wait_until(SOON, has_failed), "see the other session rest");
    let chat = format!("test:{OWNER}");
    ensure!(case.sandbox.cli(&["kill-session", &chat], SOON)?.status.success(), "end its agent");
    let row = status(&case.sandbox)?["sessions"][0]["row"].as_i64().context("find the session")?;
    let prompt = case.sandbox.home().join(format!("prompts/{row}.md"));
    fs::remove_file(&prompt).context("remove its start prompt")?;
    fs::create_dir(&prompt).context("put a directory in its place")?;
    case.sandbox.drop_message(OWNER, "again")?;
    let is_dead = || state(case, OWNER).is_some_and(|state| state == "dead");
    ensure!(wait_until(SOON, is_dead), "see the session given up");

    let said = restarted(case, &next, SOAK)?;
    ensure!(said.status.code() == Some(0), "see the restart end well: {}", told(&said));
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == next.name.as_str(), "run the next slot: {now}");
    ensure!(next.mark(&case.sandbox.home())["standing"] == "good", "mark it as good");
    // Nothing of it is lost.
    fs::remove_dir(&prompt).context("remove the directory")?;
    let again = case.sandbox.cli(&["restart-session", &chat], SOON)?;
    ensure!(again.status.success(), "have the session try again: {}", again.stderr);
    wait_echoes(&case.sandbox, &["again".to_owned()], SOON)?;
    ensure!(count(&case.sandbox, "delivered")? == 1, "owe what is refused still");
    service.stop(SOON)
}

/// Where the session of this sender stands.
fn state(case: &Case, sender: &str) -> Option<Value> {
    let (status, chat) = (status(&case.sandbox).ok()?, format!("test:{sender}"));
    let mut sessions = status["sessions"].as_array()?.iter();
    sessions.find(|session| session["chat"] == chat.as_str()).map(|it| it["state"].clone())
}

/// Nobody is answered meanwhile, and the owner alone ends that.
pub(super) fn what_the_owner_holds_stays_held(case: &mut Case) -> anyhow::Result<()> {
    install(&case.sandbox, case.programs.profile_dir())?;
    let next = lay(case, NEXT, super::Fault::None)?;
    let service = Service::start(&case.sandbox)?;
    ensure!(case.sandbox.cli(&["hold"], SOON)?.status.success(), "hold");
    case.sandbox.drop_message(OWNER, "held")?;
    let is_accepted = || count(&case.sandbox, "accepted").is_ok_and(|waiting| waiting == 1);
    ensure!(wait_until(SOON, is_accepted), "see the message wait");

    let said = restarted(case, &next, super::SOAK)?;
    ensure!(said.status.code() == Some(0), "see the restart end well: {}", told(&said));
    let now = status(&case.sandbox)?;
    ensure!(now["slot"] == next.name.as_str(), "run the next slot: {now}");
    ensure!(next.mark(&case.sandbox.home())["standing"] == "good", "mark it as good");
    ensure!(now["held_by"] == serde_json::json!(["owner"]), "keep the owner's hold: {now}");
    ensure!(now["counts"]["accepted"] == 1, "leave the message where it was: {now}");
    ensure!(case.sandbox.replies()?.is_empty(), "answer nobody");
    ensure!(case.sandbox.cli(&["release"], SOON)?.status.success(), "release");
    wait_echoes(&case.sandbox, &["held".to_owned()], SOON)?;
    service.stop(SOON)
}

/// Restarts into a slot, watched for so long.
fn restarted(case: &Case, slot: &Slot, soak: &str) -> anyhow::Result<Finished> {
    Ok(run_within(command_with(case, &slot.name, soak)?, RESTART_LIMIT)?)
}

fn told(said: &Finished) -> String {
    format!("{}\n{}{}", said.status, said.stdout, said.stderr)
}
