//! A home for one test, and the program run in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A user's folder with the assistant's home in it, gone with the value. A daemon that still runs
/// there is asked to stop.
pub(crate) struct Place {
    user: tempfile::TempDir,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// A place in which nothing ever ran.
    pub(crate) fn fresh() -> Self {
        Self { user: tempfile::tempdir().unwrap() }
    }

    /// The assistant's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.user.path().join("home")
    }

    /// Writes a file below the home.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The program in this place.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claude-assistant"));
        command
            .args(arguments)
            .env("HOME", self.user.path())
            .env("CLAUDE_ASSISTANT_HOME", self.home())
            .env_remove("CLAUDE_ASSISTANT_LOG")
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with words that hold no spaces.
    pub(crate) fn run(&self, typed: &str) -> Ran {
        Ran::of(self.command(typed.split_whitespace()).output().unwrap())
    }

    /// Every file and folder of the home that others could use.
    pub(crate) fn open_to_others(&self) -> Vec<PathBuf> {
        let mut open = Vec::new();
        collect(&self.home(), &mut open);
        open
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.run("stop");
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn collect(path: &Path, open: &mut Vec<PathBuf>) {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::symlink_metadata(path).unwrap();
    // A link has no rights of its own.
    if found.mode() & 0o077 != 0 && !found.is_symlink() {
        open.push(path.to_owned());
    }
    if found.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), open);
        }
    }
}
