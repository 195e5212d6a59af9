//! Who may do what: contacts, their tiers, and which of them have a session.

/// A contact's rights, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The owner.
    Admin,
    /// All of an admin's tools.
    Partner,
    /// What changes state is approved call by call.
    Family,
    /// Reading only.
    Favorite,
    /// Other programs.
    Bots,
    /// Nobody we know.
    Unknown,
}

impl Tier {
    /// The word of the tier.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Admin => "admin",
            Tier::Partner => "partner",
            Tier::Family => "family",
            Tier::Favorite => "favorite",
            Tier::Bots => "bots",
            Tier::Unknown => "unknown",
        }
    }

    /// The tier that a word names.
    pub fn parse(word: &str) -> Option<Tier> {
        use Tier::{Admin, Bots, Family, Favorite, Partner, Unknown};
        [Admin, Partner, Family, Favorite, Bots, Unknown].into_iter().find(|t| t.as_str() == word)
    }
}
