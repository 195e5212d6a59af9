//! What a runner is told: by `cargo xtask` through the environment, by whoever starts it through
//! its arguments.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use libtest_mimic::Arguments;

use super::room::Remains;
use crate::binaries::Programs;
use crate::environment;
use crate::gate::Gate;
use crate::report::Selection;

/// Set by `cargo nextest` for everything that it starts.
const NEXTEST: &str = "NEXTEST";

/// Who tells how the run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The lines of Rust's own test harness, for a program that reads them.
    Libtest,
    /// A line for each case, and a table at the end.
    Lines,
    /// The same with a line that shows what runs.
    Terminal,
}

/// What a runner was told.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) seed: Option<u64>,
    pub(super) report: Option<PathBuf>,
    pub(super) lines: Option<PathBuf>,
    pub(super) logs: PathBuf,
    pub(super) quarantine: Option<PathBuf>,
    pub(super) remains: Remains,
    pub(super) gate: Gate,
    pub(super) is_live: bool,
    pub(super) voice: Voice,
    /// Whether nextest runs one case here, which it judges by the exit code alone.
    pub(super) is_case_of_nextest: bool,
    pub(super) selection: Selection,
}

/// A variable that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("read {name}: {value:?} is {wanted}")]
pub(super) struct BadVariable {
    name: &'static str,
    value: OsString,
    wanted: &'static str,
}

impl Settings {
    /// Reads the environment; `arguments` say what was asked for.
    pub(super) fn read(arguments: &Arguments) -> Result<Self, BadVariable> {
        let is_set = |name| environment::path(name).is_some();
        let asks = arguments.format.is_some() || arguments.quiet || arguments.logfile.is_some();
        let voice = if asks || is_set(NEXTEST) {
            Voice::Libtest
        } else if std::io::stderr().is_terminal() {
            Voice::Terminal
        } else {
            Voice::Lines
        };
        Ok(Self {
            seed: seed()?,
            report: environment::path(environment::REPORT),
            lines: environment::path(environment::LINES),
            logs: environment::path(environment::LOGS).unwrap_or_else(logs),
            quarantine: environment::path(environment::QUARANTINE),
            remains: if is_set(environment::KEEP) { Remains::Kept } else { Remains::Removed },
            gate: Gate::from_environment(),
            is_live: env::var_os(environment::API).is_some_and(|api| api == "live"),
            voice,
            is_case_of_nextest: is_set(NEXTEST) && arguments.exact,
            selection: selection(arguments),
        })
    }
}

fn seed() -> Result<Option<u64>, BadVariable> {
    let name = environment::SEED;
    let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or(BadVariable { name, value, wanted: "no decimal number" })
}

/// Where logs lie when nobody says so: below the build directory.
fn logs() -> PathBuf {
    let programs = Programs::beside_this_executable();
    let root = programs.map_or_else(|_| env::temp_dir(), |found| found.target_dir().to_path_buf());
    root.join("harness").join("logs")
}

/// What the arguments leave of all cases. Whatever makes it less than all of them is named.
fn selection(arguments: &Arguments) -> Selection {
    let mut only: Vec<String> = arguments.filter.iter().cloned().collect();
    only.extend(arguments.skip.iter().map(|skipped| format!("--skip {skipped}")));
    if arguments.ignored {
        only.push("--ignored".to_owned());
    }
    let is_partial = !only.is_empty();
    Selection { only: is_partial.then(|| only.join(" ")), exact: arguments.exact }
}
