//! Drives the agent machine: reads lines, writes bytes, keeps its timers, runs its jobs.
//!
//! [`FakeSdkClient`] does it in memory, over any reader and writer and under a paused clock;
//! [`drive`] is the same for a process, with real tools and signals.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::agent::{Action, Agent, Event, Exit, Options, Signal};
use crate::memory::Memory;
use crate::shell::Shell;

/// More than this is not taken from the agent while the host does not read, as with a full pipe.
const UNREAD_BYTES_MAX: usize = 64 * 1024;

/// A log of heard lines keeps this many, the newest.
const HEARD_LINES_MAX: usize = 100_000;

/// A lasting deadline for an agent that waits for nothing: a select needs some instant.
const FAR_AWAY: Duration = Duration::from_hours(365 * 24);

/// What an agent heard on stdin and said on stderr. Clones share the log.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Log>);

#[derive(Debug, Default)]
struct Log {
    lines: Mutex<VecDeque<String>>,
    complaints: Mutex<Vec<String>>,
    changed: Notify,
}

impl Heard {
    /// The lines heard so far.
    pub fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// What was said on stderr so far.
    pub fn complaints(&self) -> Vec<String> {
        self.0.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a line was heard that `wanted` accepts, and returns it.
    pub async fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let changed = self.0.changed.notified();
            if let Some(line) = self.lines().into_iter().find(|line| wanted(line)) {
                return line;
            }
            changed.await;
        }
    }

    fn push(&self, line: &str) {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == HEARD_LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
        drop(lines);
        self.0.changed.notify_waiters();
    }

    fn complain(&self, text: String) {
        self.0.complaints.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

/// The agent program in memory: the far end of a duplex stream.
#[derive(Debug)]
pub struct FakeSdkClient;

impl FakeSdkClient {
    /// Serves one run of the agent until it ends. Dropping the future is a `kill -9`.
    pub async fn serve<R, W>(reader: R, writer: W, options: Options) -> Exit
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        // Nobody signals an agent in memory: the sender is gone at once.
        let (_, signals) = mpsc::channel(1);
        let stderr = Stderr::Heard(options.heard.clone());
        Driver::new(reader, writer, options, stderr).run(signals).await
    }
}

/// Drives an agent that is a process: its complaints go to stderr, its tools run.
pub async fn drive<R, W>(
    reader: R,
    writer: W,
    options: Options,
    signals: mpsc::Receiver<Signal>,
) -> Exit
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    Driver::new(reader, writer, options, Stderr::Process).run(signals).await
}

/// Where complaints go.
enum Stderr {
    Heard(Heard),
    Process,
}

struct Driver<R, W> {
    lines: tokio::io::Lines<BufReader<R>>,
    writer: W,
    unwritten: VecDeque<u8>,
    agent: Agent,
    memory: Memory,
    heard: Heard,
    stderr: Stderr,
    shell: Shell,
    started: Instant,
    reading: bool,
    /// What to compute for once everything is written, before anything else is done.
    holding: Option<Duration>,
    leaving: Option<Exit>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Driver<R, W> {
    fn new(reader: R, writer: W, options: Options, stderr: Stderr) -> Self {
        Self {
            lines: BufReader::new(reader).lines(),
            writer,
            unwritten: VecDeque::new(),
            memory: options.memory.clone(),
            heard: options.heard.clone(),
            agent: Agent::new(options),
            stderr,
            shell: Shell::default(),
            started: Instant::now(),
            reading: true,
            holding: None,
            leaving: None,
        }
    }

    async fn run(mut self, mut signals: mpsc::Receiver<Signal>) -> Exit {
        let mut signalled = true;
        loop {
            self.act();
            if let Some(time) = self.holding.take_if(|_| self.unwritten.is_empty()) {
                compute_for(time);
                continue;
            }
            if let Some(exit) = self.leaving.take_if(|_| self.unwritten.is_empty()) {
                // The host may be gone already; then there is nobody to flush to.
                let _unflushed = self.writer.flush().await;
                return exit;
            }
            let goes_on = self.leaving.is_none() && self.holding.is_none();
            let listens = goes_on && self.unwritten.len() < UNREAD_BYTES_MAX;
            let due = self.started + self.agent.deadline().unwrap_or(FAR_AWAY);
            let event = tokio::select! {
                biased;
                signal = signals.recv(), if signalled => {
                    signalled = signal.is_some();
                    signal.map(Event::Signal)
                }
                written = write_some(&mut self.writer, &self.unwritten),
                    if !self.unwritten.is_empty() =>
                {
                    self.has_written(written).await;
                    None
                }
                line = self.lines.next_line(), if listens && self.reading => {
                    Some(self.event_of(line))
                }
                (key, ended) = self.shell.next(), if !self.shell.is_idle() => {
                    Some(Event::Finished { key, ended })
                }
                () = tokio::time::sleep_until(due), if listens => None,
            };
            let now = self.started.elapsed();
            match event {
                Some(event) => self.agent.handle(now, event),
                None => self.agent.handle_deadline(now),
            }
        }
    }

    /// Carries out what the agent wants done.
    fn act(&mut self) {
        while self.leaving.is_none()
            && self.holding.is_none()
            && self.unwritten.len() < UNREAD_BYTES_MAX
        {
            let Some(action) = self.agent.poll_action() else { return };
            match action {
                Action::Write(bytes) => self.unwritten.extend(bytes),
                Action::Hold(time) => self.holding = Some(time),
                Action::Complain(text) => self.complain(text),
                Action::Remember(session, entry) => {
                    if let Err(error) = self.memory.append(&session, &entry) {
                        self.complain(format!("fake-claude cannot remember: {error}"));
                    }
                }
                Action::Start { key, job } => self.shell.start(key, job),
                Action::Kill { key } => self.shell.kill(key),
                Action::Leave(exit) => self.leaving = Some(exit),
            }
        }
    }

    fn complain(&self, text: String) {
        match &self.stderr {
            Stderr::Heard(heard) => heard.complain(text),
            Stderr::Process => {
                // Without a stderr there is nowhere to say so.
                let _unsaid = writeln!(io::stderr(), "{text}");
            }
        }
    }

    fn event_of(&mut self, line: io::Result<Option<String>>) -> Event {
        match line {
            Ok(Some(line)) => {
                self.heard.push(&line);
                Event::Line(line)
            }
            // A line that is no text is a line that does not parse.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Event::Line("\u{fffd}".to_owned())
            }
            Ok(None) | Err(_) => {
                self.reading = false;
                Event::End
            }
        }
    }

    async fn has_written(&mut self, written: io::Result<usize>) {
        match written {
            Ok(count) if 0 < count => {
                self.unwritten.drain(..count);
                if self.unwritten.is_empty() {
                    let _unflushed = self.writer.flush().await;
                }
            }
            // Nobody reads any more. The program goes on, and so does its stand-in.
            Ok(_) | Err(_) => self.unwritten.clear(),
        }
    }
}

async fn write_some<W: AsyncWrite + Unpin>(
    writer: &mut W,
    unwritten: &VecDeque<u8>,
) -> io::Result<usize> {
    writer.write(unwritten.as_slices().0).await
}

/// As slower code would, and not by sleeping, which the system rounds up.
fn compute_for(time: Duration) {
    let began = std::time::Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}
