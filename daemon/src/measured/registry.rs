//! The registry of sessions, told of many messages.

use std::path::Path;

use assistant_core::access::Tier;
use assistant_core::chat::{ChatId, Source};
use assistant_core::time::WallMs;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::{NotMeasured, OnDisk};
use crate::clock::wall_now;
use crate::store::{NewSession, SessionFacts, SessionKind, SessionRow};

/// The registry of sessions in a database on the disk, behind the store's own writer.
#[derive(Debug)]
pub struct Registry {
    runtime: Runtime,
    on_disk: OnDisk,
    sessions: Vec<SessionRow>,
    last: WallMs,
}

impl Registry {
    /// Makes a database in `dir`, with so many sessions.
    ///
    /// # Errors
    /// When `dir` has one already, or cannot be written.
    pub fn create(dir: &Path, sessions: usize) -> Result<Self, NotMeasured> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(NotMeasured::new)?;
        let on_disk = OnDisk::create(dir)?;
        let mut registry = Self { runtime, on_disk, sessions: Vec::new(), last: wall_now() };
        registry.sessions = registry.make(sessions)?;
        Ok(registry)
    }

    /// Tells `updates` times that a session had a message, each session in its turn. No disk.
    pub fn touch(&mut self, updates: usize) {
        for session in self.sessions.iter().cycle().take(updates) {
            self.last.0 += 1;
            self.on_disk.store().touch(*session, self.last);
        }
    }

    /// Returns when everything told is durable.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&self) -> Result<(), NotMeasured> {
        self.runtime.block_on(self.on_disk.store().flush()).map_err(NotMeasured::new)
    }

    fn make(&self, sessions: usize) -> Result<Vec<SessionRow>, NotMeasured> {
        let made = async {
            // All at once, so that they share a few commits.
            let mut making = JoinSet::new();
            for nth in 0..sessions {
                let (store, new) = (self.on_disk.store().clone(), session(nth)?);
                making.spawn(async move { store.ensure_session(new).await });
            }
            let mut rows = Vec::with_capacity(sessions);
            while let Some(made) = making.join_next().await {
                let made = made.map_err(NotMeasured::new)?;
                rows.push(made.map_err(NotMeasured::new)?.row);
            }
            rows.sort_unstable();
            Ok(rows)
        };
        self.runtime.block_on(made)
    }
}

fn session(nth: usize) -> Result<NewSession, NotMeasured> {
    let address = format!("+1555{nth:07}");
    let chat = ChatId::new(Source::Test, &address).map_err(NotMeasured::new)?;
    let facts = SessionFacts {
        name: address.clone(),
        kind: SessionKind::Direct,
        contact: address.clone(),
        tier: Tier::Admin,
        model: None,
    };
    Ok(NewSession { chat, working_dir: Path::new("/").join(address), facts })
}
