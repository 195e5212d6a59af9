//! A message on its way from the intake to the supervisor.
//!
//! ```text
//! store.accept ─> committed ─┐                       ┌─> Ask::Wake, in the supervisor's mailbox
//!                            └ hint ─> the router ───┘
//!                            |<------ measured ----->|
//! ```
//!
//! The store, its writer, the contacts, the router and the mailbox are those of the daemon. Absent:
//! the supervisor, for which the receiving end of its mailbox stands in.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assistant_core::access::TestTrust;
use assistant_core::chat::{ChatId, Source};
use assistant_core::message::{Arrival, Voice};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{NotMeasured, OnDisk};
use crate::clock::wall_now;
use crate::contacts::Contacts;
use crate::router::Router;
use crate::supervisor::{ASKS_WAITING_MAX, Ask};

/// Threads that run tasks: as many as the daemon has.
const WORKERS: usize = 2;

/// Routing takes milliseconds; after this, it does not happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A router at work, on a database on the disk.
#[derive(Debug)]
pub struct Route {
    runtime: Runtime,
    on_disk: OnDisk,
    accepted: Arc<Notify>,
    mailbox: mpsc::Receiver<Ask>,
    router: JoinSet<()>,
    cancel: CancellationToken,
    chat: ChatId,
    sender: String,
    messages: u64,
}

impl Route {
    /// Makes a database and so many contacts in `dir`, and starts a router. One of the contacts, in
    /// the middle of the list, will write; their session is there already.
    ///
    /// # Errors
    /// When `dir` has a database already, or cannot be written.
    pub fn create(dir: &Path, contacts: usize) -> Result<Self, NotMeasured> {
        let sender = handle(contacts / 2);
        let file = dir.join("contacts.toml");
        std::fs::write(&file, contacts_file(contacts)).map_err(NotMeasured::new)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()
            .map_err(NotMeasured::new)?;
        let on_disk = OnDisk::create(dir)?;
        let (supervisor, mailbox) = mpsc::channel(ASKS_WAITING_MAX);
        let (accepted, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
        let router = Router {
            store: on_disk.store().clone(),
            contacts: Contacts::open(&file).map_err(NotMeasured::new)?,
            trust: TestTrust::Trusted,
            accepted: Arc::clone(&accepted),
            supervisor,
            work_root: dir.join("work"),
            model: None,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn_on(router.run(cancel.clone()), runtime.handle());
        let mut route = Self {
            runtime,
            on_disk,
            accepted,
            mailbox,
            router: tasks,
            cancel,
            chat: ChatId::new(Source::Test, &sender).map_err(NotMeasured::new)?,
            sender,
            messages: 0,
        };
        route.one_message("the first one makes the session", || {})?;
        Ok(route)
    }

    /// How long a message takes from being committed to the supervisor's mailbox holding the hint
    /// for its session. `held_up` runs when it is committed, and its time counts.
    ///
    /// # Errors
    /// When it is not accepted, or the router asks for anything else.
    pub fn one_message(
        &mut self,
        text: &str,
        held_up: impl FnOnce(),
    ) -> Result<Duration, NotMeasured> {
        let arrival = self.arrival(text);
        let chat = &self.chat;
        let (store, accepted, mailbox) = (self.on_disk.store(), &self.accepted, &mut self.mailbox);
        let routed = async {
            // The two steps of the intake, with the clock started between them.
            store.accept(vec![arrival], None).await.map_err(NotMeasured::new)?;
            let committed = Instant::now();
            held_up();
            accepted.notify_one();
            let asked = tokio::time::timeout(PATIENCE, mailbox.recv()).await;
            let took = committed.elapsed();
            match asked {
                Ok(Some(Ask::Wake(record))) if record.chat == *chat => Ok(took),
                Ok(Some(_)) => Err(NotMeasured::new("something else was asked of the supervisor")),
                Ok(None) => Err(NotMeasured::new("the router is gone")),
                Err(_) => Err(NotMeasured::new("the message was not routed")),
            }
        };
        self.runtime.block_on(routed)
    }

    fn arrival(&mut self, text: &str) -> Arrival {
        self.messages += 1;
        let now = wall_now();
        Arrival {
            source: Source::Test,
            key: format!("{:010}.json", self.messages),
            chat: self.chat.clone(),
            sender: self.sender.clone(),
            text: text.to_owned(),
            attachments: Vec::new(),
            group: None,
            transcription: None,
            reply_to: None,
            sent_at: now,
            seen_at: now,
            voice: Voice::Person,
        }
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        self.cancel.cancel();
        // The router has a handle of the store, which only ends without one.
        while self.runtime.block_on(self.router.join_next()).is_some() {}
    }
}

fn handle(nth: usize) -> String {
    format!("+1555555{nth:04}")
}

fn contacts_file(contacts: usize) -> String {
    let contact = |nth| {
        let tier = if nth == contacts / 2 { "admin" } else { "favorite" };
        let handle = handle(nth);
        format!(
            "[[contact]]\nname = \"contact {nth}\"\ntier = \"{tier}\"\nhandles = [\"{handle}\"]\n"
        )
    };
    (0..contacts).map(contact).collect()
}

#[cfg(test)]
mod tests;
