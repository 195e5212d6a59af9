//! Which program a name of the configuration stands for, and whether it can be run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::claude::options;
use crate::config::Config;

/// What is run under this name in that environment; the name itself if it is found nowhere.
pub(super) fn named(name: &Path, environment: &BTreeMap<OsString, OsString>) -> PathBuf {
    let path = environment.get(OsStr::new("PATH"));
    path.and_then(|path| in_path(name, path)).unwrap_or_else(|| name.to_owned())
}

/// What an agent's environment makes of a name.
pub(super) fn of_agents(name: &Path, config: &Config) -> PathBuf {
    named(name, &options::environment(std::env::vars_os(), &config.agent.env))
}

/// Whether there is a program at this path.
pub(super) fn runs(program: &Path) -> bool {
    fs::metadata(program).is_ok_and(|file| file.is_file() && file.mode() & 0o111 != 0)
}

/// Where a bare name is found, so that what is said names which of several it is.
fn in_path(name: &Path, path: &OsStr) -> Option<PathBuf> {
    if name.components().count() != 1 {
        return None;
    }
    std::env::split_paths(path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
}
