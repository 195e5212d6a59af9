//! Replies to test messages: `outbox/<row>.json` beside them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde_json::json;

use crate::store::Outgoing;

/// Writes a reply so that it is there whole or not at all, and private. Again is the same file.
pub(super) fn write_reply(outbox: &Path, outgoing: &Outgoing) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(outbox)?;
    let attachments: Vec<&str> =
        outgoing.asked.attachments.iter().map(|attachment| attachment.path.as_str()).collect();
    let text = outgoing.asked.text.as_str();
    #[cfg(feature = "faults")]
    let text = crate::faults::text(text);
    let reply = json!({
        "row": outgoing.row.0,
        "chat": outgoing.asked.chat.as_str(),
        "text": text,
        "attachments": attachments,
        "at": outgoing.created_at.0,
    });
    let path = outbox.join(format!("{}.json", outgoing.row.0));
    let draft = outbox.join(format!(".{}.json.draft", outgoing.row.0));
    let placed =
        write(&draft, &serde_json::to_vec_pretty(&reply)?).and_then(|()| fs::rename(&draft, &path));
    if placed.is_err() {
        // A full disk is not made fuller; the error that counts is told.
        drop(fs::remove_file(&draft));
    }
    placed?;
    File::open(outbox)?.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
