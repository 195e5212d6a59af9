//! Faults as data: which lines, and what becomes of them.

use harness::contract::{Launch, Session};
use serde_json::Value;

/// A stand-in with faults.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// What is wrong with it.
    pub(crate) name: &'static str,
    /// The contracts that have to find it.
    pub(crate) killed_by: &'static [&'static str],
    pub(crate) faults: Vec<Fault>,
}

/// One fault.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This is said before anything else.
    Greets(Value),
    /// These lines are not said.
    Unsaid(Pick),
    /// Only the first of these lines is said.
    SaidOnce(Pick),
    /// These lines are said twice.
    SaidTwice(Pick),
    /// These lines are said twice, the second time with an id of its own.
    SaidAgain(Pick),
    /// These lines are said with another value at a place.
    SaidWith(Pick, &'static str, Value),
    /// Of the list at that place only the first item is said.
    FirstOf(Pick, &'static str),
    /// After such a line nothing more is said.
    Silenced(Pick),
    /// After such a line the program is gone.
    EndsAfter(Pick),
    /// When stdin ends, the program is gone.
    EndsWithStdin,
    /// Lines of more bytes are cut.
    CutLines(usize),
    /// These lines of the host are heard with another value at a place.
    HeardWith(Pick, &'static str, Value),
    /// The host's request of this subtype is answered with that body, and nothing else is done.
    Pretends(&'static str, Value),
    /// What is no whole line of the protocol is not heard.
    DeafToGarbage,
    /// A last line without an end is not heard.
    DeafToUnended,
    /// A message that is sent again counts as a new one.
    RenamesRepeated,
    /// Another session is started than was asked for.
    Launches(fn(&Launch) -> Session),
    /// One exit code becomes another.
    ExitCode(i32, i32),
}

/// Which lines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pick {
    /// Of this kind, or of a kind that begins so.
    Line(&'static str),
    /// The word that the session is in this state.
    State(&'static str),
    /// The word that a message is in this state.
    Lifecycle(&'static str),
    /// A result that says that it went wrong.
    FailedResult,
    /// The answer to the host's request of this subtype.
    Answer(&'static str),
    /// The host's answer with this field in its body.
    Said(&'static str),
    /// A line with this field.
    Has(&'static str),
}
