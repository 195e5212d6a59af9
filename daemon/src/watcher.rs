//! Who watches this process, and is told that it serves, lives and is about to end: a service manager,
//! or the launcher that started it and speaks with the manager itself.
//!
//! | word | to a service manager | to a launcher |
//! |---|---|---|
//! | ready | `READY=1`, `STATUS=..` | `READY {..}` |
//! | alive | `WATCHDOG=1` | `BEAT` |
//! | stopping | `STOPPING=1` | nothing: it gave the order, or sees the end |

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use crate::notify::{self, Notifier};
use crate::ready::Ready;
use crate::voice::{BEAT, Voice};

/// Signs of life in the time that silence is taken for one: two may be lost, and one may be late.
const BEATS_IN_SILENCE: u32 = 4;

/// The shortest pause between two signs of life: whoever asks for more has made a mistake that is
/// not to keep a processor busy.
const BEAT_EVERY_MIN: Duration = Duration::from_millis(50);

/// What is said.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word<'a> {
    /// It serves.
    Ready(&'a Ready),
    /// All of it works.
    Alive,
    /// It is about to end.
    Stopping,
}

/// Who watches.
#[derive(Debug)]
pub(crate) struct Watcher {
    ear: Ear,
    /// How often it wants a sign of life, if at all.
    pub(crate) beat_every: Option<Duration>,
}

#[derive(Debug)]
enum Ear {
    Manager(Notifier),
    Launcher(Voice),
}

impl Watcher {
    /// A service manager, out of the values of [`notify::SOCKET_VARIABLE`] and
    /// [`notify::WATCHDOG_VARIABLE`]; `None` where nobody listens.
    ///
    /// # Errors
    /// When the one is no address.
    pub(crate) fn manager(
        socket: Option<&OsStr>,
        watchdog: Option<&OsStr>,
    ) -> io::Result<Option<Self>> {
        let Some(socket) = socket.filter(|path| !path.is_empty()) else { return Ok(None) };
        let ear = Ear::Manager(Notifier::to(socket)?);
        let silence = watchdog.and_then(notify::silence);
        Ok(Some(Self { ear, beat_every: silence.map(beat_every) }))
    }

    /// The launcher, which takes so much silence for life.
    pub(crate) fn launcher(voice: Voice, silence: Duration) -> Self {
        Self { ear: Ear::Launcher(voice), beat_every: Some(beat_every(silence)) }
    }

    /// Says it. Never waits.
    ///
    /// # Errors
    /// When nobody listens, or nobody takes what was said before.
    pub(crate) fn say(&self, word: Word<'_>) -> io::Result<()> {
        match (&self.ear, word) {
            (Ear::Manager(manager), Word::Ready(ready)) => {
                manager.say(&format!("{}\nSTATUS={}", notify::READY, ready.for_people()))
            }
            (Ear::Manager(manager), Word::Alive) => manager.say(notify::WATCHDOG),
            (Ear::Manager(manager), Word::Stopping) => manager.say(notify::STOPPING),
            (Ear::Launcher(voice), Word::Ready(ready)) => voice.say(&ready.line()),
            (Ear::Launcher(voice), Word::Alive) => voice.say(BEAT),
            (Ear::Launcher(_), Word::Stopping) => Ok(()),
        }
    }
}

fn beat_every(silence: Duration) -> Duration {
    (silence / BEATS_IN_SILENCE).max(BEAT_EVERY_MIN)
}

#[cfg(test)]
mod tests;
