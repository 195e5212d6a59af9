//! Command lines that are accepted, and those that are not.

use std::collections::BTreeMap;

use super::{Start, read};
use crate::agent::{Answers, Branch, Options};

const ALWAYS: &str = "--output-format stream-json --verbose --input-format stream-json";

fn options(args: &str, env: &[(&str, &str)]) -> Options {
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    match read(format!("{ALWAYS} {args}").split_whitespace().map(str::to_owned), &env) {
        Ok(Start::Run(options)) => *options,
        other => panic!("no run: {other:?}"),
    }
}

#[track_caller]
fn refused(args: &str, expected: &str) {
    let refusal = read(args.split_whitespace().map(str::to_owned), &BTreeMap::new());
    assert_eq!(refusal.expect_err("it is refused").0, expected);
}

#[test]
fn the_command_line_of_a_host_is_read() {
    let args = "--permission-prompt-tool stdio --tools Read,Bash --allowedTools mcp__assistant__reply \
        --mcp-config {\"mcpServers\":{\"assistant\":{\"type\":\"sdk\",\"name\":\"assistant\"}}} \
        --strict-mcp-config --setting-sources= --model m --permission-mode dontAsk \
        --session-id=7a1c1f9e-3c59-4b63-9d43-0d3a1a4d2c11";
    let env = [("CLAUDE_CODE_SDK_READS_SESSION_STATE", "1"), ("CLAUDE_CODE_MAX_RETRIES", "2")];
    let options = options(args, &env);
    assert_eq!(options.tools, ["Read", "Bash"]);
    assert_eq!(options.allowed, ["mcp__assistant__reply"]);
    assert_eq!(options.servers, ["assistant"]);
    assert_eq!(options.session_id.as_deref(), Some("7a1c1f9e-3c59-4b63-9d43-0d3a1a4d2c11"));
    assert_eq!((options.model.as_str(), options.permission_mode.as_str()), ("m", "dontAsk"));
    assert!(options.permission_prompt && options.session_state_frames && !options.strict);
    assert_eq!((options.retries_max, options.api_key_source), (2, None));
}

#[test]
fn a_key_in_the_environment_is_named_but_not_told() {
    let options = options("", &[("ANTHROPIC_API_KEY", "k"), ("FAKE_CLAUDE_STRICT", "1")]);
    assert_eq!(options.api_key_source.as_deref(), Some("ANTHROPIC_API_KEY"));
    assert!(options.strict);
}

#[test]
fn what_other_hosts_ask_for_is_understood() {
    let options = options(
        "--continue --fork-session --include-partial-messages --max-turns 3 --effort high --betas b \
         --tools Read,Bash --disallowedTools Bash",
        &[("CLAUDE_CONFIG_DIR", "/no/such/directory")],
    );
    assert_eq!((options.resume, options.turns_max), (None, Some(3)));
    assert_eq!((options.branch, options.answers), (Branch::Fork, Answers::InPieces));
    assert_eq!(options.tools, ["Read"]);
    refused(&format!("{ALWAYS} --max-turns x"), "error: --max-turns x is no number");
}

#[test]
fn what_the_program_refuses_is_refused_in_its_words() {
    refused("--x", "error: unknown option '--x'");
    refused(
        "--output-format stream-json --input-format stream-json",
        "Error: When using --print, --output-format=stream-json requires --verbose",
    );
    refused(
        &format!("{ALWAYS} --session-id=x"),
        "Error: Invalid session ID. Must be a valid UUID.",
    );
    refused(
        &format!("{ALWAYS} --append-system-prompt-file /no/such/file"),
        "Error: system prompt file not found: /no/such/file",
    );
    refused(&format!("{ALWAYS} hello"), "error: fake-claude takes its prompt on stdin only");
}

#[test]
fn a_server_that_is_not_the_hosts_is_refused() {
    refused(
        &format!("{ALWAYS} --mcp-config {{\"mcpServers\":{{\"x\":{{\"command\":\"y\"}}}}}}"),
        "Error: Invalid MCP configuration: x is not of type sdk",
    );
}

#[test]
fn the_version_wins_over_everything_else() {
    let start = read(["--version".to_owned()], &BTreeMap::new());
    assert!(matches!(start, Ok(Start::Version)), "{start:?}");
}

#[test]
fn holds_of_the_environment_are_read_or_refused() {
    let held = options("", &[("FAKE_CLAUDE_HOLDS", "result=90")]);
    assert_eq!(held.holds.result, std::time::Duration::from_micros(90));
    let env = BTreeMap::from([("FAKE_CLAUDE_HOLDS".to_owned(), "results=90".to_owned())]);
    let refusal = read(ALWAYS.split_whitespace().map(str::to_owned), &env).unwrap_err();
    let said =
        r#"error: failed to read the holds: "results" names no answer that is still to be held"#;
    assert_eq!(refusal.0, said);
}
