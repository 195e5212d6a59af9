//! Whether the system starts the assistant by itself.

use super::{Finding, Place};
use crate::cli::installed::{FileState, Installed};
use crate::config::Config;
use crate::service::Init;

/// How the service file of this home is, and the launcher that it names.
pub(super) fn service(place: &Place, config: &Config) -> Finding {
    const NAME: &str = "service";
    const INSTALL: &str = "claude-assistant install";
    let Ok(home) = place.home.canonical() else {
        return Finding::note(NAME, "not installed", INSTALL);
    };
    let installed = match Installed::of(place, &home, config, Init::OF_THIS_SYSTEM) {
        Ok(installed) => installed,
        Err(failure) => return Finding::note(NAME, failure.message, "set HOME"),
    };
    let file = installed.file().display();
    let launcher = home.launcher_program();
    match (installed.state(), launcher.exists()) {
        (Ok(FileState::Missing), _) => Finding::note(NAME, "not installed", INSTALL),
        (Ok(FileState::Same), true) => Finding::found(NAME, file.to_string()),
        (Ok(FileState::Differs), true) => {
            let what = format!("{file} differs from what install would write now");
            Finding::note(NAME, what, INSTALL)
        }
        (Ok(_), false) => {
            let what = format!("{file} starts {}, which is not there", launcher.display());
            Finding::missing(NAME, what, INSTALL)
        }
        (Err(error), _) => {
            Finding::missing(NAME, format!("{file}: {error}"), "give yourself the right to read it")
        }
    }
}
