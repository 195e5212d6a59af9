//! `launcher carry-out`: becomes the command of a gated restart, apart from the launcher that started
//! it and from whatever that one is part of.
//!
//! ```text
//! started ── told to go ──> session of its own ── below systemd ──> scope of its own ──> the command
//!      └ told nothing: ends
//! ```
//!
//! All of it is one process: its number is written down before it is told to go. Where systemd gives no
//! scope, the command begins without one, and ends with the launcher's service.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::print::complain;
use crate::config::args::CarryOut;
use crate::exit::{Code, Failure};
use crate::launcher::GO;
use crate::processes;
use crate::service;

pub(super) fn carry_out(asked: &CarryOut) -> anyhow::Result<Code> {
    if asked.when_told && !was_told()? {
        let message = "the restart was not written down, and does not begin";
        return Err(Failure::new(Code::Failed, message).into());
    }
    // Fails only for the leader of a process group, which has what this would give it.
    let _ = rustix::process::setsid();
    // The command inherits it: what detaches itself from it stays below it, and does not fall to the
    // launcher as what a dead daemon leaves. Where there is no such thing, nothing falls to a launcher.
    drop(processes::become_subreaper());
    let Some(name) = asked.scope.as_deref().filter(|_| gives_scopes()) else {
        return become_command(&asked.command);
    };
    become_command(&service::in_scope(Some(name), &asked.command))
}

/// Waits for the word; whether it came, before there was nobody to say it any more.
fn was_told() -> anyhow::Result<bool> {
    let mut word = String::new();
    io::stdin().read_line(&mut word).context("read standard input")?;
    Ok(word.trim_end() == GO)
}

/// Whether systemd gives a scope: it is asked for one in which nothing happens. Its words are those of
/// the command, and land where those do.
fn gives_scopes() -> bool {
    let words = service::in_scope(None, &["true".into()]);
    let tried = command(&words).and_then(|mut command| command.status());
    let gives = tried.as_ref().is_ok_and(std::process::ExitStatus::success);
    if !gives {
        let why = tried.map_or_else(|error| error.to_string(), |status| status.to_string());
        complain(&format!("no scope from systemd ({why}): the restart ends with the service"));
    }
    gives
}

fn become_command(words: &[OsString]) -> anyhow::Result<Code> {
    let mut command = command(words).context("find a command")?;
    let error = command.exec();
    let program = words.first().map_or(OsStr::new(""), OsString::as_os_str);
    Err(error).with_context(|| format!("run {}", program.display()))
}

fn command(words: &[OsString]) -> io::Result<Command> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}
