//! The launcher over real processes: slots whose program is the real one or a script that
//! misbehaves, killed launchers and daemons, and restarts that go wrong.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::place::{Place, Ran};

mod database;
mod orders;
#[cfg(target_os = "linux")]
mod strays;
mod survivor;
mod writes;

/// How long something may take that takes a fraction of it.
const PATIENCE: Duration = Duration::from_secs(20);

const OLD: &str = "20260101T000000Z-old";
const NEW: &str = "20260102T000000Z-new";

/// To open a way that nobody reads, without waiting for a reader (Linux, as `/proc` is).
const NONBLOCK: i32 = 0o4000;

/// What a slot's program does.
enum Manner {
    /// What it should.
    Well,
    /// This, as a shell script.
    Script(&'static str),
}

/// A home with an old slot that is good and current, a new one of some manner, and a launcher.
struct Scene {
    launcher: Option<Child>,
    place: Place,
    bounds: &'static str,
}

impl Scene {
    fn with(new: &Manner) -> Self {
        Self::within("10000,4000,8000,200", new)
    }

    /// With other bounds: ready, heartbeat, stop, runner gone.
    fn within(bounds: &'static str, new: &Manner) -> Self {
        let place = Place::fresh();
        place.write("config.toml", "[test]\nenabled = false\n[shutdown]\ndeadline_s = 5\n");
        let mut scene = Self { launcher: None, place, bounds };
        scene.slot(OLD, &Manner::Well);
        scene.slot(NEW, new);
        scene.place.write(
            &format!("slots/marks/{OLD}.json"),
            r#"{"format":1,"standing":"good","since":"2026-01-01T00:00:00Z","why":""}"#,
        );
        std::os::unix::fs::symlink(OLD, scene.place.home().join("slots/current")).unwrap();
        scene.launch();
        scene
    }

    fn slot(&self, name: &str, manner: &Manner) {
        use std::os::unix::fs::PermissionsExt as _;
        let script = match manner {
            Manner::Well => {
                format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_claude-assistant"))
            }
            Manner::Script(script) => format!("#!/bin/sh\n{script}\n"),
        };
        let hash = hex(&Sha256::digest(&script));
        let program = format!("slots/{name}/bin/claude-assistant");
        self.place.write(&program, &script);
        let path = self.place.home().join(program);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let manifest = json!({
            "format": 1, "name": name, "commit": null, "version": "0.1.0",
            "built_at": "2026-01-01T00:00:00Z", "programs": {"claude-assistant": hash},
            "schema": {"version": 1, "min_reader": 1},
            "gate": {"tree": "t", "tiers": [1, 2], "passed_at": "2026-01-01T00:00:00Z"},
        });
        self.place.write(&format!("slots/{name}/manifest.json"), &manifest.to_string());
    }

    fn launch(&mut self) {
        let mut command = self.place.command(["launch", "--bounds", self.bounds]);
        self.launcher = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// What the launcher says, if it does.
    fn ask(&self, typed: &str) -> (i32, Value) {
        let ran = self.run(typed);
        (ran.code, serde_json::from_str(&ran.out).unwrap_or(Value::Null))
    }

    fn run(&self, typed: &str) -> Ran {
        self.place.run(&format!("launcher {typed} --json"))
    }

    /// Waits until its status is as wanted.
    #[track_caller]
    fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let (_, status) = self.ask("status");
            if wanted(&status) {
                return status;
            }
            let log = self.read("logs/launcher.log");
            assert!(began.elapsed() < PATIENCE, "never {what}: {status}\n{log}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    #[track_caller]
    fn until_ready(&self) -> Value {
        self.until("ready", |it| it["state"] == "running" && it["daemon"]["ready"] == true)
    }

    /// A daemon is ready in the old slot, and no restart is under way.
    #[track_caller]
    fn until_old(&self) -> Value {
        self.until("back", |it| {
            it["daemon"]["ready"] == true && it["slot"] == OLD && it["pending"].is_null()
        })
    }

    fn arm(&self) -> (i32, Value) {
        self.ask(&format!("arm --id r1 --target {NEW} --confirm-timeout 60 --runner 1"))
    }

    /// Is the one who carries the restart out, as long as the value lives.
    fn runner(&self) -> File {
        let lock = File::create(self.place.home().join("run/restart.lock")).unwrap();
        lock.lock().unwrap();
        lock
    }

    fn mark(&self, slot: &str) -> Value {
        serde_json::from_str(&self.read(&format!("slots/marks/{slot}.json"))).unwrap_or_default()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.home().join(name)
    }

    /// The launcher is killed, and waited for.
    fn kill_launcher(&mut self) {
        let mut launcher = self.launcher.take().unwrap();
        launcher.kill().unwrap();
        launcher.wait().unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(mut launcher) = self.launcher.take() {
            self.place.run("stop");
            drop(launcher.kill());
            drop(launcher.wait());
        }
    }
}

fn signal(signal: &str, pid: &Value) {
    let done = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(done.success());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_launcher_starts_the_current_slot_restarts_it_and_stops_with_it() {
    let mut scene = Scene::with(&Manner::Well);
    let before = scene.until_ready();
    assert_eq!((&before["slot"], &before["crashes"]), (&json!(OLD), &json!(0)));
    let (code, up) = scene.ask("restart");
    assert_eq!((code, &up["slot"], &up["stop"]["killed"]), (0, &json!(OLD), &json!(false)), "{up}");
    let generation = before["daemon"]["generation"].as_i64().unwrap();
    assert_eq!(up["generation"], generation + 1);
    assert_ne!(up["pid"], before["daemon"]["pid"]);
    assert_eq!(scene.until_ready()["daemon"]["pid"], up["pid"]);

    signal("-TERM", &scene.until_ready()["pid"]);
    let ended = scene.launcher.take().unwrap().wait().unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(scene.place.run("status").code, 69);
}

/// Under systemd it is the launcher that speaks, for itself and for the daemon.
#[test]
fn whoever_started_the_launcher_hears_of_its_daemon() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    assert_eq!(scene.place.run("stop").code, 0);
    scene.launcher.take().unwrap().wait().unwrap();
    let path = scene.path("run/manager.sock");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = scene.place.command(["launch", "--bounds", "10000,4000,8000,200"]);
    let launcher = command.env("NOTIFY_SOCKET", &path).stderr(Stdio::null()).spawn().unwrap();
    scene.launcher = Some(launcher);
    let until = |word: &str| {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|last| last != word) {
            let mut block = [0; 64];
            let bytes = manager.recv(&mut block).unwrap();
            heard.push(String::from_utf8_lossy(&block[..bytes]).into_owned());
        }
        heard
    };
    assert!(until("READY=1").iter().all(|word| word == "READY=1" || word == "WATCHDOG=1"));
    let pid = scene.until_ready()["daemon"]["pid"].clone();
    until("WATCHDOG=1");
    signal("-KILL", &pid);
    scene.until("another daemon", |it| it["daemon"]["ready"] == true && it["daemon"]["pid"] != pid);
    assert_eq!(scene.place.run("stop").code, 0);
    let heard = until("STOPPING=1");
    assert!(!heard.contains(&"READY=1".to_owned()), "once: {heard:?}");
}

#[test]
fn a_restart_that_is_confirmed_stays() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.arm().0, 75, "one at a time");
    assert_eq!(scene.ask("status").1["pending"]["phase"], "armed");
    let (code, up) = scene.ask("switch --id r1");
    assert_eq!((code, &up["slot"], &up["generation"]), (0, &json!(NEW), &json!(2)), "{up}");
    assert!(up["gap_ms"].as_u64() >= up["stop"]["elapsed_ms"].as_u64(), "{up}");
    let held: Value = serde_json::from_str(&scene.place.run("status --json").out).unwrap();
    assert_eq!((&held["held"], &held["slot"]), (&json!(true), &json!(NEW)), "{held}");
    assert_eq!(scene.ask("confirm --id other").0, 1);
    assert_eq!(scene.ask("confirm --id r1").0, 0);
    let status = scene.until_ready();
    assert_eq!((&status["pending"], &status["slot"]), (&Value::Null, &json!(NEW)));
    assert_eq!(scene.mark(NEW)["standing"], "good");
    assert_eq!(std::fs::read_link(scene.path("slots/current")).unwrap(), PathBuf::from(NEW));
    assert!(!scene.path("state/restart/pending.json").exists());

    let (code, up) = scene.ask(&format!("roll-back-to {OLD}"));
    assert_eq!((code, &up["slot"]), (0, &json!(OLD)));
}

#[test]
fn a_target_that_is_kept_without_proof_stays_and_is_not_called_good() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("switch --id r1").0, 0);
    assert_eq!(scene.ask("confirm --id r1 --unproven").0, 0);
    let status = scene.until_ready();
    assert_eq!((&status["pending"], &status["slot"]), (&Value::Null, &json!(NEW)));
    assert_eq!(scene.mark(NEW), Value::Null);
}

/// The target is left, and everything is as it was, but for what is known of it.
#[track_caller]
fn went_back(scene: &Scene, why: &str) {
    left(scene, why);
    assert_eq!(scene.mark(NEW)["standing"], "bad");
    let (code, _) = scene.arm();
    assert_eq!(code, 1, "a bad slot is never armed again");
}

/// The target is left and may be tried again: whatever happened says nothing of it.
#[track_caller]
fn went_back_blaming_nobody(scene: &Scene, why: &str) {
    left(scene, why);
    assert_eq!(scene.mark(NEW), Value::Null);
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    let (code, up) = scene.ask("switch --id r1");
    assert_eq!((code, &up["slot"]), (0, &json!(NEW)), "{up}");
}

#[track_caller]
fn left(scene: &Scene, why: &str) {
    let status = scene.until_old();
    assert_eq!(status["rolled_back"]["target"], NEW, "{status}");
    let told = status["rolled_back"]["why"].as_str().unwrap();
    assert!(told.contains(why), "{told}");
    assert!(!scene.path("state/restart/pending.json").exists());
    assert_eq!(std::fs::read_link(scene.path("slots/current")).unwrap(), PathBuf::from(OLD));
}

#[test]
fn a_target_that_ends_is_rolled_back() {
    let scene = Scene::with(&Manner::Script("exit 3"));
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    let (code, answer) = scene.ask("switch --id r1");
    assert_eq!((code, &answer["rolled_back"]["id"]), (1, &json!("r1")), "{answer}");
    went_back(&scene, "exit status: 3");
}

#[test]
fn a_target_that_is_never_ready_is_rolled_back() {
    let scene = Scene::within("1500,4000,8000,200", &Manner::Script("exec sleep 60"));
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    let (code, answer) = scene.ask("switch --id r1");
    assert_eq!(code, 1, "{answer}");
    went_back(&scene, "it was not ready in time");
}

#[test]
fn a_target_whose_program_was_exchanged_is_refused() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    scene.place.write(&format!("slots/{NEW}/bin/claude-assistant"), "#!/bin/sh\nexit 0\n");
    let ran = scene.run(&format!("arm --id r1 --target {NEW} --confirm-timeout 60 --runner 1"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("is not the one that its manifest names"), "{ran:?}");
    assert_eq!(scene.ask("status").1["pending"], Value::Null);
}

#[test]
fn a_target_whose_tests_have_not_passed_is_refused_unless_it_has_run_well() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    let file = format!("slots/{NEW}/manifest.json");
    let mut manifest: Value = serde_json::from_str(&scene.read(&file)).unwrap();
    manifest["gate"] = Value::Null;
    scene.place.write(&file, &manifest.to_string());
    let ran = scene.run(&format!("arm --id r1 --target {NEW} --confirm-timeout 60 --runner 1"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("its tests have not passed"), "{ran:?}");
    assert_eq!(scene.ask("status").1["pending"], Value::Null);
    scene.place.write(
        &format!("slots/marks/{NEW}.json"),
        r#"{"format":1,"standing":"good","since":"2026-01-01T00:00:00Z","why":""}"#,
    );
    assert_eq!(scene.arm().0, 0);
}

#[test]
fn a_restart_that_nobody_carries_out_any_more_is_undone() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("switch --id r1").0, 0);
    drop(runner);
    went_back_blaming_nobody(&scene, "nobody carries the restart out any more");
}

#[test]
fn a_restart_is_rolled_back_on_request() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("roll-back --id r1 --why early").0, 1, "nothing to go back from");
    assert_eq!(scene.ask("switch --id r1").0, 0);
    let (code, answer) = scene.ask("roll-back --id r1 --why verified-badly");
    assert_eq!((code, &answer["rolled_back"]["why"]), (0, &json!("verified-badly")), "{answer}");
    went_back(&scene, "verified-badly");
}

#[test]
fn a_restart_that_is_interrupted_goes_back_and_blames_nobody() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("switch --id r1").0, 0);
    assert_eq!(scene.ask("roll-back --id r1 --why interrupted --blameless").0, 0);
    drop(runner);
    went_back_blaming_nobody(&scene, "interrupted");
}

#[test]
fn a_killed_launcher_is_followed_by_one_that_goes_back() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    let (_, up) = scene.ask("switch --id r1");
    scene.kill_launcher();
    scene.launch();
    drop(runner);
    went_back_blaming_nobody(&scene, "the launcher ended before it was confirmed");
    let pid = up["pid"].to_string();
    let look = Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().unwrap();
    let state = String::from_utf8(look.stdout).unwrap();
    // Whoever adopts it may not have asked for its end yet.
    assert!(state.trim().is_empty() || state.starts_with('Z'), "two daemons: {state}");
}

#[test]
fn a_killed_launcher_loses_what_was_only_armed() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    scene.kill_launcher();
    scene.launch();
    let status = scene.until_old();
    assert_eq!(status["rolled_back"], Value::Null);
    assert_eq!(scene.mark(NEW), Value::Null);
}

/// Incidents: K14.
#[test]
fn a_daemon_that_hangs_is_found_by_its_silence_and_started_again() {
    let scene = Scene::within("10000,2000,8000,200", &Manner::Well);
    let before = scene.until_ready();
    signal("-STOP", &before["daemon"]["pid"]);
    let after = scene.until("another daemon", |it| {
        it["daemon"]["ready"] == true && it["daemon"]["pid"] != before["daemon"]["pid"]
    });
    assert_eq!((&after["slot"], &after["crashes"]), (&json!(OLD), &json!(1)), "{after}");
}

/// Whatever an agent runs has the same user: it may open what the system lets it, and say what it likes.
#[test]
fn no_other_process_can_speak_for_a_daemon_that_hangs() {
    let scene = Scene::within("10000,2000,8000,200", &Manner::Well);
    let before = scene.until_ready();
    let pids = [&before["pid"], &before["daemon"]["pid"]];
    signal("-STOP", pids[1]);
    let after = scene.until("another daemon", |it| {
        for pid in pids {
            pretend(&scene.path("run/notify.sock"), pid);
        }
        it["daemon"]["ready"] == true && it["daemon"]["pid"] != before["daemon"]["pid"]
    });
    assert_eq!((&after["slot"], &after["crashes"]), (&json!(OLD), &json!(1)), "{after}");
}

/// Says that it lives wherever a process could be heard that is not this one: at a socket of the home,
/// and at the pipes and sockets that it has open (where the system shows them).
fn pretend(socket: &Path, pid: &Value) {
    let nobody = UnixDatagram::unbound().unwrap();
    drop(nobody.send_to(b"WATCHDOG=1", socket));
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        let is_way = std::fs::read_link(entry.path()).is_ok_and(|way| {
            let way = way.to_string_lossy().into_owned();
            way.starts_with("pipe:") || way.starts_with("socket:")
        });
        if let Some(mut way) = is_way
            .then(|| File::options().write(true).custom_flags(NONBLOCK).open(entry.path()))
            .and_then(Result::ok)
        {
            drop(way.write_all(b"BEAT\nWATCHDOG=1\n"));
        }
    }
}

/// Incidents: 75, 81.
#[test]
fn the_third_crash_leaves_the_slot_for_the_last_good_one() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    {
        let _runner = scene.runner();
        assert_eq!(scene.arm().0, 0);
        assert_eq!(scene.ask("switch --id r1").0, 0);
        assert_eq!(scene.ask("confirm --id r1").0, 0);
    }
    let mut pid = Value::Null;
    for crash in 1..=3 {
        let running = scene.until("another daemon", |it| {
            it["daemon"]["ready"] == true && it["daemon"]["pid"] != pid
        });
        assert_eq!((&running["slot"], &running["crashes"]), (&json!(NEW), &json!(crash - 1)));
        pid = running["daemon"]["pid"].clone();
        signal("-KILL", &pid);
    }
    scene.until_old();
    assert_eq!(scene.mark(NEW)["standing"], "bad");
    assert_eq!(scene.ask(&format!("mark-bad {OLD} --why no")).0, 1, "it runs");
}

/// A daemon that cannot read its configuration ends with 64, whatever slot it is of.
/// Incidents: 99.
#[test]
fn a_configuration_that_cannot_be_used_blames_no_slot() {
    let scene = Scene::with(&Manner::Well);
    let pid = scene.until_ready()["daemon"]["pid"].clone();
    scene.place.write("config.toml", "[agent]\nprogramme = 1\n");
    signal("-KILL", &pid);
    let status = scene.until("waiting", |it| it["state"] == "waiting");
    assert!(status["waits_ms"].as_u64().is_some_and(|ms| 50_000 < ms), "{status}");
    assert_eq!(scene.mark(OLD)["standing"], "good");
    scene.place.write("config.toml", "[test]\nenabled = false\n");
    assert_eq!(scene.ask("restart").0, 0, "at once, when it is asked for");
    scene.until_ready();
}

#[test]
fn start_and_stop_go_through_an_installed_launcher() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    assert_eq!(scene.place.run("start").code, 75, "it runs");
    assert_eq!(scene.place.run("restart").code, 0);
    let ran = scene.place.run("stop");
    assert_eq!(ran.code, 0, "{ran:?}");
    scene.launcher.take().unwrap().wait().unwrap();

    std::fs::create_dir(scene.path("launcher")).unwrap();
    let installed = scene.path("launcher/claude-assistant");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_claude-assistant"), installed).unwrap();
    let ran = scene.place.run("start");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("slot {OLD}")), "{ran:?}");
    assert_eq!(scene.ask("status").1["state"], "running");
    assert_eq!(scene.place.run("stop").code, 0);
    assert_eq!(scene.ask("status").0, 69);
}

/// Incidents: 33, K18.
#[test]
fn a_restart_that_is_asked_for_is_carried_out_and_written_down_but_not_too_often() {
    let mut scene = Scene::with(&Manner::Well);
    let config = format!(
        "[test]\nenabled = false\n[restart]\nsource_dir = {:?}\ncommand = [\"sh\", \"-c\", \
         \"pwd; ps -o sid= -p $$; echo $$ $1; exit 25\", \"sh\"]\n",
        scene.path("")
    );
    scene.until_ready();
    assert_eq!(scene.run("request").code, 1, "nothing is configured");
    scene.place.run("stop");
    scene.launcher.take().unwrap().wait().unwrap();
    scene.place.write("config.toml", &config);
    scene.launch();
    scene.until_ready();

    let (code, asked) = scene.ask("request");
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(code, 0);
    let file = format!("state/restart/requests/{id}.json");
    let began = Instant::now();
    let done: Value = loop {
        let request: Value = serde_json::from_str(&scene.read(&file)).unwrap();
        if request["state"] == "done" {
            break request;
        }
        assert!(began.elapsed() < PATIENCE, "{request}");
        std::thread::park_timeout(Duration::from_millis(5));
    };
    assert_eq!(done["exit_code"], 25, "{done}");
    assert_eq!(done["initiator"], json!({"owner": true}));
    assert_eq!(done["says"], "its command ended with 25");
    let said = scene.read(&format!("logs/restart-{id}.log"));
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(words[1], words[2], "it leads a session of its own: {said}");
    assert_eq!(words[3], "--request", "{said}");

    assert_eq!(scene.run("request").code, 0);
    assert_eq!(scene.run("request").code, 0);
    let ran = scene.run("request");
    assert_eq!(ran.code, 75, "{ran:?}");
    assert!(ran.err.contains("3 restarts were asked for within 10 minutes"), "{ran:?}");
}
