//! The program `claude-assistant`.

use std::process::ExitCode;

fn main() -> ExitCode {
    claude_assistant::main(std::env::args_os())
}
