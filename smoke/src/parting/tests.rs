//! Whose a name is.

use super::is_name_of_real_agent;

#[test]
fn what_the_real_program_keeps_is_its_own_and_ours_is_not() {
    for name in ["claude-1000", "claude-a1b2-cwd", "cc-socks", "fswatch-probe-3"] {
        assert!(is_name_of_real_agent(name), "{name}");
    }
    for name in ["claude-assistant-x7", "claude-assistant.sock", "claude", "h12", ""] {
        assert!(!is_name_of_real_agent(name), "{name}");
    }
}
