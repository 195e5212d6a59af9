//! Reads a TOML file into a shape, and says of everything wrong with it where it stands: one line
//! with file, line and key. What the file's values are is never repeated in the error, because
//! names and numbers of people stand in some of these files.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::exit::{Code, Failure};

/// A file that cannot be used, and why: `config.toml:7: agent.model: wrong type: ...`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct FileError {
    /// The file as it was named.
    pub path: PathBuf,
    /// The line, from 1, where the trouble has one.
    pub line: Option<usize>,
    /// The key with its table (`agent.model`), where the trouble has one.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What the program ends with because of it.
    pub code: Code,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(key) = &self.key {
            write!(f, " {key}:")?;
        }
        write!(f, " {}", self.what)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(error.code, error.to_string())
    }
}

/// The text of one file, for finding the line and key of an offset.
#[derive(Debug)]
pub(crate) struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it is no regular file, cannot be read, or is not UTF-8.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, FileError> {
        // Asked first: a pipe is waited for as soon as it is opened, maybe for ever.
        let kind = match std::fs::metadata(path) {
            Ok(found) => found.file_type(),
            Err(error) => return absent(path, &error),
        };
        if kind.is_dir() {
            return Err(whole(path, "is a directory, not a file"));
        }
        if !kind.is_file() {
            return Err(whole(path, "is not a regular file"));
        }
        match std::fs::read(path) {
            Ok(bytes) => Self::from_bytes(path, bytes).map(Some),
            Err(error) => absent(path, &error),
        }
    }

    /// Takes the bytes of a file as text.
    ///
    /// # Errors
    /// When they are not UTF-8, with the line of the first that is not.
    pub(crate) fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, FileError> {
        String::from_utf8(bytes).map(|text| Self { path: path.to_owned(), text }).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = line_at(&error.as_bytes()[..good]);
            FileError { line: Some(line), ..whole(path, "not UTF-8") }
        })
    }

    /// Takes the text for the shape `T`.
    ///
    /// # Errors
    /// The first thing wrong: bad TOML, an unknown or missing key, a wrong type.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        toml::from_str(&self.text).map_err(|error| self.located(&error))
    }

    /// Refuses a list where a table belongs (`agent = [...]`, `[[agent]]`): a shape would take it
    /// for the table's values in their order.
    ///
    /// # Errors
    /// The first top-level list.
    pub(crate) fn refuse_top_level_lists(&self) -> Result<(), FileError> {
        let Ok(table) = DeTable::parse(&self.text) else { return Ok(()) };
        let list = table.get_ref().iter().find(|(_, value)| value.get_ref().is_array());
        let Some((key, _)) = list else { return Ok(()) };
        Err(FileError {
            path: self.path.clone(),
            line: Some(self.line(key.span().start)),
            key: Some(key.get_ref().to_string()),
            what: "wrong type: expected a table, found an array".to_owned(),
            code: Code::Usage,
        })
    }

    /// An error about the value at a span that [`Self::parse`] gave.
    pub(crate) fn wrong(&self, span: &Range<usize>, what: impl Into<String>) -> FileError {
        let place = DeTable::parse(&self.text)
            .ok()
            .and_then(|table| place_in(table.get_ref(), span.start, ""));
        FileError {
            path: self.path.clone(),
            line: Some(self.line(span.start)),
            key: place.map(|place| place.key),
            what: what.into(),
            code: Code::Usage,
        }
    }

    fn located(&self, error: &toml::de::Error) -> FileError {
        let at = error.span().map_or(0, |span| span.start);
        let line = Some(self.line(at));
        let path = self.path.clone();
        let Ok(table) = DeTable::parse(&self.text) else {
            let what = syntax(error.message());
            return FileError { path, line, key: None, what, code: Code::Usage };
        };
        let place = place_in(table.get_ref(), at, "");
        let (key, what) = shape(error.message(), place);
        FileError { path, line, key, what, code: Code::Usage }
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        line_at(&self.text.as_bytes()[..offset.min(self.text.len())])
    }
}

fn line_at(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

/// What it means that the system does not give the file.
fn absent(path: &Path, error: &std::io::Error) -> Result<Option<Text>, FileError> {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Ok(None);
    }
    let what = format!("cannot be read: {error}");
    Err(FileError { code: Code::of_io(error, Code::Usage), ..whole(path, what) })
}

fn whole(path: &Path, what: impl Into<String>) -> FileError {
    FileError { path: path.to_owned(), line: None, key: None, what: what.into(), code: Code::Usage }
}

/// Where an offset stands: the key's full name, and the type of what is written there.
struct Place {
    key: String,
    found: Option<&'static str>,
}

/// Looks through a table and everything in it. Tables are searched whatever their own span says,
/// because that of `[table]` covers the header only.
fn place_in(table: &DeTable<'_>, at: usize, prefix: &str) -> Option<Place> {
    table.iter().find_map(|(key, value)| {
        let name = match prefix {
            "" => key.get_ref().to_string(),
            _ => format!("{prefix}.{}", key.get_ref()),
        };
        let found = (!key.span().contains(&at)).then(|| value.get_ref().type_str());
        within(value, at, &name).or_else(|| {
            (key.span().contains(&at) || value.span().contains(&at))
                .then_some(Place { key: name, found })
        })
    })
}

fn within(value: &Spanned<DeValue<'_>>, at: usize, name: &str) -> Option<Place> {
    match value.get_ref() {
        DeValue::Table(table) => place_in(table, at, name),
        DeValue::Array(items) => items.iter().find_map(|item| {
            within(item, at, name).or_else(|| {
                item.span()
                    .contains(&at)
                    .then(|| Place { key: name.to_owned(), found: Some(item.get_ref().type_str()) })
            })
        }),
        _ => None,
    }
}

/// Turns serde's wording into ours, without the value it quotes.
fn shape(message: &str, place: Option<Place>) -> (Option<String>, String) {
    let (key, found) = place.map_or((None, None), |place| (Some(place.key), place.found));
    if let Some(missing) = quoted_after(message, "missing field ") {
        let key = key.map_or_else(|| missing.to_owned(), |table| format!("{table}.{missing}"));
        return (Some(key), "missing".to_owned());
    }
    if message.starts_with("unknown field") {
        return (key, "unknown key".to_owned());
    }
    let expected = message.split_once("expected ").map_or("something else", |(_, what)| what);
    let expected = plain(expected.lines().next().unwrap_or(expected));
    let what = match found {
        _ if message.starts_with("unknown variant") => format!("bad value: expected {expected}"),
        Some(found) if message.starts_with("invalid type") => {
            format!("wrong type: expected {expected}, found {}", article(found))
        }
        _ if message.starts_with("invalid") => format!("bad value: expected {expected}"),
        _ => syntax(message),
    };
    (key, what)
}

fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').nth(1)
}

/// Rust's names of types in words that fit a configuration file.
fn plain(expected: &str) -> String {
    match expected {
        "u32" | "u64" | "usize" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.replace('`', "\""),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "integer" | "array" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

fn syntax(message: &str) -> String {
    format!("not valid TOML: {}", message.lines().next().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests;
