use std::os::unix::process::ExitStatusExt as _;

use super::*;
use crate::processes::{MARK_NAME, Mark};

#[test]
fn only_an_end_of_its_own_making_speaks_against_a_slot() {
    for (code, expected) in [
        (0, Cause::Asked),
        (1, Cause::Own),
        (64, Cause::Outside),
        (70, Cause::Own),
        (75, Cause::Outside),
        (77, Cause::Outside),
    ] {
        assert_eq!(cause(ExitStatus::from_raw(code << 8)), expected, "{code}");
    }
    let killed = ExitStatus::from_raw(9);
    assert_eq!(cause(killed), Cause::Own);
}

#[test]
fn a_start_that_the_machine_refuses_speaks_against_no_slot() {
    for errno in [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NOSPC, Errno::ACCESS] {
        assert_eq!(cause_of_no_start(&errno.into()), Cause::Outside, "{errno}");
    }
    assert_eq!(cause_of_no_start(&Errno::NOEXEC.into()), Cause::Own);
}

/// What carries the home's mark is the other daemon's, which lives.
#[tokio::test]
async fn one_that_found_another_daemon_leaves_its_agents_alone() {
    let place = tempfile::tempdir().unwrap();
    let home = HomeId::of(place.path());
    let mark = Mark { home, generation: 1, session: 1 };
    let mut agent = shell("echo; read -r line", Some(mark)).await;
    for (ends, is_left) in [("echo; exit 75", true), ("echo; exit 70", false)] {
        let (reports, _reported) = mpsc::channel(1);
        wait(1, shell(ends, None).await, home, &AtomicBool::new(false), &reports).await;
        assert_eq!(agent.child.try_wait().unwrap().is_none(), is_left, "{ends}");
    }
}

/// A shell that has come to its `echo`.
async fn shell(script: &str, mark: Option<Mark>) -> OwnChild {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command.envs(mark.map(|mark| (MARK_NAME, mark.to_string())));
    let mut own = adopted::spawn(&mut command).unwrap();
    own.child.stdout.as_mut().unwrap().read_exact(&mut [0]).await.unwrap();
    own
}

/// Its socket may be the next one's by then, which would be asked again and again.
#[tokio::test(start_paused = true)]
async fn a_daemon_that_ended_before_it_answered_is_not_asked_any_more() {
    let nobody = tempfile::tempdir().unwrap();
    let (reports, mut reported) = mpsc::channel(1);
    let ready = b"READY {\"pid\":1,\"generation\":1,\"ready_ms\":1}\n";
    let gone = AtomicBool::new(true);
    let socket = nobody.path().join("socket");
    let listening = listen(1, &ready[..], &socket, &gone, &reports);
    tokio::time::timeout(Duration::from_mins(1), listening).await.expect("it asks for ever");
    drop(reports);
    assert!(reported.recv().await.is_none());
}
