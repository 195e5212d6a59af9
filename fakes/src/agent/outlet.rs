//! The agent's mouth: lines leave in order, and this is where the faults of a scenario strike.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Action, Exit};
use crate::holds::Holds;
use crate::scenario::{Scenario, What};

#[derive(Debug)]
enum Item {
    Act(Action),
    Wait(Duration),
    Stall,
}

/// What is still to be written.
#[derive(Debug)]
pub(super) struct Outlet {
    scenario: Scenario,
    holds: Holds,
    /// The turn whose first block was held up last.
    spoke_in: Option<u32>,
    /// For each step, the turn in which it struck last.
    struck: Vec<Option<u32>>,
    items: VecDeque<Item>,
    held_until: Option<Duration>,
    closed: bool,
}

impl Outlet {
    pub(super) fn new(scenario: Scenario, holds: Holds) -> Self {
        let struck = vec![None; scenario.steps.len()];
        let items = VecDeque::new();
        Self { scenario, holds, spoke_in: None, struck, items, held_until: None, closed: false }
    }

    /// The next action whose time has come.
    pub(super) fn poll(&mut self, now: Duration) -> Option<Action> {
        loop {
            if self.held_until.is_some_and(|until| now < until) {
                return None;
            }
            self.held_until = None;
            match self.items.pop_front()? {
                Item::Stall => {
                    self.items.push_front(Item::Stall);
                    return None;
                }
                Item::Wait(wait) => self.held_until = Some(now + wait),
                Item::Act(action) => {
                    self.closed = matches!(action, Action::Leave(_));
                    return Some(action);
                }
            }
        }
    }

    /// Whether the end has been told: nothing comes after it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// When a delayed line may leave.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.held_until
    }

    /// Nothing that comes later leaves before so much time was taken.
    pub(super) fn hold(&mut self, time: Duration) {
        if !time.is_zero() {
            self.items.push_back(Item::Act(Action::Hold(time)));
        }
    }

    /// Text for stderr.
    pub(super) fn complain(&mut self, text: String) {
        self.items.push_back(Item::Act(Action::Complain(text)));
    }

    /// The end, after what is still to be written.
    pub(super) fn leave(&mut self, exit: Exit) {
        self.items.push_back(Item::Act(Action::Leave(exit)));
    }

    /// The end at once, whatever is still to be written.
    pub(super) fn leave_now(&mut self, exit: Exit) {
        self.items.clear();
        self.held_until = None;
        self.leave(exit);
    }

    /// A line of turn `turn` (0 = before the first).
    pub(super) fn line(&mut self, turn: u32, line: &Value) {
        let kind = line["type"].as_str().unwrap_or_default();
        let subtype = line["subtype"].as_str();
        match kind {
            "assistant" if self.spoke_in != Some(turn) => {
                self.spoke_in = Some(turn);
                self.hold(self.holds.assistant);
            }
            "result" => self.hold(self.holds.result),
            _ => {}
        }
        let mut bytes = line.to_string().into_bytes();
        bytes.push(b'\n');
        let striking: Vec<What> = (0..self.scenario.steps.len())
            .filter_map(|at| {
                let step = &self.scenario.steps[at];
                let strikes = step.what.api_status().is_none()
                    && self.struck[at] != Some(turn)
                    && step.when.is_in(turn)
                    && step.when.is_at(kind, subtype);
                strikes.then(|| {
                    self.struck[at] = Some(turn);
                    step.what.clone()
                })
            })
            .collect();
        let mut copies = 1;
        for what in striking {
            match what {
                What::Duplicate => copies = 2,
                What::Skip => copies = 0,
                What::Stall => {
                    self.items.push_back(Item::Stall);
                    return;
                }
                What::Truncate => {
                    bytes.truncate(bytes.len() / 2);
                    self.write(bytes);
                    self.leave(Exit::code(1));
                    return;
                }
                what => self.strike(&what),
            }
        }
        for _ in 0..copies {
            self.write(bytes.clone());
        }
    }

    fn write(&mut self, bytes: Vec<u8>) {
        self.items.push_back(Item::Act(Action::Write(bytes)));
    }

    /// The faults that come before the line.
    fn strike(&mut self, what: &What) {
        match what {
            What::DelayMs(ms) => self.items.push_back(Item::Wait(Duration::from_millis(*ms))),
            What::Garbage => self.write(b"{\"type\": garbage\n".to_vec()),
            What::UnknownType => self.write(b"{\"type\":\"never_heard_of\"}\n".to_vec()),
            What::LongLineBytes(bytes) => {
                let line = json!({ "type": "never_heard_of", "padding": "x".repeat(*bytes) });
                self.write(format!("{line}\n").into_bytes());
            }
            What::StderrBytes(bytes) => self.complain("noise ".repeat(bytes / 6 + 1)),
            What::Eof => self.leave(Exit::code(0)),
            What::Exit(code) => self.leave(Exit::code(*code)),
            What::Signal(signal) => {
                let exit = Exit { code: 128 + signal, signal: Some(*signal), complaint: None };
                self.leave(exit);
            }
            _ => {}
        }
    }

    /// The API status that a scenario wants in this turn, told once per turn.
    pub(super) fn api_fault(&mut self, turn: u32) -> Option<What> {
        let at = (0..self.scenario.steps.len()).find(|&at| {
            let step = &self.scenario.steps[at];
            step.what.api_status().is_some()
                && self.struck[at] != Some(turn)
                && step.when.is_in(turn)
        })?;
        self.struck[at] = Some(turn);
        Some(self.scenario.steps[at].what.clone())
    }
}
