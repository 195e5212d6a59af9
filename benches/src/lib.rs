//! Scenarios: the pieces of work whose cost is promised, each a function that does it once.
//!
//! ```text
//! in this process           framing, machine, wire, registry   timed by criterion
//! over the real binaries    daemon ─> end_to_end               timed by benches/end_to_end.rs
//! beside them               bare: what the machine itself takes
//! ```
//!
//! A scenario measures nothing that it prepared, and knows no line that it must stay below: those
//! stand with whoever runs it. Absent: comparing with earlier runs; homes for a daemon and the way
//! to the binaries, which are those of every other check (`harness`).

pub mod bare;
pub mod daemon;
pub mod end_to_end;
pub mod framing;
pub mod machine;
pub mod registry;
pub mod samples;
pub mod scenario;
pub mod wire;
