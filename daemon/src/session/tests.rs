//! Scripts against one session whose agent is played by hand, line by line.

pub(crate) mod agents;
mod closing;
mod delivery;
mod full;
mod outcomes;
mod requests;
mod rights;
mod world;
