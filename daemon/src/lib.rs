//! The assistant's daemon and its command line: everything that touches the outside world.
//!
//! The library is there for the program of the same name and for tests. What it shows is
//! [`main`], and [`measured`] for benches.

mod app;
mod claude;
mod cli;
mod clock;
mod config;
mod contacts;
mod control;
mod durable;
mod exit;
#[cfg(feature = "faults")]
mod faults;
mod intake;
mod launcher;
pub mod measured;
mod memory;
mod notify;
mod processes;
mod ready;
mod restarts;
mod router;
#[cfg(test)]
mod scene;
mod sender;
mod service;
mod session;
mod slots;
mod source;
mod store;
mod supervisor;
mod telemetry;
mod throwaway;
mod tools;
mod transcript;
mod typed;
mod voice;
mod watcher;

pub use cli::main;
