//! An agent program to its driver, and a driver to the agent: see `benches::agent::tap`.

use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;

use benches::agent::tap;

/// What a shell adds to the number of a signal.
const SIGNALLED: i32 = 128;

fn main() {
    let code = match tap::relay() {
        Ok(status) => {
            status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or_default())
        }
        Err(error) => {
            // There is nowhere left to say that this failed.
            drop(writeln!(io::stderr(), "failed to {error}"));
            1
        }
    };
    // Whoever waits for a line that the driver will never write is not waited for.
    std::process::exit(code)
}
