//! The published SDK for hosts of the agent program, in one exact version.
//!
//! It comes from `PyPI` into a folder below `target/sdk/` once: about 440 MB, because it brings an
//! agent program of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace::Workspace;

/// The SDK that speaks the protocol of the pinned agent program.
const SDK: &str = "claude-agent-sdk==0.2.187";

/// Why there is no SDK.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSdk {
    /// Nothing to run it with.
    #[error("make {0}: it takes python3 with its module venv")]
    NoPython(PathBuf),
    /// It did not come.
    #[error(
        "fetch {SDK} from PyPI: it takes the network and half a gigabyte; pip's words are above"
    )]
    NotFetched,
}

/// The Python that has the SDK; fetches it unless it is there.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf, NoSdk> {
    let version = SDK.rsplit('=').next().unwrap_or_default();
    let venv = workspace.target_dir().join("sdk").join(format!("venv-{version}"));
    let python = venv.join("bin/python");
    if !python.is_file() && !succeeds(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
        return Err(NoSdk::NoPython(venv));
    }
    if has_sdk(&python) {
        return Ok(python);
    }
    println!("fetching {SDK} from PyPI");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK];
    if succeeds(Command::new(&python).args(pip)) && has_sdk(&python) {
        Ok(python)
    } else {
        Err(NoSdk::NotFetched)
    }
}

fn has_sdk(python: &Path) -> bool {
    succeeds(Command::new(python).args(["-c", "import claude_agent_sdk"]).stderr(Stdio::null()))
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
