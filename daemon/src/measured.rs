//! What benches reach of the daemon: the few inner parts whose cost is promised. Everything else of
//! this crate stays private, and the program itself uses nothing of this.
//!
//! ```text
//! Agent       our client of the agent program, as a session drives it
//! decode      a line of the agent program, read
//! Registry    the sessions on disk, told of many messages
//! Route       a message on its way from the intake to the supervisor
//! Agent       a life of the agent program, over a session's ears and its closing steps
//! ```

mod agent;
mod registry;
mod route;

use std::path::Path;
use std::sync::Arc;

pub use self::agent::{Agent, AgentTrouble, Closed, EndedBy, Host, Settings, Turn};
pub use self::registry::Registry;
pub use self::route::Route;
use crate::claude::wire::{self, Frame};
use crate::clock::wall_now;
use crate::store::{self, Store, StoreThread};

/// The database that is made in the folder of something measured.
const DATABASE: &str = "assistant.db";

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
#[error("prepare what is to be measured: {0}")]
pub struct NotMeasured(#[source] Box<dyn std::error::Error + Send + Sync>);

impl NotMeasured {
    fn new(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(why.into())
    }
}

/// Reads one line of the agent program (without its end) as a session does. Returns how many bytes
/// were understood: all of them, or 0 for a line that is of no use to us.
pub fn decode(line: &[u8]) -> usize {
    match std::hint::black_box(wire::decode(line)) {
        Frame::Garbage { .. } | Frame::Other { .. } => 0,
        _ => line.len(),
    }
}

/// A store on the disk behind its own writer, which ends when this is dropped. Whoever has another
/// handle of the store has to be gone by then.
#[derive(Debug)]
struct OnDisk {
    /// There until it is dropped.
    open: Option<(Store, StoreThread)>,
}

impl OnDisk {
    /// Makes a database in `dir`.
    fn create(dir: &Path) -> Result<Self, NotMeasured> {
        let path = dir.join(DATABASE);
        if path.exists() {
            return Err(NotMeasured::new(format!("{} is there already", path.display())));
        }
        let (store, writer) = store::open(&path, Arc::new(wall_now)).map_err(NotMeasured::new)?;
        let thread = writer.start().map_err(NotMeasured::new)?;
        Ok(Self { open: Some((store, thread)) })
    }

    fn store(&self) -> &Store {
        let (store, _) = self.open.as_ref().expect("nobody asks while it is dropped");
        store
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        if let Some((store, thread)) = self.open.take() {
            drop(store);
            // A writer that panicked has said so, and a measurement has no use for it any more.
            let _ended = thread.join();
        }
    }
}
