//! Really runs the tools of `fake-claude`: each command in a process group of its own, with the
//! environment it was started with, as the real program does. A kill of the agent leaves them alive.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::agent::{Ended, Job};

/// A job that could not be started ends with this code, as in a shell.
const EXIT_NOT_STARTED: i32 = 127;

/// The jobs that run.
#[derive(Debug, Default)]
pub struct Shell {
    running: JoinSet<(u64, Ended)>,
    groups: HashMap<u64, Pid>,
}

impl Shell {
    /// Starts a job.
    pub fn start(&mut self, key: u64, job: Job) {
        let started = match job {
            Job::Bash(command) => self.start_bash(key, &command),
            Job::Read(path) => {
                let ended = of_file(std::fs::read_to_string(path));
                self.running.spawn(std::future::ready((key, ended)));
                Ok(())
            }
            Job::Write(path, content) => {
                let ended = of_file(write(&path, &content));
                self.running.spawn(std::future::ready((key, ended)));
                Ok(())
            }
        };
        if let Err(error) = started {
            let ended = Ended { output: error.to_string(), code: EXIT_NOT_STARTED };
            self.running.spawn(std::future::ready((key, ended)));
        }
    }

    /// Ends a command and all of its group.
    pub fn kill(&mut self, key: u64) {
        if let Some(group) = self.groups.remove(&key) {
            // A group that is gone already is what was wanted.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }

    /// Whether nothing runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits for the next job to end. With nothing running it waits for ever.
    pub async fn next(&mut self) -> (u64, Ended) {
        loop {
            match self.running.join_next().await {
                Some(Ok((key, ended))) => {
                    self.groups.remove(&key);
                    return (key, ended);
                }
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    fn start_bash(&mut self, key: u64, command: &str) -> io::Result<()> {
        // A file that never has a name, where the system can: no kill leaves it behind.
        let output = tempfile::tempfile()?;
        let child = Command::new("bash")
            .arg("-c")
            .arg(command)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .process_group(0)
            .spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            self.groups.insert(key, group);
        }
        self.running.spawn(async move { (key, wait(child, output).await) });
        Ok(())
    }
}

/// Waits for the command itself, not for what it left running with its output open.
async fn wait(mut child: Child, output: File) -> Ended {
    let code = match child.wait().await {
        // A shell says 128 + signal; 137 was recorded for a killed command.
        Ok(status) => status.code().unwrap_or(137),
        Err(_) => EXIT_NOT_STARTED,
    };
    let output = match written(&output) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => error.to_string(),
    };
    Ended { output, code }
}

/// All that was written, without moving the place at which what still runs goes on writing.
fn written(output: &File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut piece = [0; 8 << 10];
    loop {
        match output.read_at(&mut piece, text.len() as u64)? {
            0 => return Ok(text),
            read => text.extend_from_slice(&piece[..read]),
        }
    }
}

fn write(path: &Path, content: &str) -> io::Result<String> {
    std::fs::write(path, content)?;
    Ok(format!("File created successfully at: {}", path.display()))
}

fn of_file(outcome: io::Result<String>) -> Ended {
    match outcome {
        Ok(output) => Ended { output, code: 0 },
        Err(error) => Ended { output: error.to_string(), code: 1 },
    }
}
