//! The assistant's daemon and its command line: everything that touches the outside world.

mod claude;
mod config;
mod contacts;
mod control;
mod exit;
mod processes;
mod store;
mod telemetry;
mod transcript;
