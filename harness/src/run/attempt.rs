//! One try of a case: in a thread of its own, within its limit, with panics caught.
//!
//! When the time is over, what the case waits for is called off and everything that carries a mark
//! of it is killed, so that it ends in its own way and says its last words. A thread that still does not end is left to itself: threads cannot be killed.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;
use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::case::Case;
use super::failure::{Broken, LeftBehind, Skip, Transport, Undecided, cause};
use super::orphans;
use super::room::{Room, Shared};
use crate::wait::call_off_by;

/// How often whoever waits for a case looks up: to show how long it has been running, and whether
/// the run is to end.
const LOOK_UP_EVERY: Duration = Duration::from_millis(100);

/// How long a case that ran out of time has to notice that everything of it was killed.
/// Whatever it still does by itself, such as reading logs, takes less.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(30);

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Skipped(String),
    Undecided(String),
    Left(Vec<String>),
    Transport(String),
    Failed(String),
    Broken(String),
    Panicked(String),
    TimedOut(String),
}

/// A try that is over.
#[derive(Debug)]
pub(super) struct Tried {
    /// How.
    pub(super) ended: Ended,
    /// How long the body ran, the wrapper apart.
    pub(super) body: Duration,
}

/// What whoever waits for a case does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookUp {
    /// Go on waiting.
    Wait,
    /// Somebody wants the run to end.
    GiveUp,
}

/// What the worker found: a body's result, or the words of its panic.
type Found = (Result<anyhow::Result<()>, String>, Duration);

/// Runs the body of `case` once.
pub(super) fn once(
    case: &Arc<Case>,
    mut room: Room,
    shared: &Arc<Shared>,
    look_up: impl FnMut() -> LookUp,
) -> Tried {
    hear_panics();
    let started = Instant::now();
    let (done, found) = sync_channel(1);
    let (running, log) = (Arc::clone(case), Arc::clone(shared));
    let spawned = thread::Builder::new().name("case".to_owned()).spawn(move || {
        // Nobody waits any more if it took far too long.
        drop(done.send(watched(&running, &mut room, &log)));
    });
    let worker = match spawned {
        Ok(worker) => worker,
        Err(error) => {
            let ended = Ended::Failed(format!("failed to start a thread: {error}"));
            return Tried { ended, body: started.elapsed() };
        }
    };
    let tried = wait(case, &found, shared, started, look_up);
    if tried.is_some() {
        // It has said its last word, and ends at once.
        drop(worker.join());
    }
    let never = || Ended::TimedOut(format!("no end within {:?}, nor ever after", case.limit));
    tried.unwrap_or_else(|| Tried { ended: never(), body: started.elapsed() })
}

/// Waits for the end; `None` if it does not come.
fn wait(
    case: &Case,
    found: &Receiver<Found>,
    shared: &Shared,
    started: Instant,
    mut look_up: impl FnMut() -> LookUp,
) -> Option<Tried> {
    loop {
        let rest = case.limit.saturating_sub(started.elapsed());
        let why = match found.recv_timeout(rest.min(LOOK_UP_EVERY)) {
            Ok((result, body)) => return Some(Tried { ended: ended(result), body }),
            Err(RecvTimeoutError::Disconnected) => {
                let ended = Ended::Failed("its thread ended without a word".to_owned());
                return Some(Tried { ended, body: started.elapsed() });
            }
            Err(RecvTimeoutError::Timeout) if look_up() == LookUp::GiveUp => {
                Ended::Failed("interrupted".to_owned())
            }
            Err(RecvTimeoutError::Timeout) if rest.is_zero() => {
                Ended::TimedOut(format!("no end within {:?}", case.limit))
            }
            Err(RecvTimeoutError::Timeout) => continue,
        };
        shared.note("ending everything that carries its mark");
        shared.end();
        let (result, body) = found.recv_timeout(LAST_WORDS_LIMIT).ok()?;
        return Some(Tried { ended: with_last_words(why, ended(result)), body });
    }
}

/// What a case says that was ended from outside is worth a look, and no more.
fn with_last_words(why: Ended, last: Ended) -> Ended {
    let words = match last {
        Ended::Well => return why,
        Ended::Left(things) => things.join("; "),
        Ended::Skipped(words)
        | Ended::Undecided(words)
        | Ended::Transport(words)
        | Ended::Failed(words)
        | Ended::Broken(words)
        | Ended::Panicked(words)
        | Ended::TimedOut(words) => words,
    };
    match why {
        Ended::TimedOut(why) => Ended::TimedOut(format!("{why}; then: {words}")),
        why => why,
    }
}

fn ended(result: Result<anyhow::Result<()>, String>) -> Ended {
    let error = match result {
        Ok(Ok(())) => return Ended::Well,
        Ok(Err(error)) => error,
        Err(words) => return Ended::Panicked(words),
    };
    if cause::<Broken>(&error).is_some() {
        Ended::Broken(format!("{error:#}"))
    } else if let Some(Skip(why)) = cause::<Skip>(&error) {
        Ended::Skipped(why.clone())
    } else if cause::<Undecided>(&error).is_some() {
        Ended::Undecided(format!("failed to {error:#}"))
    } else if cause::<Transport>(&error).is_some() {
        Ended::Transport(format!("failed to {error:#}"))
    } else if let Some(LeftBehind(things)) = cause::<LeftBehind>(&error) {
        Ended::Left(things.clone())
    } else {
        Ended::Failed(format!("failed to {error:#}"))
    }
}

thread_local! {
    /// Whether panics of this thread are those of a case.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// What the last panic of this thread said, and where.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a body in this thread.
fn watched(case: &Case, room: &mut Room, log: &Shared) -> Found {
    WATCHED.set(true);
    call_off_by(log.over());
    let started = Instant::now();
    let result = panic::catch_unwind(AssertUnwindSafe(|| (case.body)(room)));
    let body = started.elapsed();
    log.add_started(orphans::of_this_thread());
    let result = result.map_err(|_| {
        let words = PANIC.take().unwrap_or_else(|| "without a word".to_owned());
        log.note(&words);
        // The rest is a backtrace: for the log alone.
        words.lines().take_while(|line| *line != BACKTRACE).collect::<Vec<_>>().join("\n")
    });
    (result, body)
}

/// What stands between the words of a panic and its backtrace.
const BACKTRACE: &str = "backtrace:";

/// Keeps the words and the place of a case's panic; any other thread's go to the terminal as ever.
fn hear_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if WATCHED.get() {
                PANIC.set(Some(words(panic)));
            } else {
                otherwise(panic);
            }
        }));
    });
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let said = panic.payload_as_str().unwrap_or("something that is no text");
    let place = panic.location().map_or_else(String::new, |place| format!(", at {place}"));
    let trace = Backtrace::capture();
    if trace.status() != BacktraceStatus::Captured {
        return format!("{said}{place}");
    }
    let trace = trace.to_string();
    // What is above the panic and below the body is the same every time.
    let own = trace
        .lines()
        .skip_while(|line| !line.contains("core::panicking::"))
        .take_while(|line| !line.contains("run::attempt::watched"));
    let lines: Vec<&str> = [BACKTRACE].into_iter().chain(own).collect();
    format!("{said}{place}\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests;
