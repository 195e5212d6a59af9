//! Starting an agent: prompt, memory, program. Runs in a task of the session, so that a slow memory
//! command or a slow start holds up nothing, not even an order to end.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use assistant_core::access::{Profile, TestTrust};
use assistant_core::prompt::{PromptParts, start_prompt};
use assistant_core::session::{Event, Start};
use tokio::sync::Notify;
use tokio::task::JoinError;
use tracing::{info, warn};
use uuid::Uuid;

use super::Driver;
use super::agent::Agent;
use super::frames::STOP_HOOK;
use crate::claude::connection::Connection;
use crate::claude::options::{self, AgentOptions, SettingSources};
use crate::claude::process::{AgentProcess, StartError};
use crate::claude::wire;
use crate::clock::Clock;
use crate::config::Home;
use crate::contacts::Contacts;
use crate::memory;
use crate::processes::{HomeId, MARK_NAME, Mark};
use crate::restarts::Restarts;
use crate::store::{Generation, SessionRecord, Store};
use crate::transcript;

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Where rows and texts stand.
    pub(crate) store: Store,
    /// Where files go.
    pub(crate) home: Home,
    /// This home's part of the mark.
    pub(crate) home_id: HomeId,
    /// This life's part of the mark.
    pub(crate) generation: Generation,
    /// What time it is.
    pub(crate) clock: Clock,
    /// Hints to the sender.
    pub(crate) queued: Arc<Notify>,
    /// Whom to ask for a restart.
    pub(crate) restarts: Restarts,
    /// Who is who.
    pub(crate) contacts: Contacts,
    /// Whether a test message has the rights of the number it names.
    pub(crate) trust: TestTrust,
    /// How agents come about.
    pub(crate) spawner: Spawner,
    /// The version that the program last reported, for views.
    pub(crate) agent_version: Arc<Mutex<Option<String>>>,
    /// The command that knows what to remember of a contact.
    pub(crate) memory: Option<Vec<String>>,
    /// Where the program keeps its state.
    pub(crate) config_dir: Option<PathBuf>,
    /// Variables that the configuration adds.
    pub(crate) extra_env: BTreeMap<String, String>,
}

/// How agents come about.
#[derive(Debug)]
pub(crate) enum Spawner {
    /// As children: the program.
    Program(PathBuf),
    /// As the other end of a pipe in memory, for tests: what would have been started, and the pipe.
    #[cfg(test)]
    Pipe(tokio::sync::mpsc::Sender<(AgentOptions, tokio::io::DuplexStream)>),
}

/// An agent that runs, and is yet to answer.
pub(super) struct Launched {
    connection: Connection,
    process: Option<AgentProcess>,
    agent_session: String,
    start: Start,
}

/// Why no agent runs.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Its prompt could not be written.
    #[error("write the start prompt: {0}")]
    Prompt(io::Error),
    /// The program did not start.
    #[error(transparent)]
    Program(#[from] StartError),
    /// The task of the start panicked, or was ended with it.
    #[error("the start was cut short")]
    Cut,
}

impl Refused {
    pub(super) fn panicked(error: &JoinError) -> Self {
        if error.is_panic() {
            warn!("starting an agent panicked");
        }
        Self::Cut
    }
}

impl Driver {
    pub(super) fn launch(&mut self, start: Start) {
        let resume = self.agent_session.clone().filter(|_| start == Start::Resume);
        let surroundings = Arc::clone(&self.surroundings);
        let (record, profile) = (self.record.clone(), self.profile);
        self.launching.spawn(async move { begin(&surroundings, &record, profile, resume).await });
    }

    pub(super) fn on_launched(&mut self, launched: Result<Launched, Refused>) {
        let launched = match launched {
            Ok(launched) => launched,
            Err(Refused::Cut) => return self.tell(Event::LaunchFailed),
            Err(refused) => {
                warn!(session = self.record.row.0, error = %refused, "agent not started");
                self.record_event(transcript::Event::error(refused.to_string()));
                return self.tell(Event::LaunchFailed);
            }
        };
        let request = self.next_request();
        self.outgoing.clear();
        self.input_ends = false;
        self.outgoing.push_back(wire::initialize(&request, Some(STOP_HOOK)));
        let agent = Agent::new(launched.connection, launched.process, request);
        info!(session = self.record.row.0, pid = agent.pid(), "agent started");
        self.record_event(transcript::Event::SessionStart {
            agent_pid: agent.pid().unwrap_or_default(),
            agent_session: launched.agent_session.clone(),
            resumed: launched.start == Start::Resume,
        });
        self.fresh = (launched.start == Start::Fresh).then_some(launched.agent_session);
        self.agent = Some(agent);
    }
}

async fn begin(
    surroundings: &Surroundings,
    record: &SessionRecord,
    profile: Profile,
    resume: Option<String>,
) -> Result<Launched, Refused> {
    let memory = match &surroundings.memory {
        Some(command) if profile == Profile::Admin => {
            let mut environment =
                options::environment(std::env::vars_os(), &surroundings.extra_env);
            let mark = mark(surroundings, record).to_string();
            environment.insert(MARK_NAME.into(), mark.into());
            let contact = &record.facts.contact;
            let environment = &environment;
            memory::summary(memory::Question { command, environment, contact }).await
        }
        _ => None,
    };
    let prompt = start_prompt(&PromptParts {
        assistant_name: None,
        contact_name: &record.facts.contact,
        tier: record.facts.tier,
        chat: &record.chat,
        profile,
        memory: memory.as_deref(),
    });
    let prompt_file = surroundings.home.prompt(record.row.0);
    write_private(&prompt_file, &prompt).map_err(Refused::Prompt)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&record.working_dir)
        .map_err(Refused::Prompt)?;
    let (start, agent_session, session) = if let Some(id) = resume {
        (Start::Resume, id.clone(), options::Start::Resume(id))
    } else {
        let id = Uuid::new_v4();
        (Start::Fresh, id.to_string(), options::Start::Fresh(id))
    };
    let options = agent_options(surroundings, record, profile, session, prompt_file);
    let (connection, process) = start_agent(&surroundings.spawner, &options)?;
    Ok(Launched { connection, process, agent_session, start })
}

fn agent_options(
    surroundings: &Surroundings,
    record: &SessionRecord,
    profile: Profile,
    session: options::Start,
    prompt_file: PathBuf,
) -> AgentOptions {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let program = match &surroundings.spawner {
        Spawner::Program(program) => program.clone(),
        #[cfg(test)]
        Spawner::Pipe(_) => PathBuf::from("claude"),
    };
    AgentOptions {
        program,
        working_dir: record.working_dir.clone(),
        session,
        prompt_file,
        tools: owned(profile.tools()),
        own_tools: owned(profile.own_tools()),
        setting_sources: match profile {
            Profile::Admin => SettingSources::Project,
            Profile::Harness => SettingSources::None,
        },
        model: record.facts.model.clone(),
        mark: mark(surroundings, record),
        config_dir: surroundings.config_dir.clone(),
        extra_env: surroundings.extra_env.clone(),
    }
}

/// What everything that is started for this session can be found by.
fn mark(surroundings: &Surroundings, record: &SessionRecord) -> Mark {
    Mark {
        home: surroundings.home_id,
        generation: surroundings.generation.0.unsigned_abs(),
        session: record.row.0,
    }
}

fn start_agent(
    spawner: &Spawner,
    options: &AgentOptions,
) -> Result<(Connection, Option<AgentProcess>), Refused> {
    match spawner {
        Spawner::Program(_) => {
            let mut process = AgentProcess::start(&options.launch(std::env::vars_os()))?;
            Ok((process.connect(), Some(process)))
        }
        #[cfg(test)]
        Spawner::Pipe(agents) => {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            agents.try_send((options.clone(), theirs)).map_err(|_| Refused::Cut)?;
            let (reader, writer) = tokio::io::split(ours);
            Ok((Connection::open(reader, writer), None))
        }
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
