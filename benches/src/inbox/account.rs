//! The account of what was sent and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Evidence;

/// What went wrong, in messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Not accepted, or never answered.
    pub lost: u32,
    /// Accepted twice, handed to an agent twice without a mark, or answered more often than handed
    /// over.
    pub duplicated: u32,
    /// Behind a later one of the same chat when it first became a row, reached an agent, or was
    /// answered.
    pub reordered: u32,
}

impl Account {
    /// `sent` are the words of each chat in the order of writing.
    pub(super) fn of(sent: &[Vec<String>], evidence: &Evidence) -> Self {
        let Evidence { rows, deliveries, replies } = evidence;
        let accepted = counts(rows);
        let answered = counts(replies);
        let delivered = counts(deliveries.iter().map(|delivery| &delivery.word));
        let unmarked =
            counts(deliveries.iter().filter(|delivery| !delivery.marked).map(|one| &one.word));
        let of = |counts: &BTreeMap<&str, u32>, word: &str| counts.get(word).copied().unwrap_or(0);

        let words = || sent.iter().flatten();
        let lost = words().filter(|word| of(&accepted, word) == 0 || of(&answered, word) == 0);
        let duplicated = words().filter(|word| {
            let answers = of(&answered, word);
            1 < of(&accepted, word)
                || 1 < of(&unmarked, word)
                || (1 < answers && of(&delivered, word) < answers)
        });
        let mut late = BTreeSet::new();
        for chat in sent {
            late.extend(behind_later(chat, rows));
            late.extend(behind_later(chat, deliveries.iter().map(|delivery| &delivery.word)));
            late.extend(behind_later(chat, replies));
        }
        Self {
            lost: number(lost.count()),
            duplicated: number(duplicated.count()),
            reordered: number(late.len()),
        }
    }
}

fn counts<'a>(words: impl IntoIterator<Item = &'a String>) -> BTreeMap<&'a str, u32> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word.as_str()).or_default() += 1;
    }
    counts
}

/// The words of a chat that were first seen after one that was written later.
fn behind_later<'a>(
    chat: &'a [String],
    seen: impl IntoIterator<Item = &'a String>,
) -> Vec<&'a str> {
    let places: BTreeMap<&str, usize> =
        chat.iter().enumerate().map(|(place, word)| (word.as_str(), place)).collect();
    let (mut known, mut latest, mut behind) = (BTreeSet::new(), 0, Vec::new());
    for word in seen {
        let Some(&place) = places.get(word.as_str()) else { continue };
        if !known.insert(place) {
            // It is the first time that counts.
            continue;
        }
        if place < latest {
            behind.push(word.as_str());
        }
        latest = latest.max(place);
    }
    behind
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
