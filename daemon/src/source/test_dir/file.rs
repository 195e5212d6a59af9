//! One test message as a file: what it may be, and how it becomes an arrival.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use assistant_core::chat::{BadChat, ChatId, Source};
use assistant_core::message::{Arrival, Attachment, Group, Voice};
use assistant_core::time::WallMs;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde::Deserialize;

/// A larger file is an error, not a hang.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a file is no message.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadFile {
    /// It is gone.
    #[error("gone")]
    Gone,
    /// A link, a pipe, a socket.
    #[error("not a regular file")]
    NotRegular,
    /// Too large.
    #[error("over 1 MiB ({bytes} bytes)")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// We may not read it.
    #[error("not readable")]
    Unreadable,
    /// Something that has nothing to do with the file.
    #[error("read: {0}")]
    Elsewhere(io::Error),
    /// It may be half written.
    #[error("not a test message: {0}")]
    Unparsed(serde_json::Error),
    /// It names no chat that could be answered.
    #[error("not a test message: {0}")]
    Chat(#[from] BadChat),
    /// Nobody sent it.
    #[error("not a test message: `from` is empty")]
    NoSender,
}

/// The file's format. See `docs/formats.md`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestMessage {
    from: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    is_group: bool,
    #[serde(default)]
    chat_id: Option<String>,
    #[serde(default)]
    group_name: Option<String>,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    reply_to: Option<String>,
}

/// Reads a file as an arrival with this key. Links are not followed, and what is no file is not
/// waited for.
pub(super) fn read(path: &Path, key: &str) -> Result<Arrival, BadFile> {
    let message = parse(&read_bytes(path)?).map_err(BadFile::Unparsed)?;
    arrival(message, key)
}

/// An object, and nothing that serde would take for one: a list of the same values reads as a
/// structure to it.
fn parse(text: &[u8]) -> serde_json::Result<TestMessage> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde::de::Error::custom("expected an object, found a list"));
    }
    serde_json::from_slice(text)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, BadFile> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(refused)?;
    let mut file = File::from(file);
    let metadata = file.metadata().map_err(BadFile::Elsewhere)?;
    if !metadata.is_file() {
        return Err(BadFile::NotRegular);
    }
    let mut text = Vec::new();
    // It may grow while it is read.
    let mut bounded = file.by_ref().take(FILE_BYTES_MAX + 1);
    bounded.read_to_end(&mut text).map_err(BadFile::Elsewhere)?;
    if FILE_BYTES_MAX < text.len() as u64 {
        return Err(BadFile::TooLarge { bytes: metadata.len().max(text.len() as u64) });
    }
    Ok(text)
}

/// What it says of a file that it cannot be opened.
fn refused(errno: Errno) -> BadFile {
    match errno {
        Errno::NOENT => BadFile::Gone,
        // A link, and a socket.
        Errno::LOOP | Errno::NXIO => BadFile::NotRegular,
        Errno::ACCESS | Errno::PERM => BadFile::Unreadable,
        other => BadFile::Elsewhere(other.into()),
    }
}

fn arrival(message: TestMessage, key: &str) -> Result<Arrival, BadFile> {
    if message.from.trim().is_empty() {
        return Err(BadFile::NoSender);
    }
    let raw_chat = message.chat_id.as_deref().unwrap_or(&message.from);
    let chat = ChatId::new(Source::Test, raw_chat)?;
    let group = message.is_group.then(|| Group {
        id: chat.address().to_owned(),
        name: message.group_name,
        participants: vec![message.from.clone()],
    });
    Ok(Arrival {
        source: Source::Test,
        key: key.to_owned(),
        chat,
        sender: message.from,
        text: message.text.unwrap_or_default(),
        attachments: message.attachments.into_iter().map(attachment).collect(),
        group,
        transcription: None,
        reply_to: message.reply_to,
        sent_at: WallMs::default(),
        seen_at: WallMs::default(),
        voice: Voice::Person,
    })
}

fn attachment(path: String) -> Attachment {
    let name = Path::new(&path)
        .file_name()
        .map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
    let bytes = std::fs::metadata(&path).ok().map(|metadata| metadata.len());
    Attachment { path, mime: None, name, bytes }
}

#[cfg(test)]
mod tests;
