//! Fetches the agent program that tier 3 runs against: one exact version, into `target/claude/`.
//!
//! The program is a single native file inside an npm package for the platform; npm fetches it and
//! checks its integrity, and no Node is needed to run it. The parts are put together in a directory
//! of their own beside the destination and renamed, so that a half-fetched program is never found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::command::{run_unless, run_within};
use harness::exit_code::ExitCode;
use harness::gate::Gate;

use crate::checkout::ask;
use crate::running::{self, Ended, Interrupt};
use crate::steps::Outcome;

/// How long `claude --version` may take; a slow machine needs 0.2 s.
const VERSION_LIMIT: Duration = Duration::from_secs(30);

/// How long the download may take; it is about 100 MB.
const FETCH_LIMIT: Duration = Duration::from_mins(15);

/// Where a commit says which version it is tested against.
const PINNED_IN: &str = "harness/src/binaries.rs";

/// What stands there before and behind it.
const PINNED: (&str, &str) = ("pub const CLAUDE_VERSION: &str = \"", "\";");

/// The command `claude install`.
pub(crate) fn run(gate: Gate) -> anyhow::Result<ExitCode> {
    Ok(match install(gate)? {
        Outcome::Passed | Outcome::Skipped(_) => ExitCode::Pass,
        Outcome::Failed(code) => code,
    })
}

/// Makes sure that the program is there.
pub(crate) fn install(gate: Gate) -> anyhow::Result<Outcome> {
    let programs = Programs::beside_this_executable().context("find the build directory")?;
    let place = place(programs.target_dir(), CLAUDE_VERSION);
    let before = if place.is_file() { "already " } else { "" };
    let fetch = Fetch::of(CLAUDE_VERSION, Patience::OfTerminal);
    if let Some(why) = fetch.unless_there(&place, |said| println!("{said}"))? {
        return Ok(Outcome::missing(gate, why));
    }
    println!("claude {CLAUDE_VERSION} is {before}at {}", place.display());
    Ok(Outcome::Passed)
}

/// Where the program lies in a build directory, or would.
pub(crate) fn place(target_dir: &Path, version: &str) -> PathBuf {
    target_dir.join("claude").join(version).join("claude")
}

/// The version that the runners of a commit are built for; none where it says so in no way that is
/// known here.
pub(crate) fn version_of(root: &Path, commit: &str) -> Option<String> {
    let text = ask(root, &["show", &format!("{commit}:{PINNED_IN}")]).ok()?;
    let (before, behind) = PINNED;
    let version = text.lines().find_map(|line| line.strip_prefix(before)?.strip_suffix(behind))?;
    // It becomes the name of a directory, and of a package.
    let plain = |one: char| one.is_ascii_alphanumeric() || ".-".contains(one);
    let is_version = version.starts_with(|one: char| one.is_ascii_digit());
    (is_version && version.chars().all(plain)).then(|| version.to_owned())
}

/// What ends a fetch that is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience<'a> {
    /// A Ctrl-C, which ends this program too.
    OfTerminal,
    /// The end of its time, or the wish that it ends.
    Bounded { began: Instant, limit: Duration, interrupt: &'a Interrupt },
}

impl<'a> Patience<'a> {
    /// For so long from now on, until somebody wants it to end.
    pub(crate) fn within(limit: Duration, interrupt: &'a Interrupt) -> Self {
        Self::Bounded { began: Instant::now(), limit, interrupt }
    }

    /// What is left of it, and no more than this.
    fn at_most(self, most: Duration) -> Duration {
        match self {
            Self::OfTerminal => most,
            Self::Bounded { began, limit, .. } => most.min(limit.saturating_sub(began.elapsed())),
        }
    }

    fn is_called_off(self) -> bool {
        matches!(self, Self::Bounded { interrupt, .. } if interrupt.came())
    }

    /// What a part came to, unless that is because there is no patience left.
    fn ended(self, how: Stop) -> Stop {
        match how {
            _ if self.is_called_off() => Stop::Interrupted,
            _ if self.at_most(FETCH_LIMIT).is_zero() => Stop::Late,
            how => how,
        }
    }
}

/// Why a fetch did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It cannot be: a fragment that fits behind "failed to".
    Failed(anyhow::Error),
    /// There was no more time.
    Late,
    /// Somebody wanted it to end.
    Interrupted,
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Stop> for anyhow::Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(error) => error,
            Stop::Late => anyhow!("fetch the agent program in time"),
            Stop::Interrupted => anyhow!("fetch the agent program: it was interrupted"),
        }
    }
}

/// A version that is to be fetched.
pub(crate) struct Fetch<'a> {
    version: &'a str,
    patience: Patience<'a>,
    npm: PathBuf,
}

/// The npm package that holds the program for a platform, if there is one.
fn package_for(os: &str, arch: &str, libc: Libc) -> Option<String> {
    let cpu = match arch {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        _ => return None,
    };
    let platform = match (os, libc) {
        ("linux", Libc::Gnu) => format!("linux-{cpu}"),
        ("linux", Libc::Musl) => format!("linux-{cpu}-musl"),
        ("macos", _) => format!("darwin-{cpu}"),
        _ => return None,
    };
    Some(format!("@anthropic-ai/claude-code-{platform}"))
}

/// The C library of a Linux machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Libc {
    Gnu,
    Musl,
}

/// A machine whose programs run on musl has musl's loader and not glibc's.
fn is_musl(lib: &Path) -> Libc {
    let has = |prefix: &str| {
        fs::read_dir(lib).is_ok_and(|listing| {
            listing
                .filter_map(Result::ok)
                .any(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        })
    };
    if has("ld-musl-") && !has("ld-linux-") && !has("x86_64-linux-gnu") {
        Libc::Musl
    } else {
        Libc::Gnu
    }
}

impl<'a> Fetch<'a> {
    pub(crate) fn of(version: &'a str, patience: Patience<'a>) -> Self {
        Self { version, patience, npm: "npm".into() }
    }

    /// Fetches the program to its place if it is not there; `tell` hears of it before. Why it cannot be
    /// fetched here, if so.
    pub(crate) fn unless_there(
        &self,
        place: &Path,
        tell: impl FnOnce(&str),
    ) -> Result<Option<&'static str>, Stop> {
        if place.is_file() {
            self.check_version(place)?;
            return Ok(None);
        }
        let musl = is_musl(Path::new("/lib"));
        let Some(package) = package_for(std::env::consts::OS, std::env::consts::ARCH, musl) else {
            return Ok(Some("the agent program is not published for this platform"));
        };
        if !self.npm_runs()? {
            return Ok(Some("npm is not installed, and only it can fetch the agent program"));
        }
        let version_dir = place.parent().context("find the directory of the program")?;
        tell(&format!("fetching {package}@{} with npm", self.version));
        self.fetch(&package, version_dir)?;
        Ok(None)
    }

    fn npm_runs(&self) -> Result<bool, Stop> {
        let mut npm = Command::new(&self.npm);
        npm.arg("--version");
        match self.says(npm) {
            Ok(_) => Ok(true),
            Err(Stop::Failed(_)) => Ok(false),
            late_or_interrupted => late_or_interrupted.map(|_| false),
        }
    }

    fn fetch(&self, package: &str, version_dir: &Path) -> Result<(), Stop> {
        let cache = version_dir.parent().context("find the cache directory")?;
        fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
        let parts = tempfile::Builder::new()
            .prefix(".fetching-")
            .tempdir_in(cache)
            .with_context(|| format!("create a directory in {}", cache.display()))?;
        let archive = self.pack(package, parts.path())?;
        self.unpack(&archive, parts.path())?;
        let program = parts.path().join("package/claude");
        let ready = parts.path().join("ready");
        fs::create_dir(&ready).context("create a directory for the program")?;
        fs::rename(&program, ready.join("claude"))
            .with_context(|| format!("find the program in {package}"))?;
        fs::set_permissions(ready.join("claude"), fs::Permissions::from_mode(0o755))
            .context("make the program executable")?;
        self.check_version(&ready.join("claude"))?;
        fs::rename(&ready, version_dir)
            .with_context(|| format!("move the program to {}", version_dir.display()))?;
        Ok(())
    }

    /// Lets npm download the package as an archive and check it; no script of it is run.
    fn pack(&self, package: &str, into: &Path) -> Result<PathBuf, Stop> {
        let mut npm = Command::new(&self.npm);
        let wanted = format!("{package}@{}", self.version);
        npm.args(["pack", "--silent", "--ignore-scripts", &wanted]).current_dir(into);
        self.carry_out(npm, &format!("fetch {package}"), into)?;
        let made = fs::read_dir(into).with_context(|| format!("read {}", into.display()))?;
        let mut paths = made.filter_map(Result::ok).map(|entry| entry.path());
        let archive = paths.find(|path| path.extension().is_some_and(|end| end == "tgz"));
        Ok(archive.with_context(|| format!("fetch {package}: npm left no archive"))?)
    }

    fn unpack(&self, archive: &Path, into: &Path) -> Result<(), Stop> {
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archive).arg("-C").arg(into).arg("package/claude");
        self.carry_out(tar, "unpack the program", into)
    }

    fn check_version(&self, program: &Path) -> Result<(), Stop> {
        let mut version = Command::new(program);
        version.arg("--version");
        let said = self.says(version)?;
        let first = said.split_whitespace().next().unwrap_or_default();
        if first == self.version {
            return Ok(());
        }
        Err(Stop::Failed(anyhow!(
            "use {}: it is version {first:?} and not {}; remove it and try again",
            program.display(),
            self.version
        )))
    }

    /// What a program says that does not take long, and ends well.
    fn says(&self, command: Command) -> Result<String, Stop> {
        let program = command.get_program().to_string_lossy().into_owned();
        let limit = self.patience.at_most(VERSION_LIMIT);
        let is_called_off = || self.patience.is_called_off();
        let finished = match run_unless(command, limit, is_called_off) {
            // It may have been quicker than the first look.
            Ok(finished) if finished.status.success() && !is_called_off() => {
                return Ok(finished.stdout);
            }
            Ok(finished) => anyhow!("ask {program}: it ended with {}", finished.status),
            Err(error) => error.into(),
        };
        Err(self.patience.ended(Stop::Failed(finished)))
    }

    /// Runs a part of the fetch to its end, which leaves what it says in `parts`.
    fn carry_out(&self, command: Command, what: &str, parts: &Path) -> Result<(), Stop> {
        let limit = self.patience.at_most(FETCH_LIMIT);
        let log = parts.join("log");
        let ended = match self.patience {
            // In a group of its own it would not hear the Ctrl-C.
            Patience::OfTerminal => {
                let finished = run_within(command, limit).with_context(|| what.to_owned())?;
                fs::write(&log, &finished.stderr).context("keep what it said")?;
                Ended::With(finished.status.code().unwrap_or(-1))
            }
            Patience::Bounded { interrupt, .. } => running::run(command, &log, limit, interrupt)?,
        };
        let why = match ended {
            Ended::With(0) => return Ok(()),
            Ended::With(_) => anyhow!("{what}: it said: {}", running::written(&log).trim()),
            Ended::TooLate | Ended::Interrupted => anyhow!("{what}: no end within {limit:?}"),
        };
        Err(self.patience.ended(Stop::Failed(why)))
    }
}

#[cfg(test)]
mod tests;
