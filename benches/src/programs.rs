//! The programs that are measured from outside. Nothing is built here.

use std::path::{Path, PathBuf};

/// Both programs of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `claude-assistant`.
    pub daemon: PathBuf,
    /// `fake-claude`.
    pub agent: PathBuf,
}

/// A program was not built.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "find {}: build it first: cargo build --release -p claude-assistant -p fakes",
    path.display()
)]
pub struct NotBuilt {
    /// Where it should be.
    pub path: PathBuf,
}

impl Programs {
    /// The programs built into the same target folder as `executable`, which is a bench or a test
    /// (`release/deps/end_to_end-…`) or a program itself (`release/…`).
    ///
    /// # Errors
    /// When one of them is missing.
    pub fn beside(executable: &Path) -> Result<Self, NotBuilt> {
        let folder = executable.parent().unwrap_or(Path::new("."));
        let folder = match folder.parent() {
            Some(profile) if folder.ends_with("deps") => profile,
            _ => folder,
        };
        let built = |name: &str| {
            let path = folder.join(name);
            if path.is_file() { Ok(path) } else { Err(NotBuilt { path }) }
        };
        Ok(Self { daemon: built("claude-assistant")?, agent: built("fake-claude")? })
    }
}

#[cfg(test)]
mod tests;
