//! Another host's point of view: the published SDK drives the stand-in.
//!
//! A script of a few dozen lines does with the SDK what its users do. No part of `ci`: it needs the
//! network and half a gigabyte.

use std::process::Command;

use anyhow::Context;
use harness::exit_code::ExitCode;

use crate::sdk;
use crate::workspace::Workspace;

/// The script, which ends with 0 if everything was as it should be.
const SCRIPT: &str = "xtask/src/contract/sdk.py";

/// Fetches the SDK unless it is there, and runs the script with it.
pub(super) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let python = match sdk::python(workspace) {
        Ok(python) => python,
        Err(missing) => {
            eprintln!("MISSING: failed to {missing}");
            return Ok(ExitCode::PreconditionMissing);
        }
    };
    if !super::build(workspace, &["--package", "fakes", "--bins"])? {
        return Ok(ExitCode::BuildFailed);
    }
    let fake = workspace.programs().fake_claude()?;
    let mut script = Command::new(&python);
    script.arg(workspace.root().join(SCRIPT)).arg(fake);
    let status = script.status().with_context(|| format!("run {}", python.display()))?;
    Ok(if status.success() { ExitCode::Pass } else { ExitCode::Failed })
}
