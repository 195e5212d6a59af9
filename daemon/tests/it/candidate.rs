//! `candidate` through the real binary, with the stand-in of the agent program, and with programs in
//! its place that do not do what an agent does.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::{Place, Ran};

/// A home in which a daemon has run, and a copy of its database.
struct Tried {
    place: Place,
    copy: PathBuf,
}

impl Tried {
    fn fresh() -> Self {
        let place = Place::fresh();
        place.write("config.toml", "[shutdown]\ndeadline_s = 5\n[log]\nlevel = \"debug\"\n");
        assert_eq!((place.run("start").code, place.run("stop").code), (0, 0));
        let copy = place.home().with_file_name("copy.db");
        assert_eq!(place.run(&format!("backup {}", copy.display())).code, 0);
        Self { place, copy }
    }

    fn command(&self, agent: &Path) -> Command {
        let mut command = self.place.command(["candidate", "--json", "--database"]);
        command.arg(&self.copy).arg("--agent").arg(agent);
        command
    }

    /// Tries it; the verdict, after a look that nothing was left.
    #[track_caller]
    fn run(&self, agent: &Path, code: i32) -> Value {
        let before = self.files();
        let ran = Ran::of(self.command(agent).output().unwrap());
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(self.files(), before);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// A script in the place of the agent program.
    fn agent(&self, script: &str) -> PathBuf {
        let path = self.place.home().with_file_name("agent");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    /// An agent that never answers and starts a process in a session of its own; words that both
    /// have in their command lines.
    fn silent_agent(&self) -> (PathBuf, String) {
        let never = self.place.home().with_file_name("never");
        std::fs::write(&never, "").unwrap();
        let words = format!("tail -f {}", never.display());
        (self.agent(&format!("setsid {words} &\nexec {words}")), words)
    }

    /// The throw-away home of a candidate.
    fn ground(&self, pid: u32) -> PathBuf {
        self.place.home().join(format!("run/assistant-candidate-{pid}"))
    }

    /// Every file and folder of the real home, with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut dirs = vec![self.place.home()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let bytes = std::fs::read(&path).unwrap_or_default();
                if path.is_dir() {
                    dirs.push(path.clone());
                }
                found.insert(path, bytes);
            }
        }
        found
    }
}

fn names(verdict: &Value) -> Vec<&str> {
    let steps = verdict["steps"].as_array().unwrap();
    steps.iter().map(|step| step["name"].as_str().unwrap()).collect()
}

/// The stand-in of the agent program, built by the same cargo if nobody did.
pub(crate) fn stand_in() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_claude-assistant")).with_file_name("fake-claude");
    if !path.exists() {
        let target = path.parent().unwrap().parent().unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--package", "fakes", "--bin", "fake-claude"])
            .arg("--target-dir")
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
    }
    path
}

/// Looks until it is so; 20 s are far more than it takes.
#[track_caller]
fn wait_until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came to be");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Processes whose command line has this in it.
fn running(words: &str) -> usize {
    let listed = Command::new("ps").args(["-A", "-ww", "-o", "args="]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.lines().filter(|line| line.contains(words)).count()
}

fn signal(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

#[test]
fn a_program_that_is_fit_takes_every_step_and_leaves_the_database_where_the_copy_was() {
    let tried = Tried::fresh();
    let before = std::fs::read(&tried.copy).unwrap();
    let verdict = tried.run(&stand_in(), 0);
    assert_eq!(verdict["failed"], Value::Null, "{verdict}");
    let steps = ["prepare", "migrate", "start", "message", "status", "stop", "check", "keep"];
    assert_eq!(names(&verdict), steps);
    assert!(std::fs::read(&tried.copy).unwrap() != before);
    let beside = std::fs::read_dir(tried.copy.parent().unwrap()).unwrap();
    let mut beside: Vec<_> = beside.map(|entry| entry.unwrap().file_name()).collect();
    beside.sort();
    assert_eq!(beside, [".claude", "copy.db", "home"]);
    assert_eq!(std::fs::metadata(&tried.copy).unwrap().permissions().mode() & 0o777, 0o600);
    // The database that it leaves is a candidate's again.
    assert_eq!(tried.run(&stand_in(), 0)["failed"], Value::Null);
}

#[test]
fn beside_a_running_daemon_nobody_notices_it() {
    let tried = Tried::fresh();
    assert_eq!(tried.place.run("start").code, 0);
    let pid = |status: Ran| serde_json::from_str::<Value>(&status.out).unwrap()["pid"].clone();
    let before = pid(tried.place.run("status --json"));
    let ran = Ran::of(tried.command(&stand_in()).output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(pid(tried.place.run("status --json")), before);
    let run = std::fs::read_dir(tried.place.home().join("run")).unwrap();
    let left = run.filter(|it| it.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(left, 0);
}

/// An agent that never answers, and what it started in a session of its own, are ended whatever ends
/// the candidate.
#[test]
fn a_candidate_that_ends_by_itself_is_a_failure_and_nothing_of_it_is_left() {
    let tried = Tried::fresh();
    let (before, copy) = (tried.files(), std::fs::read(&tried.copy).unwrap());
    let (agent, words) = tried.silent_agent();
    let mut command = tried.command(&agent);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ground = tried.ground(child.id());
    wait_until(|| running(&words) == 2);
    let daemon = std::fs::read_to_string(ground.join("run/daemon.pid")).unwrap();
    signal("-KILL", daemon.trim());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{ran:?}");
    let verdict: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(names(&verdict), ["prepare", "migrate", "start"]);
    let said = "failed to keep the candidate running: it ended by itself (signal: 9 (SIGKILL)): \
                it said nothing";
    assert_eq!(verdict["failed"], said);
    assert_eq!((running(&words), tried.files() == before), (0, true));
    assert!(std::fs::read(&tried.copy).unwrap() == copy, "the copy was touched");
}

#[test]
fn what_is_missing_or_broken_fails_before_anything_begins() {
    let tried = Tried::fresh();
    let failed = |agent: &Path| tried.run(agent, 1)["failed"].as_str().unwrap().to_owned();
    let nowhere = failed(Path::new("/nowhere/agent"));
    assert_eq!(nowhere, "failed to find the stand-in: /nowhere/agent: no such program (--agent)");
    std::fs::write(&tried.copy, "no database\n".repeat(400)).unwrap();
    assert!(failed(&stand_in()).ends_with("not an SQLite database"));
    std::fs::remove_file(&tried.copy).unwrap();
    assert!(failed(&stand_in()).ends_with("there is no database yet"));
    tried.place.write("config.toml", "[log]\nlevel = 3\n");
    assert!(failed(&stand_in()).contains("failed to use the configuration: "));
}

#[test]
fn one_that_is_told_to_end_clears_away_what_it_began() {
    let tried = Tried::fresh();
    let before = tried.files();
    let (agent, words) = tried.silent_agent();
    let mut command = tried.command(&agent);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let ground = tried.ground(child.id());
    wait_until(|| running(&words) == 2);
    signal("-TERM", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!((running(&words), ground.exists(), tried.files() == before), (0, false, true));
}

/// What is killed cannot clear away. Its daemon ends by itself, and the next candidate finds the rest.
#[test]
fn one_that_is_killed_takes_its_daemon_with_it() {
    let tried = Tried::fresh();
    let before = tried.files();
    let (agent, words) = tried.silent_agent();
    let mut child = tried.command(&agent).stdout(Stdio::null()).spawn().unwrap();
    let ground = tried.ground(child.id());
    wait_until(|| running(&words) == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let hold = ground.join("hold").display().to_string();
    wait_until(|| running(&hold) == 0 && running(&words) == 0);
    assert!(ground.exists());
    let after = Ran::of(tried.command(&stand_in()).output().unwrap());
    assert_eq!(after.code, 0, "{after:?}");
    assert_eq!(tried.files(), before);
}
