//! A probe: does for a driver what it asks, one JSON line each way.
//!
//! ```text
//!  idle ── prepare: open, warm up ──> prepared ── sample ──> prepared
//!    ^                                    │
//!    └──────── finish, or any trouble ────┘
//! ```
//!
//! The lines are those of [`harness::bench::probe`]. Absent: deciding how often, and what a value
//! means, which is the driver's part; standard input and output, which the program brings.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use harness::bench::probe::{Answer, Ask, Hello, Offered, PROTOCOL, Values};
use serde::Serialize;

use crate::samples::Samples;
use crate::scenario::{Entry, NoValues, Pace, Place, Scenario, Slowdown, checked};

/// Samples whose median says what something takes, before it is slowed by a part of that.
pub(crate) const SLOWED_AFTER: usize = 9;

/// How long these may take: of what takes longer there are fewer, and one at least.
const SLOWED_AFTER_MAX: Duration = Duration::from_secs(10);

/// What a probe with these scenarios says first.
pub fn hello(entries: &[Entry]) -> Hello {
    let offered = |entry: &Entry| Offered {
        name: entry.name.to_owned(),
        metrics: entry.metrics.iter().map(|&metric| metric.to_owned()).collect(),
    };
    Hello { probe: PROTOCOL.to_owned(), scenarios: entries.iter().map(offered).collect() }
}

/// Serves a driver until `asks` ends. What is prepared then is taken away.
///
/// # Errors
/// When `answers` takes no more, or `asks` cannot be read. Trouble of a scenario is an answer.
pub fn serve(
    entries: &[Entry],
    place: &Place,
    asks: impl BufRead,
    mut answers: impl Write,
) -> io::Result<()> {
    write_line(&mut answers, &hello(entries))?;
    let mut probe = Probe { entries, place, prepared: None };
    for line in asks.lines() {
        write_line(&mut answers, &probe.answer(&line?))?;
    }
    Ok(())
}

fn write_line(out: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string(what)?)?;
    out.flush()
}

struct Probe<'a> {
    entries: &'a [Entry],
    place: &'a Place,
    prepared: Option<Prepared>,
}

struct Prepared {
    entry: Entry,
    scenario: Box<dyn Scenario>,
    slowdown: Slowdown,
}

impl Probe<'_> {
    fn answer(&mut self, line: &str) -> Answer {
        let answered = match serde_json::from_str(line) {
            Ok(Ask::Prepare { scenario, slowed }) => self.prepare(&scenario, slowed),
            Ok(Ask::Sample) => self.sample(),
            Ok(Ask::Finish) => self.finish(),
            Err(error) => Err(NoValues::failed(format!("read what is asked: {error}"))),
        };
        answered.unwrap_or_else(|trouble| {
            self.prepared = None;
            match trouble {
                NoValues::Missing(what) => Answer::Missing { what },
                NoValues::Failed(error) => Answer::Failed { why: error.to_string() },
            }
        })
    }

    fn prepare(&mut self, name: &str, slowed: Option<f64>) -> Result<Answer, NoValues> {
        if let Some(Prepared { entry, .. }) = &self.prepared {
            return Err(NoValues::failed(format!("prepare {name}: {} is prepared", entry.name)));
        }
        let Some(&entry) = self.entries.iter().find(|entry| entry.name == name) else {
            return Err(NoValues::Missing(format!("a scenario {name}")));
        };
        let scenario = (entry.open)(self.place)?;
        let mut prepared = Prepared { entry, scenario, slowdown: Slowdown::none() };
        let warm_ups = match self.place.pace {
            Pace::Measured => entry.warm_ups,
            Pace::Brief => 0,
        };
        for _ in 0..warm_ups {
            prepared.sample()?;
        }
        if let Some(part) = slowed {
            prepared.slow_by(part)?;
        }
        self.prepared = Some(prepared);
        Ok(Answer::Prepared)
    }

    fn sample(&mut self) -> Result<Answer, NoValues> {
        let prepared =
            self.prepared.as_mut().ok_or_else(|| NoValues::failed("sample nothing prepared"))?;
        let values = prepared.sample()?;
        Ok(Answer::Values { values, roles: prepared.scenario.roles() })
    }

    fn finish(&mut self) -> Result<Answer, NoValues> {
        let prepared =
            self.prepared.take().ok_or_else(|| NoValues::failed("finish nothing prepared"))?;
        prepared.scenario.finish()?;
        Ok(Answer::Finished)
    }
}

impl Prepared {
    fn sample(&mut self) -> Result<Values, NoValues> {
        checked(&self.entry, self.scenario.sample(&self.slowdown)?)
    }

    /// From now on, whatever is timed takes longer by this part of what it takes. What is no time
    /// in milliseconds is held up by nobody.
    fn slow_by(&mut self, part: f64) -> Result<(), NoValues> {
        let mut taken: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let began = Instant::now();
        for _ in 0..SLOWED_AFTER {
            for (metric, value) in self.sample()? {
                taken.entry(metric).or_default().push(value);
            }
            if SLOWED_AFTER_MAX <= began.elapsed() {
                break;
            }
        }
        let delay = |values| {
            let ms = part * Samples::of(values)?.median();
            // A difference may be below zero, and holds nothing up.
            Duration::try_from_secs_f64(ms / 1000.0).ok()
        };
        let delays =
            taken.into_iter().filter_map(|(metric, values)| Some((metric, delay(values)?)));
        self.slowdown = Slowdown::of(delays.collect());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
