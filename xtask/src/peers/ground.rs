//! What both hosts stand on: the programs, the stand-in of the API, a folder for each, and the same
//! environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use harness::bench::peers::Settings;
use harness::sandbox::MARK_NAME;
use tempfile::TempDir;

use super::api::Api;
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// Our host, as cargo calls it.
const PEER_HOST: &str = "peer-host";

/// The stand-in of the API, likewise.
const API: &str = "fake-messages-api";

/// Where they are run from, below the build directory: no other build replaces them there.
const PLACE: &str = "bench/peers/release";

/// The other one, from the top of the workspace.
const SDK_HOST: &str = "xtask/src/peers/sdk_host.py";

/// What the agents are told to be. A word of our own, so that neither library's default plays a part.
const SYSTEM_PROMPT: &str = "You answer in one sentence.";

/// Keeps the agent program from sending anything home; and a language, as Python finds itself one
/// where there is none, and hands it on.
const VARIABLES: [(&str, &str); 5] = [
    ("LANG", "C.UTF-8"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
];

/// Which library drives the agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The published SDK.
    Sdk,
    /// Our client.
    Ours,
}

/// What is run.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    /// The Python that has the SDK.
    pub(super) python: PathBuf,
    /// The real agent program.
    pub(super) claude: PathBuf,
    /// The top of the workspace.
    pub(super) root: PathBuf,
    /// Where copies of the release builds are.
    pub(super) place: PathBuf,
}

/// The folders, and the stand-in that listens; all of it goes with the value.
#[derive(Debug)]
pub(super) struct Ground {
    programs: Programs,
    api: Api,
    room: TempDir,
}

impl Side {
    /// As it is called in words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sdk => "the SDK",
            Self::Ours => "our client",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Sdk => "sdk",
            Self::Ours => "ours",
        }
    }
}

impl Programs {
    /// Builds what is ours; `None` if that does not work, which cargo has told of.
    pub(super) fn build(
        workspace: &Workspace,
        python: PathBuf,
        claude: PathBuf,
    ) -> anyhow::Result<Option<Self>> {
        let arguments = ["build", "--release", "--locked", "--bin", PEER_HOST, "--bin", API];
        let mut cargo = workspace.cargo(&arguments);
        cargo.args(["--package", "benches", "--package", "fakes"]);
        if !cargo.status().context("run cargo build")?.success() {
            return Ok(None);
        }
        let place = workspace.target_dir().join(PLACE);
        copy(&workspace.target_dir().join("release"), &place)?;
        Ok(Some(Self { python, claude, root: workspace.root().to_path_buf(), place }))
    }
}

impl Ground {
    /// Starts the stand-in.
    pub(super) fn open(programs: Programs, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let room = tempfile::Builder::new().prefix("peers-").tempdir().context("make a folder")?;
        let program = Command::new(programs.place.join(API));
        let api = Api::start(program, &room.path().join("api"), interrupt)?;
        Ok(Self { programs, api, room })
    }

    /// What all agents ask.
    pub(super) const fn api(&self) -> &Api {
        &self.api
    }

    /// The command that starts a host, and what marks all that it starts. Its folder is new.
    pub(super) fn host(&self, side: Side, round: usize) -> anyhow::Result<(Command, String)> {
        let dir = self.room.path().join(format!("{round}-{}", side.folder()));
        for folder in ["work", "config", "tmp"] {
            let folder = dir.join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        }
        let name = dir.to_string_lossy().into_owned();
        let settings = serde_json::to_string(&self.settings(&dir, &name))?;
        let mut command = match side {
            Side::Ours => Command::new(self.programs.place.join(PEER_HOST)),
            Side::Sdk => {
                let mut python = Command::new(&self.programs.python);
                // Else its bytecode would stand among the sources.
                python.arg("-B").arg(self.programs.root.join(SDK_HOST));
                python
            }
        };
        command.arg(settings).env_clear().current_dir(&dir);
        command.env("HOME", &dir).env("TMPDIR", dir.join("tmp"));
        command.env("CLAUDE_CONFIG_DIR", dir.join("config")).env(MARK_NAME, &name);
        command.envs(VARIABLES);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Ok((command, format!("{MARK_NAME}={name}")))
    }

    /// Where a host's standard error goes.
    pub(super) fn words(&self, side: Side, round: usize) -> PathBuf {
        self.room.path().join(format!("{round}-{}.log", side.folder()))
    }

    fn settings(&self, dir: &Path, mark: &str) -> Settings {
        let own = [
            ("ANTHROPIC_BASE_URL", self.api.url()),
            // The stand-in asks nobody for it.
            ("ANTHROPIC_API_KEY", "none"),
            (MARK_NAME, mark),
        ];
        let variables: BTreeMap<String, String> = VARIABLES
            .into_iter()
            .chain(own)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Settings {
            claude: self.programs.claude.clone(),
            dir: dir.to_path_buf(),
            variables,
            system_prompt: SYSTEM_PROMPT.to_owned(),
        }
    }
}

/// Takes our programs from where cargo leaves them to `place`, and away what was there.
fn copy(from: &Path, place: &Path) -> anyhow::Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("empty {}", place.display()))?;
    }
    fs::create_dir_all(place).with_context(|| format!("make {}", place.display()))?;
    for name in [PEER_HOST, API] {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        fs::copy(from.join(&name), place.join(&name)).with_context(|| format!("copy {name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
