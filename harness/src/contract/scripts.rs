//! The scripts, by what they are about.

pub(super) mod endings;
pub(super) mod interrupts;
pub(super) mod lines;
pub(super) mod questions;
pub(super) mod sessions;
pub(super) mod steering;
pub(super) mod trouble;
pub(super) mod turns;
