//! The files of the tree as text.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// Directories that hold nothing of ours: build output and the repository itself.
const SKIPPED: &[&str] = &["target", ".git"];

/// One text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// From the top of the tree, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files, by path.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

impl Tree {
    /// Reads every file below `root` that is text.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.read_below(root, "")?;
        tree.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    pub(super) fn find(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or a directory of this name is in the tree.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        path.is_empty()
            || self.files.iter().any(|file| file.path == path || file.path.starts_with(&inside))
    }

    /// All files whose name ends with `suffix`.
    pub(super) fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.ends_with(suffix))
    }

    fn read_below(&mut self, directory: &Path, prefix: &str) -> anyhow::Result<()> {
        let reading = || format!("read {}", directory.display());
        for entry in fs::read_dir(directory).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().with_context(reading)?;
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                self.read_below(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                // What is no text has no lines to look at, but is there to be linked to.
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                self.files.push(File { path, text });
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| File { path: path.into(), text: text.into() };
        Self { files: files.iter().map(file).collect() }
    }
}
