use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use harness::restart::machine::Blame;

use super::*;

/// The blame for a verb that ended so, and why.
fn refused(status: i32) -> (Blame, String) {
    let finished = Finished {
        status: ExitStatus::from_raw(status),
        stdout: String::new(),
        stderr: "failed to open it\n".to_owned(),
    };
    let failure = refusal(&words(["deliveries", "--json"]), &finished).failure();
    (failure.blame, failure.why)
}

#[test]
fn what_a_program_says_was_in_its_way_is_not_its_own_answer() {
    for (code, blame) in [
        (64, Blame::Nobody),
        (75, Blame::Nobody),
        (77, Blame::Nobody),
        (1, Blame::Target),
        (69, Blame::Target),
    ] {
        let why = format!("deliveries ended with {code}: failed to open it");
        assert_eq!(refused(code << 8), (blame, why));
    }
    // Somebody ended it.
    assert_eq!(refused(9).0, Blame::Nobody);
}
