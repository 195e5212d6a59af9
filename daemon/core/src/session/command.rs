//! What may be asked of a session, and how it is obeyed.
//!
//! ```text
//!            what runs        what it owes                 its next agent
//! evict      only if idle     -                            with the next message
//! kill       is ended         waits for another message    with the next message
//! put away   is ended         waits for delivery           once rows may be delivered
//! restart    is ended         is delivered again           at once
//! end        may finish       waits for the next daemon    none
//! ```

use super::closing::Pending;
use super::event::Command;
use super::{Agent, Ending, Session, Standing, Then};
use crate::backoff::Backoff;
use crate::time::Monotonic;

impl Session {
    pub(super) fn on_command(&mut self, now: Monotonic, command: Command) {
        match command {
            Command::Evict => {
                // Rows that may not be delivered now do not need an agent either.
                let wanted = 0 < self.queue.waiting() && self.may_deliver();
                let is_quiet = matches!(self.standing(), Standing::Idle | Standing::Resting);
                if is_quiet && !wanted {
                    self.close(now, Pending::Nothing, Then::Sleep);
                }
            }
            Command::Kill => {
                self.parked = true;
                self.wanted = false;
                if let Agent::Closing(_, then) = &mut self.agent
                    && *then != Then::End
                {
                    *then = Then::Sleep;
                }
                self.close_gently(now, Then::Sleep);
            }
            Command::PutAway => {
                self.wanted = false;
                // What would follow at once is not wanted either; an error keeps its wait.
                if let Agent::Closing(_, then @ Then::Relaunch) = &mut self.agent {
                    *then = Then::Sleep;
                }
                self.close_gently(now, Then::Sleep);
            }
            Command::Restart => {
                self.parked = false;
                self.wanted = true;
                self.backoff = Backoff::default();
                self.resting_until = None;
                if matches!(self.agent, Agent::Dead { .. } | Agent::Waiting { .. }) {
                    self.agent = Agent::Asleep;
                }
                self.close_gently(now, Then::Relaunch);
            }
            Command::End { turn_grace } => {
                if self.ending == Ending::No {
                    self.ending = Ending::AfterTurn { deadline: now + turn_grace };
                }
            }
            Command::EndNow => {
                self.ending = Ending::Now;
                if let Agent::Closing(closing, _) = &mut self.agent {
                    closing.hurry(now);
                }
            }
        }
    }

    pub(super) fn end_if_asked(&mut self, now: Monotonic) {
        let turn_is_over = match (&self.agent, self.ending) {
            (_, Ending::No) => return,
            (_, Ending::Now) => true,
            (Agent::Alive(turn), Ending::AfterTurn { deadline }) => {
                deadline <= now || self.queue.in_flight() == 0 && turn.is_quiet()
            }
            (_, Ending::AfterTurn { .. }) => true,
        };
        match &mut self.agent {
            Agent::Alive(_) if !turn_is_over => {}
            Agent::Alive(_) | Agent::Launching { .. } => self.close_gently(now, Then::End),
            Agent::Closing(_, then) => *then = Then::End,
            Agent::AwaitingSlot => {
                self.give_slot_back();
                self.end();
            }
            Agent::Asleep | Agent::Waiting { .. } | Agent::Dead { .. } => self.end(),
            Agent::Ended => {}
        }
    }
}
