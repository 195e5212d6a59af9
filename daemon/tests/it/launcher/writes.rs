//! A disk that takes no writes, and a machine that starts nothing: said, waited out, and held against
//! no slot. A folder in the place of the file that is renamed over stands for the disk.

use std::path::Path;

use super::*;

const OLDER: &str = "20251231T000000Z-older";

/// Has no write to this file succeed, until the value ends.
struct Block(PathBuf);

impl Block {
    fn of(scene: &Scene, name: &str) -> Self {
        let path = scene.path(name);
        let new = format!(".{}.new", path.file_name().unwrap().to_str().unwrap());
        let new = path.with_file_name(new);
        std::fs::create_dir_all(new.join("in the way")).unwrap();
        Self(new)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn is_current(scene: &Scene, slot: &str) -> bool {
    std::fs::read_link(scene.path("slots/current")).is_ok_and(|to| to == Path::new(slot))
}

/// Kills the daemon, and waits for the next one.
#[track_caller]
fn crash(scene: &Scene) -> Value {
    let before = scene.until_ready()["daemon"]["pid"].clone();
    signal("-KILL", &before);
    scene.until("another daemon", |it| {
        it["daemon"]["ready"] == true && it["daemon"]["pid"] != before
    })
}

#[test]
fn slots_that_cannot_be_written_keep_no_good_slot_from_running() {
    let scene = Scene::with(&Manner::Well);
    scene.slot(OLDER, &Manner::Well);
    let good = scene.read(&format!("slots/marks/{OLD}.json"));
    scene.place.write(&format!("slots/marks/{OLDER}.json"), &good);
    let current = Block::of(&scene, "slots/current");
    let marks = [OLD, OLDER].map(|slot| Block::of(&scene, &format!("slots/marks/{slot}.json")));
    crash(&scene);
    crash(&scene);
    let status = crash(&scene);
    assert_eq!(status["slot"], OLDER, "{status}");
    assert!(status["unwritten"].as_str().unwrap().contains("slots/"), "{status}");
    assert_eq!([OLD, OLDER].map(|slot| scene.mark(slot)["standing"].clone()), ["good", "good"]);

    drop((current, marks));
    scene.until("written", |it| it["unwritten"].is_null());
    assert!(is_current(&scene, OLDER));
    assert_eq!([OLD, OLDER].map(|slot| scene.mark(slot)["standing"].clone()), ["bad", "good"]);
}

#[test]
fn a_switch_that_cannot_be_written_down_leaves_the_daemon_alone() {
    let scene = Scene::with(&Manner::Well);
    let before = scene.until_ready();
    let _runner = scene.runner();
    let block = Block::of(&scene, "state/restart/pending.json");
    assert_eq!(scene.arm().0, 1);
    assert_eq!(scene.until_ready()["pending"], Value::Null);
    drop(block);
    scene.until("written", |it| it["unwritten"].is_null());
    assert_eq!(scene.arm().0, 0);
    for file in ["state/restart/pending.json", "slots/current"] {
        let block = Block::of(&scene, file);
        let refused = scene.run("switch --id r1");
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("failed to"), "{refused:?}");
        let status = scene.until_ready();
        assert_eq!(status["pending"]["phase"], "armed", "{status}");
        assert_eq!(status["daemon"]["pid"], before["daemon"]["pid"], "{status}");
        assert_eq!((&status["slot"], &status["rolled_back"]), (&json!(OLD), &Value::Null));
        drop(block);
        scene.until("written", |it| it["unwritten"].is_null());
        assert_eq!(scene.ask("status").1["pending"]["phase"], "armed");
    }
    let (code, up) = scene.ask("switch --id r1");
    assert_eq!((code, &up["slot"]), (0, &json!(NEW)), "{up}");
}

#[test]
fn a_confirmation_that_cannot_be_written_down_is_an_error_and_may_be_repeated() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("switch --id r1").0, 0);
    let block = Block::of(&scene, &format!("slots/marks/{NEW}.json"));
    assert_eq!(scene.ask("confirm --id r1").0, 1);
    assert_eq!(scene.until_ready()["pending"]["phase"], "started");
    drop(block);
    assert_eq!(scene.ask("confirm --id r1").0, 0);
    assert_eq!(scene.mark(NEW)["standing"], "good");
    assert_eq!(scene.until_ready()["pending"], Value::Null);
}

#[test]
fn a_mark_that_cannot_be_written_is_an_error() {
    let scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let block = Block::of(&scene, &format!("slots/marks/{NEW}.json"));
    assert_eq!(scene.ask(&format!("mark-bad {NEW} --why tried")).0, 1);
    drop(block);
    assert_eq!(scene.ask(&format!("mark-bad {NEW} --why tried")).0, 0);
    assert_eq!(scene.mark(NEW)["standing"], "bad");
}

#[test]
fn a_machine_that_starts_nothing_is_waited_for_and_no_slot_is_blamed() {
    let scene = Scene::with(&Manner::Well);
    let good = scene.read(&format!("slots/marks/{OLD}.json"));
    scene.place.write(&format!("slots/marks/{NEW}.json"), &good);
    let before = scene.until_ready();
    std::fs::remove_file(scene.path("logs/stderr.log")).unwrap();
    std::fs::create_dir(scene.path("logs/stderr.log")).unwrap();
    signal("-KILL", &before["daemon"]["pid"]);
    let status = scene.until("waiting", |it| it["state"] == "waiting");
    assert!(status["waits_ms"].as_u64().unwrap() <= 60_000, "{status}");
    assert_eq!([OLD, NEW].map(|slot| scene.mark(slot)["standing"].clone()), ["good", "good"]);

    std::fs::remove_dir(scene.path("logs/stderr.log")).unwrap();
    let (code, up) = scene.ask("restart");
    assert_eq!((code, &up["slot"]), (0, &json!(OLD)), "{up}");
}

#[test]
fn a_target_that_finds_no_room_is_left_and_not_blamed() {
    let scene = Scene::with(&Manner::Script("exit 75"));
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(scene.ask("switch --id r1").0, 1);
    left(&scene, "exit status: 75");
    assert_eq!(scene.mark(NEW), Value::Null);
}

#[test]
fn what_is_only_armed_holds_nobody_up_and_is_not_started_by_a_later_launcher() {
    let mut scene = Scene::with(&Manner::Well);
    scene.until_ready();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    assert_eq!(crash(&scene)["pending"]["phase"], "armed");
    let daemon: Value = serde_json::from_str(&scene.place.run("status --json").out).unwrap();
    assert_eq!(daemon["held"], false, "{daemon}");
    scene.kill_launcher();
    // As a switch that was refused may leave it.
    std::fs::remove_file(scene.path("slots/current")).unwrap();
    std::os::unix::fs::symlink(NEW, scene.path("slots/current")).unwrap();
    scene.launch();
    scene.until_old();
    assert!(is_current(&scene, OLD));
}
