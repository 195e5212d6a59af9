//! What a runner shows while it runs: a line for each case that ended, on a terminal also what
//! runs, for how long, and the counts so far; and the same as JSON lines in a file.

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::settings::Voice;
use crate::render::{Colour, json_lines, one_line, terminal};
use crate::report::{CaseReport, Outcome, Report};

/// Shows how a run goes. Nothing at all is shown where libtest's lines are wanted.
#[derive(Debug)]
pub(super) struct Progress {
    voice: Voice,
    bar: ProgressBar,
    lines: Option<File>,
    /// Cases that will run.
    total: usize,
    passed: usize,
    others: usize,
    /// What runs, and since when.
    running: Option<(String, Instant)>,
}

impl Progress {
    /// Nothing runs yet; `lines` is where the JSON lines go, anew.
    pub(super) fn begin(voice: Voice, lines: Option<&Path>) -> std::io::Result<Self> {
        let lines = lines.map(create).transpose()?;
        let bar = match voice {
            Voice::Terminal => ProgressBar::new_spinner(),
            Voice::Lines | Voice::Libtest => ProgressBar::hidden(),
        };
        if voice == Voice::Terminal {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            bar.set_style(style.expect("the template is a constant"));
        }
        Ok(Self { voice, bar, lines, total: 0, passed: 0, others: 0, running: None })
    }

    /// So many cases will run.
    pub(super) const fn expect(&mut self, total: usize) {
        self.total = total;
    }

    /// A case begins.
    pub(super) fn started(&mut self, id: &str, seed: u64) {
        self.running = Some((id.to_owned(), Instant::now()));
        self.write(&json_lines::started(Timestamp::now(), id, Some(seed)));
        self.tick();
    }

    /// Shows what runs, and the time that goes by.
    pub(super) fn tick(&self) {
        if self.voice != Voice::Terminal {
            return;
        }
        let done = self.passed + self.others;
        let running = self.running.as_ref().map_or_else(String::new, |(id, since)| {
            format!("{id} {:.1} s, ", since.elapsed().as_secs_f64())
        });
        self.bar.set_message(format!(
            "{running}{done} of {}: {} passed, {} not",
            self.total, self.passed, self.others
        ));
        self.bar.tick();
    }

    /// A case is over.
    pub(super) fn ended(&mut self, case: &CaseReport) {
        self.running = None;
        if case.outcome == Outcome::Passed {
            self.passed += 1;
        } else {
            self.others += 1;
        }
        self.write(&json_lines::ended(Timestamp::now(), case));
        self.tick();
        self.tell(&line(case));
    }

    /// The run is over: nothing moves any more.
    pub(super) fn finished(&mut self, report: &Report) {
        self.bar.finish_and_clear();
        self.write(&json_lines::report(Timestamp::now(), report));
    }

    /// Shows all that was found.
    pub(super) fn summarise(&self, report: &Report) {
        let out = std::io::stdout();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour = if wanted && out.is_terminal() { Colour::Ansi } else { Colour::Plain };
        if self.voice != Voice::Libtest {
            // A reader that has gone away has seen enough.
            drop(out.lock().write_all(terminal(report, colour).as_bytes()));
        }
    }

    /// Says something to whoever looks on.
    pub(super) fn tell(&self, text: &str) {
        match self.voice {
            Voice::Libtest => {}
            Voice::Lines => tell(text),
            Voice::Terminal => self.bar.suspend(|| tell(text)),
        }
    }

    fn write(&mut self, line: &str) {
        if let Some(file) = &mut self.lines {
            // Whoever follows the lines may be gone; the report is what counts.
            drop(file.write_all(line.as_bytes()));
        }
    }
}

/// How a case ended, in one line; a second one says why it did not pass.
fn line(case: &CaseReport) -> String {
    let took = Duration::from_secs_f64((case.elapsed_ms / 1000.0).max(0.0)).as_secs_f64();
    let seed = case.seed.map_or_else(String::new, |seed| format!("  seed {seed}"));
    let quarantine = if case.is_quarantined() { "  (in quarantine)" } else { "" };
    let mut line = format!("{:<20} {took:>7.2} s  {}{seed}{quarantine}", case.outcome, case.id);
    if let Some(message) = case.message.as_deref().and_then(|message| message.lines().next()) {
        line.push_str("\n    ");
        // Whatever a program wrote that a case quotes: it is not to steer this terminal.
        line.push_str(&one_line(message));
    }
    line
}

fn create(path: &Path) -> std::io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    File::create(path)
}

/// Writes one or more lines to the standard error.
#[expect(clippy::print_stderr, reason = "a runner talks to the terminal")]
pub(super) fn tell(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests;
