//! What benches reach of the daemon: the few inner parts whose cost is promised. Everything else of
//! this crate stays private, and the program itself uses nothing of this.

mod agent;

use std::path::Path;
use std::sync::Arc;

use assistant_core::access::Tier;
use assistant_core::chat::{ChatId, Source};
use assistant_core::time::WallMs;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::claude::wire::{self, Frame};
use crate::clock::wall_now;
use crate::store::{self, NewSession, SessionFacts, SessionKind, SessionRow, Store, StoreThread};

pub use agent::{Agent, AgentTrouble, Closed, EndedBy, Host, Settings, Turn};

/// The database that a [`Registry`] makes in its folder.
const DATABASE: &str = "assistant.db";

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
#[error("prepare what is to be measured: {0}")]
pub struct NotMeasured(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Reads one line of the agent program (without its end) as a session does. Returns how many bytes
/// were understood: all of them, or 0 for a line that is of no use to us.
pub fn decode(line: &[u8]) -> usize {
    match std::hint::black_box(wire::decode(line)) {
        Frame::Garbage { .. } | Frame::Other { .. } => 0,
        _ => line.len(),
    }
}

/// The registry of sessions in a database on the disk, behind the store's own writer.
#[derive(Debug)]
pub struct Registry {
    runtime: Runtime,
    /// There until the registry is dropped.
    open: Option<(Store, StoreThread)>,
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
            .map_err(|error| NotMeasured(error.into()))?;
        let path = dir.join(DATABASE);
        if path.exists() {
            return Err(NotMeasured(format!("{} is there already", path.display()).into()));
        }
        let (store, writer) =
            store::open(&path, Arc::new(wall_now)).map_err(|error| NotMeasured(Box::new(error)))?;
        let thread = writer.start().map_err(|error| NotMeasured(error.into()))?;
        let mut registry =
            Self { runtime, open: Some((store, thread)), sessions: Vec::new(), last: wall_now() };
        registry.sessions = registry.make(sessions)?;
        Ok(registry)
    }

    /// Tells `updates` times that a session had a message, each session in its turn. No disk.
    pub fn touch(&mut self, updates: usize) {
        let Some((store, _)) = &self.open else { return };
        for session in self.sessions.iter().cycle().take(updates) {
            self.last.0 += 1;
            store.touch(*session, self.last);
        }
    }

    /// Returns when everything told is durable.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&self) -> Result<(), NotMeasured> {
        let Some((store, _)) = &self.open else { return Ok(()) };
        self.runtime.block_on(store.flush()).map_err(|error| NotMeasured(Box::new(error)))
    }

    fn make(&self, sessions: usize) -> Result<Vec<SessionRow>, NotMeasured> {
        let Some((store, _)) = &self.open else { return Ok(Vec::new()) };
        let made = async {
            // All at once, so that they share a few commits.
            let mut making = JoinSet::new();
            for nth in 0..sessions {
                let (store, new) = (store.clone(), session(nth)?);
                making.spawn(async move { store.ensure_session(new).await });
            }
            let mut rows = Vec::with_capacity(sessions);
            while let Some(made) = making.join_next().await {
                let made = made.map_err(|error| NotMeasured(Box::new(error)))?;
                rows.push(made.map_err(|error| NotMeasured(Box::new(error)))?.row);
            }
            rows.sort_unstable();
            Ok(rows)
        };
        self.runtime.block_on(made)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some((store, thread)) = self.open.take() {
            drop(store);
            // A writer that panicked has said so, and a measurement has no use for it any more.
            let _ended = thread.join();
        }
    }
}

fn session(nth: usize) -> Result<NewSession, NotMeasured> {
    let address = format!("+1555{nth:07}");
    let chat = ChatId::new(Source::Test, &address).map_err(|error| NotMeasured(Box::new(error)))?;
    let facts = SessionFacts {
        name: address.clone(),
        kind: SessionKind::Direct,
        contact: address.clone(),
        tier: Tier::Admin,
        model: None,
    };
    Ok(NewSession { chat, working_dir: Path::new("/").join(address), facts })
}
