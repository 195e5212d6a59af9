//! What the keeper wants written of restarts and slots. Each says why it could not be: a fragment that
//! fits behind "failed to".

use assistant_core::keeper;
use tracing::info;

use super::driver::Driver;
use super::files;
use crate::slots::{Pending, SlotName, Standing, record};

impl Driver {
    /// Writes how far the restart is.
    pub(super) fn write_pending(
        &mut self,
        pending: &keeper::Pending<SlotName>,
    ) -> Result<(), String> {
        let Some(file) = &mut self.pending else { return Ok(()) };
        follow(file, pending);
        info!(id = file.id, phase = ?file.phase, target = file.target.as_str(), "restart");
        record::write(&self.home.pending_file(), file).map_err(|error| error.to_string())
    }

    /// Shows how far the restart is for the keeper, whatever its file says.
    pub(super) fn show_pending(&mut self) {
        if let (Some(file), Some(pending)) = (&mut self.pending, self.keeper.pending()) {
            follow(file, pending);
        }
    }

    /// Takes its file away. What stands there until then is shown.
    pub(super) fn remove_pending(&mut self) -> Result<(), String> {
        record::remove(&self.home.pending_file()).map_err(|error| error.to_string())?;
        info!("restart over");
        self.pending = None;
        Ok(())
    }

    /// Writes what is known of a slot.
    pub(super) fn mark(
        &self,
        slot: &SlotName,
        standing: keeper::Standing,
        why: &str,
    ) -> Result<(), String> {
        let standing = match standing {
            keeper::Standing::Good => Standing::Good,
            keeper::Standing::Bad | keeper::Standing::Unknown => Standing::Bad,
        };
        info!(slot = slot.as_str(), ?standing, why, "slot marked");
        self.slots.set_mark(slot, standing, why).map_err(|error| error.to_string())
    }
}

fn follow(file: &mut Pending, pending: &keeper::Pending<SlotName>) {
    file.phase = files::phase(pending.phase);
    file.tries = pending.tries;
}
