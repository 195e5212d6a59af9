//! The runner of cases as a program: what comes of every outcome, what it costs, and whether others
//! can start it.

mod cost;
mod fixture;
mod play;
mod protocol;
