//! Fetches the agent program that tier 3 runs against: one exact version, into `target/claude/`.
//!
//! The program is a single native file inside an npm package for the platform; npm fetches it and
//! checks its integrity, and no Node is needed to run it. The parts are put together in a directory
//! of their own beside the destination and renamed, so that a half-fetched program is never found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::command::run_within;
use harness::exit_code::ExitCode;
use harness::gate::Gate;

use crate::steps::Outcome;

/// How long `claude --version` may take; a slow machine needs 0.2 s.
const VERSION_LIMIT: Duration = Duration::from_secs(30);

/// How long the download may take; it is about 100 MB.
const FETCH_LIMIT: Duration = Duration::from_mins(15);

/// The command `claude install`.
pub(crate) fn run(gate: Gate) -> anyhow::Result<ExitCode> {
    Ok(match install(gate)? {
        Outcome::Passed | Outcome::Skipped(_) => ExitCode::Pass,
        Outcome::Failed(code) => code,
    })
}

/// Makes sure that the program is there.
pub(crate) fn install(gate: Gate) -> anyhow::Result<Outcome> {
    let place = place()?;
    let before = if place.is_file() { "already " } else { "" };
    if let Some(why) = fetch_unless_there(&place, |said| println!("{said}"))? {
        return Ok(Outcome::missing(gate, why));
    }
    println!("claude {CLAUDE_VERSION} is {before}at {}", place.display());
    Ok(Outcome::Passed)
}

/// Where the program lies, or would.
pub(crate) fn place() -> anyhow::Result<PathBuf> {
    let programs = Programs::beside_this_executable().context("find the build directory")?;
    Ok(programs.claude_path())
}

/// Fetches the program to its place if it is not there; `tell` hears of it before. Why it cannot be
/// fetched here, if so.
pub(crate) fn fetch_unless_there(
    place: &Path,
    tell: impl FnOnce(&str),
) -> anyhow::Result<Option<&'static str>> {
    if place.is_file() {
        check_version(place)?;
        return Ok(None);
    }
    let musl = is_musl(Path::new("/lib"));
    let Some(package) = package_for(std::env::consts::OS, std::env::consts::ARCH, musl) else {
        return Ok(Some("the agent program is not published for this platform"));
    };
    if !npm_runs() {
        return Ok(Some("npm is not installed, and only it can fetch the agent program"));
    }
    let version_dir = place.parent().context("find the directory of the program")?;
    tell(&format!("fetching {package}@{CLAUDE_VERSION} with npm"));
    fetch(&package, version_dir)?;
    Ok(None)
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

fn npm_runs() -> bool {
    Command::new("npm")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn fetch(package: &str, version_dir: &Path) -> anyhow::Result<()> {
    let cache = version_dir.parent().context("find the cache directory")?;
    fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
    let parts = tempfile::Builder::new()
        .prefix(".fetching-")
        .tempdir_in(cache)
        .with_context(|| format!("create a directory in {}", cache.display()))?;
    let archive = pack(package, parts.path())?;
    unpack(&archive, parts.path())?;
    let program = parts.path().join("package/claude");
    let ready = parts.path().join("ready");
    fs::create_dir(&ready).context("create a directory for the program")?;
    fs::rename(&program, ready.join("claude"))
        .with_context(|| format!("find the program in {package}"))?;
    fs::set_permissions(ready.join("claude"), fs::Permissions::from_mode(0o755))
        .context("make the program executable")?;
    check_version(&ready.join("claude"))?;
    fs::rename(&ready, version_dir)
        .with_context(|| format!("move the program to {}", version_dir.display()))
}

/// Lets npm download the package as an archive and check it; no script of it is run.
fn pack(package: &str, into: &Path) -> anyhow::Result<PathBuf> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--ignore-scripts", &format!("{package}@{CLAUDE_VERSION}")]);
    npm.current_dir(into);
    let packed = run_within(npm, FETCH_LIMIT)?;
    ensure!(packed.status.success(), "fetch {package}: npm said: {}", packed.stderr.trim());
    let archive = packed.stdout.lines().last().unwrap_or_default().trim();
    ensure!(!archive.is_empty(), "fetch {package}: npm named no archive");
    Ok(into.join(archive))
}

fn unpack(archive: &Path, into: &Path) -> anyhow::Result<()> {
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(archive).arg("-C").arg(into).arg("package/claude");
    let unpacked = run_within(tar, FETCH_LIMIT)?;
    ensure!(unpacked.status.success(), "unpack the program: {}", unpacked.stderr.trim());
    Ok(())
}

fn check_version(program: &Path) -> anyhow::Result<()> {
    let mut version = Command::new(program);
    version.arg("--version");
    let said = run_within(version, VERSION_LIMIT)?;
    let first = said.stdout.split_whitespace().next().unwrap_or_default();
    if first != CLAUDE_VERSION {
        bail!(
            "use {}: it is version {first:?} and not {CLAUDE_VERSION}; remove it and try again",
            program.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
