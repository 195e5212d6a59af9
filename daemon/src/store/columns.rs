//! How values stand in columns: enums as words, lists as JSON; and how rows are read back.
//!
//! A row that does not read (written by a newer version, or damaged) is left out and noted by its
//! number, so that one bad row never keeps the others from their readers.

use assistant_core::access::Tier;
use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Attachment, Group, Voice};
use rusqlite::types::FromSql;
use rusqlite::{Row, Rows};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Declares an enum together with the words that stand for its variants in the database.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word that stands for it, in the database and in what people read.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// What a word stands for, if it is one of ours.
            pub(crate) fn parse(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use words;

/// A column whose value this version cannot read. The value itself is never repeated.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) column: &'static str,
}

/// A value that `SQLite` itself can read.
pub(super) fn plain<T: FromSql>(row: &Row<'_>, column: &'static str) -> Result<T, Unreadable> {
    row.get(column).map_err(|_| Unreadable { column })
}

/// A word that stands for something.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Unreadable> {
    let value = row.get_ref(column).map_err(|_| Unreadable { column })?;
    value.as_str().ok().and_then(parse).ok_or(Unreadable { column })
}

/// The chat of a row.
pub(super) fn chat(row: &Row<'_>) -> Result<ChatId, Unreadable> {
    word(row, "chat", |text| ChatId::parse(text).ok())
}

/// The source of a row.
pub(super) fn source(row: &Row<'_>) -> Result<Source, Unreadable> {
    word(row, "source", Source::parse)
}

/// The tier of a session.
pub(super) fn tier(row: &Row<'_>) -> Result<Tier, Unreadable> {
    word(row, "tier", Tier::parse)
}

/// The word for a voice.
pub(super) fn voice_word(voice: Voice) -> &'static str {
    match voice {
        Voice::Person => "person",
        Voice::Note => "note",
        Voice::Override => "override",
    }
}

/// The voice of a message.
pub(super) fn voice(row: &Row<'_>) -> Result<Voice, Unreadable> {
    word(row, "voice", |text| {
        [Voice::Person, Voice::Note, Voice::Override].into_iter().find(|v| voice_word(*v) == text)
    })
}

/// An attachment as it stands in a row: `{"path", "mime", "name", "bytes"}`.
#[derive(Serialize, Deserialize)]
struct StoredAttachment {
    path: String,
    mime: Option<String>,
    name: String,
    bytes: Option<u64>,
}

/// A group as it stands in a row: `{"id", "name", "participants"}`.
#[derive(Serialize, Deserialize)]
struct StoredGroup {
    id: String,
    name: Option<String>,
    participants: Vec<String>,
}

/// The JSON of a list of attachments.
pub(super) fn attachments_json(attachments: &[Attachment]) -> String {
    let stored: Vec<StoredAttachment> = attachments
        .iter()
        .cloned()
        .map(|Attachment { path, mime, name, bytes }| StoredAttachment { path, mime, name, bytes })
        .collect();
    serde_json::to_string(&stored).expect("strings and numbers always serialise")
}

/// The attachments of a row.
pub(super) fn attachments(row: &Row<'_>) -> Result<Vec<Attachment>, Unreadable> {
    let stored: Vec<StoredAttachment> =
        word(row, "attachments", |text| serde_json::from_str(text).ok())?;
    let read =
        |StoredAttachment { path, mime, name, bytes }| Attachment { path, mime, name, bytes };
    Ok(stored.into_iter().map(read).collect())
}

/// The JSON of a group.
pub(super) fn group_json(group: &Group) -> String {
    let Group { id, name, participants } = group.clone();
    serde_json::to_string(&StoredGroup { id, name, participants })
        .expect("strings always serialise")
}

/// The group of a row, if it was sent to one.
pub(super) fn group(row: &Row<'_>) -> Result<Option<Group>, Unreadable> {
    let Some(text) = plain::<Option<String>>(row, "grp")? else { return Ok(None) };
    let StoredGroup { id, name, participants } =
        serde_json::from_str(&text).map_err(|_| Unreadable { column: "grp" })?;
    Ok(Some(Group { id, name, participants }))
}

/// Some of the rows that a query finds, and where to go on. How many read says nothing of how many
/// there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// Those that read, in order.
    pub(crate) rows: Vec<T>,
    /// The number of the last row that was looked at, if more may stand behind it.
    pub(crate) more_after: Option<i64>,
}

/// Reads every row that reads, in order. What does not is noted by its number.
pub(super) fn readable<T>(
    rows: Rows<'_>,
    table: &'static str,
    decode: impl Fn(&Row<'_>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, StoreError> {
    Ok(page(rows, u32::MAX, table, decode)?.rows)
}

/// Like [`readable`], for a query in the order of `row` that ends after `limit` rows.
pub(super) fn page<T>(
    mut rows: Rows<'_>,
    limit: u32,
    table: &'static str,
    decode: impl Fn(&Row<'_>) -> Result<T, Unreadable>,
) -> Result<Page<T>, StoreError> {
    let (mut read, mut looked_at, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        last = row.get("row").ok();
        match decode(row) {
            Ok(value) => read.push(value),
            Err(Unreadable { column }) => {
                tracing::warn!(table, row = last, column, "left out a row that does not read");
            }
        }
    }
    Ok(Page { rows: read, more_after: last.filter(|_| looked_at == limit) })
}
