//! The command line: what was typed, taken to the subcommand that does it, and its outcome as an
//! exit code. Colours and tables are for people; `--json` is for programs.

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser as _;

mod attach;
mod backup;
mod candidate;
mod carry_out;
mod check;
mod deliveries;
mod doctor;
mod drain;
mod dropped;
mod history;
mod inject;
mod install;
mod installed;
mod launch;
mod launcher;
mod logs;
mod lookup;
mod orders;
pub(crate) mod print;
mod programs;
mod restart;
mod run;
mod send;
mod sessions;
mod start;
mod status;
mod stop;
mod version;
mod words;

use crate::config::Home;
use crate::config::args::{Arguments, Command};
use crate::config::paths::HOME_VARIABLE;
use crate::control::client;
use crate::control::protocol::{Answer, Request};
use crate::exit::{self, Code, Failure};
use print::{PrintError, Screen, complain};

/// Runs the program with its arguments, the name it was called by first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let began = Instant::now();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return explained(&error).into(),
    };
    match Place::found().and_then(|place| obey(&place, arguments.command, began)) {
        Ok(code) => code.into(),
        Err(error) if gone(&error) => Code::Done.into(),
        Err(error) => {
            complain(&exit::line_of(&error));
            exit::code_of(&error).into()
        }
    }
}

/// Where the command acts.
#[derive(Debug)]
struct Place {
    home: Home,
    /// What `~/` stands for.
    user_home: Option<PathBuf>,
}

impl Place {
    fn found() -> anyhow::Result<Self> {
        let user_home = std::env::var_os("HOME").filter(|home| !home.is_empty());
        let home = Home::locate(std::env::var_os(HOME_VARIABLE), user_home.clone())
            .map_err(Failure::from)?;
        Ok(Self { home, user_home: user_home.map(PathBuf::from) })
    }

    /// Asks the daemon of this home.
    async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        client::ask(&self.home.socket(), request).await.map_err(|error| {
            let not_running = matches!(error, client::AskError::NotRunning);
            let mut failure = Failure::from(error);
            if not_running {
                let home = self.home.root().display();
                failure.message =
                    format!("no daemon is running on {home} (claude-assistant start)");
            }
            failure
        })
    }
}

fn obey(place: &Place, command: Command, began: Instant) -> anyhow::Result<Code> {
    let mut screen = Screen::stdout();
    let screen = &mut screen;
    match command {
        Command::Run(run) if run.look.check => check::check(place, &run.look, screen),
        Command::Run(run) => run::run(place, &run, began),
        Command::Start => waiting(start::start(place, screen)),
        Command::Stop => waiting(stop::stop(place, screen)),
        Command::Restart(it) if it.safe => waiting(restart::safely(place, screen)),
        Command::Restart(_) => waiting(restart::restart(place, screen)),
        Command::Status(show) => waiting(status::status(place, &show, screen)),
        Command::Logs(logs) => waiting(logs::logs(place, &logs, screen)),
        Command::Attach(attach) => waiting(attach::attach(place, &attach, screen)),
        Command::Sessions(show) => waiting(sessions::sessions(place, &show, screen)),
        Command::KillSession(it) => waiting(orders::kill_session(place, it.session, screen)),
        Command::KillSessions => waiting(orders::kill_sessions(place, screen)),
        Command::RestartSession(it) => waiting(orders::restart_session(place, it.session, screen)),
        Command::RestartSessions => waiting(orders::restart_sessions(place, screen)),
        Command::Inject(inject) => waiting(inject::inject(place, inject, screen)),
        Command::Send(send) => waiting(send::send(place, send, screen)),
        Command::History(history) => history::history(place, &history, screen),
        Command::Dropped(show) => dropped::dropped(place, &show, screen),
        Command::Deliveries(asked) => deliveries::deliveries(place, &asked, screen),
        Command::Backup(asked) => backup::backup(place, &asked, screen),
        Command::Candidate(asked) => waiting(candidate::candidate(place, &asked, screen)),
        Command::Install(asked) => waiting(install::install(place, &asked, screen)),
        Command::Uninstall(asked) => waiting(install::uninstall(place, &asked, screen)),
        Command::Hold(hold) => waiting(orders::hold(place, &hold, screen)),
        Command::Release(release) => waiting(orders::release(place, &release, screen)),
        Command::Drain(drain) => waiting(drain::drain(place, &drain, screen)),
        Command::Launch(launch) => launch::launch(place, &launch),
        Command::Launcher(it) => launcher::launcher(place, it, screen),
        Command::Doctor(show) => waiting(doctor::doctor(place, &show, screen)),
        Command::Version(show) => version::version(&show, screen),
    }
}

/// Runs a command that waits for something, on this thread alone.
fn waiting(command: impl Future<Output = anyhow::Result<Code>>) -> anyhow::Result<Code> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("begin to wait")?;
    let ended = runtime.block_on(command);
    // A step that was given up may still block a thread.
    runtime.shutdown_background();
    ended
}

/// Shows what clap has to say: help on standard output, an error on standard error.
fn explained(error: &clap::Error) -> Code {
    // There is nowhere left to say that this failed.
    drop(error.print());
    if error.use_stderr() { Code::Usage } else { Code::Done }
}

fn gone(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(PrintError::Gone)))
}
