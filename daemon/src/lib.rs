//! The assistant's daemon and its command line: everything that touches the outside world.

mod config;
mod control;
mod exit;
mod telemetry;
mod transcript;
