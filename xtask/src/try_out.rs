//! `cargo xtask try`: the assistant in a throw-away home, and a chat with it in this terminal.
//!
//! Whatever ends the chat (`/quit`, Ctrl-D, Ctrl-C, the end of piped input), the daemon is stopped,
//! its agents with it, and the home is removed.

mod chat;
mod choice;
mod ending;

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::sandbox::{Sandbox, Settings};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use self::chat::{Chat, Ended, Input, Talk};
pub(crate) use self::choice::AgentChoice;
use self::ending::Left;
use crate::workspace::Workspace;

/// The number that the person at the terminal writes from.
const OWNER: &str = "+15555550123";

/// Lines that may wait to be sent: nobody types faster, and a piped file waits in its pipe.
const LINES_WAITING_MAX: usize = 16;

/// The command.
pub(crate) fn run(
    workspace: &Workspace,
    wanted: Option<AgentChoice>,
    keep: bool,
) -> anyhow::Result<ExitCode> {
    // From here on a Ctrl-C ends the chat and not the process, so that nothing is left behind.
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register(signal, Arc::clone(&interrupted)).context("listen for a signal")?;
    }
    println!("building the assistant ...");
    workspace.build_programs()?;
    let programs = workspace.programs();
    let daemon = programs.daemon()?;
    let choice = choice::choose(&daemon, programs, wanted)?;
    println!("{}", choice.announcement);

    let mut settings = Settings::new(choice.agent, OWNER);
    settings.inherit = choice.inherit;
    let mut sandbox = Sandbox::new(daemon, &settings).context("make a home")?;
    let ready = sandbox.start()?;
    println!(
        "the assistant is ready after {:.0} ms; its home is {}",
        ready.seen_after.as_secs_f64() * 1000.0,
        sandbox.home().display()
    );
    let talk = if io::stdin().is_terminal() { Talk::Interactive } else { Talk::Piped };
    let inputs = lines();
    let ended = Chat::new(&mut sandbox, OWNER, choice.answers, talk, io::stdout())
        .run(&inputs, &interrupted);
    let left = ending::end(sandbox, keep);
    Ok(match (ended?, left?) {
        (Ended::Unanswered | Ended::DaemonGone, _) => ExitCode::Failed,
        (Ended::ByUser, Left::Something) => ExitCode::InvariantBroken,
        (Ended::ByUser, Left::Nothing) => ExitCode::Pass,
    })
}

/// The lines of the terminal. The reading thread ends with the process: it waits for the outside
/// world, which may never speak.
fn lines() -> Receiver<Input> {
    let (inputs, received) = sync_channel(LINES_WAITING_MAX);
    thread::spawn(move || read_lines(&inputs));
    received
}

fn read_lines(inputs: &SyncSender<Input>) {
    for line in io::stdin().lock().lines() {
        let input = line.map_or(Input::End, Input::Line);
        let last = matches!(input, Input::End);
        if inputs.send(input).is_err() || last {
            return;
        }
    }
    // Nobody listens any more if this fails, and nothing is left to be said.
    drop(inputs.send(Input::End));
}
