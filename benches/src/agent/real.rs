//! The real program on a loopback stand-in of its API: over our client, and driven by hand.
//!
//! Both go over the same course in the same sample, in turns the one and the other first, so that
//! what the machine does meanwhile falls on both. Their difference is what our client adds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use claude_assistant::measured::{Host, Settings};
use harness::bench::probe::Values;
use tempfile::TempDir;

use super::api::Api;
use super::by_hand::ByHand;
use super::course::{self, Steps};
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
    warm_ups: 1,
    open: |place| Ok(Box::new(OverProgram::open(place)?)),
};

const REAL: &str = ".real";

const OVER: &str = ".real.over";

/// Questions and interrupts in one sample, whose median is its value.
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

    fn ours(&self, slowdown: &Slowdown) -> Result<Steps, NoValues> {
        let connect = |settings: &Settings| self.host.connect(settings).map_err(trouble);
        // What holds up our side lengthens the difference too.
        let hold = |step: &str| slowdown.hold(&course::metric(step, REAL));
        course::run(&self.settings, ROUNDS, connect, hold)
    }

    fn by_hand(&self) -> Result<Steps, NoValues> {
        course::run(&self.settings, ROUNDS, ByHand::connect, |_| {})
    }
}

impl Scenario for OverProgram {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let (ours, by_hand) = match self.first {
            First::Ours => {
                let ours = self.ours(slowdown)?;
                (ours, self.by_hand()?)
            }
            First::ByHand => {
                let by_hand = self.by_hand()?;
                (self.ours(slowdown)?, by_hand)
            }
        };
        self.first = match self.first {
            First::Ours => First::ByHand,
            First::ByHand => First::Ours,
        };
        let mut values = course::values(over(&ours, by_hand), OVER);
        values.extend(course::values(ours, REAL));
        Ok(values)
    }
}

/// How much longer each step of ours took; below zero where it was quicker.
fn over(ours: &Steps, by_hand: Steps) -> Steps {
    let by_hand: BTreeMap<_, _> = by_hand.into_iter().collect();
    let over = |(step, ms): &(&'static str, f64)| Some((*step, ms - by_hand.get(step)?));
    ours.iter().filter_map(over).collect()
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
