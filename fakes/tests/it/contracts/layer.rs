//! A layer of faults between a host and a stand-in: it rewrites lines on their way.

use std::io;

use harness::contract::{Capability, Exit, Launch, Life, Manners, Peer, Pending, Signal, Starter};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadHalf,
    WriteHalf,
};
use tokio::task::JoinSet;

use super::fault::Fault;
use super::memory::InMemory;
use super::words::Words;

/// As large as a pipe.
const PIPE_BYTES: usize = 64 * 1024;

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
