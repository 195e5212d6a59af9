//! Which agents are alive: never more than the bound, the longest idle makes room first.
//!
//! A session asks for a slot before it starts its agent and gives it back when the agent is gone.
//! When the bound is reached, the agent that has been idle longest is asked to go; if none is idle,
//! who asked waits in line. A session that was busy after all keeps its agent, and the next idle
//! one is asked.
//!
//! Absent: sessions themselves, and whether an eviction is obeyed.

use std::collections::{BTreeMap, VecDeque};

/// Names a session among its peers: the number of its row in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionRow(pub i64);

/// What happened to a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The session wants to start an agent.
    Asked(SessionRow),
    /// Its agent has nothing to do.
    Idle(SessionRow),
    /// Its agent works.
    Busy(SessionRow),
    /// Its agent is gone, or it no longer wants one.
    Released(SessionRow),
}

/// What to tell a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// There is room.
    Grant(SessionRow),
    /// Someone else needs the room: go, if idle.
    Evict(SessionRow),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Busy,
    /// Idle since the n-th event.
    Idle(u64),
    /// Asked to go.
    Leaving,
}

/// The agents alive and the sessions in line.
#[derive(Debug)]
pub struct Roster {
    agents_alive_max: usize,
    holders: BTreeMap<SessionRow, Holder>,
    line: VecDeque<SessionRow>,
    events: u64,
    actions: VecDeque<Action>,
}

impl Roster {
    /// An empty roster with room for so many agents; at least one.
    pub fn new(agents_alive_max: usize) -> Self {
        Self {
            agents_alive_max: agents_alive_max.max(1),
            holders: BTreeMap::new(),
            line: VecDeque::new(),
            events: 0,
            actions: VecDeque::new(),
        }
    }

    /// Takes an event in. Never waits.
    pub fn handle(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::Asked(session) => {
                if !self.holders.contains_key(&session) && !self.line.contains(&session) {
                    self.line.push_back(session);
                }
            }
            Event::Idle(session) => self.set(session, Holder::Idle(self.events)),
            Event::Busy(session) => self.set(session, Holder::Busy),
            Event::Released(session) => {
                self.holders.remove(&session);
                self.line.retain(|&waiting| waiting != session);
            }
        }
        self.advance();
    }

    /// The next thing to tell a session.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Agents alive, starting and leaving ones included.
    pub fn agents_alive(&self) -> usize {
        self.holders.len()
    }

    /// Sessions waiting for room.
    pub fn in_line(&self) -> usize {
        self.line.len()
    }

    fn set(&mut self, session: SessionRow, state: Holder) {
        if let Some(holder) = self.holders.get_mut(&session) {
            *holder = state;
        }
    }

    fn advance(&mut self) {
        while self.holders.len() < self.agents_alive_max
            && let Some(session) = self.line.pop_front()
        {
            self.holders.insert(session, Holder::Busy);
            self.actions.push_back(Action::Grant(session));
        }
        let leaving = self.holders.values().filter(|&&holder| holder == Holder::Leaving).count();
        for _ in leaving..self.line.len() {
            let Some(longest_idle) = self.longest_idle() else { break };
            self.set(longest_idle, Holder::Leaving);
            self.actions.push_back(Action::Evict(longest_idle));
        }
    }

    fn longest_idle(&self) -> Option<SessionRow> {
        let idle = self.holders.iter().filter_map(|(&session, holder)| match holder {
            Holder::Idle(since) => Some((*since, session)),
            Holder::Busy | Holder::Leaving => None,
        });
        idle.min().map(|(_, session)| session)
    }
}

#[cfg(test)]
mod tests;
