//! The end of all sessions, and of what a crashed one left running.

use std::time::Duration;

use assistant_core::roster::SessionRow;
use assistant_core::session::Command;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Supervisor, order};
use crate::processes::{self, Mark};
use crate::session::Order;

/// How long a crashed session's agent may take to end after TERM.
const LEFTOVER_TERM_MAX: Duration = Duration::from_secs(1);

/// How long killed processes may take to be gone.
const LEFTOVER_KILL_MAX: Duration = Duration::from_secs(2);

impl Supervisor {
    pub(super) async fn end_all(&mut self, hurry: &CancellationToken, turn_grace: Duration) {
        self.command_all(Command::End { turn_grace });
        let mut hurried = false;
        while !self.tasks.is_empty() {
            tokio::select! {
                () = hurry.cancelled(), if !hurried => {
                    hurried = true;
                    self.command_all(Command::EndNow);
                }
                Some(news) = self.news.recv() => self.on_news(news).await,
                Some(ended) = self.tasks.join_next_with_id() => self.on_ended(ended).await,
            }
        }
    }

    fn command_all(&self, command: Command) {
        for live in self.live.values() {
            order(live, Order::Command(command));
        }
    }

    /// Its process died with its task; what the process had started did not.
    pub(super) async fn end_leftovers(&self, session: SessionRow) {
        let mark = Mark {
            home: self.surroundings.home_id,
            generation: self.surroundings.generation.0.unsigned_abs(),
            session: session.0,
        };
        let found = processes::walk(move || processes::of_agent(mark)).await;
        let left = processes::end_all(found, LEFTOVER_TERM_MAX, LEFTOVER_KILL_MAX).await;
        if !left.is_empty() {
            warn!(session = session.0, processes = left.len(), "processes left running");
        }
    }
}
