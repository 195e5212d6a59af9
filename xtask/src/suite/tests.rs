//! What cargo says about a runner, and what a missing tool means.

use std::path::PathBuf;

use harness::exit_code::ExitCode;

use super::executable_of;
use crate::gate::Gate;
use crate::steps::Outcome;

#[test]
fn the_runner_is_found_among_cargos_messages() {
    let messages = r#"
{"reason":"compiler-artifact","target":{"name":"harness"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"tier2"},"executable":"/t/debug/deps/tier2-1"}
{"reason":"build-finished","success":true}
"#;
    assert_eq!(executable_of(messages, "tier2"), Some(PathBuf::from("/t/debug/deps/tier2-1")));
    assert_eq!(executable_of(messages, "tier3"), None);
}

#[test]
fn what_is_missing_is_skipped_on_a_desk_and_fails_behind_the_gate() {
    assert_eq!(Gate::Open.missing("npm"), Outcome::Skipped("npm".to_owned()));
    assert_eq!(Gate::Closed.missing("npm"), Outcome::Failed(ExitCode::PreconditionMissing));
}
