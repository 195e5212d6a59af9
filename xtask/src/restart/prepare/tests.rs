use anyhow::anyhow;

use super::*;

#[test]
fn an_agent_program_that_cannot_be_had_ends_it_before_anything_is_built() {
    assert!(ensure_agent(Ok(None)).is_ok());
    for (fetched, why) in [
        (Ok(Some("npm is not installed")), "the real agent program: npm is not installed"),
        (Err(anyhow!("fetch it: no network")), "program: failed to fetch it: no network"),
    ] {
        let trouble = ensure_agent(fetched).unwrap_err();
        assert_eq!(trouble.code(), Some(ExitCode::PreconditionMissing));
        assert!(trouble.to_string().ends_with(why), "{trouble}");
    }
}
