//! One line of bounded length, from either end of the socket.

use std::io;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// What came instead of a line.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLine {
    /// Nothing at all: the other side hung up.
    #[error("nothing was said")]
    HungUp,
    /// The beginning of one: the other side hung up within it.
    #[error("the line has no end")]
    Cut,
    /// More than may come.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads one line, without its end. What follows it is lost: one line is all that either side says.
pub(super) async fn read(
    source: impl AsyncRead + Unpin,
    bytes_max: usize,
) -> Result<Vec<u8>, NoLine> {
    let mut line = Vec::new();
    let limit = bytes_max as u64 + 1;
    BufReader::new(source).take(limit).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        None => Err(NoLine::HungUp),
        Some(_) if line.len() == bytes_max => Err(NoLine::TooLong(bytes_max)),
        Some(_) => Err(NoLine::Cut),
    }
}

/// A value as a line with its end.
pub(super) fn of(value: &impl Serialize) -> Vec<u8> {
    let mut line =
        serde_json::to_vec(value).expect("what is said has string keys and no failing parts");
    line.push(b'\n');
    line
}
