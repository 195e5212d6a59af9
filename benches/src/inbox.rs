//! Numbered messages of several chats through a daemon that is killed in the middle: none may get
//! lost, reach an agent twice without a word, or overtake another one of its chat.
//!
//! ```text
//!  some before ──> daemon ── KILL ──> some while nobody is there ──> its successor <── some after
//!                    │                                                    │
//!                    └─ what is accepted, what agents got, what came back ┴──> account
//! ```
//!
//! Nothing is timed, and nothing is waited for in vain: what has not come after a while is lost, and
//! that is the value.

mod account;
mod evidence;

use harness::bench::probe::Values;
use harness::binaries::Programs;

use self::account::Account;
use self::evidence::Evidence;
use crate::daemon::{Daemon, Trouble, Watching, handle, home};
use crate::scenario::{Entry, NoValues, Scenario, Slowdown};

/// The only scenario of this kind.
pub const INBOX: Entry = Entry {
    name: "inbox",
    metrics: &[LOST, DUPLICATED, REORDERED],
    warm_ups: 0,
    open: |place| Ok(Box::new(Inbox { programs: place.programs.clone() })),
};

const LOST: &str = "inbox.lost";
const DUPLICATED: &str = "inbox.duplicated";
const REORDERED: &str = "inbox.reordered";

/// Chats that write in turn.
const CHATS: usize = 6;

/// Messages before the kill, while nobody is there, and after the start.
const BEFORE: usize = 150;
const MEANWHILE: usize = 60;
const AFTER: usize = 90;

/// Answers that are waited for before the kill: by then some are done, some are with an agent, some
/// are routed, and some lie where they were dropped.
const ANSWERED_BEFORE: usize = 40;

struct Inbox {
    programs: Programs,
}

impl Scenario for Inbox {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        let mut daemon = Daemon::start(home(&self.programs, CHATS, Watching::On)?)?;
        let start = daemon.rows()?;
        let mut words = in_turn();
        for (chat, word) in words.by_ref().take(BEFORE) {
            daemon.drop_message(&handle(chat), &word)?;
        }
        come(daemon.answered(start, ANSWERED_BEFORE))?;
        let mut home = daemon.kill()?;
        for (chat, word) in words.by_ref().take(MEANWHILE) {
            home.drop_message(&handle(chat), &word).map_err(Trouble::from)?;
        }
        let mut daemon = Daemon::start(home)?;
        for (chat, word) in words {
            daemon.drop_message(&handle(chat), &word)?;
        }
        // The last reply is on record a moment before its file is there.
        let idle = match come(daemon.answered(start, BEFORE + MEANWHILE + AFTER))? {
            Come::InTime => daemon.idle(),
            Come::Late => Ok(()),
        };
        let account = Account::of(&by_chat(), &Evidence::gather(&daemon)?);
        let stopped = daemon.stop();
        if account == Account::default() {
            // Beside a loss it does not matter how the daemon ended; beside none it does.
            idle?;
            stopped?;
        }
        let Account { lost, duplicated, reordered } = account;
        Ok([(LOST, lost), (DUPLICATED, duplicated), (REORDERED, reordered)]
            .map(|(metric, count)| (metric.to_owned(), f64::from(count)))
            .into())
    }
}

/// Whether what was waited for has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Come {
    InTime,
    /// Whatever has not come by now is for the account to say.
    Late,
}

fn come(waited: Result<(), Trouble>) -> Result<Come, Trouble> {
    match waited {
        Ok(()) => Ok(Come::InTime),
        Err(Trouble::TooLong { .. }) => Ok(Come::Late),
        Err(trouble) => Err(trouble),
    }
}

/// Chat and word of everything that is written, in that order. No other message has the word.
fn in_turn() -> impl Iterator<Item = (usize, String)> {
    (0..BEFORE + MEANWHILE + AFTER)
        .map(|number| (number % CHATS, format!("m{}-{:04}", number % CHATS, number / CHATS)))
}

/// The words of each chat, in the order of writing.
fn by_chat() -> Vec<Vec<String>> {
    let mut chats = vec![Vec::new(); CHATS];
    for (chat, word) in in_turn() {
        chats[chat].push(word);
    }
    chats
}
