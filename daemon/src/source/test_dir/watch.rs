//! Being told that the directory changed, where the system can tell.

use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tracing::warn;

use super::claims::is_message_name;

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
    /// Watches nothing yet: the directory may have to be made first.
    pub(super) fn new(dir: PathBuf, wanted: bool) -> Self {
        // One waiting word is enough: it says "look", not how often.
        let (tell, told) = mpsc::channel(1);
        Self { dir, told, tell, watcher: None, wanted }
    }

    /// Stops: the directory is gone.
    pub(super) fn end(&mut self) {
        self.watcher = None;
    }

    /// Begins, if that is wanted and possible, with the directory that is there now: one that was
    /// made anew is not the one that was watched.
    pub(super) fn renew(&mut self) {
        self.end();
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
        let (tell, dir) = (self.tell.clone(), self.dir.clone());
        let on_event = move |event: notify::Result<Event>| {
            if is_worth_a_look(&event, &dir) {
                // Full means that a word is waiting already.
                let _full = tell.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(on_event)?;
        watcher.watch(&self.dir, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// Whether something may have been dropped into `dir`, which what the system could not tell of may be
/// too, or `dir` itself is gone.
fn is_worth_a_look(event: &notify::Result<Event>, dir: &Path) -> bool {
    event.as_ref().map_or(true, |event| {
        event.need_rescan() || takes_away(event, dir) || brings_messages(event)
    })
}

/// Whether the directory is no longer where it was: one that is put in its place is another one. Of one
/// that is removed, Linux tells only when the last file in it is closed, which is our lock: that is found by
/// the next look.
fn takes_away(event: &Event, dir: &Path) -> bool {
    let is_away =
        matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
    is_away && event.paths.iter().any(|path| path == dir)
}

/// Whether this change may be something that was dropped. Our own doings (opening the directory, renaming away
/// from it) must not wake us, nor drafts that somebody writes to.
fn brings_messages(event: &Event) -> bool {
    let brings = match event.kind {
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => false,
        EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        _ => false,
    };
    let is_message = |path: &PathBuf| path.file_name().is_some_and(is_message_name);
    brings && (event.paths.is_empty() || event.paths.iter().any(is_message))
}

#[cfg(test)]
mod tests;
