//! Lines out of a byte stream, each at most [`LINE_BYTES_MAX`] long, with bounded memory.
//!
//! ```text
//!          newline within the bound               end: a tail counts as a line
//!  ┌──────────────── Text ◄──────────┐  ┌──────────────────────────────────────► None
//!  └─► collecting ── bound passed ──► skipping ── newline, or end ──► TooLong ─► collecting
//! ```
//!
//! Lines end in LF or CRLF; blank ones are left out. Bytes are not looked at: what is not UTF-8
//! passes like anything else. Absent on purpose: errors. A read error ends the stream, as there is
//! nothing that the reader of a broken pipe could do that it would not do at its end.

use std::ops::Range;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest line taken. The program has no bound of its own (lines of 3 MiB were measured, a
/// tool's output stands twice in one); sixteen mebibytes leave room, and keep the worst case of one
/// agent's reader at twice that.
pub(crate) const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much is read at once; the usual size of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// What the buffer may keep between lines: after a larger one its memory is given back.
const BUFFER_BYTES_KEPT: usize = 4 * READ_BYTES;

/// One line, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Its bytes, at least one.
    Text(&'a [u8]),
    /// It passed the bound and was skipped.
    TooLong {
        /// How long it was.
        bytes: u64,
    },
}

/// Takes a byte stream apart into lines.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    source: R,
    bytes_max: usize,
    buffer: Vec<u8>,
    /// Where the bytes begin that were not yet handed out.
    start: usize,
    /// Up to where no newline stands behind `start`.
    scanned: usize,
    /// In a line that is too long: how much of it has been thrown away.
    skipped: Option<u64>,
    ended: bool,
}

/// A line as a place in the buffer, free of its borrow.
enum Found {
    Text(Range<usize>),
    TooLong(u64),
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads lines of up to [`LINE_BYTES_MAX`] from `source`.
    pub(crate) fn new(source: R) -> Self {
        Self::with_bytes_max(source, LINE_BYTES_MAX)
    }

    fn with_bytes_max(source: R, bytes_max: usize) -> Self {
        let buffer = Vec::new();
        Self { source, bytes_max, buffer, start: 0, scanned: 0, skipped: None, ended: false }
    }

    /// The next line, or `None` at the end of the stream (again at every later call).
    ///
    /// Cancel-safe: everything read is in the reader's own buffer before this future waits again,
    /// so that dropping it loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Line<'_>> {
        let found = loop {
            if let Some(found) = self.take_line() {
                break found;
            }
            if self.ended {
                break self.take_tail()?;
            }
            self.make_room();
            match self.source.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => self.ended = true,
                Ok(_) => {}
            }
        };
        Some(match found {
            Found::Text(range) => Line::Text(&self.buffer[range]),
            Found::TooLong(bytes) => Line::TooLong { bytes },
        })
    }

    /// The next line that stands complete in the buffer.
    fn take_line(&mut self) -> Option<Found> {
        loop {
            let unseen = &self.buffer[self.scanned..];
            let Some(length) = unseen.iter().position(|&byte| byte == b'\n') else {
                self.scanned = self.buffer.len();
                self.skip_if_too_long();
                return None;
            };
            let end = self.scanned + length;
            let range = self.start..end;
            self.start = end + 1;
            self.scanned = self.start;
            if let Some(found) = self.finish(range) {
                return Some(found);
            }
        }
    }

    /// What stands behind the last newline when the stream has ended.
    fn take_tail(&mut self) -> Option<Found> {
        let range = self.start..self.buffer.len();
        self.start = self.buffer.len();
        self.scanned = self.start;
        self.finish(range)
    }

    /// A line from what is left of it in the buffer; nothing if it is blank.
    fn finish(&mut self, range: Range<usize>) -> Option<Found> {
        let left = range.len();
        if let Some(skipped) = self.skipped.take() {
            return Some(Found::TooLong(skipped + left as u64));
        }
        let text = &self.buffer[range.clone()];
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if self.bytes_max < text.len() {
            return Some(Found::TooLong(left as u64));
        }
        let range = range.start..range.start + text.len();
        (!text.trim_ascii().is_empty()).then_some(Found::Text(range))
    }

    /// Throws away what there is of a line that has passed the bound.
    fn skip_if_too_long(&mut self) {
        let held = self.buffer.len() - self.start;
        // One byte more than the bound may be the CR of a line that just fits.
        if self.skipped.is_some() || self.bytes_max + 1 < held {
            *self.skipped.get_or_insert(0) += held as u64;
            self.start = self.buffer.len();
            self.scanned = self.start;
        }
    }

    /// Moves the unfinished line to the front, gives back the memory of a large one before it, and
    /// makes room to read into.
    fn make_room(&mut self) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if BUFFER_BYTES_KEPT < self.buffer.capacity() {
            self.buffer.shrink_to(BUFFER_BYTES_KEPT.max(2 * self.buffer.len()));
        }
        self.buffer.reserve(READ_BYTES);
    }
}

#[cfg(test)]
mod tests;
