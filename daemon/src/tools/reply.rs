//! `reply`: a text, and files, to this chat. The only way from an agent to the person.

use std::path::Path;
use std::time::Duration;

use assistant_core::access::Profile;
use assistant_core::message::Attachment;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outcome, Reach};
use crate::processes::walk;
use crate::sender;
use crate::store::{NewOutgoing, Outgoing, OutgoingState};

pub(super) const NAME: &str = "reply";

/// How long the agent waits to hear what became of its text. Then it is told that the text is
/// queued: it will go out, and must not be written again.
const OUTCOME_AWAITED_MAX: Duration = Duration::from_secs(20);

/// Longer than any person reads, and far below what would burden a sender.
const REPLY_BYTES_MAX: usize = 100 * 1024;

/// More files than a person sends at once.
const ATTACHMENTS_MAX: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<String>,
}

pub(super) fn description(profile: Profile) -> Value {
    let mut properties = json!({
        "text": {"type": "string", "description": "What the person reads, as you would text it."},
    });
    if may_attach(profile) {
        properties["attachments"] = json!({
            "type": "array",
            "items": {"type": "string"},
            "description": "Absolute paths of files to send along.",
        });
    }
    json!({
        "name": NAME,
        "description": "Sends a message to the person in this chat. Nothing else you write reaches them.",
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": ["text"],
            "additionalProperties": false,
        },
    })
}

pub(super) async fn carry_out(
    reach: &Reach,
    arguments: &Value,
    tool_use: Option<String>,
) -> Outcome {
    let new = match checked(reach, arguments, tool_use).await {
        Ok(new) => new,
        Err(refusal) => return Outcome::refused(refusal),
    };
    // Before the row exists, so that word of its end cannot be missed.
    let finished = reach.store.finished_outgoing();
    let text = new.text.clone();
    let outgoing = match reach.store.enqueue(new).await {
        Ok(outgoing) => outgoing,
        Err(failure) => return Outcome::refused(format!("not sent: {failure}")),
    };
    reach.queued.notify_one();
    let outcome = sender::outcome(&reach.store, finished, &outgoing);
    let (state, told) = match tokio::time::timeout(OUTCOME_AWAITED_MAX, outcome).await {
        Ok(Ok(settled)) => (settled.state, told(&settled)),
        Ok(Err(failure)) => {
            (outgoing.state, Outcome::refused(format!("outcome unknown: {failure}")))
        }
        Err(_) => (outgoing.state, Outcome::done("queued, do not repeat")),
    };
    let sent = (state != OutgoingState::Failed).then_some((outgoing.row.0, text));
    Outcome { sent, ..told }
}

async fn checked(
    reach: &Reach,
    arguments: &Value,
    tool_use: Option<String>,
) -> Result<NewOutgoing, String> {
    let Arguments { text, attachments } =
        Arguments::deserialize(arguments).map_err(|error| format!("not sent: {error}"))?;
    if text.trim().is_empty() && attachments.is_empty() {
        return Err("not sent: the text is empty".to_owned());
    }
    if REPLY_BYTES_MAX < text.len() {
        return Err(format!("not sent: the text is over {} KB", REPLY_BYTES_MAX / 1024));
    }
    if !attachments.is_empty() && !may_attach(reach.profile) {
        return Err("not sent: files cannot be sent from here".to_owned());
    }
    if ATTACHMENTS_MAX < attachments.len() {
        return Err(format!("not sent: more than {ATTACHMENTS_MAX} files"));
    }
    // A path may lie on a disk that does not answer.
    let looked_at: Result<Vec<Attachment>, String> =
        walk(move || attachments.iter().map(|path| attachment(path)).collect()).await;
    let attachments = looked_at.map_err(|path| format!("not sent: {path} is not a file"))?;
    let key = tool_use.unwrap_or_else(|| Uuid::new_v4().to_string());
    Ok(NewOutgoing { chat: reach.chat.clone(), text, attachments, key })
}

/// A file to be sent along; the path again if there is none.
fn attachment(path: &str) -> Result<Attachment, String> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let (Some(metadata), true) = (metadata, Path::new(path).is_absolute()) else {
        return Err(path.to_owned());
    };
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Attachment { path: path.to_owned(), mime: None, name, bytes: Some(metadata.len()) })
}

fn may_attach(profile: Profile) -> bool {
    profile != Profile::Harness
}

fn told(outgoing: &Outgoing) -> Outcome {
    match outgoing.state {
        OutgoingState::Sent | OutgoingState::Reconciled => Outcome::done("sent"),
        OutgoingState::Failed => {
            let reason = outgoing.reason.as_deref().unwrap_or("no reason given");
            Outcome::refused(format!("not sent: {reason}"))
        }
        OutgoingState::Unknown => {
            Outcome::refused("it may or may not have been sent; do not repeat")
        }
        OutgoingState::Queued | OutgoingState::Attempting => Outcome::done("queued, do not repeat"),
    }
}
