//! Being told that the directory changed, where the system can tell.

use std::path::PathBuf;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tracing::warn;

/// A watch over one directory. Many changes are one word.
#[derive(Debug)]
pub(super) struct Watch {
    dir: PathBuf,
    told: mpsc::Receiver<()>,
    tell: mpsc::Sender<()>,
    watcher: Option<RecommendedWatcher>,
    wanted: bool,
}

impl Watch {
    /// Watches `dir` if that is wanted and possible.
    pub(super) fn new(dir: PathBuf, wanted: bool) -> Self {
        // One waiting word is enough: it says "look", not how often.
        let (tell, told) = mpsc::channel(1);
        let mut watch = Self { dir, told, tell, watcher: None, wanted };
        watch.renew();
        watch
    }

    /// Begins again: a directory that was made anew is not the one that was watched.
    pub(super) fn renew(&mut self) {
        self.watcher = None;
        if !self.wanted {
            return;
        }
        match self.begin() {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => warn!(%error, "test directory is polled only"),
        }
    }

    /// Whether the system tells of changes.
    pub(super) fn is_on(&self) -> bool {
        self.watcher.is_some()
    }

    /// Waits for a change. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        // `None` cannot be: this value holds a sender itself.
        if self.told.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    fn begin(&self) -> notify::Result<RecommendedWatcher> {
        let tell = self.tell.clone();
        let on_event = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| brings_files(event.kind)) {
                // Full means that a word is waiting already.
                let _full = tell.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(on_event)?;
        watcher.watch(&self.dir, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// Our own looking (opening the directory) must not wake us.
fn brings_files(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_)
            | EventKind::Modify(_)
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}
