//! The stand-in of the API that all agents of both hosts speak to, as a child: where it listens, and
//! what it was asked.
//!
//! It is kept as a host is ([`Peer`]): a group and an environment of its own, a limit for its first
//! line, and nothing of it left behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::sandbox::MARK_NAME;
use harness::wait::wait_until;

use super::peer::{Peer, Trouble};
use crate::running::Interrupt;

/// How it is called in words.
const NAME: &str = "the stand-in of the API";

/// How long it may take to listen. It has nothing to load.
const LISTEN_MAX: Duration = Duration::from_secs(10);

/// How long the first request of a turn may take to come: the program reads, and asks.
const ASKED_MAX: Duration = Duration::from_secs(30);

/// What a line of its log holds, if a model was asked.
const ASKED: &str = "\"/v1/messages\"";

/// It, while it runs. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Api {
    /// Kept for its end.
    _peer: Peer,
    url: String,
    log: PathBuf,
}

impl Api {
    /// Starts it, and waits until it listens. `dir` is its own.
    pub(super) fn start(
        mut command: Command,
        dir: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self, Trouble> {
        let io = |source| Trouble::Io { what: "make the folder", host: NAME, source };
        fs::create_dir_all(dir).map_err(io)?;
        let log = dir.join("requests.jsonl");
        command.arg("--log").arg(&log).env_clear().current_dir(dir).env(MARK_NAME, dir);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let mark = format!("{MARK_NAME}={}", dir.display());
        let peer = Peer::spawn(NAME, command, &mark, dir.join("words"))?;
        let line = peer.hear(LISTEN_MAX, interrupt)?;
        match line.trim().strip_prefix("listening on ") {
            Some(url) => Ok(Self { url: url.to_owned(), _peer: peer, log }),
            None => Err(Trouble::Nonsense { host: NAME, line }),
        }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How often a model was asked for an answer so far.
    pub(super) fn asked(&self) -> Result<usize, Trouble> {
        match fs::read_to_string(&self.log) {
            Ok(log) => Ok(log.lines().filter(|line| line.contains(ASKED)).count()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(source) => Err(Trouble::Io { what: "read the log", host: NAME, source }),
        }
    }

    /// Waits until it was asked more often than `before`.
    pub(super) fn await_more(&self, before: usize, interrupt: &Interrupt) -> Result<(), Trouble> {
        // A log that cannot be read now is told of by whoever counts next.
        let more = || self.asked().is_ok_and(|asked| before < asked);
        let came = wait_until(ASKED_MAX, || interrupt.came() || more());
        match (interrupt.came(), came) {
            (true, _) => Err(Trouble::Interrupted),
            (false, true) => Ok(()),
            (false, false) => Err(Trouble::Unasked),
        }
    }
}

#[cfg(test)]
mod tests;
