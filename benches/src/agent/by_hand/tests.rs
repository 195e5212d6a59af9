use super::*;

/// A shell in the place of the program, with `script` for what it says.
fn shell(script: &str) -> ByHand {
    let mut child = std::process::Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    let output = Output { pipe: child.stdout.take(), read: Vec::new(), used: 0 };
    ByHand { child, stdin, output, session_id: String::new() }
}

#[test]
fn the_wanted_line_is_told_by_its_type_and_not_by_what_a_text_says() {
    let mut agent = shell(
        r#"echo '{"type":"user","text":"a \"type\":\"result\" in a text"}'
           echo '{"type":"tool_result"}'; printf '{"type":'; echo '"result","n":1}'"#,
    );
    assert_eq!(agent.read_until(RESULT).unwrap(), r#"{"type":"result","n":1}"#);
    assert!(agent.disconnect().is_ok());
}

#[test]
fn what_is_asked_on_the_way_is_answered() {
    let mut agent = shell(
        r#"echo '{"type":"control_request","request_id":"7","request":{"subtype":"hook_callback"}}'
           read answer; echo "$answer""#,
    );
    let answer = agent.read_until(ANSWERED).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&answer).unwrap(),
        json!({
            "type": "control_response",
            "response": {"subtype": "success", "request_id": "7", "response": {}},
        })
    );
}

#[test]
fn tools_are_named_and_used() {
    let asked = |method: &str| {
        let message = json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": {}});
        let asked =
            json!({"request_id": "1", "request": {"subtype": "mcp_message", "message": message}});
        answer(&asked)["response"]["response"]["mcp_response"].clone()
    };
    assert_eq!(asked("tools/list")["result"]["tools"][0]["name"], "reply");
    assert_eq!(asked("tools/call")["result"]["isError"], false);
    assert_eq!(asked("tools/call")["id"], 3);
    let notified = json!({"request": {"subtype": "mcp_message", "message": {"method": "n"}}});
    let told = &answer(&notified)["response"]["response"]["mcp_response"];
    assert_eq!(*told, json!({"jsonrpc": "2.0", "result": {}}));
}

#[test]
fn an_agent_that_goes_is_trouble_and_not_a_wait() {
    let mut agent = shell("exit 3");
    let trouble = agent.read_until(RESULT).unwrap_err().to_string();
    assert_eq!(trouble, "read a line of the agent: it is gone");
}
