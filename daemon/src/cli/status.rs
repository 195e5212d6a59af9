//! `status`: how everything is, as the daemon says it. Ends with 0 only if it answers.

use super::print::{Colours, Screen, Table, Tone, one_line, size, span};
use super::{Place, sessions};
use crate::config::args::Show;
use crate::control::protocol::{
    AgentStatus, Answer, Counts, HeldBy, Request, SessionStatus, SourceStatus, Status,
};
use crate::exit::{Code, Failure};

pub(super) async fn status(
    place: &Place,
    show: &Show,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let Answer::Status(status) = place.ask(Request::Status).await? else {
        return Err(Failure::new(Code::Failed, "the daemon's answer is no status").into());
    };
    if show.json {
        screen.json(&*status)?;
        return Ok(Code::Done);
    }
    for line in for_people(&status, screen.colours()) {
        screen.line(&line)?;
    }
    Ok(Code::Done)
}

fn for_people(status: &Status, colours: Colours) -> Vec<String> {
    let mut lines = vec![
        format!(
            "claude-assistant {}, up {}, pid {}, generation {}{}",
            status.version,
            span(status.uptime_s),
            status.pid,
            status.generation,
            held(status).map_or_else(String::new, |held| colours.paint(Tone::Warn, held)),
        ),
        agent(&status.agent),
        format!("messages  {}", counts(&status.counts)),
        format!("process   {} in memory, {} tasks", size(status.rss_bytes), status.tasks_alive),
    ];
    if let Some(slot) = &status.slot {
        lines.push(format!("slot      {}", one_line(slot)));
    }
    if 0 < status.unsent {
        lines.push(format!("replies   {} on their way", status.unsent));
    }
    if let Some(error) = &status.contacts_error {
        lines.push(colours.paint(Tone::Bad, &format!("contacts  {}", one_line(error))));
    }
    if let Some(error) = &status.last_error {
        let line = format!("error     {} ({})", one_line(&error.what), error.at);
        lines.push(colours.paint(Tone::Warn, &line));
    }
    lines.push(String::new());
    lines.extend(sources(&status.sources).lines(colours));
    if !status.sessions.is_empty() {
        lines.push(String::new());
        lines.extend(session_table(&status.sessions).lines(colours));
    }
    lines
}

/// Whether delivery is held, and on whose account where that is not the owner's alone.
fn held(status: &Status) -> Option<&'static str> {
    let by = |holder| status.held_by.contains(&holder);
    match (by(HeldBy::Owner), by(HeldBy::Restart)) {
        _ if !status.held => None,
        (true, true) => Some(", held by the owner and for a restart"),
        (false, true) => Some(", held for a restart"),
        _ => Some(", held"),
    }
}

fn agent(agent: &AgentStatus) -> String {
    match agent.version.as_str() {
        "" => format!("agent     {}", agent.program),
        version => format!("agent     {} version {version}", agent.program),
    }
}

fn counts(counts: &Counts) -> String {
    format!(
        "{} accepted, {} delivered, {} answered, {} refused, {} ignored, {} failed",
        counts.accepted,
        counts.delivered,
        counts.answered,
        counts.refused,
        counts.ignored,
        counts.failed
    )
}

fn plain(text: &(impl ToString + ?Sized)) -> (Tone, String) {
    (Tone::Plain, text.to_string())
}

fn ago(seconds: Option<u64>) -> (Tone, String) {
    plain(&seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{} ago", span(seconds))))
}

fn sources(sources: &[SourceStatus]) -> Table {
    let heads = ["SOURCE", "STATE", "LAST LOOK", "SEEN", "ERRORS", "BACKLOG", "OLDEST"];
    let mut table = Table::new(heads);
    for source in sources {
        let state = match (source.enabled, source.watching) {
            (false, _) => plain("off"),
            (true, true) => (Tone::Good, "watching".to_owned()),
            (true, false) => (Tone::Good, "polling".to_owned()),
        };
        let look = source.last_poll_ago_ms.map_or_else(
            || "-".to_owned(),
            |ms| {
                if ms < 1000 { format!("{ms} ms ago") } else { format!("{} ago", span(ms / 1000)) }
            },
        );
        let errors = if source.errors == 0 { Tone::Plain } else { Tone::Warn };
        table.row([
            plain(&source.name),
            state,
            plain(&look),
            plain(&source.seen),
            (errors, source.errors.to_string()),
            plain(&source.backlog),
            plain(&source.oldest_unfinished_age_s.map_or_else(|| "-".to_owned(), span)),
        ]);
    }
    table
}

fn session_table(all: &[SessionStatus]) -> Table {
    let heads =
        ["ROW", "NAME", "CONTACT", "TIER", "STATE", "TURNS", "QUEUE", "ACTIVE", "AGENT", "CHAT"];
    let mut table = Table::new(heads);
    for session in all {
        table.row([
            plain(&session.row),
            plain(&session.name),
            plain(&session.contact),
            plain(&session.tier),
            sessions::shown(session.state),
            plain(&session.turns),
            plain(&session.queue),
            ago(session.last_activity_ago_s),
            plain(&session.agent_pid.map_or_else(|| "-".to_owned(), |pid| format!("pid {pid}"))),
            plain(&session.chat),
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
