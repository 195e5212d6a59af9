//! `inject`: a message of the owner into a chat's session, from the command line, a file, or
//! standard input.

use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::path::Path;

use super::print::Screen;
use super::{Place, lookup};
use crate::config::args::Inject;
use crate::control::protocol::{Answer, Request, TEXT_BYTES_MAX};
use crate::exit::{Code, Failure};

pub(super) async fn inject(
    place: &Place,
    inject: Inject,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    // What can be no chat is wrong usage, whether a daemon runs or not; which one is meant, the
    // daemon knows.
    lookup::typed_chat(&inject.chat)?;
    let chat = inject.chat;
    let text = checked(match (inject.text, inject.file) {
        (Some(text), _) if text != "-" => text,
        (None, Some(path)) => from_file(&path)?,
        _ => from_stdin()?,
    })?;
    match place.ask(Request::Inject { chat, text, admin: inject.admin }).await? {
        Answer::Accepted { row } => screen.line(&format!("accepted as message {row}"))?,
        _ => screen.line("accepted")?,
    }
    Ok(Code::Done)
}

/// The text, if it is one that can be said.
pub(super) fn checked(text: String) -> Result<String, Failure> {
    let wrong = |message: String| Err(Failure::new(Code::Usage, message));
    if TEXT_BYTES_MAX < text.len() {
        return wrong(format!("the text has {} bytes, at most {TEXT_BYTES_MAX}", text.len()));
    }
    if text.trim().is_empty() {
        return wrong("the text is empty".to_owned());
    }
    Ok(text)
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let file = File::open(path).map_err(|error| {
        Failure::new(Code::of_io(&error, Code::Usage), format!("{}: {error}", path.display()))
    })?;
    read(file, &path.display().to_string())
}

fn from_stdin() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        let message = "no text: give one, or --file, or standard input";
        return Err(Failure::new(Code::Usage, message));
    }
    read(std::io::stdin().lock(), "standard input")
}

fn read(source: impl Read, name: &str) -> Result<String, Failure> {
    let wrong = |what: String| Failure::new(Code::Usage, format!("{name}: {what}"));
    let mut bytes = Vec::new();
    // One more than fits: a file without end is too long, and not read for ever.
    source
        .take(TEXT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(error.to_string()))?;
    if TEXT_BYTES_MAX < bytes.len() {
        return Err(wrong(format!("longer than {TEXT_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests;
