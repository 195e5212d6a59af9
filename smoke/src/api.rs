//! The stand-in of the Messages API as a child of a case.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use harness::command::end_within;

/// A running `fake-messages-api`; ended when dropped.
#[derive(Debug)]
pub struct FakeApi {
    child: Child,
    url: String,
}

impl FakeApi {
    /// Starts it on a free port and reads where it listens.
    pub fn start(program: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("run {}", program.display()))?;
        let stdout = child.stdout.take().context("read what the stand-in says")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("read where the stand-in listens")?;
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            drop(end_within(&mut child, Duration::ZERO));
            bail!("start the stand-in of the API: it said {line:?}");
        };
        Ok(Self { url: url.to_owned(), child })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        // It keeps nothing, so there is nothing to end in order.
        drop(end_within(&mut self.child, Duration::ZERO));
    }
}
