//! A script plays the daemon and answers every message file; the chat is read as text.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use harness::sandbox::{Agent, Sandbox, Settings};

use super::{AgentChoice, Asked, Chat, Ended, Input, Talk, asked, span};

const OWNER: &str = "+15555550123";

/// Echoes every message once, as row 1, 2, ...; gives up `lose`, and dies of `die`. Any other
/// command prints its arguments, but for the record of losses.
const ECHO: &str = r#"#!/bin/sh
[ "$1" = dropped ] && { cat "$HOME/lost" 2>/dev/null || echo "[]"; exit 0; }
if [ "$1" != run ]; then echo "said $*"; exit 0; fi
trap 'exit 0' TERM
cd "$HOME/../messages" && mkdir outbox
echo "READY {\"pid\":$$,\"generation\":1,\"ready_ms\":1}"
row=0
while true; do
  for file in *.json; do
    [ -f "$file" ] || continue
    row=$((row + 1))
    text=$(sed 's/.*"text":"\(.*\)"}/\1/' "$file")
    [ "$text" = die ] && { echo "giving up" >&2; exit 70; }
    rm "$file"
    [ "$text" = lose ] && { echo '[{"row":7,"reason":"stuck"}]' > "$HOME/lost"; continue; }
    printf '{"row":%d,"chat":"test:x","text":"echo %s"}' "$row" "$text" > "outbox/$row.tmp"
    mv "outbox/$row.tmp" "outbox/$row.json"
  done
done
"#;

/// Plays the lines to the chat and returns what a person would have seen, without the times.
#[track_caller]
fn play(lines: &[&str]) -> (Ended, String) {
    let directory = tempfile::tempdir().expect("a temp directory");
    let daemon = directory.path().join("daemon");
    fs::write(&daemon, ECHO).expect("it is ours");
    fs::set_permissions(&daemon, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let settings = Settings::new(Agent::new(PathBuf::from("/bin/agent")), OWNER);
    let mut sandbox = Sandbox::new(daemon, &settings).expect("a sandbox");
    sandbox.start().expect("it says READY");

    let (inputs, received) = sync_channel(16);
    for &line in lines {
        inputs.send(Input::Line(line.to_owned())).expect("it is received below");
    }
    drop(inputs);
    let mut out = Vec::new();
    let ended = Chat::new(&mut sandbox, OWNER, AgentChoice::Fake, Talk::Piped, &mut out)
        .run(&received, &AtomicBool::new(false))
        .expect("it talks");
    let shown = String::from_utf8(out).expect("it is text");
    let without_times: Vec<&str> =
        shown.lines().map(|line| line.split("  (").next().unwrap_or(line)).collect();
    (ended, without_times.join("\n"))
}

#[test]
fn a_piped_chat_reads_like_a_conversation() {
    let (ended, shown) = play(&["hi", "", "how are you"]);
    assert_eq!(ended, Ended::ByUser);
    assert_eq!(
        shown,
        "type a message; /help shows the commands\n\
         you> hi\n\
         \rassistant> echo hi\n\
         you> \n\
         you> how are you\n\
         \rassistant> echo how are you\n\
         you> "
    );
}

#[test]
fn a_command_is_run_and_never_sent() {
    let (ended, shown) = play(&["/sessions", "/nonsense", "/quit", "not read"]);
    assert_eq!(ended, Ended::ByUser);
    assert!(shown.contains("you> /sessions\nsaid sessions\nyou> "), "{shown}");
    assert!(shown.contains("no such command: /nonsense\n  /sessions  who"), "{shown}");
    assert!(shown.ends_with("you> /quit"), "{shown}");
}

#[test]
fn a_message_that_was_given_up_is_told_and_the_chat_goes_on() {
    let (ended, shown) = play(&["lose", "hi"]);
    assert_eq!(ended, Ended::ByUser);
    assert_eq!(
        shown,
        "type a message; /help shows the commands\n\
         you> lose\n\
         \rno reply will come, the message was given up: stuck\n\
         you> hi\n\
         \rassistant> echo hi\n\
         you> "
    );
}

#[test]
fn the_help_names_what_the_stand_in_does_on_demand() {
    let (_, shown) = play(&["/help"]);
    assert!(shown.contains("  /quit      end (as Ctrl-D)\na JSON file in "), "{shown}");
    assert!(shown.contains(" is a message as well\nthe stand-in also does"), "{shown}");
    assert!(shown.contains("\n  recall "), "{shown}");
}

#[test]
fn a_daemon_that_ends_by_itself_is_told_with_its_last_words() {
    let (ended, shown) = play(&["die"]);
    assert_eq!(ended, Ended::DaemonGone);
    assert!(shown.contains("the assistant ended by itself (exit status: 70):"), "{shown}");
    assert!(shown.contains("giving up"), "{shown}");
}

#[test]
fn a_path_with_words_after_it_is_a_message() {
    assert_eq!(asked("/etc/passwd is a file"), Asked::Message("/etc/passwd is a file"));
    assert_eq!(asked("  hi "), Asked::Message("hi"));
    assert_eq!(asked("/log"), Asked::Cli(&["logs", "-n", "20"]));
}

#[test]
fn a_span_is_shown_as_a_person_reads_it() {
    assert_eq!(span(Duration::from_millis(999)), "999 ms");
    assert_eq!(span(Duration::from_millis(1250)), "1.2 s");
}
