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
#[allow(dead_code, reason = "the launcher is built on it")]
mod durable;
mod exit;
#[cfg(feature = "faults")]
mod faults;
mod intake;
pub mod measured;
mod memory;
mod notify;
mod processes;
mod ready;
mod router;
#[cfg(test)]
mod scene;
mod sender;
mod service;
mod session;
#[allow(dead_code, unused_imports, reason = "the launcher is built on it")]
mod slots;
mod source;
mod store;
mod supervisor;
mod telemetry;
mod tools;
mod transcript;
mod typed;

pub use cli::main;
