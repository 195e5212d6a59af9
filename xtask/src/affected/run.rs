//! Shows a plan, and runs it step by step.

use harness::exit_code::ExitCode;
use harness::gate::Gate;

use super::changes::Changes;
use super::{Asked, Check};
use crate::bench::{self, CheckArguments};
use crate::steps::{Outcome, Run};
use crate::suite::{self, Reuse};
use crate::tidy;
use crate::tier::{Order, set_here, tell_nothing};
use crate::workspace::{Workspace, has_cargo_subcommand};

/// Reasons of one check that are written out; the rest are counted.
const REASONS_SHOWN_MAX: usize = 4;

#[expect(clippy::print_stdout, reason = "a command for the terminal talks to the terminal")]
pub(super) fn show(changes: &Changes, plan: &[Asked]) {
    let count = changes.paths.len();
    println!("{count} changed {}, {}", if count == 1 { "file" } else { "files" }, changes.since);
    for Asked { check, reasons } in plan {
        println!("\n{}", check.command());
        for reason in reasons.iter().take(REASONS_SHOWN_MAX) {
            println!("    {reason}");
        }
        if REASONS_SHOWN_MAX < reasons.len() {
            println!("    and {} more", reasons.len() - REASONS_SHOWN_MAX);
        }
    }
    if plan.is_empty() {
        println!("nothing to run");
    }
}

/// Runs every check; one that fails does not end the rest.
pub(super) fn all(workspace: &Workspace, plan: &[Asked], gate: Gate) -> anyhow::Result<ExitCode> {
    let mut run = Run::default();
    // It holds steps of its own.
    let mut everything = ExitCode::Pass;
    for Asked { check, .. } in plan {
        match *check {
            Check::Tidy => {
                run.inline("tidy", || {
                    Ok(match tidy::run(workspace)? {
                        ExitCode::Pass => Outcome::Passed,
                        code => Outcome::Failed(code),
                    })
                });
            }
            Check::Tests { package, prefix } => {
                run.command("first tests", ExitCode::Failed, first(workspace, package, prefix));
            }
            Check::Bench { target, filter } => {
                let arguments = ["bench", "--locked", "-p", "benches", "--bench", target, "--"];
                let mut bench = workspace.cargo(&arguments);
                bench.args((!filter.is_empty()).then_some(filter));
                run.command("bench", ExitCode::Failed, bench);
            }
            Check::Comparison => {
                run.inline("bench-check", || {
                    Ok(match bench::check_alone(workspace, CheckArguments::quick())? {
                        ExitCode::Pass => Outcome::Passed,
                        code => Outcome::Failed(code),
                    })
                });
            }
            Check::Tier(tier) => {
                suite::tier_steps(workspace, &Order::whole(tier, gate), Reuse::Never, &mut run);
            }
            Check::Everything => everything = suite::test(workspace, gate)?,
        }
    }
    if plan.iter().all(|asked| asked.check == Check::Everything) {
        return Ok(everything);
    }
    let rest = run.finish();
    Ok(if everything == ExitCode::Pass { rest } else { everything })
}

/// Tests of one package whose name begins so; none of that name is no failure here, since the whole
/// tier follows.
fn first(workspace: &Workspace, package: &str, prefix: &str) -> std::process::Command {
    let mut arguments: Vec<&str> = if has_cargo_subcommand("nextest") {
        vec!["nextest", "run", "--no-tests", "pass"]
    } else {
        vec!["test"]
    };
    arguments.extend(["--locked", "-p", package]);
    arguments.extend((!prefix.is_empty()).then_some(prefix));
    let mut command = workspace.cargo(&arguments);
    tell_nothing(&mut command, set_here());
    command
}
