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
