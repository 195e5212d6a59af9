//! `version`: which program this is, and which forms of files it reads and writes. A restart asks a
//! program so whether it can follow another one.

use serde::Serialize;

use super::print::Screen;
use crate::config::args::Show;
use crate::exit::Code;
use crate::store::Schema;

/// The form of `state/restart/pending.json` that this program writes, the highest it reads.
const PENDING_FORMAT: u32 = 1;

/// The same of a slot's `manifest.json`.
const MANIFEST_FORMAT: u32 = 1;

#[derive(Debug, Serialize)]
struct Program {
    version: &'static str,
    schema: Schema,
    formats: Formats,
}

#[derive(Debug, Serialize)]
struct Formats {
    pending: u32,
    manifest: u32,
}

impl Program {
    fn of_this_program() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            schema: Schema::OF_THIS_PROGRAM,
            formats: Formats { pending: PENDING_FORMAT, manifest: MANIFEST_FORMAT },
        }
    }
}

pub(super) fn version(show: &Show, screen: &mut Screen) -> anyhow::Result<Code> {
    let program = Program::of_this_program();
    if show.json {
        screen.json(&program)?;
    } else {
        screen.line(&format!("claude-assistant {}", program.version))?;
    }
    Ok(Code::Done)
}

#[cfg(test)]
mod tests;
