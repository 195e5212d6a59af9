//! How far a restart is: one line that goes on changing on a terminal, one per step elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use harness::restart::machine::Restart;
use harness::restart::report::{Outcome, StepReport};
use harness::restart::step::Step;

/// Back to the beginning of the line, and the rest of it away.
const CLEAR: &str = "\r\x1b[K";

/// How often the line of a terminal is drawn anew.
const REDRAWN_EVERY: Duration = Duration::from_secs(1);

/// What runs.
#[derive(Debug, Clone)]
struct Line {
    step: Step,
    what: &'static str,
    began: Instant,
    limit: Duration,
}

/// What the line shows, and whether it is over.
#[derive(Debug, Default)]
struct Shown {
    line: Option<Line>,
    over: bool,
}

type Shared = Arc<(Mutex<Shown>, Condvar)>;

/// What was told so far.
#[derive(Debug)]
pub(super) struct Progress {
    shared: Shared,
    drawing: Option<JoinHandle<()>>,
    told: Option<Step>,
    /// How many steps have ended that were told of.
    ended: usize,
    on_terminal: bool,
}

impl Progress {
    /// Nothing yet.
    pub(super) fn begin() -> Self {
        let on_terminal = io::stderr().is_terminal();
        let shared = Shared::default();
        let drawing = on_terminal.then(|| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || draw(&shared))
        });
        Self { shared, drawing, told: None, ended: 0, on_terminal }
    }

    /// Something of a step begins.
    pub(super) fn begins(&mut self, step: Step, what: &'static str, limit: Duration) {
        let line = {
            let mut shown = locked(&self.shared);
            let same = shown.line.as_ref().filter(|line| line.step == step);
            let began = same.map_or_else(Instant::now, |line| line.began);
            let line = Line { step, what, began, limit };
            shown.line = Some(line.clone());
            line
        };
        if self.on_terminal {
            tell(&format!("{CLEAR}{}", text(&line)));
        } else if self.told != Some(step) {
            let (label, limit) = (step.label(), limit.as_secs_f64().round());
            tell(&format!("{label:>2} {step}: at most {limit} s\n"));
        }
        self.told = Some(step);
    }

    /// Tells of the steps that have ended since.
    pub(super) fn tell_ended(&mut self, restart: &Restart) {
        let open = restart.step();
        let begun =
            |step: &&StepReport| step.outcome != Outcome::Skipped && Some(step.step) != open;
        let ended: Vec<&StepReport> = restart.account().steps.iter().filter(begun).collect();
        for step in ended.iter().skip(self.ended) {
            self.tell_end(step);
        }
        self.ended = self.ended.max(ended.len());
    }

    /// A step is over.
    fn tell_end(&mut self, step: &StepReport) {
        locked(&self.shared).line = None;
        let clear = if self.on_terminal { CLEAR } else { "" };
        tell(&format!("{clear}{}\n", line_of(step)));
        self.told = None;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        locked(&self.shared).over = true;
        self.shared.1.notify_all();
        if let Some(drawing) = self.drawing.take() {
            drop(drawing.join());
            tell(CLEAR);
        }
    }
}

/// Says something of the step under way, on a line of its own.
pub(super) fn remark(what: &str) {
    let clear = if io::stderr().is_terminal() { CLEAR } else { "" };
    tell(&format!("{clear}   {what}\n"));
}

/// `11 verify: passed in 32.1 s of 115 s: ..`
fn line_of(step: &StepReport) -> String {
    let took = Duration::from_millis(step.elapsed_ms).as_secs_f64();
    let (label, name, outcome) = (step.step.label(), step.step.name(), step.outcome.words());
    let says = step.says.last().and_then(|says| says.lines().next());
    let says = says.map_or_else(String::new, |says| format!(": {says}"));
    format!("{label:>2} {name}: {outcome} in {took:.1} s of {} s{says}", step.deadline_ms / 1_000)
}

fn draw(shared: &Shared) {
    let mut shown = locked(shared);
    while !shown.over {
        let waited = shared.1.wait_timeout(shown, REDRAWN_EVERY);
        shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(line) = shown.line.as_ref().filter(|_| !shown.over) {
            tell(&format!("{CLEAR}{}", text(line)));
        }
    }
}

fn text(line: &Line) -> String {
    let (label, limit) = (line.step.label(), line.limit.as_secs_f64().round());
    let elapsed = line.began.elapsed().as_secs();
    format!("{label:>2} {}, {elapsed} s of {limit} s: {}", line.step, line.what)
}

fn locked(shared: &Shared) -> MutexGuard<'_, Shown> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(text: &str) {
    // A terminal that is gone does not stop the restart.
    let mut terminal = io::stderr().lock();
    drop(terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush()));
}
