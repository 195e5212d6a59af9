//! The stand-in of the Messages API beside a scenario.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::command::end_within;

use super::{failed, trouble};
use crate::scenario::NoValues;

/// A running `fake-messages-api`; ended when dropped.
#[derive(Debug)]
pub(super) struct Api {
    child: Child,
    url: String,
}

impl Api {
    /// Starts it on a free port, and reads where it listens.
    pub(super) fn start(program: &Path) -> Result<Self, NoValues> {
        let mut child = Command::new(program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(trouble)?;
        let stdout = child.stdout.take();
        let mut api = Self { child, url: String::new() };
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line).map_err(trouble)?;
        }
        let url = line.trim().strip_prefix("listening on ");
        let unclear = || failed(format!("start the stand-in of the API: it said {line:?}"));
        url.ok_or_else(unclear)?.clone_into(&mut api.url);
        Ok(api)
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It keeps nothing, so there is nothing to end in order.
        drop(end_within(&mut self.child, Duration::ZERO));
    }
}
