//! Who may do what: contacts, their tiers, and what an agent that serves them is allowed.
//!
//! Rights follow the sender as far as the sender can be believed. Anyone who can write a file can
//! claim any number in a test message, so there a contact counts as [`Tier::Favorite`] at most,
//! unless the configuration trusts the directory.
//!
//! Absent for now: a profile for anyone but admins. What the other tiers may do is not yet enforced
//! call by call, so they have no session (see [`crate::routing`]).

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use crate::chat::{ChatId, Source, normalise_handle};

/// The sender and address of the built-in contact with which an installation checks itself: test
/// messages only, always allowed, with no rights but to be answered.
pub const HARNESS: &str = "harness";

/// The tier that the built-in contact is shown as.
pub const HARNESS_TIER: Tier = Tier::Bots;

/// A contact's rights, from least to most: `a.min(b)` is the lesser of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nobody we know.
    Unknown,
    /// Other programs.
    Bots,
    /// Reading only.
    Favorite,
    /// What changes state is approved call by call.
    Family,
    /// All of an admin's tools.
    Partner,
    /// The owner.
    Admin,
}

impl Tier {
    /// Every tier, from least to most.
    pub const ALL: [Self; 6] =
        [Self::Unknown, Self::Bots, Self::Favorite, Self::Family, Self::Partner, Self::Admin];

    /// Its name in `contacts.toml`, the store and frames.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Bots => "bots",
            Self::Favorite => "favorite",
            Self::Family => "family",
            Self::Partner => "partner",
            Self::Admin => "admin",
        }
    }

    /// The tier of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }
}

/// A person of the owner's contacts. `Debug` shows neither name nor handles.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// How the owner calls them.
    pub name: String,
    /// Their rights.
    pub tier: Tier,
    /// Their addresses, in any spelling.
    pub handles: Vec<String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("tier", &self.tier).finish_non_exhaustive()
    }
}

/// All contacts, found by handle. `Debug` shows their number.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Directory {
    contacts: Vec<Contact>,
    /// Normalised handle → place in `contacts`.
    by_handle: BTreeMap<String, usize>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("contacts", &self.contacts.len()).finish_non_exhaustive()
    }
}

/// Why contacts make no directory. Entries are named by their place in the file, counted from 0:
/// names and handles do not belong into a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadDirectory {
    /// Two contacts share a handle: whose rights hold would depend on their order.
    #[error("tell the contacts {first} and {second} apart: they share a handle")]
    SharedHandle {
        /// The entry that had it first.
        first: usize,
        /// The entry that has it again.
        second: usize,
    },
    /// A handle is empty.
    #[error("look up contact {entry}: one of its handles is empty")]
    EmptyHandle {
        /// The entry.
        entry: usize,
    },
    /// A handle is the built-in contact's.
    #[error("look up contact {entry}: the handle {HARNESS} is taken by the built-in contact")]
    ReservedHandle {
        /// The entry.
        entry: usize,
    },
}

impl Directory {
    /// A directory of `contacts`, in the order of the file.
    pub fn new(contacts: Vec<Contact>) -> Result<Self, BadDirectory> {
        let mut by_handle = BTreeMap::new();
        for (entry, contact) in contacts.iter().enumerate() {
            for handle in &contact.handles {
                let handle = normalise_handle(handle);
                if handle.is_empty() {
                    return Err(BadDirectory::EmptyHandle { entry });
                }
                if handle == HARNESS {
                    return Err(BadDirectory::ReservedHandle { entry });
                }
                match by_handle.insert(handle, entry) {
                    Some(first) if first != entry => {
                        return Err(BadDirectory::SharedHandle { first, second: entry });
                    }
                    _ => {}
                }
            }
        }
        Ok(Self { contacts, by_handle })
    }

    /// The contact with this handle, in any spelling.
    pub fn find(&self, handle: &str) -> Option<&Contact> {
        self.find_normalised(&normalise_handle(handle))
    }

    /// The contact with this handle, which [`normalise_handle`] or a chat id has normalised.
    pub fn find_normalised(&self, handle: &str) -> Option<&Contact> {
        self.by_handle.get(handle).map(|&entry| &self.contacts[entry])
    }

    /// Every contact, in the order of the file.
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }
}

/// Whether the sender that a test message names is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TestTrust {
    /// No: whoever it names has a favorite's rights at most.
    #[default]
    Capped,
    /// Yes: the directory is the owner's alone, as in a sandbox.
    Trusted,
}

impl TestTrust {
    /// As it is configured.
    pub fn of(trusted: bool) -> Self {
        if trusted { Self::Trusted } else { Self::Capped }
    }
}

/// The tier that `contact` has when a message comes through `source`.
pub fn tier_of(contact: &Contact, source: Source, trust: TestTrust) -> Tier {
    match (source, trust) {
        (Source::Test, TestTrust::Capped) => contact.tier.min(Tier::Favorite),
        (Source::Test, TestTrust::Trusted) | (Source::Imessage | Source::Signal, _) => contact.tier,
    }
}

/// The tier of a group session: the lowest of everyone in it, a stranger counting as a favorite,
/// and never above family. A group of which nobody is known to be in it has a stranger's.
pub fn group_tier<'a>(
    participants: impl IntoIterator<Item = &'a str>,
    directory: &Directory,
    source: Source,
    trust: TestTrust,
) -> Tier {
    let tier = |handle: &str| match directory.find(handle).map(|c| tier_of(c, source, trust)) {
        None | Some(Tier::Unknown) => Tier::Favorite,
        Some(known) => known,
    };
    participants.into_iter().map(tier).min().unwrap_or(Tier::Favorite).min(Tier::Family)
}

/// What the agent of a session is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Everything that an agent may do at all.
    Admin,
    /// To answer, and nothing else: the built-in contact.
    Harness,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 2] = [Self::Admin, Self::Harness];

    /// The profile of a session on record: by its chat and the tier of its contact. `None`: nobody
    /// with rights that are enforced yet, so no agent.
    pub fn of(chat: &ChatId, tier: Tier) -> Option<Self> {
        if chat.source() == Source::Test && chat.address() == HARNESS {
            return Some(Self::Harness);
        }
        (tier == Tier::Admin && !chat.is_group()).then_some(Self::Admin)
    }

    /// Its name in the store and in transcripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Harness => "harness",
        }
    }

    /// The profile of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    /// The agent program's tools on offer (`--tools`). What is not on the list does not exist for
    /// the agent: above all tools by which it could reach another agent, schedule itself, or ask a
    /// terminal that is not there.
    pub fn tools(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &[
                "Read",
                "Write",
                "Edit",
                "Glob",
                "Grep",
                "NotebookEdit",
                "WebSearch",
                "WebFetch",
                "Bash",
                "Task",
                "TaskStop",
                "Skill",
            ],
            Self::Harness => &[],
        }
    }

    /// Our own tools on offer, by their bare names.
    pub fn own_tools(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &["reply", "history", "restart"],
            Self::Harness => &["reply"],
        }
    }

    /// The settings files that the agent program reads (`--setting-sources`).
    pub fn setting_sources(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &["project"],
            Self::Harness => &[],
        }
    }
}

#[cfg(test)]
mod tests;
