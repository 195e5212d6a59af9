use serde_json::{Value, json};

use super::*;

/// A program that is this shell script; `$1` is its first argument.
fn program(script: &str) -> (tempfile::TempDir, Launch) {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("claude");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let launch = Launch {
        program: path,
        arguments: Vec::new(),
        environment: [("PATH".into(), "/usr/bin:/bin".into())].into(),
        working_dir: dir.path().to_owned(),
        mark: None,
    };
    (dir, launch)
}

/// A program that answers the first request with `account`, and ends with its input.
fn with_account(account: &Value) -> (tempfile::TempDir, Launch) {
    let answer = json!({"type": "control_response", "response": {
        "subtype": "success", "request_id": REQUEST_ID, "response": {"account": account},
    }});
    program(&format!("read request; echo '{answer}'; cat >/dev/null"))
}

async fn login_of(account: Value) -> Login {
    let (_dir, launch) = with_account(&account);
    login(&launch).await.unwrap()
}

#[tokio::test]
async fn a_version_is_the_first_word_of_what_the_program_says() {
    let (_dir, launch) = program("[ \"$1\" = --version ] && echo '2.1.330 (Claude Code)'");
    assert_eq!(version(&launch).await.unwrap(), "2.1.330");
}

#[tokio::test]
async fn another_program_has_no_version() {
    let (_dir, launch) = program("echo usage; echo 'no such option' >&2; exit 2");
    let error = version(&launch).await.unwrap_err();
    let expected = format!("understand {}: exit 2, no such option\n", launch.program.display());
    assert_eq!(error.to_string(), expected);
    let (_dir, launch) = program("echo hello");
    assert!(matches!(version(&launch).await, Err(ProbeError::Unexpected { .. })));
}

#[tokio::test]
async fn a_missing_program_is_told_as_such() {
    let (dir, launch) = program("");
    drop(dir);
    assert!(matches!(version(&launch).await, Err(ProbeError::Start(_))));
    assert!(matches!(login(&launch).await, Err(ProbeError::Start(_))));
}

#[tokio::test]
async fn the_login_is_what_the_account_says() {
    let account = json!({"tokenSource": "none", "apiProvider": "firstParty"});
    assert_eq!(login_of(account).await, Login::None);
    let account = json!({"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY"});
    assert_eq!(login_of(account).await, Login::ApiKey("ANTHROPIC_API_KEY".into()));
    let account = json!({"tokenSource": "CLAUDE_CODE_OAUTH_TOKEN"});
    assert_eq!(login_of(account).await, Login::Token("CLAUDE_CODE_OAUTH_TOKEN".into()));
    assert_eq!(login_of(Value::Null).await, Login::None);
}

#[tokio::test]
async fn a_request_that_stands_before_the_answer_is_answered() {
    let request =
        json!({"type": "control_request", "request_id": "q", "request": {"subtype": "new"}});
    let answer = json!({"type": "control_response", "response": {
        "subtype": "success", "request_id": REQUEST_ID, "response": {"account": {"tokenSource": "t"}},
    }});
    let (_dir, launch) = program(&format!(
        "read ours; echo '{request}'; read refusal; echo '{answer}'; cat >/dev/null"
    ));
    assert_eq!(login(&launch).await.unwrap(), Login::Token("t".into()));
}

#[tokio::test]
async fn a_program_that_ends_without_an_answer_is_quoted() {
    let (_dir, launch) = program("echo 'Error: out of order' >&2; exit 1");
    let error = login(&launch).await.unwrap_err().to_string();
    assert!(error.ends_with("exit 1, Error: out of order\n"), "{error}");
}
