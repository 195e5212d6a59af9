//! Messages of people with a tier and of people without one, mixed: the one sort never holds up,
//! reorders or lets in the other.

use anyhow::ensure;
use harness::wait::wait_until;

use crate::case::{Case, Definition, FAMILY, SOON, STRANGER, unbroken};
use crate::stream::{Stream, Work};
use crate::views::{count, events};

pub(super) const CASES: &[Definition] = &[Definition::fake(
    "tier2::strangers::twenty_messages_of_known_and_unknown_people",
    30,
    twenty_messages_of_known_and_unknown_people,
)];

/// Messages in all, of which about half come from somebody who has no session.
const MESSAGES: usize = 20;

/// What only messages of people without a session say.
const NOT_FOR_ANYBODY: &str = "knock";

fn twenty_messages_of_known_and_unknown_people(case: &mut Case) -> anyhow::Result<()> {
    let Case { seed, sandbox, .. } = case;
    sandbox.start()?;
    let mut stream = Stream::new(3);
    let mut turned_away = 0;
    for message in 0..MESSAGES {
        let whom = seed.below(6);
        // The first two are one of each, whatever the seed says.
        let is_known = match message {
            0 => false,
            1 => true,
            _ => whom < 3,
        };
        if is_known {
            let chat = usize::try_from(whom % 3).unwrap_or_default();
            stream.send(sandbox, chat, Work::Quick)?;
        } else {
            let from = if whom == 5 { FAMILY } else { STRANGER };
            sandbox.drop_message(from, &format!("{NOT_FOR_ANYBODY} {message}"))?;
            turned_away += 1;
        }
    }
    stream.settle(sandbox, SOON)?;
    let refused = wait_until(SOON, || count(sandbox, "refused").is_ok_and(|n| n == turned_away));
    ensure!(refused, "refuse {turned_away}: {}", count(sandbox, "refused")?);
    let answered = MESSAGES as u64 - turned_away;
    ensure!(count(sandbox, "answered")? == answered, "answer the {answered} others");

    let replies = sandbox.replies()?;
    let mut wrong: Vec<String> = replies
        .iter()
        .filter(|reply| [STRANGER, FAMILY].iter().any(|handle| reply.chat.contains(handle)))
        .map(|reply| format!("a reply in row {}", reply.row))
        .collect();
    let seen = events(sandbox)?;
    let traces = seen.iter().filter(|event| event.entry.to_string().contains(NOT_FOR_ANYBODY));
    wrong.extend(traces.map(|event| format!("{} in a transcript", event.kind)));
    unbroken("traces of who has no session", &wrong)
}
