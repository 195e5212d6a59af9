//! Leaving a conversation for another one: the program does not know it any more, or it is full. It
//! is never come back to, and the first message of the next one says that memory begins there.

use super::action::{Action, Report, Start};
use super::attempt::Memory;
use super::closing::Pending;
use super::queue::Fault;
use super::{Session, Then};
use crate::time::Monotonic;

/// What a conversation may be full of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing was answered in it: what does not fit is the message.
    Nothing,
    /// Earlier turns.
    Turns,
}

impl Content {
    /// Of the conversation that an agent begins or resumes.
    pub(super) fn of(start: Start) -> Self {
        match start {
            Start::Fresh => Self::Nothing,
            Start::Resume => Self::Turns,
        }
    }

    /// Once an agent begins so.
    pub(super) fn after(self, start: Start) -> Self {
        match start {
            Start::Fresh => Self::Nothing,
            Start::Resume => self,
        }
    }
}

impl Session {
    pub(super) fn on_resume_refused(&mut self, now: Monotonic) {
        if self.start == Start::Fresh {
            // There was nothing to resume: whatever it means, trying again at once would not help.
            return self.close(now, Pending::Deaf, Then::Fail);
        }
        // The program ends by itself after refusing; what was lost is said with the next message.
        self.forget(Report::MemoryLost);
        self.close(now, Pending::Deaf, Then::Relaunch);
    }

    /// One more turn had no room; whose fault that is.
    pub(super) fn on_full(&mut self) -> Fault {
        self.full_turns += 1;
        match self.content {
            Content::Nothing => Fault::OfTheRow,
            Content::Turns => Fault::Elsewhere,
        }
    }

    /// Leaves a conversation that stays full. It is never come back to.
    pub(super) fn begin_anew(&mut self, now: Monotonic) {
        self.full_turns = 0;
        self.forget(Report::ConversationFull);
        self.close_gently(now, Then::Relaunch);
    }

    /// The next agent begins a conversation, and its first message says so.
    fn forget(&mut self, why: Report) {
        self.start = Start::Fresh;
        self.content = Content::Nothing;
        self.memory = Memory::Lost;
        self.actions.push_back(Action::Report(why));
    }
}
