//! Adopting and reaping concern the whole process, with the children of all other tests in it; so
//! each test here runs once more, alone, in a process of its own.

use std::process::Stdio;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::{become_subreaper, descendants};
use super::*;

/// Set in the process that runs the test alone.
const ALONE: &str = "CLAUDE_ASSISTANT_TEST_ALONE";

/// How long anything here may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(30);

/// What agents leave behind falls to us, and ends as an entry that somebody has to take.
/// What agents leave behind does not stay as zombies.
/// Incidents: 88, J3.
#[cfg(target_os = "linux")]
#[test]
fn orphans_are_reaped_and_nobodys_exit_status_is_stolen() {
    alone("orphans_are_reaped_and_nobodys_exit_status_is_stolen", adopt_and_reap());
}

/// What fell to the launcher from a daemon is told from what its own commands have left.
/// Incidents: 33, 84.
#[cfg(target_os = "linux")]
#[test]
fn strays_are_what_nobody_started_here_and_nobody_left_alone() {
    alone("strays_are_what_nobody_started_here_and_nobody_left_alone", tell_strays());
}

fn alone(name: &str, test: impl Future<Output = ()>) {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(test);
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("processes::adopted::tests::{name}"), "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn tell_strays() {
    assert!(!any());
    become_subreaper().unwrap();
    // A command that has left something, and a daemon that dies under its tools.
    leave("env -i setsid tail -f /dev/null").await;
    assert_eq!(strays().len(), 1);
    leave_alone(|| false);
    assert_eq!(strays().len(), 1, "a daemon died meanwhile");
    leave_alone(|| true);
    assert_eq!(strays(), []);
    let left = descendants(std::process::id());
    assert!(!is_stray(left[0].pid) && any());

    let mut command = Command::new("sh");
    let own = spawn(command.args(["-c", "tail -f /dev/null & wait"]).kill_on_drop(true)).unwrap();
    let pid = own.child.id().unwrap();
    until(|| descendants(pid).len() == 1).await;
    leave("setsid sh -c 'env -i setsid tail -f /dev/null & wait'").await;
    until(|| strays().len() == 2).await;
    let pids: Vec<_> = strays().iter().map(|stray| stray.pid).collect();
    assert!(is_stray(pids[0]) || is_stray(pids[1]));
    assert!(!is_stray(pid));
    // The number of one that was left alone and is gone, given to another.
    let gone = Found { began: 1, ..*strays().iter().find(|it| is_stray(it.pid)).unwrap() };
    left_alone().insert(gone);
    assert!(is_stray(gone.pid));
    strays();
    assert_eq!(*left_alone(), BTreeSet::from([left[0]]));

    super::super::leftovers::end_strays().await;
    assert_eq!(strays(), []);
    let rest = descendants(std::process::id());
    assert_eq!(
        (rest.len(), rest.contains(&left[0])),
        (3, true),
        "its own, and what was left alone"
    );
    super::super::leftovers::end_descendants().await;
    assert_eq!(descendants(std::process::id()), []);
    drop(own);
}

/// Has a child of ours start it in the background, and end.
async fn leave(script: &str) {
    let mut command = Command::new("sh");
    let script = format!("{script} & exit 0");
    let mut own = spawn(command.args(["-c", &script]).stdin(Stdio::null())).unwrap();
    own.child.wait().await.unwrap();
}

async fn adopt_and_reap() {
    become_subreaper().unwrap();
    let stopped = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(reap_adopted(stopped.clone()));

    // It ends at once and nobody asks for it until the end of the test.
    let mut unasked = spawn(Command::new("sh").args(["-c", "exit 7"])).unwrap();
    for round in 0..5 {
        // An orphan that ends, one that lives on, and a parent whose status is wanted.
        let script = format!("sh -c 'exit 3' & setsid tail -f /dev/null & exit {round}");
        let mut command = Command::new("sh");
        let mut parent = spawn(command.args(["-c", &script]).stdin(Stdio::null())).unwrap();
        assert_eq!(parent.child.wait().await.unwrap().code(), Some(round));
    }
    // The five that live on have fallen to us.
    until(|| descendants(std::process::id()).len() == 5).await;
    for orphan in descendants(std::process::id()) {
        let orphan = Pid::from_raw(i32::try_from(orphan.pid).unwrap()).unwrap();
        rustix::process::kill_process(orphan, rustix::process::Signal::KILL).unwrap();
    }
    // What is left is the child that is ours to ask.
    until(|| zombies() == [unasked.child.id().unwrap()]).await;
    assert_eq!(unasked.child.wait().await.unwrap().code(), Some(7));
    until(|| zombies().is_empty()).await;

    stopped.cancel();
    let ended = timeout(PATIENCE, tasks.join_next()).await.unwrap();
    ended.unwrap().unwrap().unwrap();
    drop(unasked);
    assert!(own().is_empty());
}

/// Children that have ended and were not asked for.
fn zombies() -> Vec<u32> {
    let system = everything(ProcessRefreshKind::nothing().without_tasks());
    let us = sysinfo::Pid::from_u32(std::process::id());
    let ended = system.processes().values().filter(|process| {
        process.parent() == Some(us) && process.status() == ProcessStatus::Zombie
    });
    ended.map(|process| process.pid().as_u32()).collect()
}

/// Waits until `condition` holds.
async fn until(mut condition: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let held = timeout(PATIENCE, async {
        while !condition() {
            looks.tick().await;
        }
    });
    held.await.expect("it comes in time");
}
