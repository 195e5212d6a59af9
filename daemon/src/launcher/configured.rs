//! The configuration as it is when it is needed: a launcher lives for months, and its file is edited
//! meanwhile. What is asked for just before it counts is never older than the file.

use std::path::PathBuf;

use tracing::error;

use crate::config::{Config, Home};

/// The configuration's file, and what it said last.
#[derive(Debug)]
pub(super) struct Configured {
    file: PathBuf,
    /// What `~/` stands for in it.
    user_home: Option<PathBuf>,
    last: Config,
}

impl Configured {
    /// That of a home, which said this when it was read first.
    pub(super) fn of(home: &Home, user_home: Option<PathBuf>, first: Config) -> Self {
        Self { file: home.config_file(), user_home, last: first }
    }

    /// As the file says it now; as it said it last, while it cannot be used.
    pub(super) fn now(&mut self) -> &Config {
        match Config::load(&self.file, self.user_home.as_deref()) {
            Ok(config) => self.last = config,
            Err(error) => error!(%error, "the configuration cannot be used, the last one stands"),
        }
        &self.last
    }
}

#[cfg(test)]
mod tests;
