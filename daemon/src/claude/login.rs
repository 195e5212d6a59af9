//! Questions to the program before anyone talks to it: which version it is, and whether it is logged
//! in. Neither calls the API.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::connection::Connection;
use super::process::{AgentProcess, Exit, Launch, StartError};
use super::wire::{self, Frame, Welcome};

/// How long `--version` may take; 14 to 170 ms were measured.
const VERSION_MAX: Duration = Duration::from_secs(10);

/// How long the answer to the first request may take: 0.3 s on a calm machine, 22 s when twenty
/// started at once on two cores.
const INITIALIZE_MAX: Duration = Duration::from_mins(1);

/// How long the program may take to end after its input was closed; 40 ms were measured.
const END_MAX: Duration = Duration::from_secs(5);

/// More than any version is long.
const VERSION_BYTES_MAX: u64 = 1024;

/// The id of the only request made here.
const REQUEST_ID: &str = "login";

/// By what the program would pay for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Login {
    /// By nothing: it would answer that it is not logged in.
    None,
    /// By a token (a subscription); where it comes from.
    Token(String),
    /// By a key of the API; where it comes from.
    ApiKey(String),
}

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// The program did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It did not answer in time, and was ended.
    #[error("hear from {program} within {} s", .waited.as_secs())]
    Silent {
        /// The program.
        program: PathBuf,
        /// How long it had.
        waited: Duration,
    },
    /// It ended, or answered something else.
    #[error("understand {program}: {exit}, {last_words}")]
    Unexpected {
        /// The program.
        program: PathBuf,
        /// How it ended.
        exit: Exit,
        /// The end of what it said.
        last_words: String,
    },
}

/// The version of the program in `launch`, whose arguments are not looked at: `2.1.330`.
pub(crate) async fn version(launch: &Launch) -> Result<String, ProbeError> {
    let mut process =
        AgentProcess::start(&Launch { arguments: vec!["--version".into()], ..launch.clone() })?;
    let mut output = String::new();
    let answer = timeout(VERSION_MAX, async {
        let mut stdout = process.listen().take(VERSION_BYTES_MAX);
        let read = stdout.read_to_string(&mut output).await;
        drop((read, stdout));
        process.wait().await
    })
    .await;
    let Ok(exit) = answer else {
        process.kill().await;
        return Err(ProbeError::Silent { program: launch.program.clone(), waited: VERSION_MAX });
    };
    let word = output.split_whitespace().next().unwrap_or_default();
    if exit == Exit::Code(0) && word.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(word.to_owned());
    }
    let (last_words, _) = process.last_words();
    Err(ProbeError::Unexpected { program: launch.program.clone(), exit, last_words })
}

/// Whether the program in `launch` is logged in, with its environment; its arguments are not looked
/// at. Leaves nothing behind: no conversation begins.
pub(crate) async fn login(launch: &Launch) -> Result<Login, ProbeError> {
    let arguments = ["--output-format", "stream-json", "--verbose", "--tools", ""]
        .into_iter()
        .chain(["--strict-mcp-config", "--setting-sources=", "--input-format", "stream-json"])
        .map(Into::into)
        .collect();
    let mut process = AgentProcess::start(&Launch { arguments, ..launch.clone() })?;
    let mut connection = process.connect();
    let asked = timeout(INITIALIZE_MAX, initialize(&mut connection)).await;
    connection.close_input();
    // It may have more to say than anyone wants to hear; it ends only if it is heard.
    let ended = timeout(END_MAX, async {
        while connection.next().await.is_some() {}
        process.wait().await
    })
    .await;
    let exit = if let Ok(exit) = ended {
        exit
    } else {
        process.kill().await;
        process.wait().await
    };
    let program = launch.program.clone();
    match asked {
        Err(_) => Err(ProbeError::Silent { program, waited: INITIALIZE_MAX }),
        Ok(Some(welcome)) => Ok(paid_by(welcome)),
        Ok(None) => {
            let (last_words, _) = process.last_words();
            Err(ProbeError::Unexpected { program, exit, last_words })
        }
    }
}

/// The answer to the first request; `None` if there is none.
async fn initialize(connection: &mut Connection) -> Option<Welcome> {
    connection.outgoing().send(wire::initialize(REQUEST_ID, None)).await.ok()?;
    loop {
        match connection.next().await? {
            Frame::Response { request_id, outcome } if request_id == REQUEST_ID => {
                return outcome.ok().map(|body| Welcome::of(&body));
            }
            // It may wait for this one before it answers ours.
            Frame::Request { request_id, .. } => {
                connection.outgoing().send(wire::refuse(&request_id, "not served")).await.ok()?;
            }
            _ => {}
        }
    }
}

fn paid_by(welcome: Welcome) -> Login {
    match (welcome.api_key_source, welcome.token_source) {
        (Some(key), _) => Login::ApiKey(key),
        (None, Some(token)) => Login::Token(token),
        (None, None) => Login::None,
    }
}

#[cfg(test)]
mod tests;
