//! How cases with the real API are run and kept cheap, with the stand-in at the place of that API.

use std::env;
use std::fs;

use anyhow::{Context, ensure};
use harness::command::{Finished, run_within};
use harness::environment;
use harness::exit_code::ExitCode;
use harness::report::{Outcome, Report};
use harness::sandbox::AgentState;
use harness::wait::wait_until;

use super::conversation::TURN;
use crate::case::{Case, Definition, OWNER};
use crate::live::Account;
use crate::live::budget::Budget;
use crate::views::{events, wait_echoes};

pub(super) const CASES: &[Definition] = &[
    Definition::real(
        "tier3::live::the_meter_ends_what_would_exceed_the_budget",
        90,
        the_meter_ends_what_would_exceed_the_budget,
    ),
    Definition::real(
        "tier3::live::a_live_run_says_what_it_may_spend_and_what_it_did",
        120,
        a_live_run_says_what_it_may_spend_and_what_it_did,
    ),
];

fn the_meter_ends_what_would_exceed_the_budget(case: &mut Case) -> anyhow::Result<()> {
    // A turn takes two requests: one for the reply, one to say that it is done.
    let budget = Budget { requests: 3, usd: 1.0 };
    let ledger = case.sandbox.root().join("ledger.jsonl");
    fs::write(&ledger, "").context("begin a ledger")?;
    let account = Account { budget, ledger };
    let mut settings = account.settings(&case.programs)?;
    let api = case.api.as_ref().context("find the stand-in of the API")?;
    settings.contacts.clone_from(&case.settings.contacts);
    settings.inherit = Vec::new();
    settings.agent.state = AgentState::Sandboxed;
    settings.agent = settings
        .agent
        .with_env("ANTHROPIC_BASE_URL", api.url())
        .with_env("ANTHROPIC_API_KEY", "not-a-key");
    let sandbox = &mut case.sandbox;
    sandbox.write_config(&settings)?;
    sandbox.start()?;
    sandbox.drop_message(OWNER, "one")?;
    wait_echoes(sandbox, &["one".to_owned()], TURN)?;
    let turn_is_over = wait_until(TURN, || account.spent().is_ok_and(|spent| spent.usd > 0.0));
    ensure!(turn_is_over, "write down what the turn has cost: {:?}", account.spent());
    ensure!(account.spent()?.requests == 2, "count two requests: {}", account.spent()?);
    account.ensure_left()?;

    sandbox.drop_message(OWNER, "two")?;
    let used_up = wait_until(TURN, || account.ensure_left().is_err());
    ensure!(used_up, "use the budget up: {}", account.spent()?);
    // The next agent does not get as far as the API.
    let refused = wait_until(TURN, || {
        events(sandbox).is_ok_and(|seen| {
            let mut errors = seen.iter().filter(|event| event.kind == "ERROR");
            errors.any(|event| event.entry.to_string().contains("3 requests"))
        })
    });
    ensure!(refused, "refuse the next start: {:?}", events(sandbox)?);
    ensure!(account.spent()?.requests == 3, "count no further request: {}", account.spent()?);
    Ok(())
}

fn a_live_run_says_what_it_may_spend_and_what_it_did(case: &mut Case) -> anyhow::Result<()> {
    let report = case.sandbox.root().join("report.json");
    let tried = live_run(case, "tier3::turns::an_agent_connects_answers_and_disconnects")?;
    ensure!(tried.status.success(), "pass: {}\n{}", tried.status, tried.stderr);
    let api = case.api.as_ref().context("find the stand-in of the API")?.url().to_owned();
    for words in [format!("THE REAL API AT {api}, at most requests=9,usd=0.50"), "spent: 2".into()]
    {
        ensure!(tried.stderr.contains(&words), "say {words:?}: {}", tried.stderr);
    }
    let said = Report::read(&report).context("read the report")?;
    let end = said.ends.iter().find(|end| end.integration == "api").context("find the API")?;
    ensure!(!end.real && end.what == api, "name what stood there: {end:?}");

    // What only the stand-in does is not asked of the real one.
    let skipped = live_run(case, "tier3::errors::messages_outlive_every_error_of_the_api")?;
    let code = i32::from(ExitCode::Skipped.number());
    ensure!(skipped.status.code() == Some(code), "try nothing: {}", skipped.status);
    let said = Report::read(&report).context("read the report")?;
    let outcomes: Vec<Outcome> = said.cases.iter().map(|case| case.outcome).collect();
    ensure!(outcomes == [Outcome::Skipped], "skip it: {outcomes:?}");
    Ok(())
}

/// Runs one case of this tier in a process of its own, as a live one.
fn live_run(case: &Case, id: &str) -> anyhow::Result<Finished> {
    let runner = env::current_exe().context("find this runner")?;
    let root = case.sandbox.root();
    let api = case.api.as_ref().context("find the stand-in of the API")?;
    let mut command = case.sandbox.command_of(&runner);
    command
        .args(["--exact", id])
        .env(environment::API, "live")
        .env(environment::BUDGET, "requests=9,usd=0.5")
        .env(environment::REPORT, root.join("report.json"))
        .env(environment::LOGS, root.join("logs"))
        .env("ANTHROPIC_BASE_URL", api.url())
        .env("ANTHROPIC_API_KEY", "not-a-key");
    Ok(run_within(command, TURN)?)
}
