//! What both hosts stand on: the programs, the stand-in of the API, a folder for each, and the same
//! environment.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use harness::bench::peers::Settings;
use harness::command::end_within;
use harness::sandbox::MARK_NAME;
use tempfile::TempDir;

use crate::workspace::Workspace;

/// Our host, as cargo calls it.
const PEER_HOST: &str = "peer-host";

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
    /// Where the release builds are.
    pub(super) built: PathBuf,
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
        let arguments =
            ["build", "--release", "--locked", "--bin", PEER_HOST, "--bin", "fake-messages-api"];
        let mut cargo = workspace.cargo(&arguments);
        cargo.args(["--package", "benches", "--package", "fakes"]);
        let built = cargo.status().context("run cargo build")?.success();
        Ok(built.then(|| Self {
            python,
            claude,
            root: workspace.root().to_path_buf(),
            built: workspace.target_dir().join("release"),
        }))
    }
}

impl Ground {
    /// Starts the stand-in.
    pub(super) fn open(programs: Programs) -> anyhow::Result<Self> {
        let api = Api::start(&programs.built.join("fake-messages-api"))?;
        let room = tempfile::Builder::new().prefix("peers-").tempdir();
        Ok(Self { api, programs, room: room.context("make a folder")? })
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
            Side::Ours => Command::new(self.programs.built.join(PEER_HOST)),
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
            ("ANTHROPIC_BASE_URL", self.api.url.as_str()),
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

/// The stand-in of the API; ended when dropped.
#[derive(Debug)]
struct Api {
    child: Child,
    url: String,
}

impl Api {
    fn start(program: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let running = || format!("run {}", program.display());
        let mut child = command.spawn().with_context(running)?;
        let stdout = child.stdout.take().expect("it is piped");
        let mut api = Self { child, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).with_context(running)?;
        match line.trim().strip_prefix("listening on ") {
            Some(url) => url.clone_into(&mut api.url),
            None => bail!("start the stand-in of the API: it said {line:?}"),
        }
        Ok(api)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It keeps nothing, so there is nothing to end in order.
        drop(end_within(&mut self.child, Duration::ZERO));
    }
}
