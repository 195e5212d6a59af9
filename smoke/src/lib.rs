//! Cases over the real binaries: the daemon runs as it would for its owner, and is looked at from
//! outside alone, by files, commands and processes.
//!
//! [`case`] is what a case gets, [`runner`] runs and limits it, [`views`] reads what the daemon
//! shows, [`stream`] keeps numbered messages flowing and settles the account. The cases themselves
//! are in [`tier2`] (a stand-in of the agent program) and [`tier3`] (the real one).
//!
//! Absent on purpose: any import of the daemon's crates.

pub mod api;
pub mod case;
pub mod contracts;
pub mod runner;
pub mod stream;
pub mod tier2;
pub mod tier3;
pub mod views;
