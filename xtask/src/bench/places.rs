//! Where a measuring run keeps what: builds below `target/bench/`, reports below
//! `target/harness/bench/`.

use std::path::{Path, PathBuf};

/// One of the builds that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is judged.
    Head,
    /// What it is compared with.
    Base,
    /// A copy of the head, for the head against itself.
    Control,
}

/// The places below one build directory.
#[derive(Debug, Clone)]
pub(super) struct Places {
    target: PathBuf,
}

impl Places {
    /// Below `target`.
    pub(super) fn below(target: &Path) -> Self {
        Self { target: target.to_path_buf() }
    }

    /// What belongs to one side: its files, its build directory, its programs. Their names are of one
    /// length: how long the arguments of a program are shifts its stack, and so what it takes.
    pub(super) fn of(&self, side: Side) -> PathBuf {
        self.target.join("bench").join(match side {
            Side::Head => "head",
            Side::Base => "base",
            Side::Control => "copy",
        })
    }

    /// The programs of a side, side by side as cargo leaves them.
    pub(super) fn programs(&self, side: Side) -> PathBuf {
        self.of(side).join("release")
    }

    /// The probe of a side.
    pub(super) fn probe(&self, side: Side) -> PathBuf {
        self.programs(side).join(format!("bench-probe{}", std::env::consts::EXE_SUFFIX))
    }

    /// What builds have said.
    pub(super) fn logs(&self) -> PathBuf {
        self.target.join("bench/logs")
    }

    /// A file among the reports.
    pub(super) fn report(&self, name: &str) -> PathBuf {
        self.target.join("harness/bench").join(name)
    }
}
