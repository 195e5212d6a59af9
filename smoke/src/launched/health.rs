//! Whether a home has come to rest on a healthy version after something was killed.

use anyhow::{Context, ensure};
use harness::sandbox::Sandbox;

use super::victim::exactly_one;
use super::{Service, Slot, current, launcher_status};
use crate::views::status;

/// The daemon answers and delivers, in one of `slots`, which is not marked bad; nothing is pending;
/// and one launcher and one daemon run. Returns the slot.
pub fn healthy(sandbox: &Sandbox, service: &Service, slots: &[&str]) -> anyhow::Result<String> {
    let now = status(sandbox)?;
    ensure!(now["held"] == false, "deliver again: held by {}", now["held_by"]);
    let slot = now["slot"].as_str().context("learn which slot runs")?;
    ensure!(slots.contains(&slot), "run one of {slots:?}, and not {slot}");
    ensure!(current(sandbox)? == slot, "point at the slot that runs, {slot}");
    let home = sandbox.home();
    let standing = &Slot { name: slot.to_owned() }.mark(&home)["standing"];
    ensure!(standing != "bad", "run a slot that is not marked bad: {slot}");
    let launcher = launcher_status(sandbox)?;
    ensure!(launcher["pending"].is_null(), "leave nothing pending: {}", launcher["pending"]);
    ensure!(launcher["state"] == "running", "come to rest: {}", launcher["state"]);
    ensure!(launcher["daemon"]["pid"] == now["pid"], "run the daemon that answers: {launcher}");
    ensure!(!home.join("state/restart/pending.json").exists(), "leave no file of a restart");
    exactly_one(sandbox, service)?;
    Ok(slot.to_owned())
}
