//! What an agent is started with: as a session would, in a folder of its own, with nothing of the
//! caller's environment but the way to programs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use assistant_core::access::{Profile, Tier};
use assistant_core::chat::{ChatId, Source};
use assistant_core::prompt::{PromptParts, start_prompt};
use uuid::Uuid;

use super::AgentTrouble;
use crate::claude::options::{AgentOptions, SettingSources, Start};
use crate::claude::process::Launch;
use crate::processes::{HomeId, Mark};
use crate::session::frames::STOP_HOOK;

/// The rights of the agent: those of most conversations.
pub(super) const PROFILE: Profile = Profile::Admin;

/// Whose conversation it is said to be.
const CONTACT: &str = "+15555550123";

/// Variables of the caller that an agent sees.
const INHERITED: [&str; 2] = ["PATH", "TMPDIR"];

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    program: PathBuf,
    dir: PathBuf,
    variables: BTreeMap<String, String>,
    resume: Option<String>,
    arguments: Option<Vec<OsString>>,
}

impl Settings {
    /// As a session starts `program`. In `dir` lie the working directory, the program's own state,
    /// its home, and the start prompt.
    ///
    /// # Errors
    /// When `dir` cannot be written to.
    pub fn new(program: &Path, dir: &Path) -> Result<Self, AgentTrouble> {
        let dir = dir.canonicalize().map_err(not_made)?;
        let settings = Self {
            program: program.to_owned(),
            dir,
            variables: BTreeMap::new(),
            resume: None,
            arguments: None,
        };
        for made in [settings.working_dir(), settings.config_dir()] {
            fs::create_dir_all(made).map_err(not_made)?;
        }
        fs::write(settings.prompt_file(), prompt()?).map_err(not_made)?;
        Ok(settings)
    }

    /// With this variable too.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes up the conversation with this id, instead of a new one.
    #[must_use]
    pub fn resuming(mut self, session_id: &str) -> Self {
        self.resume = Some(session_id.to_owned());
        self
    }

    /// With these arguments instead of a session's, but for those that name the conversation and
    /// the form of the input. No hook is registered then.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Self {
        self.arguments = Some(arguments.into_iter().collect());
        self
    }

    /// The same program with the same arguments and environment, its three streams piped, to be
    /// driven by hand. A new conversation has a new id in each.
    pub fn command(&self) -> Command {
        let (launch, _) = self.launch();
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .env_clear()
            .envs(&launch.environment)
            .current_dir(&launch.working_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Where the agent works.
    pub fn working_dir(&self) -> PathBuf {
        self.dir.join("work")
    }

    /// Where the program keeps its state.
    pub fn config_dir(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// All of it, and the id of the conversation.
    pub(super) fn launch(&self) -> (Launch, String) {
        /// Every agent of this process has a number of its own: one that is ended takes with it
        /// whatever carries its mark.
        static SESSIONS: AtomicI64 = AtomicI64::new(1);
        let (session, session_id) = match &self.resume {
            Some(id) => (Start::Resume(id.clone()), id.clone()),
            None => {
                let id = Uuid::new_v4();
                (Start::Fresh(id), id.to_string())
            }
        };
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let options = AgentOptions {
            program: self.program.clone(),
            working_dir: self.working_dir(),
            session,
            prompt_file: self.prompt_file(),
            tools: owned(PROFILE.tools()),
            own_tools: owned(PROFILE.own_tools()),
            setting_sources: SettingSources::Project,
            model: None,
            mark: Mark {
                home: HomeId::of(&self.dir),
                generation: u64::from(std::process::id()),
                session: SESSIONS.fetch_add(1, Ordering::Relaxed),
            },
            config_dir: Some(self.config_dir()),
            extra_env: self.variables.clone(),
        };
        let mut launch = options.launch(self.inherited());
        if let Some(arguments) = &self.arguments {
            let ends = launch.arguments.split_off(launch.arguments.len() - CONVERSATION_WORDS);
            launch.arguments = arguments.iter().cloned().chain(ends).collect();
        }
        (launch, session_id)
    }

    /// The hook that a session registers.
    pub(super) fn stop_hook(&self) -> Option<&'static str> {
        self.arguments.is_none().then_some(STOP_HOOK)
    }

    fn prompt_file(&self) -> PathBuf {
        self.dir.join("prompt.md")
    }

    fn inherited(&self) -> impl Iterator<Item = (OsString, OsString)> {
        let passed =
            INHERITED.iter().filter_map(|&name| Some((name.into(), std::env::var_os(name)?)));
        passed.chain([("HOME".into(), self.dir.clone().into_os_string())])
    }
}

/// The last words of the arguments: which conversation, and the form of the input.
const CONVERSATION_WORDS: usize = 3;

fn prompt() -> Result<String, AgentTrouble> {
    let chat = ChatId::new(Source::Test, CONTACT);
    let chat = chat.map_err(|error| AgentTrouble::NotStarted(Box::new(error)))?;
    Ok(start_prompt(&PromptParts {
        assistant_name: None,
        contact_name: CONTACT,
        tier: Tier::Admin,
        chat: &chat,
        profile: PROFILE,
        memory: None,
    }))
}

fn not_made(error: std::io::Error) -> AgentTrouble {
    AgentTrouble::NotStarted(error.into())
}
