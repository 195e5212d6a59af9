//! A daemon that is not this launcher's and has its home.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use super::*;

/// As when an earlier launcher's daemon takes the home in the moment after the launcher looked.
#[test]
fn a_daemon_that_has_the_home_and_hangs_is_ended_and_the_next_start_succeeds() {
    let scene = Scene::within("10000,4000,1500,200", &Manner::Well);
    let before = scene.until_ready();
    // It hears of the end of its daemon when the home is another's already.
    signal("-STOP", &before["pid"]);
    signal("-KILL", &before["daemon"]["pid"]);
    let mut other = take_the_home(&scene);
    signal("-STOP", &json!(other.id()));
    signal("-CONT", &before["pid"]);
    scene.until("waiting", |it| it["state"] == "waiting");

    let began = Instant::now();
    let ended = loop {
        if let Some(ended) = other.try_wait().unwrap() {
            break Some(ended);
        }
        if PATIENCE < began.elapsed() {
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    drop(other.kill());
    assert!(ended.is_some(), "it has the home for ever");
    assert_eq!(scene.ask("restart").0, 0);
    let after = scene.until_ready();
    assert_eq!((&after["slot"], &after["crashes"]), (&json!(OLD), &json!(1)), "{after}");
    assert_eq!(scene.mark(OLD)["standing"], "good");
}

/// A daemon of its own. Whoever was just killed has the home until the system is done with it.
fn take_the_home(scene: &Scene) -> Child {
    let began = Instant::now();
    loop {
        let mut other = scene.place.command(["run"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(other.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if line.starts_with("READY ") {
            return other;
        }
        let ended = other.wait().unwrap();
        assert_eq!(ended.code(), Some(75), "{line}");
        assert!(began.elapsed() < PATIENCE, "the home stays taken");
    }
}
