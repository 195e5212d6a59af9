//! A runner whose time is over is asked before it is killed.

use tempfile::TempDir;

use super::*;
use crate::wait::wait_for;

/// Long against everything here.
const LIMIT: Duration = Duration::from_secs(20);

/// A runner that is a shell with this script, in a directory of its own, once it has written `ready`
/// there. Its time is over.
fn late(script: &str) -> (Lane, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let child = Command::new("sh")
        .args(["-c", script])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let ready = dir.path().join("ready");
    assert!(wait_for(LIMIT, || ready.exists().then_some(())).is_some(), "it starts");
    let case = Arc::new(Case::new("tier2::lane::late", LIMIT, |_| Ok(())));
    let (report, words) = (dir.path().join("report"), dir.path().join("words"));
    let until = Instant::now().checked_sub(LIMIT).unwrap();
    (Lane { case, child, report, words, until, time: Time::Left }, dir)
}

#[test]
fn a_runner_that_is_late_is_asked_and_ends_in_its_own_way() {
    let (mut lane, dir) =
        late("trap 'touch asked; exit 20' TERM; touch ready; while :; do sleep 0.05; done");
    assert!(lane.over().is_none(), "it is asked first");
    let ended = wait_for(LIMIT, || lane.over()).expect("it ends").unwrap();
    assert!(ended.code() == Some(20) && dir.path().join("asked").exists(), "{ended}");
    let said = lane.found(ended).unwrap_err().to_string();
    assert!(said.starts_with("see its runner end in its time"), "{said}");
}

#[test]
fn a_runner_that_is_late_and_does_not_hear_is_killed() {
    let (mut lane, _dir) = late("trap '' TERM; touch ready; while :; do sleep 0.05; done");
    assert!(lane.over().is_none(), "it is asked first");
    assert!(lane.over().is_none(), "it has a moment");
    lane.until = Instant::now().checked_sub(LIMIT).unwrap();
    let ended = lane.over().expect("it is killed").unwrap();
    assert_eq!(ended.code(), None, "{ended}");
}
