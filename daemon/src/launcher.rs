//! The launcher.

pub(crate) mod protocol;
