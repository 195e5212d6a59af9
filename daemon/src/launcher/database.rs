//! The database between a target that was given up and the daemon before it: looked through, and
//! replaced by the restart's backup if it is damaged. What is lost by that is listed first, by the
//! numbers of rows alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tracing::{error, info, warn};

use crate::config::Home;
use crate::slots::{Pending, record};
use crate::store::restore::{self, RestoreError};
use crate::store::{self, Look, Missing};

/// How long it is looked through. People wait; a database that takes longer counts as whole.
pub(super) const LOOK_MAX: Duration = Duration::from_secs(3);

/// How long it is looked for what is lost.
const LIST_MAX: Duration = Duration::from_secs(5);

/// What stands in `missing-<id>.json`.
#[derive(Serialize)]
struct List<'a> {
    id: &'a str,
    at: String,
    what: &'a str,
    damaged: String,
    backup: &'a Path,
    #[serde(flatten)]
    missing: &'a Missing,
}

/// Looks at the database and leaves it whole if that can be done. That it was damaged and what became
/// of it, for people; `None` if it was whole. Nobody may have it open.
pub(super) fn look_after(home: &Home, pending: Option<&Pending>) -> Option<String> {
    let path = home.database();
    let id = pending.map_or("unknown", |pending| &pending.id);
    if !path.exists() && restore::lies_beside(&path) {
        warn!("an earlier launcher was about to replace the database");
        return Some(told(replace(home, id)));
    }
    if let Err(error) = restore::clear(&path) {
        warn!(%error, "a copy of a backup was left");
    }
    match store::look(&path, LOOK_MAX) {
        Look::Whole if list(home, id).exists() => Some(told(Ok(list(home, id)))),
        Look::Whole => None,
        Look::Unfinished { why } => {
            warn!(why, "database taken for whole: it was not looked through");
            None
        }
        Look::Damaged { what } => {
            error!(what, "database damaged");
            let backup = pending.and_then(|pending| pending.backup.as_deref());
            let Some(backup) = backup else {
                return Some("the database is damaged, and there is no backup".to_owned());
            };
            Some(told(prepare(home, id, &what, backup).and_then(|()| replace(home, id))))
        }
    }
}

fn told(replaced: Result<PathBuf, RestoreError>) -> String {
    match replaced {
        Ok(list) => format!(
            "the database was damaged and its backup took its place; what is missing: {}",
            list.display()
        ),
        Err(error) => {
            error!(%error, "database not replaced");
            format!("the database is damaged, and its backup did not take its place: {error}")
        }
    }
}

/// Lays a copy of the backup beside the database, and lists what it lacks.
fn prepare(home: &Home, id: &str, what: &str, backup: &Path) -> Result<(), RestoreError> {
    let path = home.database();
    restore::check_backup(backup)?;
    let missing = store::missing(&path, backup, LIST_MAX);
    let damaged = restore::place_aside(&path, &plain(id));
    let damaged = damaged.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = crate::slots::now();
    let file = list(home, id);
    let written = record::write(&file, &List { id, at, what, damaged, backup, missing: &missing });
    if let Err(error) = written {
        error!(%error, "what is missing was not written down");
    }
    error!(
        inbox = missing.inbox.rows.len(),
        outbox = missing.outbox.rows.len(),
        sessions = missing.sessions.rows.len(),
        list = %file.display(),
        "rows are missing: the database is replaced by its backup"
    );
    restore::lay_beside(backup, &path, &missing)
}

/// Puts the copy that lies beside the database in its place. Returns the list of what is missing.
fn replace(home: &Home, id: &str) -> Result<PathBuf, RestoreError> {
    let path = home.database();
    let aside = restore::place_aside(&path, &plain(id));
    restore::put_in_place(&path, &aside)?;
    info!(damaged = %aside.display(), "database replaced by its backup");
    Ok(list(home, id))
}

fn list(home: &Home, id: &str) -> PathBuf {
    home.restart_dir().join(format!("missing-{}.json", plain(id)))
}

/// An id as a part of a file's name.
fn plain(id: &str) -> String {
    let is_plain = |&letter: &char| letter.is_ascii_alphanumeric() || letter == '-';
    id.chars().filter(is_plain).collect()
}

#[cfg(test)]
mod tests;
