//! What `cargo xtask` tells a runner of cases, by environment variables: a runner started by hand,
//! or by nextest, runs without any of them.

use std::env;
use std::path::PathBuf;

/// The seed of every case, to repeat a run: a decimal number.
pub const SEED: &str = "HARNESS_SEED";

/// Where the runner writes its `report.json`.
pub const REPORT: &str = "HARNESS_REPORT";

/// Where the runner appends one JSON line for whatever happens, while it happens.
pub const LINES: &str = "HARNESS_LINES";

/// The directory of the cases' logs.
pub const LOGS: &str = "HARNESS_LOGS";

/// The file of quarantined cases.
pub const QUARANTINE: &str = "HARNESS_QUARANTINE";

/// Set to anything: what a failed case leaves on disk stays there.
pub const KEEP: &str = "HARNESS_KEEP";

/// Which API the real agent program talks to: `loopback` (the default) or `live`.
pub const API: &str = "HARNESS_API";

/// With the live API: how many requests, and how many US dollars, a run may cost at most
/// (`requests=60,usd=2.00`).
pub const BUDGET: &str = "HARNESS_BUDGET";

/// The home of the running daemon that tier 4 looks at.
pub const HOME: &str = "HARNESS_HOME";

/// How many seconds tier 4 looks whether anything goes wrong; 30 without it.
pub const SOAK: &str = "HARNESS_SOAK";

/// The rows of sessions, with commas, that were dead before a restart, or failed and waited: tier 4
/// does not hold against the daemon what goes wrong with them now.
pub const DOWN_BEFORE: &str = "HARNESS_DOWN_BEFORE";

/// Those of them that were not given up, but were to try again: of one that is dead now nothing can be
/// said.
pub const TRYING_BEFORE: &str = "HARNESS_TRYING_BEFORE";

/// A file for the runs of tier 4 that belong together: the first of them leaves there what the log and
/// the transcripts held when it began, and the others look at what came since then.
pub const WATCHED_FROM: &str = "HARNESS_WATCHED_FROM";

/// A variable that names a path; unset and empty are the same.
pub fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
