//! The stand-in in memory as a peer of the contracts: the arguments of a process, no process.

use std::collections::BTreeMap;
use std::io;

use fakes::FakeSdkClient;
use fakes::agent::{Exit as AgentExit, Options, Shell};
use fakes::args::{Start, read};
use fakes::memory::Memory;
use harness::contract::{Capability, Exit, Launch, Life, Manners, Peer, Pending, Signal, Starter};
use tokio::task::JoinSet;

/// As large as a pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// Starts stand-ins that share one memory.
pub(crate) struct InMemory {
    memory: Memory,
    lacks: Vec<Capability>,
}

impl InMemory {
    pub(crate) fn new(lacks: &[Capability]) -> Self {
        Self { memory: Memory::default(), lacks: lacks.to_vec() }
    }

    /// What the program's arguments ask for; `None` if it refuses them.
    fn options(&self, launch: &Launch) -> Option<Options> {
        let env: BTreeMap<String, String> = launch.environment().into_iter().collect();
        let Ok(Start::Run(options)) = read(launch.arguments(), &env) else { return None };
        Some(Options {
            memory: self.memory.clone(),
            shell: Shell::Simulated,
            strict: launch.manners == Manners::Proper,
            ..*options
        })
    }
}

impl Starter for InMemory {
    fn can(&self, capability: Capability) -> bool {
        !self.lacks.contains(&capability)
    }

    fn start<'a>(&'a mut self, launch: &'a Launch) -> Pending<'a, anyhow::Result<Peer>> {
        Box::pin(async move {
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            let mut running = JoinSet::new();
            if let Some(options) = self.options(launch) {
                let (reader, writer) = tokio::io::split(far);
                running.spawn(FakeSdkClient::serve(reader, writer, options));
            } else {
                drop(far);
                running.spawn(async { AgentExit::code(1) });
            }
            let (reader, writer) = tokio::io::split(near);
            Ok(Peer {
                reader: Box::new(reader),
                writer: Box::new(writer),
                life: Box::new(Task { running }),
            })
        })
    }
}

struct Task {
    running: JoinSet<AgentExit>,
}

impl Life for Task {
    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if signal != Signal::Kill {
            return Err(io::Error::other("a task in memory can be killed, and nothing else"));
        }
        self.running.abort_all();
        Ok(())
    }

    fn exit(&mut self) -> Pending<'_, io::Result<Exit>> {
        Box::pin(async move {
            match self.running.join_next().await {
                Some(Ok(exit)) => Ok(match exit.signal {
                    Some(signal) => Exit::signal(signal),
                    None => Exit::code(exit.code),
                }),
                Some(Err(error)) if error.is_cancelled() => Ok(Exit::signal(9)),
                Some(Err(error)) => Err(io::Error::other(error)),
                None => Err(io::Error::other("it was waited for already")),
            }
        })
    }
}
