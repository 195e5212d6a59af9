//! Restarts that are asked for on the socket, and word of what came of them.

use assistant_core::access::Profile;
use tracing::error;

use super::{Answered, Desk, failed};
use crate::control::protocol::{Answer, Refusal, RefusalKind};
use crate::control::question::Peer;
use crate::processes::{self, walk};
use crate::slots::request::Initiator;
use crate::supervisor::Ask;
use crate::tools;

impl Desk {
    /// Asks the launcher, in the name of whoever really asks.
    pub(super) async fn safe_restart(&self, peer: Peer) -> Answered {
        let initiator = match peer {
            Peer::Owner => Initiator::Owner(true),
            Peer::OfAgent(pid) => Initiator::Session(self.session_above(pid).await?),
        };
        let id = self.restarts.ask(initiator).await?;
        Ok(Answer::RestartAsked { id })
    }

    /// The session whose agent started a process, or a process that did; never by what it says itself.
    async fn session_above(&self, pid: u32) -> Result<i64, Refusal> {
        let refused = |why: &str| Refusal::new(RefusalKind::NotPermitted, why);
        let shown = self.asked(Ask::Show).await?;
        let line = walk(move || processes::ancestors(pid)).await;
        let above = |agent: Option<u32>| agent.is_some_and(|agent| line.contains(&agent));
        let session = shown.sessions.iter().find(|(_, facts)| above(facts.agent_pid));
        let (&row, _) = session
            .ok_or_else(|| refused("a process that no agent has started may not ask that"))?;
        let records = self.store.sessions().await.map_err(|failure| failed(&failure))?;
        let record = records.iter().find(|record| record.row == row);
        let profile = record.and_then(|it| Profile::of(&it.chat, it.facts.tier));
        if profile.is_some_and(|profile| profile.own_tools().contains(&tools::RESTART)) {
            return Ok(row.0);
        }
        Err(refused("this session may not ask for a restart"))
    }

    /// Tells every chat what came of the restart that it asked for.
    pub(super) async fn tell_of_restarts(&self) -> Answered {
        self.restarts.tell().await.map_err(|failure| {
            error!(error = %failure, "somebody was not told what came of a restart");
            Refusal::new(RefusalKind::Failed, failure.to_string())
        })?;
        Ok(Answer::Done)
    }
}
