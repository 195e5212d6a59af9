use serde_json::json;

use super::*;

#[test]
fn the_first_answer_tells_who_is_there() {
    let body = json!({
        "account": {"tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY", "apiProvider": "firstParty"},
        "claude_code_version": "2.1.330", "hook_on_failure_supported": true, "pid": 12555,
    });
    let welcome = Welcome {
        version: Some("2.1.330".into()),
        hook_on_failure_supported: true,
        token_source: None,
        api_key_source: Some("ANTHROPIC_API_KEY".into()),
    };
    assert_eq!(Welcome::of(&body), welcome);
    assert_eq!(Welcome::of(&Value::Null), Welcome::default());
    assert_eq!(Welcome::of(&json!([1])), Welcome::default());
}
