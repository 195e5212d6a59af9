//! What an agent writes to its standard error: read to its end whatever comes, the last of it kept.
//!
//! The program says there why it could not start or resume. A flood costs the reader some copying,
//! and nobody memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinSet;

/// How much is kept: a stack trace of the program fits.
pub(crate) const LAST_WORDS_BYTES_MAX: usize = 8 * 1024;

#[derive(Debug)]
pub(crate) struct LastWords {
    heard: Arc<Mutex<Heard>>,
    listener: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Heard {
    bytes: u64,
    tail: VecDeque<u8>,
}

impl LastWords {
    /// Reads `source` from now on.
    pub(crate) fn listen(source: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let mut listener = JoinSet::new();
        listener.spawn(read_all(source, Arc::clone(&heard)));
        Self { heard, listener }
    }

    /// Waits until the source has ended. Cancel-safe.
    pub(crate) async fn ended(&mut self) {
        while self.listener.join_next().await.is_some() {}
    }

    /// The tail as text, and how many bytes have come in all.
    pub(crate) fn so_far(&self) -> (String, u64) {
        let mut heard = lock(&self.heard);
        let text = String::from_utf8_lossy(heard.tail.make_contiguous()).into_owned();
        (text, heard.bytes)
    }
}

async fn read_all(mut source: impl AsyncRead + Unpin, heard: Arc<Mutex<Heard>>) {
    let mut chunk = vec![0; LAST_WORDS_BYTES_MAX];
    loop {
        match source.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(length) => lock(&heard).take(&chunk[..length]),
        }
    }
}

impl Heard {
    fn take(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        self.tail.extend(chunk);
        let over = self.tail.len().saturating_sub(LAST_WORDS_BYTES_MAX);
        self.tail.drain(..over);
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    // Bytes are whole whatever the other side panicked about.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
