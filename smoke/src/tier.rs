//! The runner of a tier: definitions become cases of the harness, each in a sandbox of its own.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use harness::binaries::{CLAUDE_VERSION, Programs};
use harness::exit_code::ExitCode;
use harness::report::End;
use harness::run::{self, Missing, Need, Room};
use harness::tier::Tier;

use crate::case::{Case, Definition, World};
use crate::parting;

/// What every case starts: the daemon.
const DAEMON: Need = Need { name: "claude-assistant", check: || found(|all| all.daemon().err()) };

/// What cases with a stand-in start.
const FAKE_CLAUDE: Need =
    Need { name: "fake-claude", check: || found(|all| all.fake_claude().err()) };

/// What cases with the real program start.
const CLAUDE: Need = Need { name: "claude", check: || found(|all| all.claude().err()) };

/// What the real program talks to.
const FAKE_MESSAGES_API: Need =
    Need { name: "fake-messages-api", check: || found(|all| all.fake_messages_api().err()) };

/// Runs the cases of a tier that the command line selects; the number to end with.
pub fn run(tier: Tier, definitions: Vec<Definition>) -> ExitCode {
    let mut ends = Vec::new();
    for end in definitions.iter().flat_map(|definition| definition.world.ends()) {
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
    run::run(tier, ends, definitions.into_iter().map(case).collect())
}

impl World {
    /// What stands at the far end of its cases.
    fn ends(self) -> Vec<End> {
        let end = |integration: &str, real, what: &str| End {
            integration: integration.to_owned(),
            real,
            what: what.to_owned(),
        };
        match self {
            Self::Fake => vec![end("agent", false, "fake-claude")],
            Self::Real => vec![
                end("agent", true, &format!("claude {CLAUDE_VERSION}")),
                end("api", false, "fake-messages-api on the loopback interface"),
            ],
        }
    }

    /// What its cases start.
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Fake => &[DAEMON, FAKE_CLAUDE],
            Self::Real => &[DAEMON, FAKE_MESSAGES_API, CLAUDE],
        }
    }
}

fn found(
    missing: impl FnOnce(&Programs) -> Option<harness::binaries::MissingProgram>,
) -> Result<(), Missing> {
    let programs = Programs::beside_this_executable().map_err(|error| Missing {
        what: format!("the build directory ({error})"),
        command: "cargo build".to_owned(),
    })?;
    missing(&programs).map_or(Ok(()), |missing| Err(missing.into()))
}

fn case(definition: Definition) -> run::Case {
    run::Case {
        tags: definition.tags.iter().map(ToString::to_string).collect(),
        needs: [definition.world.needs(), definition.needs].concat(),
        retries: definition.retries,
        ..run::Case::new(definition.name, definition.limit, move |room| in_room(&definition, room))
    }
}

/// Runs one case; what it says and leaves is gathered whether it returns or panics.
fn in_room(definition: &Definition, room: &mut Room) -> anyhow::Result<()> {
    let mut case = Case::prepare(definition, room.seed.clone())?;
    room.end_with_mark(case.sandbox.mark());
    let result = catch_unwind(AssertUnwindSafe(|| (definition.run)(&mut case)));
    match result {
        Ok(Ok(())) => {
            let parted = parting::part(&mut case.sandbox, definition.world, room);
            if parted.is_err() {
                parting::keep_traces(case.sandbox, room);
            }
            parted
        }
        Ok(Err(error)) => {
            parting::keep_traces(case.sandbox, room);
            Err(error)
        }
        Err(panic) => {
            parting::keep_traces(case.sandbox, room);
            resume_unwind(panic)
        }
    }
}
