//! The machinery of checking: everything that looks at the assistant from outside.
//!
//! A check runs the *real* daemon binary in a home of its own ([`sandbox`]), waits for what it
//! should see ([`wait`]), looks at the processes of the machine ([`processes`]) and proves that
//! nothing stays behind ([`leaks`]). Every command of the project ends with one of the numbers in
//! [`exit_code`].
//!
//! Absent on purpose: any import of the assistant's own crates. A check that shared their structs
//! would agree with a wrong field name. Absent too: async, but for the contracts
//! of the agent program. One thread looking is enough.

pub mod bench;
pub mod binaries;
pub mod command;
#[cfg(feature = "contract")]
pub mod contract;
pub mod environment;
pub mod exit_code;
pub mod files;
pub mod gate;
pub mod junit;
pub mod leaks;
pub mod processes;
pub mod quarantine;
pub mod receipt;
pub mod render;
pub mod report;
pub mod restart;
#[cfg(feature = "run")]
pub mod run;
pub mod sandbox;
pub mod seed;
#[cfg(test)]
mod specimen;
pub mod tier;
pub mod verdict;
pub mod wait;
