//! Who is killed for a lock that is not let go of: not whoever has the number that stands in its file.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::*;
use crate::control::lock::Lock;
use crate::processes::adopted::{self, OwnChild};
use crate::slots::now;

/// A home whose lock is held for as long as this lives.
struct Scene {
    dir: tempfile::TempDir,
    home: Home,
    _lock: Lock,
}

impl Scene {
    fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join("home"));
        home.prepare().unwrap();
        let lock = Lock::take(&home.lock(), home.root()).unwrap();
        Self { dir, home, _lock: lock }
    }

    /// A shell under another name.
    fn program(&self, name: &str) -> PathBuf {
        let program = self.dir.path().join(name);
        fs::copy(Path::new("/bin/sh").canonicalize().unwrap(), &program).unwrap();
        program
    }

    /// Whether a program is killed whose number stands in the lock's file, with what `more` says.
    async fn kills(&self, program: &Path, more: impl FnOnce(u32) -> String) -> bool {
        let mut own = self.start(program).await;
        let pid = own.child.id().unwrap();
        fs::write(self.home.lock(), format!("{{\"pid\":{pid},{}}}\n", more(pid))).unwrap();
        let ended = end(&self.home, Duration::ZERO, &peer::Daemon::default()).await;
        assert_eq!(ended.unwrap_err().to_string(), "it does not end");
        was_killed(&mut own).await
    }

    /// Starts it; it runs until its input ends.
    async fn start(&self, program: &Path) -> OwnChild {
        let mut command = Command::new(program);
        command.args(["-c", "echo; read -r line"]).kill_on_drop(true);
        let mut own = adopted::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped())).unwrap();
        own.child.stdout.as_mut().unwrap().read_exact(&mut [0]).await.unwrap();
        own
    }
}

/// Paused time leaves a killed process none to be gone in. What it ends by was settled before its input
/// ends.
async fn was_killed(own: &mut OwnChild) -> bool {
    drop(own.child.stdin.take());
    own.child.wait().await.unwrap().signal() == Some(9)
}

fn since(at: &str) -> String {
    format!("\"started_at\":\"{at}\"")
}

#[tokio::test(start_paused = true)]
async fn only_a_daemon_that_began_before_it_took_the_lock_is_killed() {
    let scene = Scene::fresh();
    let (ours, others) = (scene.program("claude-assistant"), scene.program("other"));
    assert!(scene.kills(&ours, |_| since(&now())).await);
    assert!(!scene.kills(&others, |_| since(&now())).await, "it is another program");
    assert!(!scene.kills(&ours, |_| since("2026-01-01T00:00:00Z")).await, "it began later");
    assert!(!scene.kills(&ours, |_| since("then")).await, "nothing says when it began");
}

/// Between the two moments the name of the one before may stand in the file, or half of its own.
#[tokio::test(start_paused = true)]
async fn one_that_says_its_name_late_is_killed_all_the_same() {
    let scene = Scene::fresh();
    let mut own = scene.start(&scene.program("claude-assistant")).await;
    let named = format!("{{\"pid\":{},{}}}\n", own.child.id().unwrap(), since(&now()));
    fs::write(scene.home.lock(), "").unwrap();
    let ours = peer::Daemon::default();
    let says_its_name = async {
        sleep(KILL_MAX / 2).await;
        fs::write(scene.home.lock(), named).unwrap();
    };
    let (ended, ()) = tokio::join!(end(&scene.home, Duration::ZERO, &ours), says_its_name);
    assert_eq!(ended.unwrap_err().to_string(), "it does not end");
    assert!(was_killed(&mut own).await);
}

/// By what the clock does not move, whatever that says.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn who_took_the_lock_is_known_after_the_clock_was_set() {
    let scene = Scene::fresh();
    let ours = scene.program("claude-assistant");
    let noted = |pid, more| {
        let mut began = processes::note(pid).unwrap().since_boot.unwrap();
        began.ticks += more;
        let began = serde_json::to_string(&began).unwrap();
        format!("{},\"since_boot\":{began}", since("2026-01-01T00:00:00Z"))
    };
    assert!(scene.kills(&ours, |pid| noted(pid, 0)).await);
    assert!(!scene.kills(&ours, |pid| noted(pid, 1)).await, "it is another one");
}
