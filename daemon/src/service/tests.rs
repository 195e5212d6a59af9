//! The files as they are written, and every command with its words.

use super::*;

const USER: &str = "/people/some one";

fn home(root: &str) -> Home {
    Home::at(root)
}

fn config() -> Config {
    let mut config = Config::load(Path::new("/nowhere/config.toml"), None).unwrap();
    config.shutdown.deadline = Duration::from_millis(44_200);
    config
}

fn service(root: &str, path: &str) -> Service {
    Service::of(&home(root), Path::new(USER), &config(), Some(Path::new(path))).unwrap()
}

#[test]
fn a_unit_says_all_that_systemd_has_to_know() {
    let service = service("/people/some one/.claude-assistant", "/opt/bin:/usr/bin");
    insta::assert_snapshot!(service.text(Init::Systemd), @r#"
    [Unit]
    Description=claude-assistant, home /people/some one/.claude-assistant

    [Service]
    Type=notify
    NotifyAccess=main
    WatchdogSec=60
    TimeoutStartSec=infinity
    TimeoutStopSec=60
    KillMode=mixed
    OOMPolicy=continue
    Restart=on-failure
    RestartSec=5
    RestartPreventExitStatus=75
    UMask=0077
    Environment="CLAUDE_ASSISTANT_HOME=/people/some one/.claude-assistant"
    Environment="PATH=/opt/bin:/usr/bin"
    ExecStart="/people/some one/.claude-assistant/launcher/claude-assistant" launch

    [Install]
    WantedBy=default.target
    "#);
}

#[test]
fn a_property_list_says_all_that_launchd_has_to_know() {
    let service = service("/people/some one/.claude-assistant", "/opt/bin:/usr/bin");
    insta::assert_snapshot!(service.text(Init::Launchd), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
    <plist version="1.0">
    <dict>
        <key>Label</key>
        <string>claude-assistant</string>
        <key>ProgramArguments</key>
        <array>
            <string>/people/some one/.claude-assistant/launcher/claude-assistant</string>
            <string>launch</string>
        </array>
        <key>EnvironmentVariables</key>
        <dict>
            <key>CLAUDE_ASSISTANT_HOME</key>
            <string>/people/some one/.claude-assistant</string>
            <key>PATH</key>
            <string>/opt/bin:/usr/bin</string>
        </dict>
        <key>RunAtLoad</key>
        <true/>
        <key>KeepAlive</key>
        <dict>
            <key>SuccessfulExit</key>
            <false/>
        </dict>
        <key>ThrottleInterval</key>
        <integer>10</integer>
        <key>ExitTimeOut</key>
        <integer>60</integer>
        <key>Umask</key>
        <integer>63</integer>
        <key>StandardErrorPath</key>
        <string>/people/some one/.claude-assistant/logs/stderr.log</string>
    </dict>
    </plist>
    "#);
}

/// What a path of either system may hold reads back as it was: systemd.syntax(7), XML 1.0.
#[test]
fn what_means_something_in_a_format_is_escaped() {
    let service = service(r#"/a "b" \c %d $e &f;<g>'"#, "/x%y&z");
    let lines = |init: Init, words: &[&str]| {
        let text = service.text(init);
        let found = text.lines().filter(|line| words.iter().any(|word| line.contains(word)));
        found.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let unit = lines(Init::Systemd, &["Description", "Environment", "ExecStart"]);
    let expected = [
        r#"Description=claude-assistant, home /a "b" \c %%d $e &f;<g>'"#,
        r#"Environment="CLAUDE_ASSISTANT_HOME=/a \"b\" \\c %%d $e &f;<g>'""#,
        r#"Environment="PATH=/x%%y&z""#,
        r#"ExecStart="/a \"b\" \\c %%d $e &f;<g>'/launcher/claude-assistant" launch"#,
    ];
    assert_eq!(unit, expected);
    let expected = [
        r#"<string>/a "b" \c %d $e &amp;f;&lt;g&gt;'/launcher/claude-assistant</string>"#,
        r#"<string>/a "b" \c %d $e &amp;f;&lt;g&gt;'</string>"#,
        "<string>/x%y&amp;z</string>",
        r#"<string>/a "b" \c %d $e &amp;f;&lt;g&gt;'/logs/stderr.log</string>"#,
    ];
    assert_eq!(lines(Init::Launchd, &["/a ", "/x"]), expected);
}

#[test]
fn a_path_that_no_format_can_hold_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let user = Path::new(USER);
    for root in [b"/a\nb".as_slice(), b"/a\x07b", b"/a\xffb"] {
        let home = Home::at(std::ffi::OsStr::from_bytes(root));
        let error = Service::of(&home, user, &config(), None).unwrap_err();
        assert!(error.to_string().contains("not UTF-8, or holds a control character"), "{error}");
    }
    let path = Path::new("/bin:/a\nExecStart=/evil");
    assert!(Service::of(&home("/a"), user, &config(), Some(path)).is_err());
}

#[test]
fn every_home_has_a_service_of_its_own() {
    let user = Path::new(USER);
    let usual = home("/people/some one/.claude-assistant");
    let of = |init, home| file_of(init, home, user, None).display().to_string();
    let unit = "/people/some one/.config/systemd/user/claude-assistant.service";
    assert_eq!(of(Init::Systemd, &usual), unit);
    let list = "/people/some one/Library/LaunchAgents/claude-assistant.plist";
    assert_eq!(of(Init::Launchd, &usual), list);
    let second = of(Init::Launchd, &home("/second"));
    let id = HomeId::of(Path::new("/second"));
    assert_eq!(second, format!("{USER}/Library/LaunchAgents/claude-assistant-{id}.plist"));
    let moved = file_of(Init::Systemd, &usual, user, Some(Path::new("/elsewhere")));
    assert_eq!(moved, Path::new("/elsewhere/systemd/user/claude-assistant.service"));
}

#[test]
fn the_commands_have_these_words() {
    let service = service("/people/some one/.claude-assistant", "/bin");
    let uid = rustix::process::getuid().as_raw();
    let line = |words: &[String]| words.join(" ");
    let lines = |all: &[Vec<String>]| all.iter().map(|words| line(words)).collect::<Vec<_>>();
    let file = Path::new("/f");
    let now = |init| lines(&service.loading(init, file, Begin::Now));
    let later = |init| lines(&service.loading(init, file, Begin::AtLogin));
    let unit = "claude-assistant.service";
    let enable = format!("--user enable --now {unit}");
    assert_eq!(now(Init::Systemd), ["--user daemon-reload".to_owned(), enable]);
    let enable = format!("--user enable {unit}");
    assert_eq!(later(Init::Systemd), ["--user daemon-reload".to_owned(), enable]);
    assert_eq!(now(Init::Launchd), [format!("bootstrap gui/{uid} /f")]);
    assert!(later(Init::Launchd).is_empty());
    let ends = lines(&service.unloading(Init::Systemd));
    assert_eq!(ends, [format!("--user disable --now {unit}")]);
    let ends = lines(&service.unloading(Init::Launchd));
    assert_eq!(ends, [format!("bootout gui/{uid}/claude-assistant")]);
    let asks = line(&service.asking(Init::Systemd));
    assert_eq!(asks, format!("--user is-active --quiet {unit}"));
    assert_eq!(line(&service.asking(Init::Launchd)), format!("print gui/{uid}/claude-assistant"));
}

#[test]
fn the_commands_about_one_that_runs_have_these_words() {
    let service = service("/people/some one/.claude-assistant", "/bin");
    let uid = rustix::process::getuid().as_raw();
    let job = format!("gui/{uid}/claude-assistant");
    let of = |init| {
        let (starting, looking) = (service.starting(init), service.looking(init));
        let (pid, reaching) = (service.asking_pid(init), Service::reaching(init));
        [starting, looking, pid, reaching].map(|words| words.join(" "))
    };
    let systemd = [
        "--user start claude-assistant.service",
        "--user status claude-assistant.service",
        "--user show --property=MainPID claude-assistant.service",
        "--user show --property=Version",
    ];
    assert_eq!(of(Init::Systemd), systemd);
    let print = format!("print {job}");
    let launchd = [format!("kickstart {job}"), print.clone(), print, format!("print gui/{uid}")];
    assert_eq!(of(Init::Launchd), launchd);
    assert_eq!(service.ceasing().join(" "), "--user stop claude-assistant.service");
}

#[test]
fn the_process_that_runs_is_read_from_what_is_told() {
    for (init, told, pid) in [
        (Init::Systemd, "MainPID=812\n", Some(812)),
        (Init::Systemd, "MainPID=0\n", None),
        (Init::Systemd, "", None),
        (Init::Launchd, "gui/501/x = {\n\tstate = running\n\n\tpid = 812\n\tx = 1\n}", Some(812)),
        (Init::Launchd, "gui/501/x = {\n\tstate = not running\n}", None),
    ] {
        assert_eq!(pid_in(init, told), pid, "{told:?}");
    }
}

#[test]
fn only_launchd_answers_before_it_is_done() {
    let passes = [Some(0), Some(5), Some(37), Some(36), Some(64), None];
    let of = |init| passes.map(|code| (may_pass(init, code), goes_on(init, code)));
    assert_eq!(of(Init::Systemd), [(false, false); 6]);
    let yes = (true, false);
    let expected = [(false, false), yes, yes, (false, true), (false, false), (false, false)];
    assert_eq!(of(Init::Launchd), expected);
}

#[test]
fn files_that_differ_in_the_path_alone_are_the_same() {
    for init in [Init::Systemd, Init::Launchd] {
        let here = service("/home", "/bin").text(init);
        assert!(is_same(&here, &service("/home", "/opt/bin:/bin").text(init)), "{init:?}");
        assert!(!is_same(&here, &service("/other", "/bin").text(init)), "{init:?}");
        assert!(!is_same(&here, &here.replace("launch", "lunch")), "{init:?}");
        assert!(!is_same(&here, ""), "{init:?}");
    }
}

#[test]
fn a_command_in_a_scope_has_these_words() {
    let words = |name| {
        let words = in_scope(name, &["cargo".into(), "--request".into(), "r 1".into()]);
        words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>()
    };
    let before = ["systemd-run", "--user", "--scope", "--collect", "--quiet"];
    let behind = ["--", "cargo", "--request", "r 1"];
    assert_eq!(words(None), [&before[..], &behind].concat());
    assert_eq!(words(Some("x")), [&before[..], &["--unit=x"], &behind].concat());
}
