//! Our client of the agent program as a host process: does what it is asked on stdin, and says what
//! it took. The other side of the comparison is `xtask/src/peers/sdk_host.py`, line by line the same.
//!
//! The arguments of the agents are those that both libraries can be brought to, and not those of a
//! conversation of the daemon: no tools, no hook, no settings, a system prompt of our own.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use claude_assistant::measured::{Agent, Closed, EndedBy, Host, Settings};
use harness::bench::peers::{self, Answer, Ask, Hello};

fn main() -> anyhow::Result<()> {
    let argument = std::env::args().nth(1).context("find the settings: they are the argument")?;
    let settings: peers::Settings = serde_json::from_str(&argument).context("read the settings")?;
    let mut desk = Desk::open(&settings)?;
    say(&Hello { host: format!("claude-assistant {}", env!("CARGO_PKG_VERSION")) })?;
    for line in io::stdin().lock().lines() {
        let ask: Ask = serde_json::from_str(&line.context("read what is asked")?)
            .context("understand what is asked")?;
        say(&desk.does(ask).unwrap_or_else(|error| Answer::failed(format!("{error:#}"))))?;
    }
    desk.close();
    Ok(())
}

fn say(what: &impl serde::Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(what).context("put an answer into words")?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("answer")
}

/// What the other side of stdin asks of.
struct Desk {
    host: Host,
    settings: Settings,
    /// The one conversation, while it is open.
    one: Option<Agent>,
    /// Its name, for later.
    last: Option<String>,
    crowd: Vec<Agent>,
}

impl Desk {
    fn open(settings: &peers::Settings) -> anyhow::Result<Self> {
        let mut own = Settings::new(&settings.claude, &settings.dir)?
            .arguments(arguments(&settings.system_prompt));
        for (name, value) in &settings.variables {
            own = own.variable(name, value);
        }
        Ok(Self { host: Host::new()?, settings: own, one: None, last: None, crowd: Vec::new() })
    }

    fn does(&mut self, ask: Ask) -> anyhow::Result<Answer> {
        match ask {
            Ask::Connect => {
                let settings = self.settings.clone();
                self.connect(&settings)
            }
            Ask::Resume => {
                let last = self.last.as_deref().context("resume: nothing was closed yet")?;
                let settings = self.settings.clone().resuming(last);
                self.connect(&settings)
            }
            Ask::Query { text } => {
                let turn = self.one()?.query(&text)?;
                let first_ms = Some(ms(turn.first_message_after));
                Ok(Answer { first_ms, ..Answer::took(ms(turn.result_after)) })
            }
            Ask::Begin { text } => {
                self.one()?.begin(&text).map(|()| Answer::done()).map_err(Into::into)
            }
            Ask::Interrupt => Ok(Answer::took(ms(self.one()?.interrupt()?))),
            Ask::Disconnect => {
                let agent = self.one.take().context("disconnect: nothing is open")?;
                self.last = Some(agent.session_id().to_owned());
                Ok(Answer::took(ms(in_order(&agent.disconnect())?)))
            }
            Ask::Cycles { count, text } => self.cycles(count, &text),
            Ask::Gather { count, text } => self.gather(count, &text),
            Ask::Scatter => {
                for agent in self.crowd.drain(..) {
                    in_order(&agent.disconnect())?;
                }
                Ok(Answer::done())
            }
        }
    }

    fn connect(&mut self, settings: &Settings) -> anyhow::Result<Answer> {
        let began = Instant::now();
        let agent = self.host.connect(settings)?;
        let took = began.elapsed();
        self.one = Some(agent);
        Ok(Answer::took(ms(took)))
    }

    fn cycles(&self, count: usize, text: &str) -> anyhow::Result<Answer> {
        let began = Instant::now();
        for _ in 0..count {
            let mut agent = self.host.connect(&self.settings)?;
            agent.query(text)?;
            in_order(&agent.disconnect())?;
        }
        Ok(Answer::took(ms(began.elapsed())))
    }

    fn gather(&mut self, count: usize, text: &str) -> anyhow::Result<Answer> {
        while self.crowd.len() < count {
            let mut agent = self.host.connect(&self.settings)?;
            agent.query(text)?;
            self.crowd.push(agent);
        }
        Ok(Answer::done())
    }

    fn one(&mut self) -> anyhow::Result<&mut Agent> {
        self.one.as_mut().context("speak: nothing is open")
    }

    /// Whoever hung up wants no answer any more, whatever becomes of it.
    fn close(mut self) {
        for agent in self.one.take().into_iter().chain(self.crowd) {
            drop(agent.disconnect());
        }
    }
}

/// Everything but which conversation it is, and the form of the input.
fn arguments(system_prompt: &str) -> impl Iterator<Item = OsString> {
    [
        "--output-format",
        "stream-json",
        "--verbose",
        "--system-prompt",
        system_prompt,
        "--tools",
        "",
        "--permission-prompt-tool",
        "stdio",
        "--setting-sources=",
    ]
    .map(OsString::from)
    .into_iter()
}

/// What the end took, if nothing had to be forced.
fn in_order(closed: &Closed) -> anyhow::Result<Duration> {
    match closed.ended_by {
        EndedBy::InputClosed => Ok(closed.after),
        forced => bail!("close a conversation: it ended by {forced:?} ({})", closed.exit),
    }
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
