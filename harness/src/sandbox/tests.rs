//! A shell script plays the daemon: what is under test is the sandbox around it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Agent, Contact, Sandbox, SandboxError, Settings};

const OWNER: &str = "+15555550123";
const LIMIT: Duration = Duration::from_secs(20);

/// A daemon that is this shell script.
fn script(directory: &Path, body: &str) -> PathBuf {
    let path = directory.join("daemon");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("it is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it is ours");
    path
}

fn settings() -> Settings {
    Settings::new(Agent::new(PathBuf::from("/bin/agent")).with_env("A", "b\"c"), OWNER)
}

/// Says READY, and ends orderly when asked to.
const WELL_BEHAVED: &str = r#"
trap 'exit 0' TERM
tail -f /dev/null &
echo "starting"
echo "READY {\"pid\":$$,\"generation\":3,\"ready_ms\":1.5,\"more\":true}"
wait
"#;

#[test]
fn a_daemon_is_started_and_stopped_and_its_child_is_found_and_ended() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let mut sandbox =
        Sandbox::new(script(directory.path(), WELL_BEHAVED), &settings()).expect("a sandbox");
    let before = Instant::now();
    let ready = sandbox.start().expect("it says READY");
    assert!(!ready.seen_after.is_zero() && ready.seen_after <= before.elapsed(), "{ready:?}");
    assert_eq!((Some(ready.pid), ready.generation), (sandbox.pid(), 3));
    assert!(matches!(sandbox.start(), Err(SandboxError::WrongState(_))));

    let status = sandbox.stop(LIMIT).expect("it is our child").expect("it ends when asked to");
    assert_eq!(status.code(), Some(0));
    assert_eq!(sandbox.leftovers().len(), 1, "the orphan of the script");

    let (mark, root) = (sandbox.mark(), sandbox.root().to_path_buf());
    drop(sandbox);
    let left = crate::processes::Snapshot::take().marked(&mark);
    assert!(left.iter().all(|process| process.zombie), "{left:?}");
    assert!(!root.exists());
}

#[test]
fn a_killed_daemon_is_gone_at_once_and_can_be_started_again() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let mut sandbox =
        Sandbox::new(script(directory.path(), WELL_BEHAVED), &settings()).expect("a sandbox");
    let first = sandbox.start().expect("it says READY");
    sandbox.kill9().expect("it is our child");
    assert_eq!(crate::processes::Snapshot::take().find(first.pid), None);
    sandbox.start().expect("it says READY again");
}

#[test]
fn a_daemon_that_gives_up_shows_its_last_words() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let daemon = script(directory.path(), "echo 'config.toml:3: no such key' >&2; exit 64");
    let mut sandbox = Sandbox::new(daemon, &settings()).expect("a sandbox");
    let error = sandbox.start().expect_err("it gives up").to_string();
    assert_eq!(
        error,
        "start the daemon: no READY line (exit status: 64); it said:\nconfig.toml:3: no such key\n"
    );
}

#[test]
fn the_environment_holds_the_sandbox_and_nothing_of_the_caller() {
    let directory = tempfile::tempdir().expect("a temp directory");
    let sandbox = Sandbox::new(script(directory.path(), "env"), &settings()).expect("a sandbox");
    let said = sandbox.cli(&["status"], LIMIT).expect("it ends").stdout;
    let mut names: Vec<&str> =
        said.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(
        names,
        [
            "ASSISTANT_SANDBOX",
            "CLAUDE_ASSISTANT_HOME",
            "HOME",
            "LANG",
            "PATH",
            "RUST_BACKTRACE",
            "TMPDIR"
        ]
    );
}

#[test]
fn config_and_contacts_are_private_and_as_documented() {
    let mut settings = settings();
    settings.contacts.push(Contact::new("Two \"Quotes\"", "family", "+15555550124"));
    let sandbox = Sandbox::new(PathBuf::from("/bin/true"), &settings).expect("a sandbox");
    let root = sandbox.root().to_string_lossy().into_owned();
    let read = |name: &str| fs::read_to_string(sandbox.home().join(name)).expect("it is there");

    let config = read("config.toml").replace(&root, "ROOT");
    let mark = sandbox.mark();
    let mark = mark.trim_start_matches("ASSISTANT_SANDBOX=");
    assert_eq!(
        config.replace(mark, "MARK"),
        r#"[agent]
program = "/bin/agent"
config_dir = "ROOT/agent"
working_dir = "ROOT/work"

[agent.env]
ASSISTANT_SANDBOX = "MARK"
"A" = "b\"c"

[test]
dir = "ROOT/messages"
trust = true
watch = true

[shutdown]
deadline_s = 10
turn_grace_s = 2
"#
    );
    assert_eq!(
        read("contacts.toml"),
        r#"[[contact]]
name = "Sandbox Owner"
tier = "admin"
handles = ["+15555550123"]

[[contact]]
name = "Two \"Quotes\""
tier = "family"
handles = ["+15555550124"]

"#
    );
    for (path, mode) in [("", 0o700), ("home", 0o700), ("home/config.toml", 0o600)] {
        let metadata = fs::metadata(sandbox.root().join(path)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn messages_appear_whole_and_in_order_and_replies_are_read_by_row() {
    let mut sandbox = Sandbox::new(PathBuf::from("/bin/true"), &settings()).expect("a sandbox");
    assert_eq!(sandbox.replies().expect("no outbox is no error"), []);
    sandbox.drop_message(OWNER, "one\n\"two\"").expect("it is ours");
    sandbox.drop_message(OWNER, "three").expect("it is ours");
    let mut names: Vec<String> = fs::read_dir(sandbox.messages_dir())
        .expect("it is there")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["00000001.json", "00000002.json"]);
    let first = fs::read_to_string(sandbox.messages_dir().join("00000001.json")).expect("there");
    assert_eq!(first, r#"{"from":"+15555550123","text":"one\n\"two\""}"#);

    fs::create_dir(sandbox.outbox_dir()).expect("it is ours");
    for row in [10, 9] {
        let reply =
            format!(r#"{{"row":{row},"chat":"test:{OWNER}","text":"t{row}","at":5,"x":1}}"#);
        fs::write(sandbox.outbox_dir().join(format!("{row}.json")), reply).expect("it is ours");
    }
    let replies = sandbox.wait_replies(LIMIT, |replies| replies.len() == 2).expect("they parse");
    let rows: Vec<u64> = replies.iter().map(|reply| reply.row).collect();
    assert_eq!(rows, [9, 10]);
}

#[test]
fn a_draft_is_no_message_before_it_appears() {
    let mut sandbox = Sandbox::new(PathBuf::from("/bin/true"), &settings()).expect("a sandbox");
    let first = sandbox.draft_message(OWNER, "one").expect("it is ours");
    let second = sandbox.draft_message(OWNER, "two").expect("it is ours");
    let path = |name: &str| sandbox.messages_dir().join(name);
    assert!(!path("00000001.json").exists() && !path("00000002.json").exists());
    second.appear().expect("it is ours");
    first.appear().expect("it is ours");
    let text = fs::read_to_string(path("00000001.json")).expect("it is there");
    assert_eq!(text, r#"{"from":"+15555550123","text":"one"}"#);
    assert!(path("00000002.json").exists() && !path("00000002.tmp").exists());
}

#[test]
fn a_kept_sandbox_stays_on_disk() {
    let sandbox = Sandbox::new(PathBuf::from("/bin/true"), &settings()).expect("a sandbox");
    let kept = sandbox.keep();
    assert!(kept.join("home/config.toml").is_file());
    fs::remove_dir_all(kept).expect("it is ours");
}
