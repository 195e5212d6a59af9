//! Tools that do not run: `sleep` is a timer, `echo` an output, everything else says nothing.

use std::time::Duration;

use super::action::{Ended, Job};

/// Commands that the real program runs without asking.
const READ_ONLY: [&str; 10] =
    ["echo", "ls", "sleep", "cat", "pwd", "true", "date", "head", "tail", "wc"];

/// How long a tool runs that never ends by itself.
const ENDLESS: Duration = Duration::from_hours(24);

/// Whether each part of a command line is on the list and none of them writes.
pub(super) fn is_read_only(command: &str) -> bool {
    let writes = command.contains(['>', '`', '&']) || command.contains("$(");
    let parts = command.split([';', '|']).map(str::trim).filter(|part| !part.is_empty());
    !writes
        && parts
            .filter_map(|part| part.split_whitespace().next())
            .all(|program| READ_ONLY.contains(&program))
}

/// How long a job takes and what it comes back with.
pub(super) fn run(job: &Job) -> (Duration, Ended) {
    match job {
        Job::Bash(command) => run_command(command),
        Job::Read(path) => {
            (Duration::ZERO, Ended { output: format!("(the text of {})", path.display()), code: 0 })
        }
        Job::Write(path, _) => {
            let output = format!("File created successfully at: {}", path.display());
            (Duration::ZERO, Ended { output, code: 0 })
        }
    }
}

fn run_command(command: &str) -> (Duration, Ended) {
    let mut takes = Duration::ZERO;
    let mut output = String::new();
    let mut code = 0;
    for part in command.split(';').flat_map(|part| part.split("&&")) {
        let (program, argument) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        match program {
            "sleep" => {
                let seconds = argument.trim().parse::<f64>().unwrap_or(0.0);
                takes += Duration::try_from_secs_f64(seconds).unwrap_or_default();
            }
            // Like `tail -f`: longer than anybody waits.
            "tail" if argument.trim().starts_with("-f") => takes += ENDLESS,
            "echo" => {
                output.push_str(argument.trim().trim_matches(['"', '\'']));
                output.push('\n');
            }
            "exit" => {
                code = argument.trim().parse().unwrap_or(0);
                break;
            }
            "false" => code = 1,
            _ => code = 0,
        }
    }
    (takes, Ended { output, code })
}
