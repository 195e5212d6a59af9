//! The daemon as a whole, in one process and under a paused clock: a file in, an agent's turn, a
//! file out, and what becomes of both when things go wrong.

mod burst;
mod daemon;
mod ending;
mod fairness;
mod flow;
mod lives;
mod restart;
mod trouble;

pub(crate) use daemon::{Daemon, Setup, Starts, WriterOn, number};
