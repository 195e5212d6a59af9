//! Orders that come while another is carried out.

use std::thread;

use super::*;

#[test]
fn an_order_that_is_refused_leaves_the_account_of_the_one_under_way_alone() {
    // Longer than any of it takes: nothing here ends by its time.
    let scene = Scene::within("60000,60000,60000,200", &Manner::Well);
    let old = scene.until_ready()["daemon"]["pid"].clone();
    let _runner = scene.runner();
    assert_eq!(scene.arm().0, 0);
    // It does not hear that it is to end.
    signal("-STOP", &old);
    let (code, up, held) = thread::scope(|scope| {
        let switch = scope.spawn(|| scene.ask("switch --id r1"));
        scene.until("stopping", |it| it["state"] == "stopping");
        let began = Instant::now();
        assert_eq!(scene.ask("restart").0, 75, "one at a time");
        assert_eq!(scene.ask("status").1["state"], "stopping", "it was over before");
        let held = began.elapsed();
        signal("-CONT", &old);
        let (code, up) = switch.join().unwrap();
        (code, up, held)
    });
    assert_eq!((code, &up["slot"], &up["stop"]["killed"]), (0, &json!(NEW), &json!(false)), "{up}");
    // It was told to end before that.
    let stop_ms = up["stop"]["elapsed_ms"].as_u64().unwrap();
    assert!(held.as_millis() <= u128::from(stop_ms), "{held:?}: {up}");
    assert!(Some(stop_ms) <= up["gap_ms"].as_u64(), "{up}");
}
