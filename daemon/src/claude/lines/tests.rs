use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use proptest::prelude::*;
use tokio::io::{AsyncWriteExt, ReadBuf};

use super::*;

/// A source that gives its chunks one by one, each after one `Pending`.
struct Chunks {
    left: Vec<Vec<u8>>,
    ready: bool,
}

impl Chunks {
    fn new(chunks: &[&[u8]]) -> Self {
        Self { left: chunks.iter().rev().map(|chunk| chunk.to_vec()).collect(), ready: false }
    }
}

impl AsyncRead for Chunks {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.ready = !self.ready;
        if self.ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut chunk) = self.left.pop() {
            let taken = chunk.len().min(buffer.remaining());
            buffer.put_slice(&chunk[..taken]);
            if taken < chunk.len() {
                self.left.push(chunk.split_off(taken));
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The lines of `chunks` under a bound of eight bytes, as text: `<n>` for one that was too long.
fn read(chunks: &[&[u8]]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut reader = LineReader::with_bytes_max(Chunks::new(chunks), 8);
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await {
            lines.push(match line {
                Line::Text(bytes) => bytes.escape_ascii().to_string(),
                Line::TooLong { bytes } => format!("<{bytes}>"),
            });
        }
        assert!(reader.next().await.is_none(), "the end stays the end");
        lines
    })
}

#[track_caller]
fn check(chunks: &[&[u8]], lines: &[&str]) {
    assert_eq!(read(chunks), lines);
}

#[test]
fn lines_do_not_depend_on_how_they_were_cut_into_chunks() {
    check(&[b"one\ntwo\n"], &["one", "two"]);
    check(&[b"o", b"ne", b"\n", b"two\n"], &["one", "two"]);
    check(&[b"one\nt", b"wo\n"], &["one", "two"]);
}

#[test]
fn the_end_of_a_line_may_be_crlf_and_blank_lines_are_left_out() {
    check(&[b"one\r\n\r\n\n  \ntwo\r", b"\n"], &["one", "two"]);
}

#[test]
fn a_tail_without_newline_is_a_line() {
    check(&[b"one\ntw", b"o"], &["one", "two"]);
    check(&[b"one\r"], &["one"]);
    check(&[], &[]);
}

#[test]
fn what_is_not_utf8_passes() {
    check(&[b"\xff\xfe\n\x80\n"], &["\\xff\\xfe", "\\x80"]);
}

#[test]
fn a_line_over_the_bound_is_counted_and_skipped() {
    check(&[b"12345678\n123456789\nafter\n"], &["12345678", "<9>", "after"]);
    check(&[b"1234567890", b"1234567890", b"12\nafter\n"], &["<22>", "after"]);
    check(&[b"12345678\r", b"\nafter\n"], &["12345678", "after"]);
    check(&[b"a\n1234567890", b"12345"], &["a", "<15>"]);
}

#[tokio::test]
async fn dropping_the_future_in_mid_line_loses_nothing() {
    let (mut writer, source) = tokio::io::duplex(64);
    let mut reader = LineReader::new(source);
    for part in ["on", "e\ntw", "o"] {
        let before = tokio::select! {
            biased;
            line = reader.next() => line.map(|line| format!("{line:?}")),
            () = std::future::ready(()) => None,
        };
        assert_eq!(before.is_some(), part == "o", "only the first line is complete by then");
        writer.write_all(part.as_bytes()).await.unwrap();
    }
    drop(writer);
    assert_eq!(reader.next().await, Some(Line::Text(b"two")));
}

/// A picture as text is a line of megabytes, and there may be any number of them.
/// Incidents: 35.
#[tokio::test]
async fn the_memory_of_a_large_line_is_given_back_and_of_a_skipped_one_never_taken() {
    let mut text = vec![b'x'; LINE_BYTES_MAX];
    text.push(b'\n');
    text.extend(vec![b'y'; 3 * LINE_BYTES_MAX]);
    text.extend(b"\nafter\nlast");
    let mut reader = LineReader::new(text.as_slice());
    assert!(matches!(reader.next().await, Some(Line::Text(line)) if line.len() == LINE_BYTES_MAX));
    let bytes = 3 * LINE_BYTES_MAX as u64;
    assert_eq!(reader.next().await, Some(Line::TooLong { bytes }));
    assert!(reader.buffer.capacity() <= 2 * LINE_BYTES_MAX + READ_BYTES);
    assert_eq!(reader.next().await, Some(Line::Text(b"after")));
    assert_eq!(reader.next().await, Some(Line::Text(b"last")));
    assert!(reader.buffer.capacity() <= BUFFER_BYTES_KEPT + READ_BYTES);
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_lines_of_the_whole(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..80),
        cuts in proptest::collection::vec(0usize..80, 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        let whole: Vec<String> = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| {
                let text = line.strip_suffix(b"\r").unwrap_or(line);
                if 8 < text.len() {
                    return Some(format!("<{}>", line.len()));
                }
                (!text.trim_ascii().is_empty()).then(|| text.escape_ascii().to_string())
            })
            .collect();
        prop_assert_eq!(read(&chunks), whole);
    }
}
