//! The two ends of a conversation with the agent program: frames in, lines out.
//!
//! ```text
//!  reader ─> task: lines, decode ─> [frames, FRAMES_WAITING_MAX] ─> next()
//!  writer <─ task: one write per line <─ [lines, LINES_WAITING_MAX] <─ outgoing()
//! ```
//!
//! Both queues are bounded and neither side may wait for the other: who holds a connection takes
//! frames while it waits for room to send (`reserve` on `outgoing` in the same `select!`), else an
//! agent that waits for us and we who wait for it would hang. Dropping the connection ends both
//! tasks and closes both pipes. Absent: time. Who wants to know when the agent last spoke notes it
//! when `next` returns.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::lines::{Line, LineReader};
use super::wire::{self, Frame};

/// Frames that wait for the session. It takes them at once, so a few are enough to keep the reader
/// going; the number bounds what large ones can hold in memory. Full: the pipe fills, and the agent
/// waits.
pub(crate) const FRAMES_WAITING_MAX: usize = 16;

/// Lines that wait for the agent to read. Full: the session keeps its messages in its own queue.
pub(crate) const LINES_WAITING_MAX: usize = 8;

/// What has come in so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counters {
    /// Lines of any kind.
    pub(crate) lines_in: u64,
    /// Of these: not JSON objects.
    pub(crate) garbage: u64,
    /// Of these: longer than a line may be.
    pub(crate) too_long: u64,
    /// Of these: of a kind we have no use for.
    pub(crate) other: u64,
}

/// A conversation's transport, over any reader and writer.
#[derive(Debug)]
pub(crate) struct Connection {
    frames: mpsc::Receiver<Frame>,
    lines: mpsc::Sender<Vec<u8>>,
    input_closed: CancellationToken,
    counters: Counters,
    /// Aborted when the connection is dropped.
    _tasks: JoinSet<()>,
}

impl Connection {
    /// Takes both ends over. `reader` is what the agent writes, `writer` what it reads.
    pub(crate) fn open<R, W>(reader: R, writer: W) -> Self
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (frames_in, frames) = mpsc::channel(FRAMES_WAITING_MAX);
        let (lines, lines_out) = mpsc::channel(LINES_WAITING_MAX);
        let input_closed = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(read_frames(LineReader::new(reader), frames_in));
        tasks.spawn(write_lines(lines_out, writer, input_closed.clone()));
        Self { frames, lines, input_closed, counters: Counters::default(), _tasks: tasks }
    }

    /// The next frame; `None` once the agent has closed its output.
    ///
    /// Cancel-safe: a frame leaves the queue only when it is returned.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let frame = self.frames.recv().await?;
        self.counters.lines_in += 1;
        match frame {
            Frame::Garbage { .. } => self.counters.garbage += 1,
            Frame::TooLong { .. } => self.counters.too_long += 1,
            Frame::Other { .. } => self.counters.other += 1,
            _ => {}
        }
        Some(frame)
    }

    /// Where lines (of `wire`) go, to keep beside the connection. Closed once the agent does not
    /// read any more, or [`close_input`](Self::close_input) was called; what then cannot be sent is
    /// the caller's. Keeping one does not keep the agent's input open.
    pub(crate) fn outgoing(&self) -> mpsc::Sender<Vec<u8>> {
        self.lines.clone()
    }

    /// Closes the agent's input behind the lines that are queued now. It goes on with the turn it
    /// has, and then ends.
    pub(crate) fn close_input(&self) {
        self.input_closed.cancel();
    }

    /// What `next` has returned so far, in numbers.
    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }
}

async fn read_frames<R: AsyncRead + Unpin>(mut lines: LineReader<R>, frames: mpsc::Sender<Frame>) {
    while let Some(line) = lines.next().await {
        let frame = match line {
            Line::Text(text) => wire::decode(text),
            Line::TooLong { bytes } => Frame::TooLong { bytes },
        };
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

/// Ends when the input is closed and everything queued before is written, or when the agent does
/// not read any more. Either way the writer is dropped, which closes the pipe.
async fn write_lines<W: AsyncWrite + Unpin>(
    mut lines: mpsc::Receiver<Vec<u8>>,
    mut writer: W,
    input_closed: CancellationToken,
) {
    loop {
        let line = tokio::select! {
            biased;
            () = input_closed.cancelled(), if !lines.is_closed() => {
                lines.close();
                continue;
            }
            line = lines.recv() => line,
        };
        let Some(line) = line else { break };
        // The agent's end of the pipe is gone; that it has ended shows on the other one.
        if writer.write_all(&line).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    // A pipe closes when it is dropped; a socket or an in-memory pair needs to be told.
    drop(writer.shutdown().await);
}

#[cfg(test)]
mod tests;
