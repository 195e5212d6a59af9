use std::time::Instant;

use super::*;

/// A shell that does `script`, and how it ended; what it wrote; how long it took.
fn play(script: &str, limit: Duration, interrupt: &Interrupt) -> (Ended, String, Duration) {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    let began = Instant::now();
    let ended = run(shell, &log, limit, interrupt).unwrap();
    (ended, written(&log), began.elapsed())
}

#[test]
fn what_a_program_says_is_kept_with_how_it_ended() {
    let (ended, said, _) = play("echo out; echo err >&2; exit 7", TERM_MAX, &Interrupt::never());
    assert_eq!((ended, said.as_str()), (Ended::With(7), "out\nerr\n"));
}

#[test]
fn one_that_does_not_end_is_ended_with_what_it_started() {
    let mut limit = Duration::from_millis(200);
    // On a busy machine it may not have come to its word when its time was over.
    let said = loop {
        let (ended, said, took) = play("sleep 60 & echo $!; wait", limit, &Interrupt::never());
        assert_eq!(ended, Ended::TooLate);
        assert!(took < limit + TERM_MAX, "{took:?}");
        if !said.is_empty() {
            break said;
        }
        limit *= 2;
    };
    let started: i32 = said.trim().parse().unwrap();
    let gone = wait_for(TERM_MAX, || {
        rustix::process::test_kill_process(Pid::from_raw(started)?).is_err().then_some(())
    });
    assert!(gone.is_some(), "{started} is left");
}

#[test]
fn a_wish_to_end_ends_what_runs() {
    let asked = Interrupt(Arc::new(AtomicBool::new(true)));
    let (ended, ..) = play("sleep 60", TERM_MAX, &asked);
    assert_eq!(ended, Ended::Interrupted);
}

#[test]
fn the_executable_of_a_target_stands_in_what_cargo_says() {
    let said = "   Compiling smoke\n{\"target\":{\"name\":\"smoke\"},\"executable\":null}\n\
                {\"target\":{\"name\":\"tier2\"},\"executable\":\"/target/tier2\"}\n";
    assert_eq!(executable_of(said, "tier2"), Some(PathBuf::from("/target/tier2")));
    assert_eq!(executable_of(said, "tier3"), None);
}
