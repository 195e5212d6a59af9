//! A small JSON file that says which format it has: `{"format":1,...}`. One of a higher format is
//! refused, a key that is not known is passed over, and one that is torn or empty is an error with
//! the file's name and nothing worse.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::durable;

/// No record is longer; what is, is something else.
const RECORD_BYTES_MAX: u64 = 1 << 20;

/// The format of all records.
pub(crate) const FORMAT: u64 = 1;

/// A record that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// The system refused.
    #[error("{verb} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds nothing, or half of something.
    #[error("read {}: the file is empty or torn", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("read {}: written by a newer version (format {format}, this one reads {FORMAT})",
            path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// It is JSON, and something else than this record.
    #[error("read {}: not what belongs there: {what}", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Reads a record; `None` if there is none.
///
/// # Errors
/// See [`RecordError`].
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    let mut text = Vec::new();
    let found =
        File::open(path).and_then(|file| file.take(RECORD_BYTES_MAX).read_to_end(&mut text));
    match found {
        Ok(_) => parse(path, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordError::Io { verb: "read", path: path.to_owned(), source }),
    }
}

/// Writes a record, durable when this returns.
///
/// # Errors
/// See [`RecordError`].
pub(crate) fn write(path: &Path, record: &impl Serialize) -> Result<(), RecordError> {
    #[derive(Serialize)]
    struct Framed<'a, T> {
        format: u64,
        #[serde(flatten)]
        record: &'a T,
    }
    let framed = Framed { format: FORMAT, record };
    let mut text = serde_json::to_vec(&framed).expect("a record is a struct with string keys");
    text.push(b'\n');
    durable::replace(path, &text).map_err(|source| RecordError::Io {
        verb: "write",
        path: path.to_owned(),
        source,
    })
}

/// Takes a record away.
///
/// # Errors
/// See [`RecordError`].
pub(crate) fn remove(path: &Path) -> Result<(), RecordError> {
    durable::remove(path).map_err(|source| RecordError::Io {
        verb: "remove",
        path: path.to_owned(),
        source,
    })
}

fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, RecordError> {
    let strange = |what: String| RecordError::Strange { path: path.to_owned(), what };
    let value: serde_json::Value =
        serde_json::from_slice(text).map_err(|_| RecordError::Torn { path: path.to_owned() })?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format <= FORMAT => {}
        Some(format) => return Err(RecordError::Newer { path: path.to_owned(), format }),
        None => return Err(strange("it has no format".to_owned())),
    }
    serde_json::from_value(value).map_err(|error| strange(error.to_string()))
}
