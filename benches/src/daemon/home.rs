//! A home for a daemon that is measured.

use harness::binaries::Programs;
use harness::sandbox::{Agent, Contact, Sandbox, Settings};

use super::Trouble;

/// Whether the daemon is told of new files, or has to look for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// It is told.
    On,
    /// It looks.
    Off,
}

/// A home in which so many people are known, all of them admins: so many conversations can there
/// be.
///
/// # Errors
/// When a program was not built, or there is no disk to make it on.
pub fn home(programs: &Programs, people: usize, watching: Watching) -> Result<Sandbox, Trouble> {
    let contacts =
        (0..people).map(|person| Contact::new(&person.to_string(), "admin", &handle(person)));
    let settings = Settings {
        contacts: contacts.collect(),
        watch: watching == Watching::On,
        ..Settings::new(Agent::new(programs.fake_claude()?), &handle(0))
    };
    Ok(Sandbox::new(programs.daemon()?, &settings)?)
}

/// How the person with this number writes from.
pub fn handle(person: usize) -> String {
    format!("+1555555{person:04}")
}
