use std::os::unix::process::ExitStatusExt as _;

use super::*;

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
