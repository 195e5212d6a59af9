//! The stand-in of the Messages API as a program: prints where it listens, serves until it is ended.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;

/// A stand-in of the Messages API on 127.0.0.1.
#[derive(Parser)]
struct Args {
    /// The address to listen on; only a loopback address is accepted.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 = any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A file that gets one JSON line per request.
    #[arg(long)]
    log: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    anyhow::ensure!(args.host.is_loopback(), "listen on {}: not a loopback address", args.host);
    let address = SocketAddr::new(args.host, args.port);
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("failed to bind {address}"))?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    drop(stdout);
    fakes::api::serve(listener, fakes::api::Options { log: args.log }).await?;
    Ok(())
}
