//! Placeholder.

mod claude;
mod processes;
