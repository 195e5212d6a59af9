use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::AsyncReadExt;

use super::*;
use crate::claude::wire::Frame;
use crate::processes::HomeId;

/// How long anything here may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mark that no other test has.
fn fresh_mark() -> Mark {
    static SESSIONS: AtomicI64 = AtomicI64::new(1);
    let home = HomeId::of(Path::new(&format!("/agents of test process {}", std::process::id())));
    Mark { home, generation: 1, session: SESSIONS.fetch_add(1, Ordering::Relaxed) }
}

/// A shell that runs `script`, with a mark of its own.
fn shell(script: &str) -> Launch {
    let mark = fresh_mark();
    let variables =
        [("PATH", "/usr/bin:/bin".to_owned()), (processes::MARK_NAME, mark.to_string())];
    Launch {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: variables.map(|(name, value)| (name.into(), value.into())).into(),
        working_dir: "/".into(),
        mark: Some(mark),
    }
}

fn start(script: &str) -> AgentProcess {
    AgentProcess::start(&shell(script)).unwrap()
}

/// Waits for what must come; a test that would hang fails instead.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it comes in time")
}

/// Waits until `condition` holds.
async fn until(mut condition: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    soon(async {
        while !condition() {
            looks.tick().await;
        }
    })
    .await;
}

/// Waits for a line from the shell, which says that it is where the test wants it.
async fn ready(process: &mut AgentProcess) -> ChildStdout {
    let mut stdout = process.own.child.stdout.take().unwrap();
    let mut line = [0; 6];
    soon(stdout.read_exact(&mut line)).await.unwrap();
    assert_eq!(&line, b"ready\n");
    stdout
}

fn alive(mark: Option<Mark>) -> usize {
    processes::of_agent(mark.unwrap()).len()
}

#[track_caller]
fn check_refused(launch: &Launch, message: &str) {
    match AgentProcess::start(launch) {
        Err(error) => assert_eq!(error.to_string(), message),
        Ok(process) => panic!("{process:?} runs"),
    }
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("plain"), "text").unwrap();
    fs::write(path("broken"), b"\x7fELF and nothing more").unwrap();
    fs::set_permissions(path("broken"), fs::Permissions::from_mode(0o755)).unwrap();
    let of = |program: PathBuf| Launch { program, ..shell("true") };

    let missing = path("missing");
    check_refused(&of(missing.clone()), &format!("start {}: no such program", missing.display()));
    check_refused(&of("no-such-program".into()), "start no-such-program: no such program");
    let below = path("plain").join("below");
    check_refused(&of(below.clone()), &format!("start {}: no such program", below.display()));
    for name in ["plain", "."] {
        let program = path(name);
        let message = format!("start {}: it cannot be executed", program.display());
        check_refused(&of(program), &message);
    }
    let nowhere = Launch { working_dir: path("nowhere"), ..shell("true") };
    let message = format!("start an agent in {}: no such directory", path("nowhere").display());
    check_refused(&nowhere, &message);
    let file = Launch { working_dir: path("plain"), ..shell("true") };
    let message = format!("start an agent in {}: no such directory", path("plain").display());
    check_refused(&file, &message);
}

/// Nothing of the daemon's own surroundings leaks into an agent.
/// Incidents: 80.
#[tokio::test]
async fn the_program_has_exactly_the_environment_and_the_directory_it_was_given() {
    let mut launch = shell("");
    launch.program = "env".into();
    launch.arguments = vec!["printenv".into()];
    let expected: Vec<_> = launch
        .environment
        .iter()
        .map(|(name, value)| format!("{}={}\n", name.display(), value.display()))
        .collect();
    let mut process = AgentProcess::start(&launch).unwrap();
    let mut output = String::new();
    soon(process.listen().read_to_string(&mut output)).await.unwrap();
    let mut lines: Vec<_> = output.split_inclusive('\n').collect();
    lines.sort_unstable();
    assert_eq!(lines, expected);
    assert_eq!(soon(process.wait()).await, Exit::Code(0));
}

#[tokio::test]
async fn it_leads_a_group_of_its_own() {
    let mut process = start("echo ready; read forever");
    let stdout = ready(&mut process).await;
    let pid = Pid::from_raw(i32::try_from(process.pid()).unwrap()).unwrap();
    assert_eq!(rustix::process::getpgid(Some(pid)).unwrap(), pid);
    assert!(process.kill().await.is_empty());
    drop(stdout);
}

#[tokio::test]
async fn its_end_is_told_as_often_as_asked() {
    let mut process = start("exit 3");
    assert_eq!(soon(process.wait()).await, Exit::Code(3));
    assert_eq!(soon(process.wait()).await, Exit::Code(3));
    assert_eq!(soon(start("kill -9 $$").wait()).await, Exit::Signal(9));
}

#[tokio::test]
async fn lines_go_to_the_program_and_come_back() {
    let mut process = start("cat");
    let mut connection = process.connect();
    let line = b"{\"type\":\"control_cancel_request\",\"request_id\":\"a\"}\n".to_vec();
    connection.outgoing().send(line).await.unwrap();
    let withdrawn = Frame::Withdrawn { request_id: "a".into() };
    assert_eq!(soon(connection.next()).await, Some(withdrawn));
    connection.close_input();
    assert_eq!(soon(connection.next()).await, None);
    assert_eq!(soon(process.wait()).await, Exit::Code(0));
}

#[tokio::test]
async fn asking_it_to_end_reaches_its_group() {
    let mut process = start("tail -f /dev/null & echo ready; wait");
    let _stdout = ready(&mut process).await;
    process.terminate();
    assert_eq!(soon(process.wait()).await, Exit::Signal(15));
    let mark = process.mark;
    until(|| alive(mark) == 0).await;
}

/// What outlives its agent eats the machine.
/// Incidents: 84.
#[tokio::test]
async fn killing_it_takes_the_tools_that_left_its_group() {
    let mut process = start(
        "setsid tail -f /dev/null & setsid sh -c 'tail -f /dev/null & wait' & \
         setsid env -i /usr/bin/tail -f /dev/null & echo ready; wait",
    );
    let _stdout = ready(&mut process).await;
    let (mark, pid) = (process.mark, process.pid());
    // The shell, two tails and a shell carry the mark; one more tail has cleared its environment.
    until(|| alive(mark) == 4 && processes::descendants(pid).len() == 4).await;
    let tools = processes::descendants(pid);
    assert!(soon(process.kill()).await.is_empty());
    assert_eq!(soon(process.wait()).await, Exit::Signal(9));
    assert_eq!(alive(mark), 0);
    until(|| !tools.iter().any(|tool| processes::still_runs(*tool))).await;
}

/// What outlives its agent eats the machine.
/// Incidents: 84.
#[tokio::test]
async fn tools_of_one_that_has_ended_by_itself_are_found_by_their_mark() {
    let mut process = start("setsid tail -f /dev/null & echo ready; exit 0");
    let _stdout = ready(&mut process).await;
    // The tool holds the pipes open; nobody waits for it.
    assert_eq!(soon(process.wait()).await, Exit::Code(0));
    let mark = process.mark;
    assert_eq!(alive(mark), 1);
    assert!(soon(process.kill()).await.is_empty());
    assert_eq!(alive(mark), 0);
}

#[tokio::test]
async fn of_a_flood_of_diagnostics_the_end_is_kept() {
    let mut process = start("head -c 5000000 /dev/zero | tr '\\0' x >&2; echo the end >&2");
    assert_eq!(soon(process.wait()).await, Exit::Code(0));
    let (text, bytes) = process.last_words();
    assert_eq!(bytes, 5_000_008);
    assert_eq!(text.len(), last_words::LAST_WORDS_BYTES_MAX);
    assert!(text.ends_with("xxthe end\n"));
}

#[tokio::test]
async fn dropping_it_kills_its_group_and_leaves_no_entry_behind() {
    let mut process = start("tail -f /dev/null & echo ready; wait");
    let stdout = ready(&mut process).await;
    let (mark, pid) = (process.mark, process.pid());
    drop((process, stdout));
    until(|| alive(mark) == 0 && processes::rss_bytes(pid).is_none()).await;
}

#[test]
fn an_exit_at_term_int_or_hup_was_asked_for() {
    for asked in [Exit::Code(143), Exit::Code(130), Exit::Code(129), Exit::Signal(15)] {
        assert!(asked.was_asked_for(), "{asked}");
    }
    for of_its_own in [Exit::Code(0), Exit::Code(1), Exit::Code(-1), Exit::Signal(9)] {
        assert!(!of_its_own.was_asked_for(), "{of_its_own}");
    }
    assert!(!Exit::Code(15).was_asked_for());
}
