use std::path::Path;

use assistant_core::access::Profile;

use super::*;
use crate::processes::HomeId;

fn options(session: Start) -> AgentOptions {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    AgentOptions {
        program: "claude".into(),
        working_dir: "/home/sessions/17".into(),
        session,
        prompt_file: "/home/state/prompts/17.md".into(),
        tools: words(&["Read", "WebSearch", "Task"]),
        own_tools: words(&["reply", "history"]),
        setting_sources: SettingSources::Project,
        model: None,
        mark: Mark { home: HomeId::of(Path::new("/home")), generation: 3, session: 17 },
        config_dir: None,
        extra_env: BTreeMap::new(),
    }
}

fn fresh() -> AgentOptions {
    options(Start::Fresh(Uuid::from_u128(1)))
}

/// The arguments, one a line.
fn argv(options: &AgentOptions) -> String {
    let words: Vec<_> =
        options.argv().into_iter().map(|word| word.into_string().unwrap()).collect();
    words.join("\n")
}

/// The environment that comes of `inherited`, one variable a line.
fn environment_of(options: &AgentOptions, inherited: &[(&str, &str)]) -> String {
    let inherited = inherited.iter().map(|(name, value)| (name.into(), value.into()));
    let variables = options.environment(inherited);
    let lines =
        variables.iter().map(|(name, value)| format!("{}={}", name.display(), value.display()));
    lines.collect::<Vec<_>>().join("\n")
}

/// It names the conversation that begins, and none to come back to.
/// Incidents: 29.
#[test]
fn a_fresh_session_with_the_tools_of_a_tier() {
    insta::assert_snapshot!(argv(&fresh()), @r#"
    --output-format
    stream-json
    --verbose
    --append-system-prompt-file
    /home/state/prompts/17.md
    --tools
    Read,WebSearch,Task
    --allowedTools
    mcp__assistant__reply,mcp__assistant__history
    --permission-prompt-tool
    stdio
    --mcp-config
    {"mcpServers":{"assistant":{"type":"sdk","name":"assistant"}}}
    --strict-mcp-config
    --setting-sources=project
    --session-id=00000000-0000-0000-0000-000000000001
    --input-format
    stream-json
    "#);
}

/// It names the conversation to come back to, and none that begins: the program refuses both.
/// Incidents: 29.
#[test]
fn a_resumed_session_with_none_of_the_programs_tools_and_a_model() {
    let resumed = AgentOptions {
        tools: Vec::new(),
        own_tools: vec!["reply".into()],
        setting_sources: SettingSources::None,
        model: Some("opus".into()),
        ..options(Start::Resume("-0f36".into()))
    };
    insta::assert_snapshot!(argv(&resumed), @r#"
    --output-format
    stream-json
    --verbose
    --append-system-prompt-file
    /home/state/prompts/17.md
    --tools

    --allowedTools
    mcp__assistant__reply
    --permission-prompt-tool
    stdio
    --mcp-config
    {"mcpServers":{"assistant":{"type":"sdk","name":"assistant"}}}
    --strict-mcp-config
    --setting-sources=
    --model=opus
    --resume=-0f36
    --input-format
    stream-json
    "#);
}

/// A command line that the program refuses keeps every session from starting: each that we can
/// come to write is one that it takes, whatever the model, and says once how it begins.
/// Incidents: 29, 31, 51.
#[test]
fn every_command_line_of_ours_is_one_that_the_program_takes() {
    let dir = tempfile::tempdir().unwrap();
    let prompt_file = dir.path().join("prompt.md");
    std::fs::write(&prompt_file, "").unwrap();
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    for model in [None, Some("opus"), Some("sonnet"), Some("claude-opus-4-1"), Some("-x")] {
        for profile in Profile::ALL {
            for fresh in [true, false] {
                let id = Uuid::from_u128(1);
                let session = if fresh { Start::Fresh(id) } else { Start::Resume(id.to_string()) };
                let options = AgentOptions {
                    model: model.map(str::to_owned),
                    tools: words(profile.tools()),
                    own_tools: words(profile.own_tools()),
                    prompt_file: prompt_file.clone(),
                    ..options(session)
                };
                let argv: Vec<String> = argv(&options).lines().map(str::to_owned).collect();
                let begins = |name: &str| argv.iter().any(|word| word.starts_with(name));
                assert_ne!(begins("--session-id"), begins("--resume"), "{argv:?}");
                let read = fakes::args::read(argv, &BTreeMap::new());
                assert!(matches!(read, Ok(fakes::args::Start::Run(_))), "{read:?}");
            }
        }
    }
}

/// Nothing of the daemon's own surroundings leaks into an agent.
/// Incidents: 80.
#[test]
fn only_listed_variables_pass_and_ours_stand_over_them() {
    let inherited = [
        ("PATH", "/usr/bin"),
        ("LC_ALL", "C.UTF-8"),
        ("ANTHROPIC_API_KEY", "key"),
        ("https_proxy", "http://127.0.0.1:3128"),
        ("CLAUDECODE", "1"),
        ("CLAUDE_CODE_ENTRYPOINT", "cli"),
        ("CLAUDE_ASSISTANT_AGENT", "00:1:1"),
        ("CLAUDE_ASSISTANT_HOME", "/home"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("PWD", "/elsewhere"),
        ("PATHS", "no"),
        ("TERM", "xterm"),
        ("CLAUDE_CONFIG_DIR", "/inherited"),
        // An agent that could show signs of life for the daemon would keep a hung one alive.
        ("NOTIFY_SOCKET", "/run/notify.sock"),
        ("WATCHDOG_USEC", "60000000"),
        ("WATCHDOG_PID", "1"),
    ];
    insta::assert_snapshot!(environment_of(&fresh(), &inherited), @r#"
    ANTHROPIC_API_KEY=key
    CLAUDE_ASSISTANT_AGENT=2cc974af6afc822c:3:17
    CLAUDE_CODE_ENTRYPOINT=sdk-py
    CLAUDE_CODE_SDK_READS_SESSION_STATE=1
    CLAUDE_CONFIG_DIR=/inherited
    DISABLE_AUTOUPDATER=1
    LC_ALL=C.UTF-8
    PATH=/usr/bin
    PWD=/home/sessions/17
    https_proxy=http://127.0.0.1:3128
    "#);
}

#[test]
fn the_configuration_adds_variables_but_not_those_that_say_who_the_agent_is() {
    let extra = [
        ("SSH_AUTH_SOCK", "/run/ssh"),
        ("PATH", "/opt/bin"),
        ("CLAUDECODE", "1"),
        ("CLAUDE_ASSISTANT_AGENT", "forged"),
        ("PWD", "/elsewhere"),
    ];
    let options = AgentOptions {
        config_dir: Some("/home/claude".into()),
        extra_env: extra.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..fresh()
    };
    let inherited = [("PATH", "/usr/bin"), ("CLAUDE_CONFIG_DIR", "/inherited")];
    insta::assert_snapshot!(environment_of(&options, &inherited), @r#"
    CLAUDE_ASSISTANT_AGENT=2cc974af6afc822c:3:17
    CLAUDE_CODE_ENTRYPOINT=sdk-py
    CLAUDE_CODE_SDK_READS_SESSION_STATE=1
    CLAUDE_CONFIG_DIR=/home/claude
    DISABLE_AUTOUPDATER=1
    PATH=/opt/bin
    PWD=/home/sessions/17
    SSH_AUTH_SOCK=/run/ssh
    "#);
}

#[test]
fn the_tool_server_is_named_once() {
    let servers: serde_json::Value = serde_json::from_str(TOOL_SERVERS).unwrap();
    assert_eq!(servers["mcpServers"][TOOL_SERVER]["name"], TOOL_SERVER);
}

#[test]
fn a_launch_is_all_of_it() {
    let options = fresh();
    let launch = options.launch([]);
    assert_eq!(launch.arguments, options.argv());
    assert_eq!(launch.environment, options.environment([]));
    assert_eq!((launch.program, launch.working_dir), (options.program, options.working_dir));
    assert_eq!(launch.mark, Some(options.mark));
}
