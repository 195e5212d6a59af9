//! The package for each platform, and a program of another version.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::wait::wait_until;
use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

use super::*;
use crate::checkout::tests::begin;

/// Longer than any of these takes.
const AMPLE: Duration = Duration::from_mins(1);

#[track_caller]
fn check(os: &str, arch: &str, libc: Libc, expected: Option<&str>) {
    let package = package_for(os, arch, libc);
    assert_eq!(
        package.as_deref().map(|name| name.trim_start_matches("@anthropic-ai/claude-code-")),
        expected
    );
}

#[test]
fn every_platform_has_its_package() {
    check("linux", "x86_64", Libc::Gnu, Some("linux-x64"));
    check("linux", "aarch64", Libc::Gnu, Some("linux-arm64"));
    check("linux", "x86_64", Libc::Musl, Some("linux-x64-musl"));
    check("macos", "aarch64", Libc::Gnu, Some("darwin-arm64"));
    check("macos", "x86_64", Libc::Gnu, Some("darwin-x64"));
    check("linux", "riscv64", Libc::Gnu, None);
    check("freebsd", "x86_64", Libc::Gnu, None);
}

#[test]
fn musl_is_told_by_its_loader_alone() {
    let lib = tempfile::tempdir().expect("a temp directory");
    assert_eq!(is_musl(lib.path()), Libc::Gnu);
    fs::write(lib.path().join("ld-musl-x86_64.so.1"), "").expect("it is ours");
    assert_eq!(is_musl(lib.path()), Libc::Musl);
    fs::write(lib.path().join("ld-linux-aarch64.so.1"), "").expect("it is ours");
    assert_eq!(is_musl(lib.path()), Libc::Gnu);
}

#[test]
fn a_program_of_another_version_is_refused() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let program = directory.path().join("claude");
    fs::write(&program, "#!/bin/sh\necho '2.1.197 (Claude Code)'\n").expect("it is ours");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let fetch = Fetch::of("2.1.330", Patience::OfTerminal);
    let stop = fetch.check_version(&program).expect_err("it is another version");
    let error = anyhow::Error::from(stop).to_string();
    assert!(error.contains("it is version \"2.1.197\" and not 2.1.330"), "{error}");
}

/// A build directory, and an npm that does `pack` so.
fn stand_in(version: &str, pack: &str) -> (TempDir, PathBuf) {
    let room = tempfile::tempdir().expect("a temp directory");
    let npm = room.path().join("npm");
    let text = format!(
        "#!/bin/sh\nroom={}\nif [ \"$1\" = --version ]; then {version}; exit; fi\n{pack}\n",
        room.path().display()
    );
    fs::write(&npm, text).expect("it is ours");
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o700)).expect("it is ours");
    (room, npm)
}

/// What a fetch of version 9.9.9 with an npm comes to.
fn fetched(room: &TempDir, npm: &Path, patience: Patience<'_>) -> Result<PathBuf, Stop> {
    let place = place(room.path(), "9.9.9");
    let fetch = Fetch { npm: npm.to_path_buf(), ..Fetch::of("9.9.9", patience) };
    assert_eq!(fetch.unless_there(&place, |_| {})?, None);
    Ok(place)
}

/// Leaves a package whose program says that it is this version.
const PACKS: &str = "mkdir made && mkdir made/package
printf '#!/bin/sh\\necho 9.9.9\\n' > made/package/claude && chmod +x made/package/claude
tar -czf it.tgz -C made package && echo 'warning: it.tgz' >&2";

/// Never ends, and says what it has started.
const HANGS: &str = "sleep 600 & echo $! > \"$room/started.new\"
mv \"$room/started.new\" \"$room/started\"; wait";

#[test]
fn a_version_that_is_asked_for_is_fetched_to_its_own_place() {
    let never = Interrupt::never();
    for patience in [Patience::OfTerminal, Patience::within(AMPLE, &never)] {
        let (room, npm) = stand_in("echo 11", PACKS);
        let place = fetched(&room, &npm, patience).expect("it is fetched");
        assert_eq!(place, room.path().join("claude/9.9.9/claude"));
        assert!(place.is_file());
        assert_eq!(fetched(&room, &npm, patience).expect("it is there"), place);
    }
}

#[test]
fn a_wish_to_end_ends_a_fetch_with_all_that_it_has_started() {
    let (room, npm) = stand_in("echo 11", HANGS);
    let started = room.path().join("started");
    let flag = Arc::new(AtomicBool::new(false));
    let interrupt = Interrupt::by(Arc::clone(&flag));
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            let _came = wait_until(AMPLE, || started.exists());
            flag.store(true, Ordering::Relaxed);
        });
        fetched(&room, &npm, Patience::within(10 * AMPLE, &interrupt))
    });
    assert!(matches!(ended, Err(Stop::Interrupted)), "{ended:?}");
    let pid = fs::read_to_string(&started).expect("npm had begun");
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw).expect("a process");
    assert!(wait_until(AMPLE, || test_kill_process(pid).is_err()), "{pid:?} is left");
    let left = fs::read_dir(room.path().join("claude")).expect("it was begun").count();
    assert_eq!(left, 0, "nothing half fetched is left");
}

#[test]
fn a_fetch_has_no_more_time_than_it_is_given() {
    for (version, pack) in [("echo 11", HANGS), ("exec sleep 600", "")] {
        let (room, npm) = stand_in(version, pack);
        let never = Interrupt::never();
        let late = fetched(&room, &npm, Patience::within(Duration::from_millis(300), &never));
        assert!(matches!(late, Err(Stop::Late)), "{late:?}");
        let at_once = Interrupt::at_once();
        let ended = fetched(&room, &npm, Patience::within(AMPLE, &at_once));
        assert!(matches!(ended, Err(Stop::Interrupted)), "{ended:?}");
    }
}

#[test]
fn a_commit_says_which_version_it_is_tested_against() {
    let (repository, _place) = begin();
    let root = repository.path();
    let head = || ask(root, &["rev-parse", "HEAD"]).expect("a commit");
    assert_eq!(version_of(root, &head()), None, "it has no such file");
    assert_eq!(version_of(root, "nowhere"), None);
    let file = root.join(PINNED_IN);
    fs::create_dir_all(file.parent().expect("a directory")).expect("it is ours");
    for (version, read) in [("2.1.330", true), ("3.0.0-beta.1", true), ("../3", false), ("", false)]
    {
        let (before, behind) = PINNED;
        fs::write(&file, format!("//! Text.\n{before}{version}{behind}\n")).expect("it is ours");
        let commit = crate::checkout::tests::commit(root, "next\n");
        assert_eq!(version_of(root, &commit), read.then(|| version.to_owned()));
    }
    let here = include_str!("../../../harness/src/binaries.rs");
    fs::write(&file, here).expect("it is ours");
    let commit = crate::checkout::tests::commit(root, "as it is here\n");
    assert_eq!(version_of(root, &commit).as_deref(), Some(CLAUDE_VERSION));
}
