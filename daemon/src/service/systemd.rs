//! The unit for systemd (systemd.service(5), systemd.syntax(7)), of a person's own instance of it.

use std::ffi::OsString;

use super::{Begin, Service};
use crate::exit::Code;

/// How a line with the programs' `PATH` begins.
const PATH_LINE: &str = "Environment=\"PATH=";

/// What a launcher ends with beside one that was started by hand, and would again and again.
const BUSY: u8 = Code::Busy as u8;

/// The text of the unit. That the launcher lives is told by itself (`sd_notify(3)`); how long a start may
/// take is its own affair, because while it waits between tries nothing is ready.
pub(super) fn unit(service: &Service) -> String {
    let Service { program, home, path, stop_max, .. } = service;
    format!(
        "[Unit]\n\
         Description=claude-assistant, home {described}\n\
         \n\
         [Service]\n\
         Type=notify\n\
         NotifyAccess=main\n\
         WatchdogSec=60\n\
         TimeoutStartSec=infinity\n\
         TimeoutStopSec={stop_s}\n\
         KillMode=mixed\n\
         OOMPolicy=continue\n\
         Restart=on-failure\n\
         RestartSec=5\n\
         RestartPreventExitStatus={BUSY}\n\
         UMask=0077\n\
         Environment={home}\n\
         {PATH_LINE}{path}\"\n\
         ExecStart={program} launch\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        described = home.replace('%', "%%"),
        stop_s = stop_max.as_secs_f64().ceil(),
        home = quoted(&format!("CLAUDE_ASSISTANT_HOME={home}")),
        path = escaped(path),
        program = quoted(program),
    )
}

pub(super) fn is_path(line: &str) -> bool {
    line.starts_with(PATH_LINE)
}

pub(super) fn loading(name: &str, begin: Begin) -> Vec<Vec<String>> {
    let enable = match begin {
        Begin::Now => words(&["enable", "--now"], Some(name)),
        Begin::AtLogin => words(&["enable"], Some(name)),
    };
    vec![reloading(), enable]
}

pub(super) fn unloading(name: &str) -> Vec<Vec<String>> {
    vec![words(&["disable", "--now"], Some(name))]
}

pub(super) fn asking(name: &str) -> Vec<String> {
    words(&["is-active", "--quiet"], Some(name))
}

pub(super) fn starting(name: &str) -> Vec<String> {
    words(&["start"], Some(name))
}

pub(super) fn ceasing(name: &str) -> Vec<String> {
    words(&["stop"], Some(name))
}

pub(super) fn asking_pid(name: &str) -> Vec<String> {
    words(&["show", "--property=MainPID"], Some(name))
}

pub(super) fn looking(name: &str) -> Vec<String> {
    words(&["status"], Some(name))
}

pub(super) fn reaching() -> Vec<String> {
    words(&["show", "--property=Version"], None)
}

pub(super) fn reloading() -> Vec<String> {
    words(&["daemon-reload"], None)
}

/// `--collect`: one that failed is not kept for somebody to look at, the restart's report says it all.
pub(super) fn in_scope(name: Option<&str>, command: &[OsString]) -> Vec<OsString> {
    let fixed = ["systemd-run", "--user", "--scope", "--collect", "--quiet"].map(OsString::from);
    let name = name.map(|name| OsString::from(format!("--unit={name}")));
    let end = OsString::from("--");
    fixed.into_iter().chain(name).chain([end]).chain(command.iter().cloned()).collect()
}

fn words(verb: &[&str], name: Option<&str>) -> Vec<String> {
    let verb = verb.iter().map(|&word| word.to_owned());
    let name = name.map(|name| format!("{name}.service"));
    std::iter::once("--user".to_owned()).chain(verb).chain(name).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Text between quotation marks. Neither a value of `Environment` nor the program of `ExecStart` has
/// variables put in, so that a `$` is one.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%")
}
