//! The real program on a loopback stand-in of its API, apart from whatever else is on the machine.

use std::fs;
use std::path::{Path, PathBuf};

use claude_assistant::measured::Settings;
use tempfile::TempDir;

use super::api::Api;
use super::trouble;
use crate::scenario::{NoValues, Place};

/// What keeps the program to itself and its stand-in. The key is never looked at.
const ALONE: [(&str, &str); 5] = [
    ("ANTHROPIC_API_KEY", "not-a-key"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", "0"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
];

/// Where it runs.
pub(super) struct Loopback {
    pub(super) settings: Settings,
    _api: Api,
    /// Of the agents; removed with it.
    dir: TempDir,
}

impl Loopback {
    /// With the program itself.
    pub(super) fn open(place: &Place) -> Result<Self, NoValues> {
        Self::with(place, &program(place)?)
    }

    /// With something in the place of the program.
    pub(super) fn with(place: &Place, program: &Path) -> Result<Self, NoValues> {
        let api = Api::start(&place.programs.fake_messages_api().map_err(trouble)?)?;
        let dir = tempfile::tempdir().map_err(trouble)?;
        Ok(Self { settings: settings(program, dir.path(), api.url())?, _api: api, dir })
    }

    /// A folder that goes with it.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// The program.
pub(super) fn program(place: &Place) -> Result<PathBuf, NoValues> {
    let missing = "the real agent program: `cargo xtask claude install` fetches it";
    place.claude.clone().ok_or_else(|| NoValues::Missing(missing.to_owned()))
}

/// Which of two goes first; they take turns at it, so that what the first one finds warm or cold is
/// nobody's advantage.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    Ours,
    ByHand,
}

impl First {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Ours => Self::ByHand,
            Self::ByHand => Self::Ours,
        }
    }
}

fn settings(program: &Path, dir: &Path, url: &str) -> Result<Settings, NoValues> {
    // The program keeps sockets and more in the directory for temporary files.
    let temporary = dir.join("tmp");
    fs::create_dir(&temporary).map_err(trouble)?;
    let mut settings = Settings::new(program, dir)
        .map_err(trouble)?
        .variable("ANTHROPIC_BASE_URL", url)
        .variable("TMPDIR", &temporary.to_string_lossy());
    for (name, value) in ALONE {
        settings = settings.variable(name, value);
    }
    Ok(settings)
}
