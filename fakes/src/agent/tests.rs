//! Scripts against the machine. The expected lines agree with runs of the real program.

mod ends;
mod faults;
mod host;
mod interrupts;
mod memory;
mod questions;
mod turns;
