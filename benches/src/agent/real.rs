//! The real program on a loopback stand-in of its API: over our client, and driven by hand.
//!
//! Both go over the same course side by side, in turns the one and the other first, so that what the
//! machine does meanwhile falls on both. Their difference is what our client adds.

use std::fs;
use std::path::Path;

use claude_assistant::measured::{Host, Settings};
use harness::bench::probe::Values;
use tempfile::TempDir;

use super::api::Api;
use super::by_hand::ByHand;
use super::course::{self, Runner};
use super::trouble;
use crate::scenario::{Entry, NoValues, Place, Scenario, Slowdown};

/// Our client over the real program, and how much longer it takes than a hand.
pub const AGENT_REAL: Entry = Entry {
    name: "agent_real",
    metrics: &[
        "agent.connect.real",
        "agent.first_response.real",
        "agent.full_query.real",
        "agent.disconnect.real",
        "agent.resume_connect.real",
        "agent.interrupt.real",
        "agent.connect.real.over",
        "agent.first_response.real.over",
        "agent.full_query.real.over",
        "agent.disconnect.real.over",
        "agent.resume_connect.real.over",
        "agent.interrupt.real.over",
    ],
    // A sample is as long as a launch can afford, and both sides of it begin equally cold.
    warm_ups: 0,
    open: |place| Ok(Box::new(OverProgram::open(place)?)),
};

const REAL: &str = ".real";

const OVER: &str = ".real.over";

/// Agents of each side in one sample, whose steps are compared pair by pair. A life has an odd number
/// of stages, so that who goes first in one of them goes second in it next time.
const LIVES: usize = 3;

/// Questions and interrupts in each life.
const ROUNDS: usize = 3;

/// What keeps the program to itself and its stand-in. The key is never looked at.
const ALONE: [(&str, &str); 5] = [
    ("ANTHROPIC_API_KEY", "not-a-key"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", "0"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
];

struct OverProgram {
    host: Host,
    settings: Settings,
    first: First,
    _api: Api,
    /// Of the agents; removed with it.
    _dir: TempDir,
}

/// Who goes over the course first.
#[derive(Clone, Copy)]
enum First {
    Ours,
    ByHand,
}

impl First {
    fn other(self) -> Self {
        match self {
            Self::Ours => Self::ByHand,
            Self::ByHand => Self::Ours,
        }
    }
}

impl OverProgram {
    fn open(place: &Place) -> Result<Self, NoValues> {
        let missing = || {
            NoValues::Missing(
                "the real agent program: `cargo xtask claude install` fetches it".to_owned(),
            )
        };
        let program = place.claude.as_ref().ok_or_else(missing)?;
        let api = Api::start(&place.programs.fake_messages_api().map_err(trouble)?)?;
        let dir = tempfile::tempdir().map_err(trouble)?;
        let settings = settings(program, dir.path(), api.url())?;
        let host = Host::new().map_err(trouble)?;
        Ok(Self { host, settings, first: First::Ours, _api: api, _dir: dir })
    }
}

impl Scenario for OverProgram {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let connect = |_: &str, settings: &Settings| self.host.connect(settings).map_err(trouble);
        let by_hand = |_: &str, settings: &Settings| ByHand::connect(settings);
        // Nobody can hold up the real program, so the hold is added to our side, and lengthens the
        // difference too. It does not show that we look in time: `agent` does, with the same client.
        let hold = |step: &str| slowdown.hold(&course::metric(step, REAL));
        let mut ours = Runner::new(&self.settings, &connect, &hold);
        let mut by_hand = Runner::new(&self.settings, &by_hand, &|_| {});
        for stage in course::stages(LIVES, ROUNDS) {
            match self.first {
                First::Ours => {
                    ours.take(stage)?;
                    by_hand.take(stage)?;
                }
                First::ByHand => {
                    by_hand.take(stage)?;
                    ours.take(stage)?;
                }
            }
            self.first = self.first.other();
        }
        let mut values = course::values_over(&ours.times, &by_hand.times, OVER);
        values.extend(course::values(&ours.times, REAL));
        Ok(values)
    }
}

fn settings(program: &Path, dir: &Path, url: &str) -> Result<Settings, NoValues> {
    // The program keeps sockets and more in the directory for temporary files.
    let temporary = dir.join("tmp");
    fs::create_dir(&temporary).map_err(trouble)?;
    let mut settings = Settings::new(program, dir)
        .map_err(trouble)?
        .variable("ANTHROPIC_BASE_URL", url)
        .variable("TMPDIR", &temporary.to_string_lossy());
    for (name, value) in ALONE {
        settings = settings.variable(name, value);
    }
    Ok(settings)
}
