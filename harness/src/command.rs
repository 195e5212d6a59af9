//! Running a program to its end, but not for ever.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::wait::wait_for;

/// What a program said until it ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// Why a program did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started or waited for.
    #[error("run {program}: {source}")]
    Io {
        /// What was to run.
        program: String,
        /// Why it did not.
        source: io::Error,
    },
    /// Somebody called it off, and it was killed.
    #[error("run {program}: it was called off")]
    CalledOff {
        /// What ran.
        program: String,
    },
    /// It ran longer than it may, and was killed.
    #[error("run {program}: no end within {limit:?}")]
    TooLong {
        /// What ran.
        program: String,
        /// How long it was allowed to.
        limit: Duration,
    },
}

/// Runs `command` with nothing on its input and gathers what it says; kills it after `limit`.
pub fn run_within(command: Command, limit: Duration) -> Result<Finished, RunError> {
    run_with_input(command, Stdio::null(), limit)
}

/// The same, and kills it as soon as `is_called_off` says so.
pub fn run_unless(
    command: Command,
    limit: Duration,
    is_called_off: impl Fn() -> bool,
) -> Result<Finished, RunError> {
    run(command, Stdio::null(), limit, is_called_off)
}

/// The same with something on its input.
pub fn run_with_input(
    command: Command,
    input: impl Into<Stdio>,
    limit: Duration,
) -> Result<Finished, RunError> {
    run(command, input.into(), limit, || false)
}

fn run(
    mut command: Command,
    input: Stdio,
    limit: Duration,
    is_called_off: impl Fn() -> bool,
) -> Result<Finished, RunError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |source| RunError::Io { program: program.clone(), source };
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdout = gather(child.stdout.take());
    let stderr = gather(child.stderr.take());
    let ended = wait_for(limit, || {
        let ended = child.try_wait().transpose();
        if ended.is_none() && is_called_off() {
            Some(Ok(None))
        } else {
            ended.map(|it| it.map(Some))
        }
    });
    if let Some(Ok(None)) = ended {
        child.kill().and_then(|()| child.wait()).map_err(failed)?;
        return Err(RunError::CalledOff { program });
    }
    let status = end_within(&mut child, Duration::ZERO).map_err(failed)?;
    // A grandchild can hold the pipes open: what was gathered is only waited for after a good end.
    let Some(status) = status else { return Err(RunError::TooLong { program, limit }) };
    Ok(Finished { status, stdout: text(stdout), stderr: text(stderr) })
}

/// Waits for the end of `child`; kills and reaps it after `limit` and returns `None`.
pub fn end_within(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let ended = wait_for(limit, || child.try_wait().transpose());
    if let Some(status) = ended {
        return status.map(Some);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn gather(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends the text; the status says whether that was a failure.
        if let Some(mut pipe) = pipe
            && pipe.read_to_end(&mut bytes).is_err()
        {
            bytes.extend_from_slice(b"(unreadable from here)");
        }
        bytes
    })
}

fn text(gathered: JoinHandle<Vec<u8>>) -> String {
    gathered
        .join()
        .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
