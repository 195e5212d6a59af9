//! Starts the fixture tier and gathers everything that it says.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::command::{Finished, end_within, run_within};
use harness::environment;
use harness::gate::{GATE_VARIABLE, Gate};
use harness::processes::signal;
use harness::render::junit;
use harness::report::Report;
use harness::wait::wait_until;
use roxmltree::Document;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// Far over what all cases together take.
const LIMIT: Duration = Duration::from_mins(2);

/// The prefix of every case's id.
pub(crate) const PREFIX: &str = "tier2::fixture::";

/// A run to be made.
pub(crate) struct Play {
    directory: TempDir,
    command: Command,
}

/// What a run said.
pub(crate) struct Played {
    pub(crate) code: i32,
    /// What stands on the terminal at the end.
    pub(crate) stdout: String,
    /// What was told meanwhile.
    pub(crate) stderr: String,
    pub(crate) report: Report,
    pub(crate) lines: Vec<Value>,
    directory: TempDir,
}

impl Play {
    /// The fixture tier with these arguments, and with nothing of who runs this test.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temp directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fixture-tier"));
        command.args(arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env(environment::REPORT, directory.path().join("report.json"));
        command.env(environment::LINES, directory.path().join("lines.jsonl"));
        command.env(environment::LOGS, directory.path().join("logs"));
        command.env("TMPDIR", directory.path());
        Self { directory, command }
    }

    pub(crate) fn behind(self, gate: Gate) -> Self {
        match gate {
            Gate::Open => self,
            Gate::Closed => self.env(GATE_VARIABLE, "1"),
        }
    }

    /// So many cases that do nothing instead.
    pub(crate) fn many(self, cases: usize) -> Self {
        self.env("FIXTURE_MANY", &cases.to_string())
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this quarantine.
    pub(crate) fn tolerating(self, quarantine: &str) -> Self {
        let path = self.directory.path().join("quarantine.toml");
        fs::write(&path, quarantine).expect("it is ours");
        self.env(environment::QUARANTINE, &path.display().to_string())
    }

    /// Runs it to its end, whatever it writes.
    pub(crate) fn finish(self) -> Finished {
        run_within(self.command, LIMIT).expect("it ends")
    }

    /// Runs it, and reads what it wrote.
    pub(crate) fn run(self) -> Played {
        let finished = run_within(self.command, LIMIT).expect("it ends");
        Played::read(finished, self.directory)
    }

    /// Starts it, interrupts it within `limit` once its first case has begun, and reads what it
    /// wrote.
    pub(crate) fn interrupted(mut self, limit: Duration) -> Played {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("it starts");
        let lines = self.directory.path().join("lines.jsonl");
        let begun = || fs::read_to_string(&lines).is_ok_and(|text| text.contains("\"started\""));
        assert!(wait_until(limit, begun), "a case begins");
        signal(child.id(), Signal::INT).expect("it is ours");
        let status = end_within(&mut child, limit).expect("it is ours").expect("it ends in time");
        let text = |pipe: Option<Box<dyn Read>>| {
            let mut text = String::new();
            pipe.expect("a pipe").read_to_string(&mut text).expect("it is text");
            text
        };
        let stdout = text(child.stdout.take().map(|pipe| Box::new(pipe) as _));
        let stderr = text(child.stderr.take().map(|pipe| Box::new(pipe) as _));
        Played::read(Finished { status, stdout, stderr }, self.directory)
    }
}

impl Played {
    fn read(finished: Finished, directory: TempDir) -> Self {
        let path = directory.path();
        let report = Report::read(&path.join("report.json")).expect("it writes a report");
        let lines = fs::read_to_string(path.join("lines.jsonl")).expect("it writes lines");
        Self {
            code: finished.status.code().expect("it ends by itself"),
            stdout: finished.stdout,
            stderr: finished.stderr,
            report,
            lines: lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
            directory,
        }
    }

    /// The log of the case with this name.
    pub(crate) fn log(&self, name: &str) -> String {
        let path = self.logs().join(format!("tier2.fixture.{name}.log"));
        fs::read_to_string(path).expect("every case that ran has a log")
    }

    fn logs(&self) -> PathBuf {
        self.directory.path().join("logs")
    }

    /// A build server sees red exactly where the run is no pass; a run that tried nothing is
    /// neither, and says so.
    #[track_caller]
    pub(crate) fn check_junit_is_red(&self) {
        let text = junit(&self.report);
        let document = Document::parse(&text).expect("it is XML");
        let number = |name| -> usize {
            let value = document.root_element().attribute(name).expect("the totals are there");
            value.parse().expect("a number")
        };
        let is_red = 0 < number("failures") + number("errors");
        assert_eq!(is_red, ![0, 41].contains(&self.code), "ended with {}: {text}", self.code);
        let has_skipped = self.code != 41 || 0 < number("skipped");
        assert!(has_skipped, "{text}");
    }

    /// What it left where temporary files go, its own report, lines and logs apart.
    pub(crate) fn litter(&self) -> Vec<String> {
        let names = fs::read_dir(Path::new(self.directory.path())).expect("it is ours");
        let names = names.map(|entry| entry.expect("it is ours").file_name());
        let mut names: Vec<String> =
            names.map(|name| name.to_string_lossy().into_owned()).collect();
        let ours = ["report.json", "lines.jsonl", "logs", "quarantine.toml"];
        names.retain(|name| !ours.contains(&name.as_str()));
        names
    }
}
