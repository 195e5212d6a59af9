//! Cases over the real binaries: the daemon runs as it would for its owner, and is looked at from
//! outside alone, by files, commands and processes.
//!
//! [`case`] is what a case gets, [`tier`] makes the runner of a tier of them, [`parting`] ends what a
//! case leaves running and looks for what stays, [`views`] reads what the daemon shows, [`stream`]
//! keeps numbered messages flowing and settles the account. The cases themselves are in [`tier2`]
//! (a stand-in of the agent program) and [`tier3`] (the real one).
//!
//! Absent on purpose: any import of the daemon's crates.

pub mod api;
pub mod case;
pub mod parting;
pub mod stream;
pub mod tier;
pub mod tier2;
pub mod tier3;
pub mod views;
