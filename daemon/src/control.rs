//! The control channel: how the command line talks to the running daemon, over a Unix socket in
//! the home.

pub(crate) mod protocol;
