//! The last error that was logged, for `status`: its moment, its constant message, and why it came to
//! that and which session it is about, where the line has a field for it. None of them holds message text, by the rule of the log.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::control::protocol::LastError;

/// There is one log in a process, and so one last error.
static LAST: Mutex<Option<LastError>> = Mutex::new(None);

/// What was logged as an error last.
pub(crate) fn last_error() -> Option<LastError> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Notes errors as they are logged.
#[derive(Debug, Default)]
pub(super) struct NoteErrors;

impl<S: Subscriber> Layer<S> for NoteErrors {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let at = format!("{:.0}", jiff::Timestamp::now());
        let session = message.session;
        let noted = LastError { at, what: message.told(), session };
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(noted);
    }
}

#[derive(Debug, Default)]
struct Message {
    what: String,
    why: Option<String>,
    session: Option<i64>,
}

impl Message {
    fn told(self) -> String {
        match self.why {
            Some(why) => format!("{}: {why}", self.what),
            None => self.what,
        }
    }

    fn note(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.what = value,
            "reason" | "error" => self.why = Some(value),
            "session" => self.session = value.parse().ok(),
            _ => {}
        }
    }
}

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.to_owned());
    }
}

#[cfg(test)]
mod tests;
