//! Routing: what becomes of an arrival, before any session hears of it.
//!
//! ```text
//! voice     chat            who decides                      verdict
//! person    direct          sender and chat, the same        deliver to admins and the harness
//! person    group           everyone in it                   refused: rights of groups come later
//! owner     direct          the chat's contact               deliver to admins and the harness
//! ```
//!
//! The chat decides the session; sender and chat decide the rights. A direct chat therefore has to
//! be its sender's own: otherwise one admin's words would be put into another's conversation.
//!
//! Absent: commands (`RESTART`, ...), which are recognised before routing, and hold.

use crate::access::{Contact, Directory, HARNESS, HARNESS_TIER, Profile, TestTrust, Tier, tier_of};
use crate::chat::{ChatId, Source, normalise_handle};
use crate::message::{Arrival, Voice};

/// What becomes of an arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to the session of its chat.
    Deliver {
        /// What the agent of that session is allowed.
        profile: Profile,
        /// How the sender is called.
        contact_name: String,
        /// The sender's rights.
        tier: Tier,
        /// What sort of conversation it is.
        kind: ChatKind,
    },
    /// Someone wanted something of the assistant and gets nothing.
    Refused(Refusal),
    /// It was not for the assistant.
    Ignored(Ignored),
}

/// What sort of conversation a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatKind {
    /// With one person.
    Direct,
    /// With several.
    Group,
}

/// Why a message reaches no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The sender is nobody of the contacts.
    UnknownSender,
    /// The sender's tier, or a group, has no rights that are enforced yet.
    NoRightsYet,
    /// The sender writes into a chat that is another's.
    SenderNotOfChat,
    /// One source claims a chat of another.
    ChatOfOtherSource,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 4] =
        [Self::UnknownSender, Self::NoRightsYet, Self::SenderNotOfChat, Self::ChatOfOtherSource];

    /// As the store and `status` show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownSender => "unknown sender",
            Self::NoRightsYet => "no rights yet",
            Self::SenderNotOfChat => "sender not of this chat",
            Self::ChatOfOtherSource => "chat of another source",
        }
    }
}

/// Why a message is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// A group in which the owner knows nobody.
    GroupOfStrangers,
}

impl Ignored {
    /// Every reason.
    pub const ALL: [Self; 1] = [Self::GroupOfStrangers];

    /// As the store and `status` show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GroupOfStrangers => "group of strangers",
        }
    }
}

/// Decides what becomes of `arrival`.
pub fn route(arrival: &Arrival, directory: &Directory, trust: TestTrust) -> Verdict {
    match arrival.voice {
        Voice::Person => route_person(arrival, directory, trust),
        Voice::Note | Voice::Override => route_owner(arrival, directory, trust),
    }
}

/// Whether a chat may have a session now. If not, one that it had is over: who is refused must not be
/// left with an agent that still works for them.
pub fn may_have_session(chat: &ChatId, directory: &Directory, trust: TestTrust) -> bool {
    !chat.is_group() && matches!(route_to(chat, directory, trust), Verdict::Deliver { .. })
}

fn route_person(arrival: &Arrival, directory: &Directory, trust: TestTrust) -> Verdict {
    if arrival.chat.source() != arrival.source {
        return Verdict::Refused(Refusal::ChatOfOtherSource);
    }
    if is_group(arrival) {
        return route_group(arrival, directory);
    }
    let address = arrival.chat.address();
    // As it came, not normalised: the built-in contact has no other spelling.
    if arrival.source == Source::Test && arrival.sender == HARNESS {
        return if address == HARNESS {
            deliver_to_harness()
        } else {
            Verdict::Refused(Refusal::SenderNotOfChat)
        };
    }
    let sender = normalise_handle(&arrival.sender);
    let Some(contact) = directory.find_normalised(&sender) else {
        return Verdict::Refused(Refusal::UnknownSender);
    };
    let own_chat = address == sender
        || directory.find_normalised(address).is_some_and(|other| std::ptr::eq(other, contact));
    if !own_chat {
        return Verdict::Refused(Refusal::SenderNotOfChat);
    }
    deliver_to(contact, arrival.source, trust)
}

/// The owner speaks into a chat: its own contact decides what its session may do.
fn route_owner(arrival: &Arrival, directory: &Directory, trust: TestTrust) -> Verdict {
    if is_group(arrival) {
        return Verdict::Refused(Refusal::NoRightsYet);
    }
    route_to(&arrival.chat, directory, trust)
}

fn route_to(chat: &ChatId, directory: &Directory, trust: TestTrust) -> Verdict {
    let (source, address) = (chat.source(), chat.address());
    if source == Source::Test && address == HARNESS {
        return deliver_to_harness();
    }
    match directory.find_normalised(address) {
        Some(contact) => deliver_to(contact, source, trust),
        None => Verdict::Refused(Refusal::UnknownSender),
    }
}

/// A group is taken up when its sender or a participant has a tier. Which rights its session would
/// have is known ([`crate::access::group_tier`]); nothing enforces them yet.
fn route_group(arrival: &Arrival, directory: &Directory) -> Verdict {
    let participants = arrival.group.iter().flat_map(|group| &group.participants);
    let mut everyone = participants.chain([&arrival.sender]);
    if !everyone.any(|handle| directory.find(handle).is_some_and(|c| c.tier != Tier::Unknown)) {
        return Verdict::Ignored(Ignored::GroupOfStrangers);
    }
    Verdict::Refused(Refusal::NoRightsYet)
}

fn is_group(arrival: &Arrival) -> bool {
    arrival.group.is_some() || arrival.chat.is_group()
}

fn deliver_to(contact: &Contact, source: Source, trust: TestTrust) -> Verdict {
    match tier_of(contact, source, trust) {
        Tier::Admin => Verdict::Deliver {
            profile: Profile::Admin,
            contact_name: contact.name.clone(),
            tier: Tier::Admin,
            kind: ChatKind::Direct,
        },
        Tier::Partner | Tier::Family | Tier::Favorite | Tier::Bots => {
            Verdict::Refused(Refusal::NoRightsYet)
        }
        Tier::Unknown => Verdict::Refused(Refusal::UnknownSender),
    }
}

fn deliver_to_harness() -> Verdict {
    Verdict::Deliver {
        profile: Profile::Harness,
        contact_name: HARNESS.to_owned(),
        tier: HARNESS_TIER,
        kind: ChatKind::Direct,
    }
}

#[cfg(test)]
mod tests;
