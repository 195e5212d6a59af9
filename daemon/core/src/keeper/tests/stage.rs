//! Scripts for a keeper, and what it does, as text.

use std::fmt::Write as _;

use super::*;
use crate::time::WallMs;

/// Plays a script to a keeper that begins with what is found, and tells what it does. Words are
/// events and orders; `+5` is five seconds, in which every deadline is met, `>5` five in which whoever
/// drives it stands still. From `no-current` to `writes`, no such write succeeds.
#[track_caller]
pub(super) fn play(found: Found<Slot>, script: &str) -> String {
    let mut now = Now::default();
    let keeper = Keeper::begin(now, BOUNDS, found);
    let mut stage = Stage { keeper, told: String::new(), refused: Vec::new() };
    // What the disk takes as it begins.
    let (begins_with, script) = script.split_once('|').unwrap_or(("", script));
    stage.refused.extend(begins_with.split_whitespace().map(refused));
    stage.tell(now, "begin");
    for word in script.split_whitespace() {
        let keeper = &mut stage.keeper;
        if let Some(seconds) = word.strip_prefix('>') {
            now = at(now.monotonic + Duration::from_secs(seconds.parse().unwrap()));
            keeper.handle_deadline(now);
            stage.tell(now, word);
            continue;
        }
        if let Some(seconds) = word.strip_prefix('+') {
            let until = now.monotonic + Duration::from_secs(seconds.parse().unwrap());
            while let Some(due) = stage.keeper.deadline().filter(|&due| due <= until) {
                now = at(due.max(now.monotonic));
                stage.keeper.handle_deadline(now);
                let next = stage.keeper.deadline();
                assert!(next.is_none_or(|next| due < next), "time stands still");
                stage.tell(now, &format!("{}s", due.as_secs()));
            }
            now = at(until);
            continue;
        }
        if word == "writes" {
            stage.refused.clear();
            continue;
        }
        if word.starts_with("no-") {
            stage.refused.push(refused(word));
            continue;
        }
        if let Err(refused) = obey(keeper, now, word) {
            writeln!(stage.told, "{word}: refused, {refused}").unwrap();
        }
        stage.tell(now, word);
    }
    stage.told
}

/// The beginning of what is told of a write that does not succeed.
fn refused(word: &str) -> &'static str {
    match word {
        "no-current" => "current",
        "no-pending" => "pending",
        "no-removal" => "no pending",
        "no-mark" => "mark",
        "no-memory" => "remember",
        other => panic!("{other}?"),
    }
}

struct Stage {
    keeper: Keeper<Slot>,
    told: String,
    refused: Vec<&'static str>,
}

/// That time, on both clocks.
pub(super) fn at(monotonic: Monotonic) -> Now {
    Now { monotonic, wall: WallMs(i64::try_from(monotonic.as_millis()).unwrap()) }
}

fn obey(keeper: &mut Keeper<Slot>, now: Now, word: &str) -> Result<(), Refused> {
    if let Some(seconds) = word.strip_prefix("stops-in-") {
        keeper.stops_within(Duration::from_secs(seconds.parse().unwrap()));
        return Ok(());
    }
    let id = || "r".to_owned();
    let why = || "the owner says so".to_owned();
    let arm = |target| Order::Arm { id: id(), target, confirm_timeout: Duration::from_mins(2) };
    let mut happens = |event| {
        keeper.handle(now, event);
        Ok(())
    };
    let order = match word {
        "ready" => return happens(Event::Ready),
        "beat" => return happens(Event::Beat),
        "ends" => {
            return happens(Event::Ended { how: "exit 1".into(), cause: Cause::Own });
        }
        "ends-64" => {
            return happens(Event::Ended { how: "exit 64".into(), cause: Cause::Outside });
        }
        "whole" => return happens(Event::DatabaseLooked { trouble: None }),
        "damaged" => {
            return happens(Event::DatabaseLooked { trouble: Some("damaged".into()) });
        }
        "unfit" => {
            return happens(Event::Unfit { why: "wrong hash".into(), cause: Cause::Own });
        }
        "unfit-outside" => {
            return happens(Event::Unfit { why: "no memory".into(), cause: Cause::Outside });
        }
        "ends-asked" => {
            return happens(Event::Ended { how: "exit 0".into(), cause: Cause::Asked });
        }
        "nobody" => return happens(Event::Runner(Runner::Gone)),
        "somebody" => return happens(Event::Runner(Runner::There)),
        "arm" => arm("new"),
        "arm-bad" => arm("bad"),
        "arm-same" => arm("good2"),
        "switch" => Order::Switch { id: id() },
        "switch-other" => Order::Switch { id: "other".into() },
        "confirm" => Order::Confirm { id: id(), proof: Proof::Given },
        "confirm-unproven" => Order::Confirm { id: id(), proof: Proof::Lacking },
        "disarm" => Order::Disarm { id: id() },
        "back" => Order::RollBack { id: id(), why: why(), blame: Blame::Target },
        "back-blameless" => Order::RollBack { id: id(), why: why(), blame: Blame::Nobody },
        "to-good1" => Order::GoTo { slot: "good1" },
        "to-new" => Order::GoTo { slot: "new" },
        "restart" => Order::Restart,
        "mark-good1" => Order::MarkBad { slot: "good1", why: why() },
        "mark-good2" => Order::MarkBad { slot: "good2", why: why() },
        "stop" => Order::Stop,
        other => panic!("{other}?"),
    };
    keeper.order(now, order)
}

impl Stage {
    fn tell(&mut self, now: Now, word: &str) {
        let mut actions = Vec::new();
        while let Some(action) = self.keeper.poll_action() {
            let told = tell(&action);
            if self.refused.iter().any(|refused| told.starts_with(refused)) {
                actions.push(format!("({told}: disk full)"));
                let why = "write it: disk full".to_owned();
                self.keeper.handle(now, Event::Unwritten { write: action, why });
            } else {
                actions.push(told);
            }
        }
        if !actions.is_empty() {
            writeln!(self.told, "{word}: {}", actions.join(", ")).unwrap();
        }
    }
}

fn tell(action: &Action<Slot>) -> String {
    match action {
        Action::Start(slot) => format!("start {slot}"),
        Action::Terminate => "TERM".into(),
        Action::Kill => "KILL".into(),
        Action::LookAtDatabase => "look".into(),
        Action::WritePending(it) => format!("pending {:?} {}", it.phase, it.tries),
        Action::RemovePending => "no pending".into(),
        Action::Mark { slot, standing, why } => format!("mark {slot} {standing:?} ({why})"),
        Action::SetCurrent(slot) => format!("current {slot}"),
        Action::Remember(memory) => format!("remember {} {}", memory.crashes.len(), memory.waits),
        Action::Alert { why } => format!("alert ({why})"),
        Action::Answer(outcome) => format!("answer {outcome:?}"),
        Action::Refuse { why } => format!("refuse ({why})"),
        Action::End => "end".into(),
    }
}
