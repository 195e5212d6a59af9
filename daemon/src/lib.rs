//! The assistant's daemon and its command line: everything that touches the outside world.

mod app;
mod claude;
mod cli;
mod clock;
mod config;
mod contacts;
mod control;
mod exit;
mod intake;
mod memory;
mod processes;
mod ready;
mod router;
#[cfg(test)]
mod scene;
mod sender;
mod session;
mod source;
mod store;
mod supervisor;
mod telemetry;
mod tools;
mod transcript;

pub use cli::main;
