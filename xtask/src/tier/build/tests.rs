//! What cargo says in, executables out.

use std::path::PathBuf;

use harness::tier::Tier;

use super::selection_arguments;
use super::{Executable, Profile, executables, package_of, programs_arguments, runner};

const MESSAGES: &str = r#"
{"reason":"compiler-artifact","package_id":"path+file:///w/harness#0.1.0","target":{"name":"harness","kind":["lib"]},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","package_id":"path+file:///w/smoke#0.1.0","target":{"name":"tier2","kind":["test"]},"profile":{"test":true},"executable":"/t/debug/deps/tier2-1"}
{"reason":"compiler-artifact","package_id":"path+file:///w/daemon#claude-assistant@0.1.0","target":{"name":"claude-assistant","kind":["bin"]},"profile":{"test":false},"executable":"/t/debug/claude-assistant"}
{"reason":"compiler-artifact","package_id":"path+file:///w/daemon#claude-assistant@0.1.0","target":{"name":"claude-assistant","kind":["bin"]},"profile":{"test":true},"executable":"/t/debug/deps/claude_assistant-2"}
{"reason":"compiler-artifact","package_id":"path+file:///w/daemon/core#assistant-core@0.1.0","target":{"name":"assistant_core","kind":["lib"]},"profile":{"test":true},"executable":"/t/debug/deps/assistant_core-3"}
{"reason":"build-finished","success":true}
"#;

#[test]
fn executables_are_named_as_nextest_names_them() {
    let named: Vec<(String, bool)> = executables(MESSAGES)
        .into_iter()
        .map(|executable| (executable.binary, executable.runs_tests))
        .collect();
    let expected = [
        ("claude-assistant::bin/claude-assistant", false),
        ("assistant-core", true),
        ("claude-assistant::bin/claude-assistant", true),
        ("smoke::tier2", true),
    ];
    assert_eq!(named, expected.map(|(name, runs)| (name.to_owned(), runs)));
}

#[test]
fn the_runner_of_a_tier_is_found_by_its_target() {
    let built = executables(MESSAGES);
    let found = runner(Tier::RealBinaries, &built).map(|executable: &Executable| &executable.path);
    assert_eq!(found.unwrap(), &PathBuf::from("/t/debug/deps/tier2-1"));
    let missing = runner(Tier::RealAgent, &built).unwrap_err();
    assert_eq!(missing.to_string(), "find the runner tier3 in what cargo said");
}

#[test]
fn a_package_is_named_by_its_directory_unless_it_says_otherwise() {
    assert_eq!(package_of("path+file:///w/harness#0.1.0"), "harness");
    assert_eq!(package_of("path+file:///w/daemon#claude-assistant@0.1.0"), "claude-assistant");
    assert_eq!(package_of("registry+https://example.org/index#serde@1.0.0"), "serde");
}

#[test]
fn a_release_build_is_asked_for_wherever_something_is_built() {
    for tier in Tier::ALL {
        assert!(!selection_arguments(tier, Profile::Dev).contains(&"--release"), "{tier}");
        assert!(selection_arguments(tier, Profile::Release).contains(&"--release"), "{tier}");
    }
    assert!(programs_arguments(Profile::Release).contains(&"--release"));
}
