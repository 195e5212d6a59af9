//! The package for each platform, and a program of another version.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Libc, check_version, is_musl, package_for};

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
    let error = check_version(&program).expect_err("it is another version").to_string();
    assert!(error.contains("it is version \"2.1.197\" and not 2.1.330"), "{error}");
}
