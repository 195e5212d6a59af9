//! Does the scenarios for a driver that speaks with it over stdin and stdout, line by line.
//!
//! ```text
//! bench-probe [--brief] [--claude PATH]     serves a driver until its input ends
//! bench-probe --list                        names what it can measure
//! ```

use std::alloc::System;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use benches::scenario::{Pace, Place};
use benches::{ALL, serving};
use harness::binaries::Programs;
use harness::exit_code::ExitCode;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts live bytes. It costs every build that is measured the same.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USAGE: &str = "usage: bench-probe [--brief] [--claude PATH] | bench-probe --list";

/// What the command line asks for.
enum Start {
    Serve { claude: Option<PathBuf>, pace: Pace },
    List,
}

fn main() -> std::process::ExitCode {
    let done = match read(std::env::args_os().skip(1)) {
        Some(Start::Serve { claude, pace }) => serve(claude, pace),
        Some(Start::List) => list(),
        None => return said(USAGE, ExitCode::BadUsage),
    };
    match done {
        Ok(()) => ExitCode::Pass.into(),
        Err(error) => said(&format!("failed to serve a driver: {error}"), ExitCode::Failed),
    }
}

fn read(arguments: impl Iterator<Item = OsString>) -> Option<Start> {
    let mut arguments = arguments.peekable();
    if arguments.next_if(|option| option == "--list").is_some() {
        return arguments.next().is_none().then_some(Start::List);
    }
    let brief = arguments.next_if(|option| option == "--brief").is_some();
    let claude = match arguments.next() {
        None => None,
        Some(option) if option == "--claude" => Some(arguments.next()?.into()),
        Some(_) => return None,
    };
    let pace = if brief { Pace::Brief } else { Pace::Measured };
    arguments.next().is_none().then_some(Start::Serve { claude, pace })
}

fn serve(claude: Option<PathBuf>, pace: Pace) -> io::Result<()> {
    let programs = Programs::beside_this_executable()?;
    let installed = || Some(programs.claude_path()).filter(|path| path.is_file());
    let claude = claude.or_else(installed);
    let place = Place { programs, claude, live_bytes: Some(live_bytes), pace };
    serving::serve(ALL, &place, io::stdin().lock(), io::stdout().lock())
}

/// What this process has allocated and not given back.
fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

fn list() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for entry in ALL {
        writeln!(out, "{:<16} {}", entry.name, entry.metrics.join(" "))?;
    }
    Ok(())
}

fn said(what: &str, code: ExitCode) -> std::process::ExitCode {
    // There is nowhere left to say that this failed.
    drop(writeln!(io::stderr(), "{what}"));
    code.into()
}
