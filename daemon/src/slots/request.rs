//! A restart that was asked for from inside: who asked, and what became of it, in
//! `state/restart/requests/<id>.json`. It stands there until the one who asked was told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::{self, RecordError};
use crate::config::Home;
use crate::durable;
use crate::processes::Noted;

/// Requests that are kept: enough for the guard and for whoever looks what happened.
const REQUESTS_KEPT: usize = 50;

/// Who asked for a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Initiator {
    /// The agent of a session, by its row number.
    Session(i64),
    /// The owner, from a terminal; always `true`.
    Owner(bool),
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RequestState {
    /// Written down.
    Asked,
    /// The command runs.
    Running,
    /// It has ended.
    Done,
}

/// What stands in a request's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RestartRequest {
    /// The restart's id.
    pub id: String,
    /// Who asked.
    pub initiator: Initiator,
    /// When (RFC 3339, UTC).
    pub asked_at: String,
    /// How far it is.
    pub state: RequestState,
    /// The process that carries it out, from before it does anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Noted>,
    /// What the command ended with, when it did so by itself.
    pub exit_code: Option<i32>,
    /// One line about what became of it.
    pub says: Option<String>,
    /// Whether the one who asked was told.
    pub told: bool,
}

/// The requests of a home.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    dir: PathBuf,
}

impl Requests {
    /// Those of this home. Nothing is touched.
    pub(crate) fn of(home: &Home) -> Self {
        Self { dir: home.requests_dir() }
    }

    /// All that can be read, the oldest first; of the others, why not.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn all(&self) -> io::Result<(Vec<RestartRequest>, Vec<RecordError>)> {
        let (mut requests, mut unreadable) = (Vec::new(), Vec::new());
        for path in self.files()? {
            match record::read(&path) {
                Ok(request) => requests.extend(request),
                Err(error) => unreadable.push(error),
            }
        }
        Ok((requests, unreadable))
    }

    /// Writes one down, new or changed. Of too many, the oldest are let go.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&self, request: &RestartRequest) -> Result<(), RecordError> {
        let failed = |source| RecordError::Io { verb: "write", path: self.dir.clone(), source };
        durable::make_dir(&self.dir).map_err(failed)?;
        let own = self.dir.join(format!("{}.json", request.id));
        record::write(&own, request)?;
        // After a clock was set back it may be the oldest, and stays all the same.
        let mut files = self.files().map_err(failed)?;
        files.retain(|file| *file != own);
        for old in &files[..(files.len() + 1).saturating_sub(REQUESTS_KEPT)] {
            durable::remove(old).map_err(failed)?;
        }
        Ok(())
    }

    /// Their files, the oldest first: an id begins with its time.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "json") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// A new id of a restart: `r<unix ms>-<4 hex>`.
pub(crate) fn new_id() -> String {
    let ms = jiff::Timestamp::now().as_millisecond();
    let chance = uuid::Uuid::new_v4().simple().to_string();
    format!("r{ms}-{}", &chance[..4])
}

/// What a report says became of a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What its command ended with, or would have.
    pub(crate) exit_code: Option<i32>,
    /// One line.
    pub(crate) says: String,
}

/// The verdict of a restart's report, if one was written.
pub(crate) fn verdict(reports: &Path, id: &str) -> Option<Verdict> {
    let text = fs::read(reports.join(id).join("report.json")).ok()?;
    let report: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let verdict = report.get("verdict")?;
    let says = verdict.get("says")?.as_str()?.lines().next()?.to_owned();
    let exit_code = verdict.get("exit_code").and_then(serde_json::Value::as_i64);
    Some(Verdict { exit_code: exit_code.and_then(|code| i32::try_from(code).ok()), says })
}
