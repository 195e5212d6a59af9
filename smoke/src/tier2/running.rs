//! The checks of tier 4, held against daemons of which it is known how they are: one that is well
//! passes and is left as it was, one that is not does not pass.

use std::fs;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::tier4::{Down, Home, Round, healthy, sessions_back};
use crate::views::{files_below, status, wait_echoes, wait_settled};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::running::a_daemon_that_is_well_passes_tier_4_and_is_left_as_it_was",
        60,
        a_daemon_that_is_well_passes_tier_4_and_is_left_as_it_was,
    )
    .beside_others(),
    Definition::fake(
        "tier2::running::a_held_daemon_answers_tier_4_and_nobody_else",
        60,
        a_held_daemon_answers_tier_4_and_nobody_else,
    ),
    Definition::fake(
        "tier2::running::a_daemon_that_is_not_well_does_not_pass_tier_4",
        60,
        a_daemon_that_is_not_well_does_not_pass_tier_4,
    )
    .beside_others(),
];

/// A look is enough where nothing is expected to happen.
const SOAK: Duration = Duration::from_millis(600);

fn a_daemon_that_is_well_passes_tier_4_and_is_left_as_it_was(
    case: &mut Case,
) -> anyhow::Result<()> {
    let home = home(case)?;
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(sandbox, &["hello".to_owned()], SOON)?;
    wait_settled(sandbox, SOON)?;
    let before = (status(sandbox)?["sessions"][0]["agent_pid"].clone(), files(&home)?);
    // A second round meets nothing of the first.
    for _ in 0..2 {
        let round = Round::begin(home.clone(), Down::default())?;
        healthy(&home, &Down::default())?;
        sessions_back(&home, &Down::default())?;
        let exchange = round.exchange()?;
        exchange.ensure_prompted(&home)?;
        ensure!(exchange.turn["failed"] == false, "end the turn well: {}", exchange.turn);
        let said = exchange.to_string();
        ensure!(said.ends_with(" USD"), "say what it has cost: {said}");
        round.watch.soak(&home, SOAK)?;
    }
    let after = (status(sandbox)?["sessions"][0]["agent_pid"].clone(), files(&home)?);
    ensure!(before == after, "leave everything as it was: {before:?} -> {after:?}");
    let checked = status(sandbox)?["sessions"][1].clone();
    ensure!(
        checked["chat"] == "test:harness" && checked["agent_pid"].is_null(),
        "end the agent of the check: {checked}"
    );
    Ok(())
}

fn a_held_daemon_answers_tier_4_and_nobody_else(case: &mut Case) -> anyhow::Result<()> {
    let home = home(case)?;
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    ensure!(sandbox.cli(&["hold"], SOON)?.status.success(), "hold");
    sandbox.drop_message(OWNER, "held")?;
    Round::begin(home.clone(), Down::default())?.exchange()?;
    sessions_back(&home, &Down::default())?;
    let early: Vec<String> =
        sandbox.replies()?.into_iter().map(|reply| format!("row {}", reply.row)).collect();
    unbroken("replies while messages are held", &early)?;
    ensure!(sandbox.cli(&["release"], SOON)?.status.success(), "release");
    wait_echoes(sandbox, &["held".to_owned()], SOON)?;
    Ok(())
}

fn a_daemon_that_is_not_well_does_not_pass_tier_4(case: &mut Case) -> anyhow::Result<()> {
    let home = home(case)?;
    let sandbox = &mut case.sandbox;
    let absent = home.status().err().context("miss the daemon")?.to_string();
    ensure!(absent.contains("no daemon is running"), "say what is missing: {absent}");

    sandbox.start()?;
    let round = Round::begin(home.clone(), Down::default())?;
    healthy(&home, &Down::default())?;
    sandbox.drop_message(OWNER, "error 400 and more zprivate")?;
    let found = round.watch.soak(&home, SOON).err().context("find the error in the soak")?;
    let found = format!("{found:#}");
    ensure!(found.contains("ERROR"), "say that it was an error: {found}");
    ensure!(!found.contains("zprivate"), "not repeat what a person said: {found}");
    wait_settled(sandbox, SOON)?;
    let unwell =
        healthy(&home, &Down::default()).err().context("find the last error in the status")?;
    ensure!(format!("{unwell:#}").contains("last_error"), "say what is wrong: {unwell:#}");

    sandbox.stop(SOON)?.context("see it end in time")?;
    sandbox.start()?;
    let other = round.watch.soak(&home, SOAK).err().context("notice another daemon")?;
    ensure!(!format!("{other:#}").is_empty(), "say so");
    Ok(())
}

fn home(case: &Case) -> anyhow::Result<Home> {
    Home::at(case.sandbox.home(), case.programs.daemon()?)
}

/// What lies in the directory of test messages.
fn files(home: &Home) -> anyhow::Result<Vec<std::path::PathBuf>> {
    ensure!(fs::metadata(home.messages()).is_ok(), "find the directory of test messages");
    let mut files = files_below(home.messages())?;
    // A new directory below is no harm, a lock of the daemon's is its own.
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    Ok(files)
}
