//! The daemon: builds its tasks, runs them, and takes them down.

use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Home};
use crate::contacts::Contacts;
use crate::control::peer;
use crate::control::protocol::{Answer, Refusal, RefusalKind, Request, Status};
use crate::control::server::{Asked, REQUESTS_WAITING_MAX, Server};
use crate::exit::{Code, Failure};
use crate::ready::Ready;

/// What a daemon runs with. The home is prepared, and its lock is held by the caller.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where everything is kept.
    pub home: Home,
    /// The checked configuration.
    pub config: Config,
    /// Who is known.
    pub contacts: Contacts,
    /// When the process began, as near as it knows.
    pub began: Instant,
}

/// Runs until a signal or a `stop`.
///
/// # Errors
/// When it cannot begin.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<Code> {
    let server = Server::bind(&settings.home.socket(), peer::no_agents()).map_err(Failure::from)?;
    let (requests, mut asked) = mpsc::channel(REQUESTS_WAITING_MAX);
    let cancel = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.serve(requests, cancel.clone()));
    Ready::now(settings.began, 1).announce();
    loop {
        let Asked { request, answer } = tokio::select! {
            asked = asked.recv() => match asked {
                Some(asked) => asked,
                None => break,
            },
            signal = tokio::signal::ctrl_c() => {
                signal?;
                break;
            }
        };
        let stop = request == Request::Stop;
        drop(answer.send(match request {
            Request::Ping | Request::Stop => Ok(Answer::Done),
            Request::Status => Ok(Answer::Status(Box::new(status(&settings)))),
            _ => Err(Refusal::new(RefusalKind::Failed, "not served")),
        }));
        if stop {
            break;
        }
    }
    cancel.cancel();
    while tasks.join_next().await.is_some() {}
    Ok(Code::Done)
}

fn status(settings: &Settings) -> Status {
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        generation: 1,
        pid: std::process::id(),
        uptime_s: settings.began.elapsed().as_secs(),
        contacts_error: settings.contacts.error(),
        agent: crate::control::protocol::AgentStatus {
            program: settings.config.agent.program.display().to_string(),
            kind: String::new(),
        },
        sources: vec![crate::control::protocol::SourceStatus {
            name: "test".to_owned(),
            enabled: settings.config.test.enabled,
            ..Default::default()
        }],
        ..Status::default()
    }
}
