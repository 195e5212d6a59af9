//! A recording of one contract: a header, then what passed, one JSON object a line.
//!
//! ```text
//! {"header":{"program":"claude","version":"2.1.330","contract":"C02","title":"..."}}
//! {"run":0,"t_ms":0,"dir":"start","msg":["--output-format", ...]}
//! {"run":0,"t_ms":1,"dir":"in","msg":{...}}            the host wrote a line (`raw`: no JSON)
//! {"run":0,"t_ms":410,"dir":"out","msg":{...}}         the program wrote a line
//! {"run":0,"t_ms":500,"dir":"close","msg":null}        the host closed stdin (or `signal`)
//! {"run":0,"t_ms":540,"dir":"exit","msg":{"code":0,"signal":null}}
//! ```

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::transcript::{Entry, Line, Transcript};
use super::{Contract, Exit, Signal};

/// A string longer than this is cut.
const TEXT_CHARS: usize = 200;
/// A list below one of these keys is cut to its first item: they are long and nobody asks for them.
const LONG_LISTS: [&str; 5] = ["commands", "agents", "models", "slash_commands", "skills"];
/// What stands for the directories of the machine it was recorded on.
const HOME: &str = "<home>";

/// What was recorded of one contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What and when.
    pub header: Header,
    /// What passed.
    pub transcript: Transcript,
}

/// What a recording is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The program that was recorded.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The contract.
    pub contract: String,
    /// The contract's words.
    pub title: String,
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    run: usize,
    t_ms: u64,
    dir: Direction,
    msg: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Start,
    In,
    Raw,
    Close,
    Signal,
    Out,
    Exit,
}

/// Why a recording cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is none of a recording.
    #[error("read line {line} of a recording: {source}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// There is no line at all.
    #[error("read a recording: it is empty")]
    Empty,
}

impl Recording {
    /// The recording of a contract that was just run, without what belongs to this machine.
    pub fn of(
        contract: &Contract,
        transcript: &Transcript,
        program: (&str, &str),
        home: &Path,
    ) -> Self {
        let scrub = Scrub { home: home.display().to_string() };
        let lines = transcript
            .lines
            .iter()
            .map(|line| Line { entry: scrub.entry(&line.entry), ..line.clone() });
        Self {
            header: Header {
                program: program.0.to_owned(),
                version: program.1.to_owned(),
                contract: contract.id.to_owned(),
                title: contract.title.to_owned(),
            },
            transcript: Transcript { lines: lines.collect() },
        }
    }

    /// A recording of which nothing is known.
    pub fn empty(contract: &Contract) -> Self {
        Self::of(contract, &Transcript::default(), ("nothing", ""), Path::new("/"))
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        let mut text = json!({ "header": self.header }).to_string();
        text.push('\n');
        for line in &self.transcript.lines {
            let step = json!(Step::of(line));
            writeln!(text, "{step}").expect("a string takes every text");
        }
        text
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        #[derive(Deserialize)]
        struct First {
            header: Header,
        }
        let at = |line| move |source| RecordingError::Line { line, source };
        let mut lines = text.lines().zip(1..);
        let (first, number) = lines.next().ok_or(RecordingError::Empty)?;
        let First { header } = serde_json::from_str(first).map_err(at(number))?;
        let steps = lines.map(|(line, number)| {
            let step: Step = serde_json::from_str(line).map_err(at(number))?;
            step.into_line().map_err(at(number))
        });
        Ok(Self { header, transcript: Transcript { lines: steps.collect::<Result<_, _>>()? } })
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RecordingError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&text)
    }
}

impl Step {
    fn of(line: &Line) -> Self {
        let (dir, msg) = match &line.entry {
            Entry::Start(arguments) => (Direction::Start, json!(arguments)),
            Entry::In(value) => (Direction::In, value.clone()),
            Entry::InRaw(text) => (Direction::Raw, json!(text)),
            Entry::Close => (Direction::Close, Value::Null),
            Entry::Signal(signal) => (Direction::Signal, json!(signal)),
            Entry::Out(value) => (Direction::Out, value.clone()),
            Entry::Exit(exit) => (Direction::Exit, json!(exit)),
        };
        let t_ms = u64::try_from(line.at.as_millis()).unwrap_or(u64::MAX);
        Self { run: line.run, t_ms, dir, msg }
    }

    fn into_line(self) -> Result<Line, serde_json::Error> {
        let msg = self.msg;
        let entry = match self.dir {
            Direction::Start => Entry::Start(serde_json::from_value(msg)?),
            Direction::In => Entry::In(msg),
            Direction::Raw => Entry::InRaw(serde_json::from_value(msg)?),
            Direction::Close => Entry::Close,
            Direction::Signal => Entry::Signal(serde_json::from_value::<Signal>(msg)?),
            Direction::Out => Entry::Out(msg),
            Direction::Exit => Entry::Exit(serde_json::from_value::<Exit>(msg)?),
        };
        Ok(Line::new(self.run, Duration::from_millis(self.t_ms), entry))
    }
}

/// Takes out what belongs to a machine, and shortens what nobody reads.
struct Scrub {
    home: String,
}

impl Scrub {
    fn entry(&self, entry: &Entry) -> Entry {
        match entry {
            Entry::Out(value) => Entry::Out(self.value("", value)),
            other => other.clone(),
        }
    }

    fn value(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) if LONG_LISTS.contains(&key) => {
                items.iter().take(1).map(|item| self.value("", item)).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.value("", item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.value(key, value))).collect()
            }
            Value::Number(_) if key == "pid" => json!(1),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mangled = |path: &str| {
            path.chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect::<String>()
        };
        let text = text.replace(&self.home, HOME).replace(&mangled(&self.home), &mangled(HOME));
        let text = without_port(&text);
        if text.chars().nth(TEXT_CHARS).is_none() {
            return text;
        }
        let kept: String = text.chars().take(TEXT_CHARS).collect();
        format!("{kept}<trimmed>")
    }
}

/// The text without the port of the stand-in of the API, which is another one each time.
fn without_port(text: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let mut parts = text.split(HOST);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(HOST);
        kept.push_str("<port>");
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    kept
}
