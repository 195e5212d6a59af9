//! The program over pipes.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::host::{Host, Policy};

const ARGS: [&str; 11] = [
    "--output-format",
    "stream-json",
    "--verbose",
    "--input-format",
    "stream-json",
    "--permission-prompt-tool",
    "stdio",
    "--allowedTools",
    "mcp__assistant__reply",
    "--mcp-config",
    r#"{"mcpServers":{"assistant":{"type":"sdk","name":"assistant"}}}"#,
];

const ID: &str = "7a1c1f9e-3c59-4b63-9d43-0d3a1a4d2c11";

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-claude"));
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("CLAUDE_CONFIG_DIR", home)
        .env("CLAUDE_CODE_SDK_READS_SESSION_STATE", "1")
        .env("FAKE_CLAUDE_STRICT", "1")
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

struct Run {
    child: Child,
    host: Host<ChildStdout, ChildStdin>,
}

fn start(home: &Path, more: &[&str], env: &[(&str, &str)]) -> Run {
    let mut child = command(home)
        .args(ARGS)
        .args(more)
        .envs(env.iter().copied())
        .spawn()
        .expect("the program starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let stdin = child.stdin.take().expect("stdin is piped");
    Run { child, host: Host::new(stdout, stdin, Policy::default()) }
}

impl Run {
    /// Starts a tool that runs until it is ended; returns its process id.
    async fn start_tool(&mut self, home: &Path) -> rustix::process::Pid {
        let tool = "tool: echo $$ > pid.new; mv pid.new pid; exec tail -f /dev/null";
        self.host.tell(tool).await;
        self.host.until(|frame| frame["request"]["subtype"] == "can_use_tool").await;
        watch_for(&home.join("pid")).await
    }

    /// Waits for the end; returns how it was and what stood on stderr.
    async fn end(self) -> (ExitStatus, String) {
        let Self { child, mut host } = self;
        host.drain().await;
        let output = child.wait_with_output().await.expect("the program is reaped");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

async fn refused(args: &[&str]) -> (Option<i32>, String, String) {
    let home = home();
    let output = command(home.path()).args(args).output().await.expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn it_tells_its_version() {
    let told = refused(&["--version"]).await;
    assert_eq!(told, (Some(0), "2.1.330 (Claude Code)\n".to_owned(), String::new()));
}

#[tokio::test]
async fn it_refuses_an_unknown_option() {
    let told = refused(&["--x"]).await;
    assert_eq!(told, (Some(1), String::new(), "error: unknown option '--x'\n".to_owned()));
}

#[tokio::test]
async fn a_conversation_runs_its_tools_and_ends_with_stdin() {
    let home = home();
    let mut run = start(home.path(), &["--append-system-prompt-file", "/dev/null"], &[]);
    run.host.open().await;
    run.host.converse("tool: echo made > file; cat file; echo $FAKE_CLAUDE_STRICT").await;
    assert_eq!(run.host.replies, ["The tool said: made\n1"]);
    assert_eq!(std::fs::read_to_string(home.path().join("file")).ok().as_deref(), Some("made\n"));
    run.host.close().await;
    let (status, stderr) = run.end().await;
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn after_a_kill_in_mid_tool_the_tool_lives_and_the_session_recalls() {
    let home = home();
    let mut run = start(home.path(), &["--session-id", ID], &[]);
    run.host.open().await;
    let pid = run.start_tool(home.path()).await;
    run.child.start_kill().expect("the agent is killed");
    run.host.drain().await;
    run.child.wait().await.expect("the agent is reaped");
    assert!(rustix::process::test_kill_process(pid).is_ok(), "the tool outlives the agent");
    rustix::process::kill_process_group(pid, rustix::process::Signal::KILL)
        .expect("the tool leads its own group");

    let mut run = start(home.path(), &[&format!("--resume={ID}")], &[]);
    run.host.open().await;
    run.host.converse("recall").await;
    assert!(run.host.replies[0].starts_with("I remember: tool: echo"), "{:?}", run.host.replies);
}

#[tokio::test]
async fn a_termination_takes_the_tool_along() {
    let home = home();
    let mut run = start(home.path(), &[], &[]);
    run.host.open().await;
    let tool = run.start_tool(home.path()).await;
    let agent = run.child.id().and_then(|id| i32::try_from(id).ok());
    let agent = agent.and_then(rustix::process::Pid::from_raw).expect("the agent runs");
    rustix::process::kill_process(agent, rustix::process::Signal::TERM).expect("it is signalled");
    let (status, _) = run.end().await;
    assert_eq!(status.code(), Some(143));
    // The kernel ends it at once, but whoever inherits it may reap it a moment later.
    while is_alive(tool) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_interrupt_ends_the_tool_and_the_agent_goes_on() {
    let home = home();
    let mut run = start(home.path(), &[], &[]);
    run.host.open().await;
    let tool = run.start_tool(home.path()).await;
    run.host.request(json!({ "subtype": "interrupt" })).await;
    let result = run.host.until(|frame| frame["type"] == "result").await;
    assert_eq!(result["terminal_reason"], "aborted_tools");
    while is_alive(tool) {
        tokio::task::yield_now().await;
    }
    run.host.idle().await;
    run.host.converse("hi").await;
    assert_eq!(run.host.replies, ["You said: hi"]);
}

#[tokio::test]
async fn an_unknown_session_ends_with_a_result() {
    let home = home();
    let mut run = start(home.path(), &[&format!("--resume={ID}")], &[]);
    run.host.request(json!({ "subtype": "initialize", "hooks": null })).await;
    let result = run.host.until(|frame| frame["type"] == "result").await;
    let text = format!("No conversation found with session ID: {ID}");
    assert_eq!(result["errors"], json!([text]));
    let (status, stderr) = run.end().await;
    assert_eq!((status.code(), stderr), (Some(1), format!("{text}\n")));
}

#[tokio::test]
async fn a_strict_agent_leaves_with_3_and_says_why() {
    let home = home();
    let mut run = start(home.path(), &[], &[]);
    run.host.open().await;
    run.host.tell_with("hi", &json!({ "client_composed": false })).await;
    let (status, stderr) = run.end().await;
    assert_eq!(status.code(), Some(3));
    assert_eq!(stderr, "fake-claude is strict: a user line without client_composed\n");
}

#[tokio::test]
async fn a_scenario_can_kill_it() {
    use std::os::unix::process::ExitStatusExt;
    let home = home();
    let path = home.path().join("scenario.json");
    let step = r#"[{"when": {"on": "turn", "n": 2}, "what": {"signal": 9}}]"#;
    std::fs::write(&path, step).expect("the scenario is written");
    let env = [("FAKE_CLAUDE_SCENARIO", path.to_str().expect("a plain path"))];
    let mut run = start(home.path(), &[], &env);
    run.host.open().await;
    run.host.converse("hi").await;
    run.host.tell("again").await;
    let (status, _) = run.end().await;
    assert_eq!(status.signal(), Some(9));
    assert_eq!(std::fs::write(&path, "[{}]").ok(), Some(()));
    let (status, stderr) = start(home.path(), &[], &env).end().await;
    assert_eq!(status.code(), Some(1));
    assert!(stderr.contains("missing field `when`"), "{stderr}");
}

fn is_alive(pid: rustix::process::Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    // A killed tool that nobody reaped yet is as good as gone.
    rustix::process::test_kill_process(pid).is_ok()
        && !stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|s| s.starts_with(" Z")))
}

/// Waits for a file with a process id, which a tool writes as soon as it runs.
async fn watch_for(path: &Path) -> rustix::process::Pid {
    loop {
        if let Ok(text) = std::fs::read_to_string(path) {
            let pid = text.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
            return pid.expect("the file holds a process id");
        }
        tokio::task::yield_now().await;
    }
}
