//! Scenarios: the pieces of work whose cost is promised, each a function that does it once.
//!
//! ```text
//! in this process            framing, machine, wire, registry, route ─┐
//! over the real binaries     daemon ─> pickup, burst, inbox, life, ..  ├─> all ─> serving: bench-probe
//! beside them                bare: what the machine itself takes     ─┘
//!
//! criterion and gungraun     the pieces in this process, one by one: benches/*.rs
//! ```
//!
//! A scenario measures nothing that it prepared, and knows no line that it must stay below: those
//! stand with whoever runs it. Absent: comparing with earlier runs; homes for a daemon and the way
//! to the binaries, which are those of every other check (`harness`).

pub mod agent;
mod all;
pub mod bare;
pub mod burst;
pub mod cycles;
pub mod daemon;
pub mod framing;
pub mod idle;
pub mod inbox;
pub mod life;
pub mod machine;
#[cfg(target_os = "linux")]
mod one_core;
pub mod pickup;
pub mod registry;
pub mod reply;
pub mod restart;
pub mod route;
pub mod samples;
pub mod scenario;
pub mod serving;
pub mod sessions;
pub mod status;
pub mod wire;

pub use self::all::ALL;
