//! Who is killed for a lock that is not let go of: not whoever has the number that stands in its file.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::*;
use crate::control::lock::Lock;
use crate::processes::adopted;
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
        let mut command = Command::new(program);
        command.args(["-c", "echo; read -r line"]).kill_on_drop(true);
        let mut own = adopted::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped())).unwrap();
        own.child.stdout.as_mut().unwrap().read_exact(&mut [0]).await.unwrap();
        let pid = own.child.id().unwrap();
        fs::write(self.home.lock(), format!("{{\"pid\":{pid},{}}}\n", more(pid))).unwrap();
        let ended = end(&self.home, Duration::ZERO, &peer::Daemon::default()).await;
        assert_eq!(ended.unwrap_err().to_string(), "it does not end");
        // Paused time leaves a killed process none to be gone in. What it ends by was settled before its
        // input ends.
        drop(own.child.stdin.take());
        own.child.wait().await.unwrap().signal() == Some(9)
    }
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
