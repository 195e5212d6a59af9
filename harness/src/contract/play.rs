//! One performance of a contract: it starts peers and keeps what passed.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Context;

use super::host::Host;
use super::launch::{Launch, Manners, Session};
use super::peer::Starter;
use super::transcript::{Entry, Line, Transcript};
use super::{Contract, Exit};

/// How often the program asks the API again: often enough to be seen, not long enough to wait for.
const RETRIES: u32 = 1;

/// A performance.
pub struct Play<'a> {
    contract: &'static Contract,
    starter: &'a mut dyn Starter,
    transcript: Rc<RefCell<Transcript>>,
    runs: usize,
}

impl std::fmt::Debug for Play<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Play").field("contract", &self.contract.id).finish_non_exhaustive()
    }
}

impl<'a> Play<'a> {
    pub(super) fn new(contract: &'static Contract, starter: &'a mut dyn Starter) -> Self {
        Self { contract, starter, transcript: Rc::default(), runs: 0 }
    }

    pub(super) fn into_transcript(self) -> Transcript {
        self.transcript.take()
    }

    /// The id of the contract's `number`th session: always the same, so that recordings compare.
    pub fn session_id(&self, number: usize) -> String {
        identity(self.contract.id, "5e55", number)
    }

    /// A launch of a new session.
    pub fn launch(&self) -> Launch {
        Launch {
            contract: self.contract.id,
            run: self.runs,
            session: Session::New(self.session_id(0)),
            serves_tools: false,
            in_pieces: false,
            retries: RETRIES,
            manners: Manners::Proper,
        }
    }

    /// Starts a peer for the contract's first session; nothing is said yet.
    pub async fn start(&mut self) -> anyhow::Result<Host> {
        let launch = self.launch();
        self.start_with(launch).await
    }

    /// Starts a peer; nothing is said yet.
    pub async fn start_with(&mut self, launch: Launch) -> anyhow::Result<Host> {
        let launch = Launch { run: self.runs, ..launch };
        self.runs += 1;
        let peer = self.starter.start(&launch).await.context("start the program")?;
        let host = Host::new(peer, self.contract.id, launch.run, Rc::clone(&self.transcript));
        host.note(Entry::Start(launch.arguments()));
        Ok(host)
    }

    /// Starts a peer and opens the conversation with `initialize`, without hooks.
    pub async fn open(&mut self) -> anyhow::Result<Host> {
        let mut host = self.start().await?;
        host.initialize(serde_json::Value::Null).await?;
        Ok(host)
    }

    /// Runs a peer that is expected to refuse its command line: nothing on stdout, exit code 1.
    pub async fn refused(&mut self, session: Session) -> anyhow::Result<()> {
        let launch = Launch { session, ..self.launch() };
        let mut host = self.start_with(launch).await?;
        let (said, exit) = host.rest().await?;
        anyhow::ensure!(said.is_empty(), "refuse without a word on stdout: it said {said:?}");
        anyhow::ensure!(exit == Exit::code(1), "refuse with exit code 1: it was {exit}");
        Ok(())
    }
}

/// A UUID made of a contract's number, what it is for, and a count.
pub(super) fn identity(contract: &str, purpose: &str, count: usize) -> String {
    let number = contract.trim_start_matches('C');
    format!("c0{number:0>6}-{purpose}-4000-8000-{count:012}")
}

impl Line {
    pub(super) const fn new(run: usize, at: std::time::Duration, entry: Entry) -> Self {
        Self { run, at, entry }
    }
}
