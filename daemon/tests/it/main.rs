//! The program as a person runs it: the real binary, in homes of its own.

mod cli;
mod place;
