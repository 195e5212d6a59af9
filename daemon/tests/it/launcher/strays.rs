//! What a dead daemon leaves, however it hides, and what a command of the launcher does.

use super::*;

/// A process that detaches itself, forgets its environment and writes its number into a file.
fn hidden(file: &Path) -> String {
    let file = file.display();
    format!(
        "env -i setsid sh -c 'echo $$ > {file}.new; mv {file}.new {file}; exec tail -f /dev/null'"
    )
}

fn pid_in(file: &Path) -> u32 {
    let began = Instant::now();
    loop {
        if let Ok(text) = std::fs::read_to_string(file) {
            return text.trim().parse().unwrap();
        }
        assert!(began.elapsed() < PATIENCE, "{} never came", file.display());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn runs(pid: u32) -> bool {
    let look = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8(look.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// Where the system has no subreaper (macOS), a process that hides so belongs to nobody.
/// Incidents: 33, 84.
#[test]
fn what_a_killed_daemon_left_is_ended_and_what_a_command_runs_is_not() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    scene.place.run("stop");
    scene.launcher.take().unwrap().wait().unwrap();
    let files = ["tool", "command", "detached"].map(|name| scene.path(name));
    let [tool, command, detached] = &files;
    // In the parentheses: it loses its parent at once.
    let script = format!(
        "echo $$ > {}; ({} &); exec tail -f /dev/null",
        command.display(),
        hidden(detached)
    );
    let source_dir = scene.path("");
    let more = format!(
        "[restart]\nsource_dir = {source_dir:?}\ncommand = [\"sh\", \"-c\", {script:?}, \"sh\"]\n"
    );
    with_agent(&scene.place, tool, &more);
    scene.launch();
    let mut before = scene.until_ready();
    assert_eq!(scene.run("request").code, 0);
    let mut doomed = Doomed(files.each_ref().map(|file| pid_in(file)).to_vec());
    let left = |doomed: &Doomed| doomed.0.iter().map(|pid| runs(*pid)).collect::<Vec<_>>();
    assert_eq!(left(&doomed), [true, true, true]);
    std::fs::remove_file(tool).unwrap();
    before = another(&scene, &before);
    assert_eq!(left(&doomed), [false, true, true]);

    // Behind the end of the command what it left falls to the launcher, as a daemon's tools do.
    signal("-KILL", &json!(doomed.0[1]));
    let requests = scene.path("state/restart/requests");
    let is_done = || {
        let entries = std::fs::read_dir(&requests).unwrap().flatten();
        let mut texts = entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        texts.any(|text| text.contains("\"done\""))
    };
    let began = Instant::now();
    while !is_done() {
        assert!(began.elapsed() < PATIENCE, "its end is never seen");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    doomed.0[0] = pid_in(tool);
    assert_eq!(left(&doomed), [true, false, true]);
    another(&scene, &before);
    assert_eq!(left(&doomed), [false, false, true]);
}

/// Behind the end of the daemon nobody would know whose it is.
/// Incidents: 33, 84.
#[test]
fn a_daemon_that_stops_in_order_ends_what_hides_from_it() {
    let place = Place::fresh();
    let tool = place.home().join("tool");
    with_agent(&place, &tool, "");
    assert_eq!(place.run("start").code, 0);
    let doomed = Doomed(vec![pid_in(&tool)]);
    assert!(runs(doomed.0[0]));
    assert_eq!(place.run("stop").code, 0);
    assert!(!runs(doomed.0[0]));
}

/// Configures an agent that hides a tool and never answers, and gives it something to do.
fn with_agent(place: &Place, tool: &Path, more: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let (agent, dir) = (place.home().join("agent"), place.home().join("messages"));
    let script = format!("#!/bin/sh\n({} &)\nexec tail -f /dev/null\n", hidden(tool));
    place.write("agent", &script);
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o700)).unwrap();
    let config = format!(
        "[agent]\nprogram = {agent:?}\n[test]\ndir = {dir:?}\n[shutdown]\ndeadline_s = 5\n{more}"
    );
    place.write("config.toml", &config);
    place.write("messages/m.json", r#"{"from": "harness", "text": "hi"}"#);
}

/// Kills the daemon and waits for the next one.
fn another(scene: &Scene, before: &Value) -> Value {
    let pid = &before["daemon"]["pid"];
    signal("-KILL", pid);
    scene.until("another daemon", |it| it["daemon"]["ready"] == true && it["daemon"]["pid"] != *pid)
}

/// Processes that end with the test.
struct Doomed(Vec<u32>);

impl Drop for Doomed {
    fn drop(&mut self) {
        for pid in self.0.iter().filter(|pid| runs(**pid)) {
            drop(Command::new("kill").args(["-KILL", &pid.to_string()]).status());
        }
    }
}
