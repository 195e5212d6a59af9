//! Where the programs under check lie: beside the executable that asks.
//!
//! Cargo puts `xtask` at `target/<profile>/xtask` and a test runner at
//! `target/<profile>/deps/<name>-<hash>`; the binaries of the workspace are in `target/<profile>/`.

use std::io;
use std::path::{Path, PathBuf};

/// The agent program's version that checks run against. Its protocol has no version number of its
/// own, so the program is pinned exactly.
pub const CLAUDE_VERSION: &str = "2.1.330";

/// Every program that a check looks for beside itself, and the package that builds it.
pub const BUILT: [(&str, &str); 6] = [
    ("claude-assistant", "claude-assistant"),
    ("fake-claude", "fakes"),
    ("fake-messages-api", "fakes"),
    ("bench-probe", "benches"),
    ("agent-tap", "benches"),
    ("xtask", "xtask"),
];

/// A program that is not there.
#[derive(Debug, thiserror::Error)]
#[error("find {path}: `{command}` puts it there", path = .path.display())]
pub struct MissingProgram {
    /// Where it should be.
    pub path: PathBuf,
    /// What puts it there.
    pub command: String,
}

/// The build directory of the executable that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    profile_dir: PathBuf,
}

impl Programs {
    /// The build directory that the running executable lies in.
    pub fn beside_this_executable() -> io::Result<Self> {
        let executable = std::env::current_exe()?;
        Self::beside(&executable).ok_or_else(|| {
            io::Error::other(format!("{} is in no build directory", executable.display()))
        })
    }

    /// The build directory that `executable` lies in.
    pub fn beside(executable: &Path) -> Option<Self> {
        let folder = executable.parent()?;
        let in_deps = folder.file_name().is_some_and(|name| name == "deps");
        let profile_dir = if in_deps { folder.parent()? } else { folder };
        Some(Self { profile_dir: profile_dir.to_path_buf() })
    }

    /// `target/<profile>`.
    pub fn profile_dir(&self) -> &Path {
        &self.profile_dir
    }

    /// `target`.
    pub fn target_dir(&self) -> &Path {
        self.profile_dir.parent().unwrap_or(&self.profile_dir)
    }

    /// The daemon.
    pub fn daemon(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[0])
    }

    /// The stand-in of the agent program.
    pub fn fake_claude(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[1])
    }

    /// The stand-in of the Messages API.
    pub fn fake_messages_api(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[2])
    }

    /// What does the scenarios of the benches for whoever measures.
    pub fn bench_probe(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[3])
    }

    /// What stands between an agent and its driver, to tell their times apart.
    pub fn agent_tap(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[4])
    }

    /// The workflow's own program, which restarts a daemon.
    pub fn xtask(&self) -> Result<PathBuf, MissingProgram> {
        self.built(BUILT[5])
    }

    /// Where the real agent program is installed, there or not.
    pub fn claude_path(&self) -> PathBuf {
        self.target_dir().join("claude").join(CLAUDE_VERSION).join("claude")
    }

    /// The real agent program.
    pub fn claude(&self) -> Result<PathBuf, MissingProgram> {
        existing(self.claude_path(), || "cargo xtask claude install".to_owned())
    }

    fn built(&self, (name, package): (&str, &str)) -> Result<PathBuf, MissingProgram> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let release = self.profile_dir.ends_with("release");
        existing(self.profile_dir.join(file), || {
            let profile = if release { " --release" } else { "" };
            format!("cargo build{profile} --package {package} --bin {name}")
        })
    }
}

fn existing(path: PathBuf, command: impl FnOnce() -> String) -> Result<PathBuf, MissingProgram> {
    if path.is_file() { Ok(path) } else { Err(MissingProgram { path, command: command() }) }
}

#[cfg(test)]
mod tests;
