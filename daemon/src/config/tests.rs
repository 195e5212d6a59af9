use super::*;

fn load(text: &str) -> Result<Config, FileError> {
    let text = Text::from_bytes(Path::new("config.toml"), text.as_bytes().to_vec())?;
    Config::from_text(&text, Some(Path::new("/tmp")))
}

#[track_caller]
fn check(text: &str, error: &str) {
    assert_eq!(load(text).map(drop).map_err(|error| error.to_string()), Err(error.to_owned()));
}

#[test]
fn an_empty_file_is_all_defaults() {
    let config = load("").unwrap();
    assert_eq!(config.agent.program, Path::new("claude"));
    assert_eq!(config.agent.agents_alive_max, None);
    assert_eq!(config.test.dir, Path::new("/tmp/.claude/test-messages"));
    assert!(config.test.enabled && config.test.watch && !config.test.trust);
    assert_eq!(config.memory, None);
    assert_eq!(config.log, Level::Info);
    assert_eq!(config.restart.command, ["cargo", "xtask", "safe-restart"]);
    assert_eq!((config.restart.source_dir, config.restart.alert_command), (None, None));
    assert!(config.shutdown.turn_grace < config.shutdown.deadline);
}

/// A key that is read and goes nowhere would be one that does not work.
/// Incidents: J14, J18.
#[test]
fn every_key_is_taken_over() {
    let config = load(
        r#"
        [agent]
        program = "~/bin/claude"
        config_dir = "/tmp"
        model = "opus"
        working_dir = "~/"
        agents_alive_max = 3
        [agent.env]
        KEY = "v"
        [test]
        enabled = false
        dir = "/tmp"
        trust = true
        watch = false
        [memory]
        command = ["remember", "--short"]
        [shutdown]
        deadline_s = 9
        turn_grace_s = 0.5
        [log]
        level = "debug"
        [restart]
        source_dir = "/tmp"
        command = ["make", "restart"]
        alert_command = ["call"]
        "#,
    )
    .unwrap();
    let expected = Config {
        agent: Agent {
            program: "/tmp/bin/claude".into(),
            config_dir: Some("/tmp".into()),
            model: Some("opus".into()),
            working_dir: Some("/tmp".into()),
            agents_alive_max: NonZeroU32::new(3),
            env: BTreeMap::from([("KEY".to_owned(), "v".to_owned())]),
        },
        test: TestSource { enabled: false, dir: "/tmp".into(), trust: true, watch: false },
        memory: Some(vec!["remember".into(), "--short".into()]),
        shutdown: Shutdown {
            deadline: Duration::from_secs(9),
            turn_grace: Duration::from_millis(500),
        },
        log: Level::Debug,
        restart: Restart {
            source_dir: Some("/tmp".into()),
            command: vec!["make".into(), "restart".into()],
            alert_command: Some(vec!["call".into()]),
        },
    };
    assert_eq!(config, expected);
}

#[test]
fn a_missing_file_is_all_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::load(&dir.path().join("config.toml"), Some(Path::new("/tmp"))).unwrap();
    assert_eq!(config, load("").unwrap());
}

#[test]
fn unknown_keys_are_named_with_their_line_and_table() {
    check("[agent]\nalive_max = 3\n", "config.toml:2: agent.alive_max: unknown key");
    check("\n\nagnet = 1\n", "config.toml:3: agnet: unknown key");
    check("[agnet]\n", "config.toml:1: agnet: unknown key");
    check("agent.alive = 1", "config.toml:1: agent.alive: unknown key");
    check("[test]\n[log]\nlevle = 1", "config.toml:3: log.levle: unknown key");
}

#[test]
fn wrong_types_are_named() {
    check(
        "[agent]\nagents_alive_max = \"three\"",
        "config.toml:2: agent.agents_alive_max: wrong type: expected a whole number, found a string",
    );
    check(
        "[agent]\nprogram = 3",
        "config.toml:2: agent.program: wrong type: expected a string, found an integer",
    );
    check("agent = 3", "config.toml:1: agent: wrong type: expected a table, found an integer");
    check("[[agent]]", "config.toml:1: agent: wrong type: expected a table, found an array");
    check("\nlog = []", "config.toml:2: log: wrong type: expected a table, found an array");
    check(
        "[test]\ntrust = \"yes\"",
        "config.toml:2: test.trust: wrong type: expected a boolean, found a string",
    );
    check(
        "[memory]\ncommand = \"remember\"",
        "config.toml:2: memory.command: wrong type: expected an array, found a string",
    );
    check(
        "[memory]\ncommand = [\n  \"a\",\n  1,\n]",
        "config.toml:4: memory.command: wrong type: expected a string, found an integer",
    );
    check(
        "[agent.env]\nA = \"x\"\nB = 1",
        "config.toml:3: agent.env.B: wrong type: expected a string, found an integer",
    );
    check(
        "[shutdown]\ndeadline_s = \"1\"",
        "config.toml:2: shutdown.deadline_s: wrong type: expected a number, found a string",
    );
}

#[test]
fn bad_values_are_named() {
    check(
        "[agent]\nagents_alive_max = 0",
        "config.toml:2: agent.agents_alive_max: bad value: expected 1 or more",
    );
    check(
        "[agent]\nagents_alive_max = -1",
        "config.toml:2: agent.agents_alive_max: bad value: expected a whole number",
    );
    check(
        "[agent]\nmodel = \"-x\"",
        "config.toml:2: agent.model: bad value: expected the name of a model",
    );
    check(
        "[agent]\nprogram = \"./claude\"",
        "config.toml:2: agent.program: bad value: expected a name to look up in PATH, or an absolute path",
    );
    check(
        "[agent.env]\nCLAUDECODE = \"1\"",
        "config.toml:2: agent.env.CLAUDECODE: bad value: the daemon sets this variable itself",
    );
    check(
        "[agent]\nenv = { \"A=B\" = \"1\" }",
        "config.toml:2: agent.env.A=B: bad value: not the name of a variable",
    );
    check(
        "[memory]\ncommand = []",
        "config.toml:2: memory.command: bad value: a program must come first",
    );
    check(
        "[log]\nlevel = \"loud\"",
        "config.toml:2: log.level: bad value: expected one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
    );
    check(
        "[shutdown]\ndeadline_s = nan",
        "config.toml:2: shutdown.deadline_s: bad value: expected 0.1 to 3600 seconds",
    );
    check(
        "[shutdown]\ndeadline_s = 5\nturn_grace_s = 5",
        "config.toml:3: shutdown.turn_grace_s: bad value: expected 0 or more, and less than the deadline of 5 seconds",
    );
}

#[test]
fn a_configured_directory_has_to_be_there() {
    check("[test]\ndir = \"/nowhere/at/all\"", "config.toml:2: test.dir: directory does not exist");
    check(
        "[agent]\nconfig_dir = \"/dev/null\"",
        "config.toml:2: agent.config_dir: not a directory",
    );
    check(
        "[agent]\nworking_dir = \"somewhere\"",
        "config.toml:2: agent.working_dir: bad value: expected an absolute path, or one that begins with ~/",
    );
}

#[test]
fn what_is_not_toml_is_named_by_its_line() {
    for text in ["[agent\n", "a = \n", "[log]\nlevel = \"info\nx", "a = 1\na = 2", "]"] {
        let error = load(text).unwrap_err().to_string();
        assert!(error.starts_with("config.toml:"), "{error}");
        assert!(error.contains(": not valid TOML: "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
