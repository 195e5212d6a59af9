//! A layer of faults between a host and a stand-in: it rewrites lines on their way.

use std::collections::{HashMap, HashSet};
use std::io;

use harness::contract::{
    Capability, Exit, Launch, Life, Manners, Peer, Pending, Session, Signal, Starter, kind,
};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadHalf,
    WriteHalf,
};
use tokio::task::JoinSet;

use super::memory::InMemory;

/// As large as a pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// A stand-in with faults.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// What is wrong with it.
    pub(crate) name: &'static str,
    /// The contracts that have to find it.
    pub(crate) killed_by: &'static [&'static str],
    pub(crate) faults: Vec<Fault>,
}

/// One fault.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This is said before anything else.
    Greets(Value),
    /// These lines are not said.
    Unsaid(Pick),
    /// Only the first of these lines is said.
    SaidOnce(Pick),
    /// These lines are said twice.
    SaidTwice(Pick),
    /// These lines are said twice, the second time with an id of its own.
    SaidAgain(Pick),
    /// These lines are said with another value at a place.
    SaidWith(Pick, &'static str, Value),
    /// Of the list at that place only the first item is said.
    FirstOf(Pick, &'static str),
    /// After such a line nothing more is said.
    Silenced(Pick),
    /// After such a line the program is gone.
    EndsAfter(Pick),
    /// When stdin ends, the program is gone.
    EndsWithStdin,
    /// Lines of more bytes are cut.
    CutLines(usize),
    /// These lines of the host are heard with another value at a place.
    HeardWith(Pick, &'static str, Value),
    /// The host's request of this subtype is answered with that body, and nothing else is done.
    Pretends(&'static str, Value),
    /// What is no whole line of the protocol is not heard.
    DeafToGarbage,
    /// A last line without an end is not heard.
    DeafToUnended,
    /// A message that is sent again counts as a new one.
    RenamesRepeated,
    /// Another session is started than was asked for.
    Launches(fn(&Launch) -> Session),
    /// One exit code becomes another.
    ExitCode(i32, i32),
}

/// Which lines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pick {
    /// Of this kind, or of a kind that begins so.
    Line(&'static str),
    /// The word that the session is in this state.
    State(&'static str),
    /// The word that a message is in this state.
    Lifecycle(&'static str),
    /// A result that says that it went wrong.
    FailedResult,
    /// The answer to the host's request of this subtype.
    Answer(&'static str),
    /// The host's answer with this field in its body.
    Said(&'static str),
    /// A line with this field.
    Has(&'static str),
}

/// Starts mutants of one kind.
pub(crate) struct Mutated {
    inner: InMemory,
    faults: Vec<Fault>,
}

impl Mutated {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Self { inner: InMemory::new(&[Capability::Terminate]), faults: faults.to_vec() }
    }
}

impl Starter for Mutated {
    fn can(&self, capability: Capability) -> bool {
        self.inner.can(capability)
    }

    fn start<'a>(&'a mut self, launch: &'a Launch) -> Pending<'a, anyhow::Result<Peer>> {
        Box::pin(async move {
            let session = self.faults.iter().find_map(|fault| match fault {
                Fault::Launches(session) => Some(session(launch)),
                _ => None,
            });
            let session = session.unwrap_or_else(|| launch.session.clone());
            // A strict stand-in would find many a fault before the contract does.
            let launch = Launch { session, manners: Manners::Odd, ..launch.clone() };
            let peer = self.inner.start(&launch).await?;
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            let (reader, writer) = tokio::io::split(far);
            let layer = Layer {
                peer_says: BufReader::new(peer.reader),
                host_says: BufReader::new(reader),
                to_peer: Some(peer.writer),
                to_host: writer,
                words: Words::new(&self.faults),
            };
            let mut running = JoinSet::new();
            running.spawn(layer.run());
            let (reader, writer) = tokio::io::split(near);
            Ok(Peer {
                reader: Box::new(reader),
                writer: Box::new(writer),
                life: Box::new(Between {
                    life: peer.life,
                    faults: self.faults.clone(),
                    layer: running,
                }),
            })
        })
    }
}

/// The life of a stand-in behind a layer, and the task that is the layer.
struct Between {
    life: Box<dyn Life>,
    faults: Vec<Fault>,
    layer: JoinSet<()>,
}

impl Life for Between {
    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        self.life.signal(signal)
    }

    fn exit(&mut self) -> Pending<'_, io::Result<Exit>> {
        Box::pin(async move {
            while self.layer.join_next().await.is_some() {}
            let exit = self.life.exit().await?;
            let other = self.faults.iter().find_map(|fault| match fault {
                Fault::ExitCode(from, to) if exit == Exit::code(*from) => Some(Exit::code(*to)),
                _ => None,
            });
            Ok(other.unwrap_or(exit))
        })
    }
}

struct Layer {
    peer_says: BufReader<Box<dyn AsyncRead + Unpin + Send>>,
    host_says: BufReader<ReadHalf<DuplexStream>>,
    to_peer: Option<Box<dyn AsyncWrite + Unpin + Send>>,
    to_host: WriteHalf<DuplexStream>,
    words: Words,
}

impl Layer {
    async fn run(mut self) {
        // Either side may be gone: then the other one notices by itself.
        let _gone = self.pass().await;
        self.close().await;
        let _gone = self.to_host.shutdown().await;
    }

    /// Closes the stdin of the stand-in.
    async fn close(&mut self) {
        if let Some(mut peer) = self.to_peer.take() {
            let _gone = peer.shutdown().await;
        }
    }

    async fn pass(&mut self) -> io::Result<()> {
        self.to_host.write_all(&self.words.greeting()).await?;
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        loop {
            // What was read of a line stays in its buffer when the other side is faster.
            tokio::select! {
                read = self.peer_says.read_until(b'\n', &mut said) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    let bytes = self.words.say(&std::mem::take(&mut said));
                    self.to_host.write_all(&bytes).await?;
                    if self.words.ended {
                        return Ok(());
                    }
                }
                read = self.host_says.read_until(b'\n', &mut heard), if self.to_peer.is_some() => {
                    if read? == 0 {
                        if self.words.ends_with_stdin() {
                            return Ok(());
                        }
                        self.close().await;
                        continue;
                    }
                    let (to_peer, to_host) = self.words.hear(&std::mem::take(&mut heard));
                    if let Some(peer) = &mut self.to_peer {
                        peer.write_all(&to_peer).await?;
                        peer.flush().await?;
                    }
                    self.to_host.write_all(&to_host).await?;
                }
            }
        }
    }
}

/// What becomes of the lines.
struct Words {
    faults: Vec<Fault>,
    /// The subtypes of the host's requests, by id.
    asked: HashMap<String, String>,
    messages: HashSet<String>,
    /// The faults that have struck once.
    struck: HashSet<usize>,
    copies: u32,
    silent: bool,
    ended: bool,
}

impl Words {
    fn new(faults: &[Fault]) -> Self {
        Self {
            faults: faults.to_vec(),
            asked: HashMap::new(),
            messages: HashSet::new(),
            struck: HashSet::new(),
            copies: 0,
            silent: false,
            ended: false,
        }
    }

    fn greeting(&self) -> Vec<u8> {
        let greetings = self.faults.iter().filter_map(|fault| match fault {
            Fault::Greets(line) => Some(bytes_of(line)),
            _ => None,
        });
        greetings.flatten().collect()
    }

    fn ends_with_stdin(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault, Fault::EndsWithStdin))
    }

    fn is(&self, pick: Pick, line: &Value) -> bool {
        match pick {
            Pick::Line(wanted) => {
                let kind = kind(line);
                kind.strip_prefix(wanted).is_some_and(|r| r.is_empty() || r.starts_with('/'))
            }
            Pick::State(state) => {
                line["subtype"] == "session_state_changed" && line["state"] == state
            }
            Pick::Lifecycle(state) => line["type"] == "command_lifecycle" && line["state"] == state,
            Pick::FailedResult => line["type"] == "result" && line["is_error"] == true,
            Pick::Answer(subtype) => {
                let id = line["response"]["request_id"].as_str().unwrap_or_default();
                self.asked.get(id).is_some_and(|asked| asked == subtype)
            }
            Pick::Said(field) => !line["response"]["response"][field].is_null(),
            Pick::Has(field) => !line[field].is_null(),
        }
    }

    /// What the host gets of a line that the program says.
    fn say(&mut self, line: &[u8]) -> Vec<u8> {
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return line.to_vec() };
        let (mut copies, was_silent) = (vec![], self.silent);
        let mut cut = None;
        let mut unsaid = was_silent;
        for at in 0..self.faults.len() {
            match self.faults[at].clone() {
                Fault::Unsaid(pick) if self.is(pick, &value) => unsaid = true,
                Fault::SaidOnce(pick) if self.is(pick, &value) => unsaid |= !self.struck.insert(at),
                Fault::SaidTwice(pick) if self.is(pick, &value) => copies.push(value.clone()),
                Fault::SaidAgain(pick) if self.is(pick, &value) => {
                    copies.push(self.with_new_ids(&value));
                }
                Fault::SaidWith(pick, place, other) if self.is(pick, &value) => {
                    put(&mut value, place, other);
                }
                Fault::FirstOf(pick, place) if self.is(pick, &value) => {
                    if let Some(Value::Array(items)) = value.pointer_mut(place) {
                        items.truncate(1);
                    }
                }
                Fault::Silenced(pick) if self.is(pick, &value) => self.silent = true,
                Fault::EndsAfter(pick) if self.is(pick, &value) => self.ended = true,
                Fault::CutLines(most) => cut = Some(most),
                _ => {}
            }
        }
        if unsaid {
            return Vec::new();
        }
        let mut bytes: Vec<u8> = bytes_of(&value);
        if let Some(most) = cut.filter(|most| *most < bytes.len()) {
            bytes.truncate(most);
            bytes.push(b'\n');
        }
        bytes.extend(copies.iter().flat_map(bytes_of));
        bytes
    }

    fn with_new_ids(&mut self, line: &Value) -> Value {
        self.copies += 1;
        let mut copy = line.clone();
        for key in ["uuid", "request_id"] {
            if copy[key].is_string() {
                copy[key] = json!(format!("copy-{}", self.copies));
            }
        }
        copy
    }

    /// What the program gets of a line of the host, and what the host gets back at once.
    fn hear(&mut self, line: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let deaf = self.faults.iter().any(|fault| matches!(fault, Fault::DeafToGarbage));
        let ignores = self.faults.iter().any(|fault| matches!(fault, Fault::DeafToUnended));
        if ignores && !line.ends_with(b"\n") {
            return (Vec::new(), Vec::new());
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
            return (if deaf { Vec::new() } else { line.to_vec() }, Vec::new());
        };
        let lacks = value["type"] == "user" && value["message"].is_null()
            || value["type"] == "control_request" && value["request"].is_null();
        if deaf && lacks {
            return (Vec::new(), Vec::new());
        }
        if value["type"] == "control_request" {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.asked.insert(text(&value["request_id"]), text(&value["request"]["subtype"]));
        }
        for fault in self.faults.clone() {
            match fault {
                Fault::HeardWith(pick, place, other) if self.is(pick, &value) => {
                    put(&mut value, place, other);
                }
                Fault::Pretends(subtype, mut body) if value["request"]["subtype"] == subtype => {
                    let id = &value["request_id"];
                    // An answer that names a message names the one it was asked about.
                    if value["request"]["message_uuid"].is_string() {
                        body["message_uuid"] = value["request"]["message_uuid"].clone();
                    }
                    let response =
                        json!({ "subtype": "success", "request_id": id, "response": body });
                    let answer = json!({ "type": "control_response", "response": response });
                    return (Vec::new(), bytes_of(&answer));
                }
                Fault::RenamesRepeated => self.rename_repeated(&mut value),
                _ => {}
            }
        }
        (bytes_of(&value), Vec::new())
    }

    fn rename_repeated(&mut self, line: &mut Value) {
        let Some(uuid) = line["uuid"].as_str().map(str::to_owned) else { return };
        if !self.messages.insert(uuid.clone()) {
            line["uuid"] = json!(uuid.replacen("c0", "d0", 1));
        }
    }
}

fn bytes_of(line: &Value) -> Vec<u8> {
    format!("{line}\n").into_bytes()
}

/// Puts a value at a place whose parent exists.
fn put(line: &mut Value, place: &str, value: Value) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    let Some(parent) = line.pointer_mut(parent) else { return };
    match parent {
        Value::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        Value::Array(items) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                *item = value;
            }
        }
        _ => {}
    }
}
