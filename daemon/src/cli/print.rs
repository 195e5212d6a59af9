//! What the command line shows. A reader that went away (`| head`) is no error of ours: it ends
//! the program quietly.

use std::io::{self, IsTerminal as _, Write as _};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

use crate::transcript::shown;

/// Why nothing was shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    /// The reader went away.
    #[error("nobody reads any more")]
    Gone,
    /// The system refused the write.
    #[error("write to standard output: {0}")]
    Io(io::Error),
}

impl From<io::Error> for PrintError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Io(error),
        }
    }
}

/// How a piece of text stands out, where colours are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It does not.
    Plain,
    /// A heading.
    Head,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The parameter of the terminal's SGR sequence (ECMA-48).
    fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Head => Some("1"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// Whether colours are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// On a terminal.
    On,
    /// For a program, or where `NO_COLOR` says so (no-color.org).
    Off,
}

impl Colours {
    fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if io::stdout().is_terminal() && !refused { Self::On } else { Self::Off }
    }

    /// The text in its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        match (self, tone.sgr()) {
            (Self::On, Some(sgr)) => format!("\u{1b}[{sgr}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Whether somebody may still read standard output: not so once the other end of a pipe is closed
/// (poll(2): `POLLERR`, elsewhere `POLLHUP`).
pub(crate) fn is_read() -> bool {
    let out = io::stdout();
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    let gone = PollFlags::ERR | PollFlags::HUP;
    // What cannot be looked at is tried by the next write.
    poll(&mut watched, Some(&Timespec::default())).is_err()
        || !watched[0].revents().intersects(gone)
}

/// Standard output.
#[derive(Debug)]
pub(crate) struct Screen {
    out: io::Stdout,
    colours: Colours,
}

impl Screen {
    /// The process's own.
    pub(crate) fn stdout() -> Self {
        Self { out: io::stdout(), colours: Colours::of_stdout() }
    }

    /// Whether it shows colours.
    pub(crate) fn colours(&self) -> Colours {
        self.colours
    }

    /// Shows a line.
    ///
    /// # Errors
    /// When the reader went away, or the system refused it.
    pub(crate) fn line(&mut self, line: &str) -> Result<(), PrintError> {
        self.text(&format!("{line}\n"))
    }

    /// Shows text as it is, with its line ends.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub(crate) fn text(&mut self, text: &str) -> Result<(), PrintError> {
        let mut out = self.out.lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Shows a value as JSON on one line.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), PrintError> {
        self.line(&serde_json::to_string(value).map_err(io::Error::from)?)
    }
}

/// Says on standard error what went wrong.
pub(crate) fn complain(message: &str) {
    // There is nowhere left to say that this failed.
    drop(writeln!(io::stderr().lock(), "claude-assistant: {message}"));
}

/// Rows under headings, each column as wide as its widest cell. The first cell that is not plain
/// gives the tone of its own text alone.
#[derive(Debug)]
pub(crate) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<(Tone, String)>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<const N: usize>(heads: [&'static str; N]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. Control characters are shown as pictures, line ends too.
    pub(crate) fn row<const N: usize>(&mut self, cells: [(Tone, String); N]) {
        let cells = cells.into_iter().map(|(tone, text)| (tone, one_line(&text)));
        self.rows.push(cells.collect());
    }

    /// The lines of the table.
    pub(crate) fn lines(&self, colours: Colours) -> Vec<String> {
        let widths: Vec<usize> = self
            .heads
            .iter()
            .enumerate()
            .map(|(column, head)| {
                let cells = self.rows.iter().map(|row| row[column].1.chars().count());
                cells.max().unwrap_or(0).max(head.chars().count())
            })
            .collect();
        let head = self.heads.iter().map(|head| (Tone::Head, (*head).to_owned())).collect();
        std::iter::once(&head).chain(&self.rows).map(|row| padded(row, &widths, colours)).collect()
    }
}

/// Text that stays on its line.
pub(crate) fn one_line(text: &str) -> String {
    shown(text).replace('\n', "\u{240a}").replace('\t', " ")
}

fn padded(row: &[(Tone, String)], widths: &[usize], colours: Colours) -> String {
    let mut line = String::new();
    for (column, ((tone, text), width)) in row.iter().zip(widths).enumerate() {
        line.push_str(&colours.paint(*tone, text));
        if column + 1 < row.len() {
            line.extend(std::iter::repeat_n(' ', width - text.chars().count() + 2));
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// A span of time as people say it: `41 s`, `12 min`, `3 h`, `5 d`.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A size as people say it.
pub(crate) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        1_048_576..1_073_741_824 => format!("{} MiB", tenths(1 << 20)),
        _ => format!("{} GiB", tenths(1 << 30)),
    }
}

#[cfg(test)]
mod tests;
