//! Stand-ins for the agents that a daemon starts: each serves its end of a pipe as the recorded
//! program does, strictly, and all share one memory, so that one started later can resume.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fakes::agent::{Exit, Options, Shell};
use fakes::args::{self, Start};
use fakes::memory::Memory;
use fakes::scenario::Scenario;
use fakes::{FakeSdkClient, Heard};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::claude::options::AgentOptions;

/// Tries of a stand-in at its API after the first.
const RETRIES_MAX: u32 = 1;

/// All stand-ins of a test. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agents(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    memory: Memory,
    launches: Vec<Launch>,
    scenarios: BTreeMap<usize, Scenario>,
    ends: Vec<Exit>,
}

/// One agent that was started.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The row of its session.
    pub(crate) session: i64,
    /// What it was started with.
    pub(crate) argv: Vec<String>,
    /// What it was told since.
    pub(crate) heard: Heard,
    run: AbortHandle,
}

impl Launch {
    /// The lines of the messages that it was told.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.heard.lines().into_iter().filter(|line| line.contains(r#""type":"user""#)).collect()
    }

    /// Whether it still lives.
    pub(crate) fn lives(&self) -> bool {
        !self.run.is_finished()
    }

    /// The value of an argument `--name=value`.
    pub(crate) fn argument(&self, name: &str) -> Option<&str> {
        self.argv.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

impl Agents {
    /// What goes wrong with the n-th agent that is started, counted from 1.
    pub(crate) fn plan(&self, launch: usize, scenario: &str) {
        let scenario = Scenario::parse(scenario).unwrap();
        self.known().scenarios.insert(launch, scenario);
    }

    /// Every agent that was started, in order.
    pub(crate) fn launches(&self) -> Vec<Launch> {
        self.known().launches.clone()
    }

    /// How many live.
    pub(crate) fn alive(&self) -> usize {
        self.known().launches.iter().filter(|launch| launch.lives()).count()
    }

    /// Kills the last agent of a session, as the system would.
    #[track_caller]
    pub(crate) fn kill(&self, session: i64) {
        let known = self.known();
        let launch = known.launches.iter().rev().find(|launch| launch.session == session);
        launch.expect("the session had an agent").run.abort();
    }

    /// Kills every agent that still lives.
    pub(crate) fn kill_all(&self) {
        for launch in &self.known().launches {
            launch.run.abort();
        }
    }

    /// Forgets all conversations.
    pub(crate) fn forget(&self) {
        self.known().memory = Memory::default();
    }

    /// No agent met what it could not accept.
    #[track_caller]
    pub(crate) fn check_content(&self) {
        for exit in &self.known().ends {
            assert_eq!(exit.complaint, None, "an agent complained");
        }
    }

    /// Serves every pipe that comes. Dropping it kills them all.
    pub(crate) async fn serve(self, mut pipes: mpsc::Receiver<(AgentOptions, DuplexStream)>) {
        let mut runs = JoinSet::new();
        let mut more = true;
        while more || !runs.is_empty() {
            tokio::select! {
                pipe = pipes.recv(), if more => match pipe {
                    Some((options, pipe)) => self.begin(&mut runs, &options, pipe),
                    None => more = false,
                },
                Some(ended) = runs.join_next(), if !runs.is_empty() => {
                    // Killed ones are no ends of their own.
                    self.known().ends.extend(ended.ok());
                }
            }
        }
    }

    fn begin(&self, runs: &mut JoinSet<Exit>, options: &AgentOptions, pipe: DuplexStream) {
        let mut known = self.known();
        let argv = argv(options);
        let heard = Heard::default();
        let launch = known.launches.len() + 1;
        let scenario = known.scenarios.remove(&launch).unwrap_or_default();
        let asked = Options {
            memory: known.memory.clone(),
            heard: heard.clone(),
            scenario,
            shell: Shell::Simulated,
            strict: true,
            retries_max: RETRIES_MAX,
            cwd: options.working_dir.display().to_string(),
            ..read(options, argv.clone())
        };
        let (reader, writer) = tokio::io::split(pipe);
        let run = runs.spawn(FakeSdkClient::serve(reader, writer, asked));
        known.launches.push(Launch { session: options.mark.session, argv, heard, run });
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn argv(options: &AgentOptions) -> Vec<String> {
    options.argv().into_iter().map(|word| word.into_string().unwrap()).collect()
}

/// As the program would read its command line and environment.
fn read(options: &AgentOptions, argv: Vec<String>) -> Options {
    let environment = options
        .environment([])
        .into_iter()
        .map(|(name, value)| (name.into_string().unwrap(), value.into_string().unwrap()))
        .collect();
    match args::read(argv, &environment) {
        Ok(Start::Run(options)) => *options,
        other => panic!("the program would not run: {other:?}"),
    }
}
