//! The assistant's daemon and its command line: everything that touches the outside world.

mod app;
mod claude;
mod cli;
mod config;
mod contacts;
mod control;
mod exit;
mod processes;
mod ready;
mod store;
mod telemetry;
mod transcript;

pub use cli::main;
