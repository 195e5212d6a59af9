//! Placeholder.

mod claude;
mod config;
mod control;
mod exit;
mod processes;
