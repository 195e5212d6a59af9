//! `drain`: holds delivery for a restart, and waits until nothing is under way. Ends with 0 if that
//! came to be, and with 75 if the time was up first.

use super::Place;
use super::print::Screen;
use crate::config::args;
use crate::control::protocol::{Answer, Drained, Request};
use crate::exit::{Code, Failure};

pub(super) async fn drain(
    place: &Place,
    drain: &args::Drain,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let args::Drain { within, lease, interrupt, json } = *drain;
    let request = Request::Drain { within_s: within, lease_s: lease, interrupt };
    let Answer::Drained(drained) = place.ask(request).await? else {
        let message = "the daemon's answer is not how far it is";
        return Err(Failure::new(Code::Failed, message).into());
    };
    if json {
        screen.json(&drained)?;
    } else {
        screen.line(&for_people(&drained))?;
    }
    Ok(if drained.quiet { Code::Done } else { Code::Busy })
}

fn for_people(drained: &Drained) -> String {
    let Drained { quiet, busy, unsent, waited_ms } = drained;
    if *quiet {
        return format!("nothing is under way, after {waited_ms} ms");
    }
    let rows: Vec<String> = busy.iter().map(ToString::to_string).collect();
    let rows = if rows.is_empty() { "none".to_owned() } else { rows.join(", ") };
    format!("after {waited_ms} ms: sessions at work: {rows}; texts on their way: {unsent}")
}

#[cfg(test)]
mod tests;
