//! The property list for launchd (launchd.plist(5)), in a person's own domain.

use std::path::Path;

use super::{Begin, Service};

/// The key above the programs' `PATH`.
const PATH_KEY: &str = "<key>PATH</key>";

/// How long launchd waits at least from one start to the next: its own default, said aloud.
const THROTTLE_S: u32 = 10;

/// The umask that keeps files private, as the format wants it: 0077 as a decimal number.
const UMASK: u32 = 0o077;

/// What launchctl ends with when it does not wait for what it has begun (`EINPROGRESS`).
pub(super) const IN_PROGRESS: i32 = 36;

/// What launchctl ends with while a job of the same name goes: it says `EIO`, or `EALREADY`.
pub(super) const NOT_YET: [i32; 2] = [5, 37];

/// The text of the property list.
pub(super) fn plist(service: &Service) -> String {
    let Service { name, program, home, path, words, stop_max } = service;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{name}</string>
    <key>ProgramArguments</key>
    <array>
        <string>{program}</string>
        <string>launch</string>
    </array>
    <key>EnvironmentVariables</key>
    <dict>
        <key>CLAUDE_ASSISTANT_HOME</key>
        <string>{home}</string>
        {PATH_KEY}
        <string>{path}</string>
    </dict>
    <key>RunAtLoad</key>
    <true/>
    <key>KeepAlive</key>
    <dict>
        <key>SuccessfulExit</key>
        <false/>
    </dict>
    <key>ThrottleInterval</key>
    <integer>{THROTTLE_S}</integer>
    <key>ExitTimeOut</key>
    <integer>{stop_s}</integer>
    <key>Umask</key>
    <integer>{UMASK}</integer>
    <key>StandardErrorPath</key>
    <string>{words}</string>
</dict>
</plist>
"#,
        name = escaped(name),
        program = escaped(program),
        home = escaped(home),
        path = escaped(path),
        words = escaped(words),
        stop_s = stop_max.as_secs_f64().ceil(),
    )
}

pub(super) fn is_path_key(line: &str) -> bool {
    line.trim() == PATH_KEY
}

pub(super) fn loading(file: &Path, begin: Begin) -> Vec<Vec<String>> {
    match begin {
        Begin::Now => {
            vec![vec!["bootstrap".to_owned(), domain(), file.display().to_string()]]
        }
        // What stands in its folder is loaded at every login.
        Begin::AtLogin => Vec::new(),
    }
}

pub(super) fn unloading(name: &str) -> Vec<Vec<String>> {
    vec![vec!["bootout".to_owned(), target(name)]]
}

pub(super) fn asking(name: &str) -> Vec<String> {
    vec!["print".to_owned(), target(name)]
}

/// Nothing is killed for it.
pub(super) fn starting(name: &str) -> Vec<String> {
    vec!["kickstart".to_owned(), target(name)]
}

pub(super) fn reaching() -> Vec<String> {
    vec!["print".to_owned(), domain()]
}

fn target(name: &str) -> String {
    format!("{}/{name}", domain())
}

fn domain() -> String {
    format!("gui/{}", rustix::process::getuid().as_raw())
}

/// Text of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
