//! Answers what is asked on the control socket.

mod drain;
mod restart;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assistant_core::access::TestTrust;
use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, Voice};
use assistant_core::routing::{self, Verdict};
use assistant_core::session::{Command, Hold, Standing};
use assistant_core::time::WallMs;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::holds::{Change, HoldError, Holds};
use crate::clock::{Clock, wall_now};
use crate::config::Config;
use crate::contacts::Contacts;
use crate::control::protocol::{
    AgentStatus, Answer, Counts, HeldBy, Refusal, RefusalKind, Request, SessionState,
    SessionStatus, SourceStatus, Status,
};
use crate::control::question::Peer;
use crate::control::server::Asked;
use crate::intake::Intake;
use crate::processes;
use crate::restarts::Restarts;
use crate::sender;
use crate::session::Facts;
use crate::source::SourceFacts;
use crate::store::{
    self, Generation, NewOutgoing, OutgoingState, Schema, SessionRecord, Store, StoreError,
};
use crate::supervisor::{Ask, Shown};
use crate::typed::{self, NoSession};
use drain::{AtWork, Drain};

/// How long `send` waits to hear what became of its text.
const SEND_OUTCOME_MAX: Duration = Duration::from_secs(20);

/// What answers need.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) intake: Intake,
    pub(super) supervisor: mpsc::Sender<Ask>,
    pub(super) holds: Holds,
    /// The slot whose program this is.
    pub(super) slot: Option<String>,
    pub(super) queued: Arc<Notify>,
    pub(super) restarts: Restarts,
    pub(super) contacts: Contacts,
    pub(super) config: Config,
    pub(super) facts: Arc<SourceFacts>,
    pub(super) agent_version: Arc<Mutex<Option<String>>>,
    pub(super) clock: Clock,
    pub(super) generation: Generation,
    pub(super) stop: CancellationToken,
}

type Answered = Result<Answer, Refusal>;

impl Desk {
    /// Answers until cancelled; each request in a task of its own, so that a slow one holds up no
    /// other. The socket bounds how many there are.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Asked>, cancel: CancellationToken) {
        let mut answering = JoinSet::new();
        // What became of restarts while no daemon ran that could tell.
        let desk = self.clone();
        answering.spawn(async move { drop(desk.tell_of_restarts().await) });
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                next = asked.recv() => match next {
                    Some(Asked { request, peer, answer }) => {
                        let desk = self.clone();
                        answering.spawn(async move {
                            // Who asked may have gone.
                            drop(answer.send(desk.answer(request, peer).await));
                        });
                    }
                    None => cancel.cancelled().await,
                },
                Some(_) = answering.join_next(), if !answering.is_empty() => {}
            }
        }
        answering.shutdown().await;
    }

    async fn answer(&self, request: Request, peer: Peer) -> Answered {
        match request {
            Request::Ping => Ok(Answer::Done),
            Request::Status => Ok(Answer::Status(Box::new(self.status().await?))),
            Request::Stop => {
                self.stop.cancel();
                Ok(Answer::Done)
            }
            Request::Hold { by, lease_s } => self.hold(by, lease_s).await,
            Request::Release { by } => self.release(by).await,
            Request::Drain { within_s, lease_s, interrupt } => {
                let at_work = if interrupt { AtWork::PutAway } else { AtWork::Awaited };
                self.drain(Drain::new(within_s, lease_s, at_work)?).await
            }
            Request::KillSession { session } => self.kill(&session).await,
            Request::RestartSession { session } => self.restart(&session).await,
            Request::KillSessions => self.tell_agents(Command::Kill).await,
            Request::RestartSessions => self.tell_agents(Command::Restart).await,
            Request::Inject { chat, text, admin } => {
                let voice = if admin { Voice::Override } else { Voice::Note };
                self.inject(&chat, text, voice).await
            }
            Request::Send { chat, text, key } => self.send(&chat, text, key).await,
            Request::RestartResults => self.tell_of_restarts().await,
            Request::SafeRestart => self.safe_restart(peer).await,
        }
    }

    async fn hold(&self, by: HeldBy, lease_s: Option<u64>) -> Answered {
        self.change_hold(match by {
            HeldBy::Owner => Change::Owner(Hold::Held),
            HeldBy::Restart => Change::Lease(drain::lease(lease_s)?),
            HeldBy::Other => return Err(unknown_holder()),
        })
        .await
    }

    async fn release(&self, by: HeldBy) -> Answered {
        self.change_hold(match by {
            HeldBy::Owner => Change::Owner(Hold::Released),
            HeldBy::Restart => Change::RestartOver,
            HeldBy::Other => return Err(unknown_holder()),
        })
        .await
    }

    async fn change_hold(&self, change: Change) -> Answered {
        self.holds.change(change).await.map_err(|error| hold_refused(&error))?;
        Ok(Answer::Done)
    }

    async fn kill(&self, name: &str) -> Answered {
        let records = self.store.sessions().await.map_err(|failure| failed(&failure))?;
        let row = typed::session(&records, name).map_err(|none| unnamed(&none))?.row;
        if self.asked(|answer| Ask::Kill(row, answer)).await? {
            return Ok(Answer::Sessions { count: 1 });
        }
        let message = format!("session {} has no agent", row.0);
        Err(Refusal::new(RefusalKind::NotFound, message))
    }

    async fn restart(&self, name: &str) -> Answered {
        let records = self.store.sessions().await.map_err(|failure| failed(&failure))?;
        let record = typed::session(&records, name).map_err(|none| unnamed(&none))?.clone();
        let row = record.row;
        if self.asked(|answer| Ask::Restart(record, answer)).await? {
            return Ok(Answer::Sessions { count: 1 });
        }
        let message = format!("session {} cannot be started", row.0);
        Err(Refusal::new(RefusalKind::Failed, message))
    }

    async fn tell_agents(&self, command: Command) -> Answered {
        let count = self.asked(|answer| Ask::TellAgents(command, answer)).await?;
        Ok(Answer::Sessions { count })
    }

    /// What the supervisor answers.
    async fn asked<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.supervisor.send(ask(answer)).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())
    }

    /// The owner's words take the same way as anyone's: through the inbox and the router.
    async fn inject(&self, chat: &str, text: String, voice: Voice) -> Answered {
        check_text(&text)?;
        let chat = self.known_chat(chat).await?;
        let now = wall_now();
        let arrival = Arrival {
            source: chat.source(),
            key: format!("inject-{}", Uuid::new_v4()),
            sender: chat.address().to_owned(),
            chat,
            text,
            attachments: Vec::new(),
            group: None,
            transcription: None,
            reply_to: None,
            sent_at: now,
            seen_at: now,
            voice,
        };
        let trust = TestTrust::of(self.config.test.trust);
        match routing::route(&arrival, &self.contacts.directory(), trust) {
            Verdict::Deliver { .. } => {}
            Verdict::Refused(refusal) => {
                return Err(no_session(RefusalKind::NotPermitted, refusal.as_str()));
            }
            Verdict::Ignored(ignored) => {
                return Err(no_session(RefusalKind::Invalid, ignored.as_str()));
            }
        }
        let rows =
            self.intake.accept(vec![arrival], None).await.map_err(|failure| failed(&failure))?;
        let row = rows.first().ok_or_else(|| Refusal::new(RefusalKind::Failed, "no row"))?;
        Ok(Answer::Accepted { row: row.0 })
    }

    async fn send(&self, chat: &str, text: String, key: String) -> Answered {
        check_text(&text)?;
        let chat = self.known_chat(chat).await?;
        let finished = self.store.finished_outgoing();
        let new = NewOutgoing { chat, text, attachments: Vec::new(), key };
        let outgoing = self.store.enqueue(new).await.map_err(|failure| failed(&failure))?;
        self.queued.notify_one();
        let outcome = sender::outcome(&self.store, finished, &outgoing);
        let outgoing = match tokio::time::timeout(SEND_OUTCOME_MAX, outcome).await {
            Ok(outcome) => outcome.map_err(|failure| failed(&failure))?,
            Err(_) => outgoing,
        };
        match (outgoing.state, outgoing.reason) {
            (OutgoingState::Failed, reason) => {
                let reason = reason.unwrap_or_else(|| "no reason given".to_owned());
                Err(Refusal::new(RefusalKind::Failed, format!("not sent: {reason}")))
            }
            (state, _) => {
                Ok(Answer::Queued { row: outgoing.row.0, state: state.as_str().to_owned() })
            }
        }
    }

    /// The chat that is meant: a session's, or one that has written. A chat nobody wrote from is a
    /// slip of the pen, and what is sent there is lost.
    async fn known_chat(&self, named: &str) -> Result<ChatId, Refusal> {
        let records = self.store.sessions().await.map_err(|failure| failed(&failure))?;
        match typed::session(&records, named) {
            Ok(record) => return Ok(record.chat.clone()),
            Err(NoSession::Unknown { .. }) => {}
            Err(several) => return Err(unnamed(&several)),
        }
        let chat = parse_chat(named)?;
        if self.store.has_written(chat.clone()).await.map_err(|failure| failed(&failure))? {
            return Ok(chat);
        }
        let message = format!("nobody has ever written from chat {}", chat.as_str());
        Err(Refusal::new(RefusalKind::NotFound, message))
    }

    async fn status(&self) -> Result<Status, Refusal> {
        let shown = self.asked(Ask::Show).await?;
        let records = self.store.sessions().await.map_err(|failure| failed(&failure))?;
        let counts = self.store.counts().await.map_err(|failure| failed(&failure))?;
        let unsent = self.store.unsent().await.map_err(|failure| failed(&failure))?;
        let held_by = self.holds.ledger().held_by();
        let now = self.clock.now();
        let started_ms = now.wall.0 - i64::try_from(now.monotonic.as_millis()).unwrap_or(0);
        let started = jiff::Timestamp::from_millisecond(started_ms).unwrap_or_default();
        let pid = std::process::id();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: self.generation.0,
            pid,
            uptime_s: now.monotonic.as_secs(),
            started_at: format!("{started:.0}"),
            slot: self.slot.clone(),
            held: !held_by.is_empty(),
            held_by,
            schema: Schema::OF_THIS_PROGRAM,
            tasks_alive: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
            rss_bytes: processes::walk(move || processes::rss_bytes(pid)).await.unwrap_or(0),
            agent: AgentStatus {
                program: self.config.agent.program.display().to_string(),
                version: self.agent_version(),
            },
            sources: vec![self.test_source(&counts)],
            sessions: records.iter().map(|record| self.session(record, &shown)).collect(),
            counts: totals(&counts),
            unsent,
            contacts_error: self.contacts.error(),
            last_error: crate::telemetry::last_error(),
        })
    }

    /// The version that the program reported; nothing before an agent was started.
    fn agent_version(&self) -> String {
        let version = self.agent_version.lock().unwrap_or_else(PoisonError::into_inner);
        version.clone().unwrap_or_default()
    }

    fn test_source(&self, counts: &store::Counts) -> SourceStatus {
        let tally = counts.sources.get(&Source::Test).copied().unwrap_or_default();
        let now = self.clock.now();
        let age_s = |at: WallMs| (now.wall.0 - at.0).max(0).unsigned_abs() / 1000;
        SourceStatus {
            name: Source::Test.prefix().to_owned(),
            enabled: self.config.test.enabled,
            watching: self.facts.watching(),
            last_poll_ago_ms: self.facts.looked_ago_ms(now.monotonic),
            seen: self.facts.seen(),
            errors: self.facts.errors(),
            backlog: tally.backlog(),
            oldest_unfinished_age_s: tally.oldest_unfinished_at.map(age_s),
        }
    }

    fn session(&self, record: &SessionRecord, shown: &Shown) -> SessionStatus {
        let asleep = Facts::new(record);
        let facts = shown.sessions.get(&record.row);
        let active_ago = |facts: &Facts| self.clock.monotonic().saturating_sub(facts.active_at);
        let last_activity_ago_s = facts.map(|facts| active_ago(facts).as_secs());
        let facts = facts.unwrap_or(&asleep);
        SessionStatus {
            row: record.row.0,
            name: record.facts.name.clone(),
            contact: record.facts.contact.clone(),
            tier: record.facts.tier.as_str().to_owned(),
            chat: record.chat.as_str().to_owned(),
            state: state(facts.standing),
            turns: facts.turns,
            queue: facts.owed as u64,
            last_activity_ago_s,
            agent_pid: facts.agent_pid,
            agent_session: facts.agent_session.clone(),
        }
    }
}

fn state(standing: Standing) -> SessionState {
    match standing {
        Standing::Asleep | Standing::Ended => SessionState::Asleep,
        Standing::Waiting => SessionState::Waiting,
        Standing::Starting => SessionState::Starting,
        Standing::Idle => SessionState::Idle,
        Standing::Resting => SessionState::Resting,
        Standing::Busy => SessionState::Busy,
        Standing::Closing => SessionState::Closing,
        Standing::Dead => SessionState::Dead,
    }
}

fn totals(counts: &store::Counts) -> Counts {
    let total = counts.total();
    Counts {
        accepted: total.accepted,
        delivered: total.delivered,
        answered: total.answered,
        refused: total.refused,
        ignored: total.ignored,
        failed: total.failed,
    }
}

/// A session that what was typed does not name.
fn unnamed(none: &NoSession) -> Refusal {
    let kind = match none {
        NoSession::Several { .. } => RefusalKind::Invalid,
        NoSession::Unknown { .. } => RefusalKind::NotFound,
    };
    Refusal::new(kind, none.to_string())
}

/// A chat as it was typed.
fn parse_chat(chat: &str) -> Result<ChatId, Refusal> {
    typed::chat(chat).map_err(|error| Refusal::new(RefusalKind::Invalid, error.to_string()))
}

fn no_session(kind: RefusalKind, reason: &str) -> Refusal {
    Refusal::new(kind, format!("this chat has no session: {reason}"))
}

/// A text that says something.
fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(RefusalKind::Invalid, "the text is empty"));
    }
    Ok(())
}

fn unknown_holder() -> Refusal {
    Refusal::new(RefusalKind::Invalid, "nobody known holds delivery so")
}

fn hold_refused(error: &HoldError) -> Refusal {
    match error {
        HoldError::Stopping => stopping(),
        HoldError::Store(failure) => failed(failure),
    }
}

fn failed(failure: &StoreError) -> Refusal {
    Refusal::new(RefusalKind::Failed, failure.to_string())
}

fn stopping() -> Refusal {
    Refusal::new(RefusalKind::Stopping, "the daemon is stopping")
}

#[cfg(test)]
mod tests;
