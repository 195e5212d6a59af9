//! What runs when: `test`, which is also `ci`, and `test-tier`, as lists of steps.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;

use crate::claude;
use crate::gate::Gate;
use crate::steps::{Outcome, Run};
use crate::tidy;
use crate::workspace::{BUILD_PROGRAMS, Workspace, has_cargo_subcommand};

/// What tidy has looked at of deny.toml in place of cargo-deny, and what it has not.
const LICENCES_SKIPPED: &str = "cargo-deny is not installed; tidy has checked the licences, the \
                                banned crates and the sources, but no licence's text";

/// Which tests of which tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// 1 to 3.
    pub(crate) tier: u8,
    /// A part of the test's name.
    pub(crate) only: Option<String>,
}

/// Everything a change has to pass: the checks of the tree, then the tests of every tier. What is
/// missing on this machine is skipped behind an open gate, and fails behind a closed one.
pub(crate) fn test(workspace: &Workspace, gate: Gate) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut run = Run::default();
    check_steps(workspace, &mut run);
    test_steps(workspace, gate, &mut run)?;
    eprintln!("\nall steps took {:.0} s", started.elapsed().as_secs_f64());
    Ok(run.finish())
}

fn check_steps(workspace: &Workspace, run: &mut Run) {
    run.command("format", ExitCode::Failed, workspace.cargo(&["fmt", "--all", "--check"]));
    run.inline("tidy", || {
        Ok(match tidy::run(workspace)? {
            ExitCode::Pass => Outcome::Passed,
            code => Outcome::Failed(code),
        })
    });
    licences(workspace, run);
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run.command("clippy", ExitCode::Failed, workspace.cargo(&clippy));
    let mut docs = workspace.cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    run.command("docs", ExitCode::Failed, docs);
}

/// One tier.
pub(crate) fn test_tier(
    workspace: &Workspace,
    selection: &Selection,
    gate: Gate,
) -> anyhow::Result<ExitCode> {
    let mut run = Run::default();
    if selection.tier == 1 {
        tier_1(workspace, selection.only.as_deref(), gate, &mut run);
    } else {
        if selection.tier == 3 && claude_step(gate, &mut run) != Outcome::Passed {
            return Ok(run.finish());
        }
        if build_programs(workspace, &mut run) == Outcome::Passed {
            runner_step(workspace, selection, gate, &mut run)?;
        }
    }
    Ok(run.finish())
}

fn test_steps(workspace: &Workspace, gate: Gate, run: &mut Run) -> anyhow::Result<()> {
    let built = build_programs(workspace, run);
    tier_1(workspace, None, gate, run);
    run.command(
        "doc tests",
        ExitCode::Failed,
        workspace.cargo(&["test", "--locked", "--workspace", "--doc"]),
    );
    let claude = claude_step(gate, run);
    if built != Outcome::Passed {
        run.skip("tier 2", "the programs did not build");
        run.skip("tier 3", "the programs did not build");
        return Ok(());
    }
    runner_step(workspace, &Selection { tier: 2, only: None }, gate, run)?;
    if claude == Outcome::Passed {
        runner_step(workspace, &Selection { tier: 3, only: None }, gate, run)?;
    } else {
        run.skip("tier 3", "the agent program is not installed");
    }
    Ok(())
}

fn build_programs(workspace: &Workspace, run: &mut Run) -> Outcome {
    run.command("build", ExitCode::BuildFailed, workspace.cargo(BUILD_PROGRAMS))
}

/// Compiles first, as a step of its own, so that the time of the tests is theirs alone.
fn tier_1(workspace: &Workspace, only: Option<&str>, gate: Gate, run: &mut Run) {
    let nextest = has_cargo_subcommand("nextest");
    let mut arguments: Vec<&str> = if nextest { vec!["nextest", "run"] } else { vec!["test"] };
    arguments.extend(["--locked", "--workspace"]);
    let mut compile = arguments.clone();
    compile.push("--no-run");
    let compiled = run.command("tier 1, build", ExitCode::BuildFailed, workspace.cargo(&compile));
    if compiled != Outcome::Passed {
        run.skip("tier 1", "it did not build");
        return;
    }
    if nextest {
        arguments.push("--no-fail-fast");
        if gate == Gate::Closed {
            arguments.extend(["--profile", "ci"]);
        }
    } else {
        arguments.extend(["--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    arguments.extend(only);
    let mut tests = workspace.cargo(&arguments);
    // A snapshot that differs is a failure, never a file to be written.
    tests.env("INSTA_UPDATE", "no");
    run.tests("tier 1", tests);
}

fn claude_step(gate: Gate, run: &mut Run) -> Outcome {
    run.inline("agent program", || claude::install(gate))
}

/// Runs a runner of the real binaries. It is started itself and not through `cargo test`, which
/// would hide its exit code.
fn runner_step(
    workspace: &Workspace,
    selection: &Selection,
    gate: Gate,
    run: &mut Run,
) -> anyhow::Result<()> {
    let (name, target) = match selection.tier {
        3 => ("tier 3", "tier3"),
        _ => ("tier 2", "tier2"),
    };
    let mut built = None;
    let outcome =
        run.inline(if target == "tier3" { "tier 3, build" } else { "tier 2, build" }, || {
            built = Some(build_runner(workspace, target)?);
            Ok(Outcome::Passed)
        });
    let Some(runner) = built else {
        run.skip(name, "its runner did not build");
        ensure!(outcome != Outcome::Passed, "find the runner {target}");
        return Ok(());
    };
    let mut command = Command::new(runner);
    command.current_dir(workspace.root());
    if let Some(only) = &selection.only {
        command.arg(only);
    }
    if gate == Gate::Closed {
        command.env("SMOKE_GATE", "closed");
    }
    run.tests(name, command);
    Ok(())
}

/// Builds a runner and asks cargo where it lies.
fn build_runner(workspace: &Workspace, target: &str) -> anyhow::Result<PathBuf> {
    let arguments = [
        "test",
        "--locked",
        "--package",
        "smoke",
        "--test",
        target,
        "--no-run",
        "--message-format=json-render-diagnostics",
    ];
    let output = workspace
        .cargo(&arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo to build a runner")?;
    ensure!(output.status.success(), "build the runner {target}: {}", output.status);
    executable_of(&String::from_utf8_lossy(&output.stdout), target)
        .with_context(|| format!("find the runner {target} in what cargo said"))
}

/// The executable of the test target `target` in cargo's JSON messages.
fn executable_of(messages: &str, target: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

fn licences(workspace: &Workspace, run: &mut Run) {
    if has_cargo_subcommand("deny") {
        let arguments = ["deny", "check", "licenses", "bans", "sources"];
        run.command("licences", ExitCode::Failed, workspace.cargo(&arguments));
    } else {
        run.skip("licences", LICENCES_SKIPPED);
    }
}

#[cfg(test)]
mod tests;
