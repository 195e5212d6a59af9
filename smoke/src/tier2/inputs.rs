//! What may lie in the directory of test messages: files that are no messages, things that are no
//! files, and a file that somebody still writes. Each is set aside with a reason or waited for, and
//! none keeps a good one from its answer.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use harness::command::run_within;
use harness::wait::wait_until;

use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::views::{files_below, wait_echoes};

pub(super) const CASES: &[Definition] = &[
    Definition::fake(
        "tier2::inputs::whatever_is_no_message_is_set_aside_with_a_reason",
        60,
        whatever_is_no_message_is_set_aside_with_a_reason,
    )
    .beside_others(),
    Definition::fake(
        "tier2::inputs::a_file_that_is_still_written_is_waited_for",
        30,
        a_file_that_is_still_written_is_waited_for,
    ),
];

/// What a bad file says and no log may repeat.
const PRIVATE: &str = "zprivate";

fn whatever_is_no_message_is_set_aside_with_a_reason(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let messages = sandbox.messages_dir();
    let deep = format!("{{\"from\": {}1{}}}", "[".repeat(2000), "]".repeat(2000));
    let bad = [
        ("a-empty", ""),
        ("b-a-list", r#"["+15555550123", "zprivate"]"#),
        ("c-a-word", r#""zprivate""#),
        ("d-unknown-key", r#"{"from": "+15555550123", "zprivate": 1}"#),
        ("e-nobody", r#"{"from": " ", "text": "zprivate"}"#),
        ("f-no-chat", r#"{"from": "+15555550123", "chat_id": "", "text": "zprivate"}"#),
        ("g-attachment", r#"{"from": "+15555550123", "attachments": "zprivate"}"#),
        ("h-group", r#"{"from": "+15555550123", "is_group": "zprivate"}"#),
        ("i-twice", r#"{"from": "+15555550123", "from": "zprivate", "text": "hi"}"#),
        ("j-two-of-them", "{\"from\": \"a\"}\n{\"from\": \"zprivate\"}"),
        ("k-deep", deep.as_str()),
    ];
    for (name, text) in bad {
        sandbox.drop_file(name, text.as_bytes())?;
    }
    let odd = OsStr::from_bytes(b"l-\xff-\n.json");
    fs::write(messages.join(odd), PRIVATE).context("write a file with an odd name")?;
    let mut mkfifo = Command::new("mkfifo");
    mkfifo.arg(messages.join("m-pipe.json"));
    ensure!(run_within(mkfifo, SOON)?.status.success(), "make a pipe");
    let _listener = UnixListener::bind(messages.join("n-socket.json")).context("bind a socket")?;
    fs::create_dir(messages.join("folder")).context("make a directory")?;
    let inner = format!(r#"{{"from": "{OWNER}", "text": "{PRIVATE}"}}"#);
    fs::write(messages.join("folder/inner.json"), inner).context("write a file below")?;
    sandbox.drop_message(OWNER, "still there")?;
    wait_echoes(sandbox, &["still there".to_owned()], SOON)?;

    let errors = messages.join("errors");
    let wanted = bad.len() + 3;
    let seen = wait_until(SOON, || reasons(&errors).is_ok_and(|found| wanted <= found.len()));
    ensure!(seen, "set {wanted} files aside with a reason: {:?}", reasons(&errors)?);
    ensure!(messages.join("folder/inner.json").is_file(), "leave directories alone");
    ensure!(sandbox.replies()?.len() == 1, "answer nothing else");
    let telling: Vec<String> = log_lines(&sandbox.home().join("logs"))?
        .into_iter()
        .filter(|line| line.contains(PRIVATE))
        .collect();
    unbroken("lines of a log that repeat what a file says", &telling)
}

/// Every line of every log.
fn log_lines(logs: &Path) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for path in files_below(logs)? {
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        lines.extend(text.lines().map(str::to_owned));
    }
    ensure!(!lines.is_empty(), "find a log");
    Ok(lines)
}

/// The files that say why something was set aside.
fn reasons(errors: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = files_below(errors)?;
    found.retain(|path| path.extension().is_some_and(|end| end == "reason"));
    Ok(found)
}

fn a_file_that_is_still_written_is_waited_for(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    sandbox.start()?;
    let path = sandbox.messages_dir().join("slow.json");
    let mut file = File::create(&path).context("begin a file")?;
    write!(file, "{{\"from\": \"{OWNER}\", \"te").context("write half of it")?;
    let claimed = wait_until(SOON, || !path.exists());
    ensure!(claimed, "see the half claimed");
    write!(file, "xt\": \"the whole\"}}").context("write the other half")?;
    drop(file);
    wait_echoes(sandbox, &["the whole".to_owned()], SOON)?;
    let errors = files_below(&sandbox.messages_dir().join("errors"))?;
    ensure!(errors.is_empty(), "set nothing aside: {errors:?}");
    Ok(())
}
