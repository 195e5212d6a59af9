//! The stand-in of the agent program on stdio.
//!
//! Environment: `CLAUDE_CONFIG_DIR`, `CLAUDE_CODE_SDK_READS_SESSION_STATE`,
//! `CLAUDE_CODE_MAX_RETRIES`, `IS_SANDBOX` as with the real program; `FAKE_CLAUDE_STRICT=1`,
//! `FAKE_CLAUDE_SCENARIO=<file>` and `FAKE_CLAUDE_HOLDS=<answers and microseconds>` of its own.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use fakes::agent::{Exit, Options, Signal, VERSION};
use fakes::args::{Start, read};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

fn main() -> anyhow::Result<ExitCode> {
    let env = std::env::vars().collect();
    let options = match read(std::env::args().skip(1), &env) {
        Ok(Start::Run(options)) => *options,
        Ok(Start::Version) => {
            writeln!(std::io::stdout(), "{VERSION} (Claude Code)")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(refusal) => {
            writeln!(std::io::stderr(), "{refusal}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to build the runtime")?;
    let exit = runtime.block_on(run(options))?;
    // The thread that reads stdin may be waiting for a host that stays.
    runtime.shutdown_background();
    if let Some(number) = exit.signal.and_then(rustix::process::Signal::from_named_raw) {
        rustix::process::kill_process(rustix::process::getpid(), number)
            .context("failed to signal itself")?;
    }
    Ok(ExitCode::from(u8::try_from(exit.code).unwrap_or(1)))
}

async fn run(options: Options) -> anyhow::Result<Exit> {
    let mut terminate = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let (told, signals) = mpsc::channel(1);
    let mut listening = JoinSet::new();
    listening.spawn(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => Signal::Terminate,
            _ = interrupt.recv() => Signal::Interrupt,
        };
        // The driver may have left already.
        let _unheard = told.send(signal).await;
    });
    let (stdin, stdout) = (tokio::io::stdin(), tokio::io::stdout());
    Ok(fakes::client::drive(stdin, stdout, options, signals).await)
}
