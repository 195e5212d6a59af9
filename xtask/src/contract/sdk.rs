//! Another host's point of view: the published SDK drives the stand-in.
//!
//! The SDK comes from `PyPI` into `target/sdk/`, one exact version; a script of a few dozen lines does
//! with it what its users do. No part of `ci`: it needs the network and half a gigabyte.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use harness::exit_code::ExitCode;

use crate::workspace::Workspace;

/// The SDK that speaks the protocol of the pinned agent program.
const SDK: &str = "claude-agent-sdk==0.2.187";

/// The script, which ends with 0 if everything was as it should be.
const SCRIPT: &str = "xtask/src/contract/sdk.py";

/// Fetches the SDK unless it is there, and runs the script with it.
pub(super) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let version = SDK.rsplit('=').next().unwrap_or_default();
    let venv = workspace.programs().target_dir().join("sdk").join(format!("venv-{version}"));
    let python = venv.join("bin/python");
    if !python.is_file() && !succeeds(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
        eprintln!("MISSING: python3 with its module venv");
        return Ok(ExitCode::PreconditionMissing);
    }
    if !succeeds(Command::new(&python).args(["-c", "import claude_agent_sdk"])) {
        fetch(&python)?;
    }
    if !super::build(workspace, &["--package", "fakes", "--bins"])? {
        return Ok(ExitCode::BuildFailed);
    }
    let fake = workspace.programs().fake_claude()?;
    let mut script = Command::new(&python);
    script.arg(workspace.root().join(SCRIPT)).arg(fake);
    Ok(if succeeds(&mut script) { ExitCode::Pass } else { ExitCode::Failed })
}

fn fetch(python: &Path) -> anyhow::Result<()> {
    println!("fetching {SDK} from PyPI");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK];
    let status = Command::new(python).args(pip).status().context("run pip")?;
    ensure!(status.success(), "fetch {SDK}: {status}");
    Ok(())
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
