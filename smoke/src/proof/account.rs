//! What became of the messages of a proof.

use std::time::Duration;

use harness::sandbox::Sandbox;
use serde::Serialize;

use crate::stream::Stream;

/// The account of all messages.
#[derive(Debug, Serialize)]
pub struct Account {
    /// How many were sent.
    pub sent: usize,
    /// Deliveries that were marked as ones that may have happened before: what was interrupted.
    pub marked_again: usize,
    /// What is wrong: something lost, delivered twice unmarked, or out of order.
    pub broken: Option<String>,
}

impl Account {
    /// Waits until everything is answered, and draws it up.
    pub(super) fn draw(sandbox: &Sandbox, stream: &Stream, limit: Duration) -> Self {
        let sent = stream.words().len();
        match stream.settle(sandbox, limit) {
            Ok(marked_again) => Self { sent, marked_again, broken: None },
            Err(error) => Self { sent, marked_again: 0, broken: Some(format!("{error:#}")) },
        }
    }

    /// What is not as it has to be.
    pub(super) fn faults(&self) -> Vec<String> {
        let silent = (self.sent == 0).then(|| "no message was sent".to_owned());
        self.broken.iter().cloned().chain(silent).collect()
    }
}
