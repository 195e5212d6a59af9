//! Plays the program's side from a recording: says what was said, when as much was heard.
//!
//! The host's lines have to be of the recorded shape, in the recorded order; its ids may be others
//! and are put in the place of the recorded ones. Time does not count.

use std::collections::HashMap;
use std::io;

use anyhow::Context;
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::frames::kind;
use super::peer::{Exit, Life, Peer, Pending, Signal, Starter};
use super::transcript::Entry;
use super::{Capability, Launch, Recording};

/// As large as a pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// The keys whose text is an identity that the host may choose anew.
const IDENTITIES: [&str; 3] = ["request_id", "uuid", "message_uuid"];

/// What stands for an end that is not in the recording: the host did what it had not done.
const OFF_SCRIPT: Exit = Exit::code(70);

/// Starts peers that repeat a recording.
#[derive(Debug)]
pub struct Replay {
    recording: Recording,
}

impl Replay {
    /// Repeats this.
    pub const fn new(recording: Recording) -> Self {
        Self { recording }
    }
}

impl Starter for Replay {
    fn can(&self, capability: Capability) -> bool {
        // Long texts are cut when they are recorded, and pieces of lines are not seen.
        capability != Capability::Bytes
    }

    fn start<'a>(&'a mut self, launch: &'a Launch) -> Pending<'a, anyhow::Result<Peer>> {
        Box::pin(async move {
            let lines = self.recording.transcript.lines.iter();
            let mut entries = lines.filter(|line| line.run == launch.run).map(|line| &line.entry);
            let Some(Entry::Start(arguments)) = entries.next() else {
                anyhow::bail!("find run {} in the recording", launch.run + 1);
            };
            anyhow::ensure!(
                *arguments == launch.arguments(),
                "start as it was recorded: with {arguments:?}"
            );
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            let (reader, writer) = tokio::io::split(far);
            let (signals, signalled) = mpsc::channel(1);
            let player = Player {
                lines: BufReader::new(reader),
                writer,
                signalled,
                identities: HashMap::new(),
            };
            let mut playing = JoinSet::new();
            playing.spawn(player.play(entries.cloned().collect()));
            let (reader, writer) = tokio::io::split(near);
            Ok(Peer {
                reader: Box::new(reader),
                writer: Box::new(writer),
                life: Box::new(Performance { playing, signals }),
            })
        })
    }
}

struct Performance {
    playing: JoinSet<Exit>,
    signals: mpsc::Sender<Signal>,
}

impl Life for Performance {
    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        self.signals.try_send(signal).map_err(io::Error::other)
    }

    fn exit(&mut self) -> Pending<'_, io::Result<Exit>> {
        Box::pin(async move {
            match self.playing.join_next().await {
                Some(ended) => ended.map_err(io::Error::other),
                None => Err(io::Error::other("the replay was waited for already")),
            }
        })
    }
}

struct Player<S> {
    lines: BufReader<ReadHalf<S>>,
    writer: WriteHalf<S>,
    signalled: mpsc::Receiver<Signal>,
    /// What the host calls what is called so in the recording.
    identities: HashMap<String, String>,
}

impl<S: AsyncRead + AsyncWrite> Player<S> {
    async fn play(mut self, entries: Vec<Entry>) -> Exit {
        for entry in entries {
            let done = match entry {
                Entry::Exit(exit) => return exit,
                Entry::Out(line) => self.say(line).await,
                Entry::In(line) => self.hear(&line).await,
                Entry::InRaw(text) => self.hear_raw(&text).await,
                Entry::Close => self.hear_end().await,
                Entry::Signal(signal) => self.feel(signal).await,
                Entry::Start(_) => Ok(()),
            };
            if let Err(error) = done {
                // The host sees it as a line that is no JSON, with the reason in it.
                let words = format!("the replay stops: {error:#}\n");
                let _gone = self.writer.write_all(words.as_bytes()).await;
                return OFF_SCRIPT;
            }
        }
        OFF_SCRIPT
    }

    async fn say(&mut self, mut line: Value) -> anyhow::Result<()> {
        self.rename(&mut line);
        self.writer.write_all(format!("{line}\n").as_bytes()).await.context("write")
    }

    async fn next_line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).await.context("read")?;
        Ok(line)
    }

    async fn hear(&mut self, recorded: &Value) -> anyhow::Result<()> {
        let line = self.next_line().await?;
        let heard: Value = serde_json::from_str(&line)
            .with_context(|| format!("hear a line of type {}", kind(recorded)))?;
        anyhow::ensure!(
            kind(&heard) == kind(recorded),
            "hear {}: it was {}",
            kind(recorded),
            kind(&heard)
        );
        self.learn(recorded, &heard);
        Ok(())
    }

    async fn hear_raw(&mut self, recorded: &str) -> anyhow::Result<()> {
        let line = self.next_line().await?;
        anyhow::ensure!(line == recorded, "hear {recorded:?}: it was {line:?}");
        Ok(())
    }

    async fn hear_end(&mut self) -> anyhow::Result<()> {
        let line = self.next_line().await?;
        anyhow::ensure!(line.is_empty(), "hear the end of stdin: it was {line:?}");
        Ok(())
    }

    async fn feel(&mut self, recorded: Signal) -> anyhow::Result<()> {
        let signal = self.signalled.recv().await;
        anyhow::ensure!(signal == Some(recorded), "feel {recorded:?}: it was {signal:?}");
        Ok(())
    }

    /// Learns what the host calls the things of the recording.
    fn learn(&mut self, recorded: &Value, heard: &Value) {
        let (Value::Object(recorded), Value::Object(heard)) = (recorded, heard) else { return };
        for (key, recorded) in recorded {
            let Some(heard) = heard.get(key) else { continue };
            match (recorded.as_str(), heard.as_str()) {
                (Some(recorded), Some(heard)) if IDENTITIES.contains(&key.as_str()) => {
                    self.identities.insert(recorded.to_owned(), heard.to_owned());
                }
                _ => self.learn(recorded, heard),
            }
        }
    }

    fn rename(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.identities.get(text.as_str()) {
                    name.clone_into(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.rename(field)),
            _ => {}
        }
    }
}
