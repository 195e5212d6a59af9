//! `cargo xtask restart-proof`: the restart, proved with messages flowing all through many of them.
//!
//! ```text
//!  restart-proof           good builds and bad ones    target/harness/restart-proof.json
//!  restart-proof --kills   somebody killed each time   target/harness/restart-kills.json
//! ```
//!
//! Builds the programs, and for bad builds a daemon with the feature `faults`, as they are installed,
//! and starts `restart-proof` of the package `smoke`, which plays it in a home of its own. Takes
//! minutes, so it is no part of `test`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use harness::exit_code::ExitCode;

use crate::workspace::{BUILD_PROGRAMS, Workspace};

/// What stands behind `restart-proof`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Restarts into good builds.
    #[arg(long, default_value_t = 10)]
    good: usize,
    /// Restarts into builds that fail, each in its own way.
    #[arg(long, default_value_t = 10)]
    bad: usize,
    /// For how many seconds each new daemon is watched.
    #[arg(long, default_value_t = 4, value_name = "SECONDS")]
    soak: u64,
    /// Kill the command, the launcher, the daemon and all three at every step, in place of these.
    #[arg(long, conflicts_with_all = ["good", "bad"])]
    kills: bool,
    /// Of the kills only those whose name contains this: `arm/`, `/launcher`, `stop/all`.
    #[arg(long, requires = "kills")]
    only: Option<String>,
    /// Nobody writes during a restart: what one takes where no turn runs.
    #[arg(long, conflicts_with = "kills")]
    still: bool,
    /// The seed of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
}

/// The command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let faulty = workspace.target_dir().join("faulty");
    let faulty_dir = faulty.display().to_string();
    let with_faults = [
        "build",
        "--locked",
        "--release",
        "--package",
        "claude-assistant",
        "--features",
        "claude-assistant/faults",
        "--target-dir",
        &faulty_dir,
    ];
    let programs = [BUILD_PROGRAMS, &["--package", "xtask", "--release"]].concat();
    let mut builds = vec![&programs[..]];
    if !arguments.kills {
        builds.push(&with_faults);
    }
    for build in builds {
        let status = workspace.cargo(build).status().context("run cargo build")?;
        if !status.success() {
            return Ok(ExitCode::BuildFailed);
        }
    }
    let report = report(workspace, arguments);
    let release = workspace.target_dir().join("release");
    let mut command = std::process::Command::new(release.join("restart-proof"));
    command.arg("--xtask").arg(release.join("xtask"));
    command.arg("--programs").arg(&release);
    command.arg("--json").arg(&report);
    command.args(["--soak", &arguments.soak.to_string()]);
    if arguments.kills {
        command.arg("--kills");
        command.args(arguments.only.iter().flat_map(|only| ["--only", only]));
    } else {
        command.arg("--faulty").arg(faulty.join("release/claude-assistant"));
        command.args(["--good", &arguments.good.to_string(), "--bad", &arguments.bad.to_string()]);
    }
    command.args(arguments.still.then_some("--still"));
    if let Some(seed) = arguments.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    let status = command.current_dir(workspace.root()).status().context("play the proof")?;
    println!("report: {}", report.display());
    Ok(status.code().and_then(ExitCode::from_number).unwrap_or(ExitCode::Failed))
}

fn report(workspace: &Workspace, arguments: &Arguments) -> PathBuf {
    let name = if arguments.kills { "restart-kills.json" } else { "restart-proof.json" };
    workspace.target_dir().join("harness").join(name)
}
