//! Cases over the real binaries: the daemon runs as it would for its owner, and is looked at from
//! outside alone, by files, commands and processes.
//!
//! [`case`] is what a case gets, [`tier`] makes the runner of a tier of them, [`parting`] ends what a
//! case leaves running and looks for what stays, [`views`] reads what the daemon shows, [`contracts`] runs the agent's contracts,
//! [`probe`] has every scenario of the benches do its work once, [`stream`] keeps numbered messages flowing and settles the account. The cases themselves are in [`tier2`]
//! (a stand-in of the agent program), [`tier3`] (the real one; with [`live`] also on the real API)
//! and [`tier4`] (the daemon that runs).
//!
//! Absent on purpose: any import of the daemon's crates.

pub mod api;
pub mod case;
pub mod contracts;
pub mod launched;
pub mod live;
pub mod parting;
pub mod probe;
pub mod proof;
pub mod stream;
pub mod tier;
pub mod tier2;
pub mod tier3;
pub mod tier4;
pub mod views;
