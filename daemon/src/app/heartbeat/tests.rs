use std::io;
use std::os::unix::net::UnixDatagram;

use tokio::task::JoinSet;

use super::*;
use crate::clock::wall_now;
use crate::notify::WATCHDOG;
use crate::scene::Scene;
use crate::store;

const EVERY: Duration = Duration::from_secs(5);

/// A heartbeat, and the watcher that hears it.
struct Play {
    dir: tempfile::TempDir,
    watcher: UnixDatagram,
    asks: mpsc::Receiver<Ask>,
    tasks: JoinSet<()>,
    cancel: CancellationToken,
}

impl Play {
    fn begin(store: Store) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify.sock");
        let watcher = UnixDatagram::bind(&path).unwrap();
        watcher.set_nonblocking(true).unwrap();
        let watched = Watcher::manager(Some(path.as_os_str()), None).unwrap().unwrap();
        let (supervisor, asks) = mpsc::channel(1);
        let cancel = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let heartbeat = Heartbeat { watcher: Arc::new(watched), every: EVERY, supervisor, store };
        tasks.spawn(heartbeat.run(cancel.clone()));
        Self { dir, watcher, asks, tasks, cancel }
    }

    /// A supervisor that answers so many pings in this time, and lets all others wait.
    async fn answer(&mut self, pings: usize, time: Duration) {
        let mut unanswered = Vec::new();
        let answering = async {
            let mut answered = 0;
            while let Some(ask) = self.asks.recv().await {
                let Ask::Ping(answer) = ask else { panic!("it asks nothing else: {ask:?}") };
                if answered < pings {
                    answered += 1;
                    answer.send(()).unwrap();
                } else {
                    unanswered.push(answer);
                }
            }
        };
        assert!(tokio::time::timeout(time, answering).await.is_err(), "it asks on");
    }

    /// What was heard since the last time.
    fn heard(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut block = [0; 64];
        loop {
            match self.watcher.recv(&mut block) {
                Ok(bytes) => words.push(String::from_utf8(block[..bytes].to_vec()).unwrap()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return words,
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn end(mut self) {
        self.cancel.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        drop(self.dir);
    }
}

#[tokio::test(start_paused = true)]
async fn it_beats_as_often_as_was_asked_while_both_answer() {
    let scene = Scene::new();
    let mut play = Play::begin(scene.store.clone());
    play.answer(usize::MAX, 9 * EVERY + Duration::from_secs(4)).await;
    assert_eq!(play.heard(), [WATCHDOG; 10]);
    play.end().await;
}

/// A process that is there, and does nothing, is what a watcher is for.
#[tokio::test(start_paused = true)]
async fn it_falls_silent_when_the_supervisor_does_not_answer() {
    let scene = Scene::new();
    let mut play = Play::begin(scene.store.clone());
    play.answer(3, 10 * EVERY).await;
    assert_eq!(play.heard(), [WATCHDOG; 3]);
    play.end().await;
}

#[tokio::test(start_paused = true)]
async fn it_is_silent_while_the_store_does_not_write() {
    let dir = tempfile::tempdir().unwrap();
    // The writer takes nothing until it is started.
    let (store, writer) = store::open(&dir.path().join("a.db"), Arc::new(wall_now)).unwrap();
    let mut play = Play::begin(store);
    play.answer(usize::MAX, 10 * EVERY).await;
    assert_eq!(play.heard(), [""; 0]);
    play.tasks.spawn(async move { writer.run().await.unwrap() });
    play.answer(usize::MAX, EVERY).await;
    assert!(play.heard().contains(&WATCHDOG.to_owned()));
    play.end().await;
}

/// An old run that was left over is not alive in any way that counts.
#[tokio::test(start_paused = true)]
async fn it_falls_silent_when_a_newer_run_has_the_store() {
    let scene = Scene::new();
    scene.store.begin_generation().await.unwrap();
    let mut play = Play::begin(scene.store.clone());
    play.answer(usize::MAX, 2 * EVERY).await;
    assert_eq!(play.heard(), [WATCHDOG; 2]);
    scene.sql("UPDATE meta SET value = value + 1 WHERE name = 'generation'");
    play.answer(usize::MAX, 10 * EVERY).await;
    assert_eq!(play.heard(), [""; 0]);
    play.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_is_gone_does_no_harm() {
    let scene = Scene::new();
    let mut play = Play::begin(scene.store.clone());
    std::fs::remove_file(play.dir.path().join("notify.sock")).unwrap();
    play.answer(usize::MAX, 3 * EVERY).await;
    assert_eq!(play.heard(), [""; 0]);
    play.end().await;
}
