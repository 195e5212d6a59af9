//! The control socket: bad clients are refused with an answer, and a daemon that gives none is not
//! called well.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::processes::{open_files, signal};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use rustix::process::Signal;

use crate::case::{Case, Definition, OWNER, SOON};
use crate::views::{files_below, status, wait_echoes};

pub(super) const CASES: &[Definition] = &[
    Definition::fake("tier2::control::bad_clients_are_refused", 90, bad_clients_are_refused)
        .beside_others(),
    Definition::fake(
        "tier2::control::a_daemon_that_hangs_is_not_called_well",
        60,
        a_daemon_that_hangs_is_not_called_well,
    )
    .beside_others(),
];

/// Clients at once.
const CROWD: usize = 100;

/// Longer than any request may be.
const TOO_LONG_BYTES: usize = 8 * 1024 * 1024;

/// Whoever says nothing, or too much, is left: neither time nor memory is spent on it.
/// Incidents: 22.
fn bad_clients_are_refused(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let ready = sandbox.start()?;
    status(sandbox)?;
    let socket = socket(sandbox)?;
    let files_before = open_files(ready.pid);

    let bad: [(&str, Vec<u8>); 5] = [
        ("garbage", b"hello\n".to_vec()),
        ("no text at all", b"\xff\xfe\x00\n".to_vec()),
        ("a verb nobody knows", b"{\"v\":1,\"verb\":\"dance\"}\n".to_vec()),
        ("another version", b"{\"v\":99,\"verb\":\"ping\"}\n".to_vec()),
        ("too long", vec![b'x'; TOO_LONG_BYTES]),
    ];
    for (what, bytes) in bad {
        let answer = ask(&socket, &bytes)?;
        ensure!(answer.contains("\"error\""), "refuse {what}: {answer:?}");
    }

    // Half a request each, and then nothing: all but a few are turned away, none is waited for.
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        // A full backlog refuses at once, which is an answer as well.
        if let Ok(mut client) = UnixStream::connect(&socket) {
            drop(client.write_all(b"{\"v\":1,"));
            crowd.push(client);
        }
    }
    sandbox.drop_message(OWNER, "in the crowd")?;
    wait_echoes(sandbox, &["in the crowd".to_owned()], SOON)?;
    ensure!(wait_until(SOON, || status(sandbox).is_ok()), "answer again while they hang on");
    drop(crowd);
    ensure!(wait_until(SOON, || status(sandbox).is_ok()), "answer after they left");
    let agents_files = 16;
    let settled = wait_until(SOON, || {
        let now = open_files(ready.pid);
        now.zip(files_before).is_none_or(|(now, before)| now <= before + agents_files)
    });
    ensure!(settled, "close what they left open: {files_before:?} -> {:?}", open_files(ready.pid));
    Ok(())
}

/// Sends bytes and reads one line back. That the other end stops reading in the middle is fine.
fn ask(socket: &PathBuf, bytes: &[u8]) -> anyhow::Result<String> {
    let mut client = UnixStream::connect(socket).context("connect to the control socket")?;
    client.set_read_timeout(Some(SOON)).context("limit the wait for an answer")?;
    client.set_write_timeout(Some(SOON)).context("limit the wait for a reader")?;
    drop(client.write_all(bytes));
    let mut answer = Vec::new();
    let read = BufReader::new(client.take(1024 * 1024)).read_until(b'\n', &mut answer);
    // A reset comes where the daemon closed with our bytes unread; what it said before counts.
    ensure!(read.is_ok() || !answer.is_empty(), "read an answer: {read:?}");
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn socket(sandbox: &Sandbox) -> anyhow::Result<PathBuf> {
    files_below(&sandbox.home())?
        .into_iter()
        .find(|path| path.metadata().is_ok_and(|found| found.file_type().is_socket()))
        .context("find the control socket")
}

/// Long enough for a client that gives up, and too short for one that waits as for a long order.
const GIVEN_UP: Duration = Duration::from_secs(10);

/// That there is a process says nothing: only one that answers is well.
/// Incidents: K14.
fn a_daemon_that_hangs_is_not_called_well(case: &mut Case) -> anyhow::Result<()> {
    let sandbox = &mut case.sandbox;
    let ready = sandbox.start()?;
    status(sandbox)?;
    signal(ready.pid, Signal::STOP)?;
    let said = sandbox.cli(&["status"], GIVEN_UP);
    // First of all it goes on, whatever was said.
    signal(ready.pid, Signal::CONT)?;
    let said = said.context("hear in time that it does not answer")?;
    ensure!(said.status.code() == Some(69), "say that it does not answer: {}", said.status);
    ensure!(said.stderr.contains("no answer"), "say what is wrong: {}", said.stderr);
    ensure!(wait_until(SOON, || status(sandbox).is_ok()), "be well again");
    Ok(())
}
