//! The registry: what is known on disk of every session, alive or not.
//!
//! When a session was made, its chat and its working directory never change. Its last message
//! time is debounced (`touches`); everything else is durable as soon as it is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assistant_core::access::Tier;
use assistant_core::chat::ChatId;
pub(crate) use assistant_core::roster::SessionRow;
use assistant_core::time::WallMs;
use rusqlite::{Connection, Row};

use super::StoreError;
use super::columns::{self, Unreadable, plain, words};

words! {
    /// What a session is for.
    SessionKind {
        /// A conversation with one person.
        Direct = "direct",
        /// A conversation of several.
        Group = "group",
        /// The owner's session over all others.
        Master = "master",
        /// Work for a contact that nobody waits for.
        Background = "background",
    }
}

/// Whether a session's agent was alive when last heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Activity {
    /// It was, and belongs to be woken when the daemon starts.
    Active,
    /// It was not.
    Inactive,
}

/// What may change about a session besides its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    /// How it is called.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) kind: SessionKind,
    /// The contact it belongs to, by name.
    pub(crate) contact: String,
    /// The rights it runs with.
    pub(crate) tier: Tier,
    /// The model it runs on, when it is not the default.
    pub(crate) model: Option<String>,
}

/// A session about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSession {
    /// Its chat.
    pub(crate) chat: ChatId,
    /// Where its agent works. It has to be UTF-8 to be found again.
    pub(crate) working_dir: PathBuf,
    /// The rest.
    pub(crate) facts: SessionFacts,
}

/// A session of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionRecord {
    /// Its number.
    pub(crate) row: SessionRow,
    /// Its chat.
    pub(crate) chat: ChatId,
    /// Where its agent works.
    pub(crate) working_dir: PathBuf,
    /// What may change about it.
    pub(crate) facts: SessionFacts,
    /// The last session id its agent reported.
    pub(crate) agent_session: Option<String>,
    /// Whether its agent was alive.
    pub(crate) activity: Activity,
    /// When it was made.
    pub(crate) created_at: WallMs,
    /// When anything but its last message time last changed.
    pub(crate) updated_at: WallMs,
    /// When its last message came or went.
    pub(crate) last_message_at: Option<WallMs>,
}

const INSERT: &str = "
    INSERT INTO sessions (chat, name, working_dir, kind, contact, tier, source, model,
                          created_at_ms, updated_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
    ON CONFLICT (chat) DO NOTHING";
const BY_CHAT: &str = "SELECT * FROM sessions WHERE chat = ?1";
const ALL: &str = "SELECT * FROM sessions ORDER BY row";
const SET_AGENT: &str = "UPDATE sessions SET agent_session = ?2, updated_at_ms = ?3 WHERE row = ?1";
const SET_ACTIVE: &str = "
    UPDATE sessions SET was_active = ?2, updated_at_ms = ?3 WHERE row = ?1 AND was_active <> ?2";
const SET_FACTS: &str = "
    UPDATE sessions SET name = ?2, kind = ?3, contact = ?4, tier = ?5, model = ?6,
                        updated_at_ms = ?7
    WHERE row = ?1";
const TOUCH: &str = "
    UPDATE sessions SET last_message_at_ms = max(coalesce(last_message_at_ms, ?2), ?2)
    WHERE row = ?1";
const ABANDON_ATTEMPTS: &str = "
    UPDATE attempts SET closed_at_ms = ?2, outcome = 'abandoned'
    WHERE closed_at_ms IS NULL
      AND row IN (SELECT row FROM inbox INDEXED BY inbox_unfinished
                  WHERE session = ?1 AND finished_at_ms IS NULL)";
const UNROUTE: &str = "
    UPDATE inbox SET session = NULL, routed_at_ms = NULL
    WHERE session = ?1 AND finished_at_ms IS NULL";
const UNLINK: &str = "UPDATE inbox SET session = NULL WHERE session = ?1";
const DELETE: &str = "DELETE FROM sessions WHERE row = ?1";

/// The session of a chat, made if there is none. One that exists stays as it is.
pub(super) fn ensure(
    db: &Connection,
    new: &NewSession,
    at: WallMs,
) -> Result<SessionRecord, StoreError> {
    let NewSession { chat, working_dir, facts } = new;
    if let Some(found) = of_chat(db, chat)? {
        return Ok(found);
    }
    let working_dir = working_dir.to_str().ok_or(StoreError::WorkingDirNotUtf8)?;
    db.prepare_cached(INSERT)?.execute((
        chat.as_str(),
        &facts.name,
        working_dir,
        facts.kind.as_str(),
        &facts.contact,
        facts.tier.as_str(),
        chat.source().prefix(),
        &facts.model,
        at.0,
    ))?;
    of_chat(db, chat)?.ok_or(StoreError::Missing { table: "sessions" })
}

/// The session of a chat, if it has one.
pub(super) fn of_chat(db: &Connection, chat: &ChatId) -> Result<Option<SessionRecord>, StoreError> {
    let mut statement = db.prepare_cached(BY_CHAT)?;
    Ok(columns::readable(statement.query([chat.as_str()])?, "sessions", record)?.pop())
}

/// Every session, by row.
pub(super) fn all(db: &Connection) -> Result<Vec<SessionRecord>, StoreError> {
    let mut statement = db.prepare_cached(ALL)?;
    columns::readable(statement.query([])?, "sessions", record)
}

/// Records the session id that an agent reported, or that there is none to go back to.
pub(super) fn set_agent(
    db: &Connection,
    row: SessionRow,
    agent_session: Option<&str>,
    at: WallMs,
) -> Result<(), StoreError> {
    found(db.prepare_cached(SET_AGENT)?.execute((row.0, agent_session, at.0))?)
}

/// Records whether a session's agent is alive.
pub(super) fn set_active(
    db: &Connection,
    row: SessionRow,
    activity: Activity,
    at: WallMs,
) -> Result<(), StoreError> {
    let active = i64::from(activity == Activity::Active);
    db.prepare_cached(SET_ACTIVE)?.execute((row.0, active, at.0))?;
    Ok(())
}

/// Replaces what may change about a session.
pub(super) fn set_facts(
    db: &Connection,
    row: SessionRow,
    facts: &SessionFacts,
    at: WallMs,
) -> Result<(), StoreError> {
    let SessionFacts { name, kind, contact, tier, model } = facts;
    let changed = db.prepare_cached(SET_FACTS)?.execute((
        row.0,
        name,
        kind.as_str(),
        contact,
        tier.as_str(),
        model,
        at.0,
    ))?;
    found(changed)
}

/// Writes last message times. A time never goes back; a session that is gone is passed over.
pub(super) fn touch(
    db: &Connection,
    times: &BTreeMap<SessionRow, WallMs>,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(TOUCH)?;
    for (row, at) in times {
        statement.execute((row.0, at.0))?;
    }
    Ok(())
}

/// Removes a session. What it still owed goes back to the router: no message is lost with it.
pub(super) fn remove(db: &Connection, row: SessionRow, at: WallMs) -> Result<(), StoreError> {
    db.prepare_cached(ABANDON_ATTEMPTS)?.execute((row.0, at.0))?;
    db.prepare_cached(UNROUTE)?.execute([row.0])?;
    db.prepare_cached(UNLINK)?.execute([row.0])?;
    db.prepare_cached(DELETE)?.execute([row.0])?;
    Ok(())
}

fn found(changed: usize) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Missing { table: "sessions" }) } else { Ok(()) }
}

fn record(row: &Row<'_>) -> Result<SessionRecord, Unreadable> {
    let active: bool = plain(row, "was_active")?;
    Ok(SessionRecord {
        row: SessionRow(plain(row, "row")?),
        chat: columns::chat(row)?,
        working_dir: Path::new(&plain::<String>(row, "working_dir")?).to_owned(),
        facts: SessionFacts {
            name: plain(row, "name")?,
            kind: columns::word(row, "kind", SessionKind::parse)?,
            contact: plain(row, "contact")?,
            tier: columns::tier(row)?,
            model: plain(row, "model")?,
        },
        agent_session: plain(row, "agent_session")?,
        activity: if active { Activity::Active } else { Activity::Inactive },
        created_at: WallMs(plain(row, "created_at_ms")?),
        updated_at: WallMs(plain(row, "updated_at_ms")?),
        last_message_at: plain::<Option<i64>>(row, "last_message_at_ms")?.map(WallMs),
    })
}

#[cfg(test)]
mod tests;
