//! The stand-ins from outside: over a duplex stream, over pipes, over TCP.

mod contracts;
mod fake_claude;
mod host;
mod in_memory;
mod messages_api;
mod shapes;
