//! The programs that are run: is the one that answers there, which version is it, is it logged in;
//! is the one that remembers there?

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::Finding;
use crate::claude::login::{self, Login, ProbeError};
use crate::claude::options;
use crate::claude::process::{Launch, StartError};
use crate::cli::programs;
use crate::config::{Config, Home};

const PROGRAM: &str = "program";
const LOGIN: &str = "login";

/// What is known of the program and of its login; nothing of the latter without the former.
pub(super) async fn agent(home: &Home, config: &Config) -> Vec<Finding> {
    let launch = launch(home, config);
    let program = launch.program.display().to_string();
    let version = match login::version(&launch).await {
        Ok(version) => version,
        Err(error) => return vec![unusable(&program, &error)],
    };
    let found = Finding::found(PROGRAM, format!("{program}, version {version}"));
    vec![found, logged_in(&launch, config).await]
}

async fn logged_in(launch: &Launch, config: &Config) -> Finding {
    let advice = match &config.agent.config_dir {
        Some(dir) => format!("CLAUDE_CONFIG_DIR={} claude, then /login", dir.display()),
        None => "run claude, then /login".to_owned(),
    };
    match login::login(launch).await {
        Ok(Login::Token(source)) => Finding::found(LOGIN, format!("by token ({source})")),
        Ok(Login::ApiKey(source)) => Finding::found(LOGIN, format!("by API key ({source})")),
        Ok(Login::None) => Finding::missing(LOGIN, "not logged in", advice),
        Err(error) => Finding::missing(LOGIN, format!("failed to {error}"), advice),
    }
}

fn unusable(program: &str, error: &ProbeError) -> Finding {
    let advice = match error {
        ProbeError::Start(StartError::ProgramMissing { .. }) => {
            "install it (npm install -g @anthropic-ai/claude-code), or set [agent] program"
        }
        ProbeError::Start(StartError::NotExecutable { .. }) => "set [agent] program to a program",
        _ => "run it by hand with --version",
    };
    Finding::missing(PROGRAM, format!("{program}: failed to {error}"), advice)
}

/// Whether the command that remembers can be run; nothing where none is configured. Sessions start
/// without it, so that nobody would notice that it is gone.
pub(super) fn memory(config: &Config) -> Option<Finding> {
    const NAME: &str = "memory";
    let named = Path::new(config.memory.as_ref()?.first()?);
    let path = programs::of_agents(named, config);
    let program = path.display().to_string();
    Some(if programs::runs(&path) {
        Finding::found(NAME, program)
    } else {
        let what = format!("{program}: no such program");
        Finding::missing(NAME, what, "install it, or set [memory] command")
    })
}

/// The program as an agent would be started, as far as that matters here.
fn launch(home: &Home, config: &Config) -> Launch {
    let mut environment: BTreeMap<OsString, OsString> =
        options::environment(std::env::vars_os(), &config.agent.env);
    if let Some(dir) = &config.agent.config_dir {
        environment.insert("CLAUDE_CONFIG_DIR".into(), dir.into());
    }
    let working_dir =
        if home.root().is_dir() { home.root().to_owned() } else { std::env::temp_dir() };
    let program = programs::named(&config.agent.program, &environment);
    Launch { program, arguments: Vec::new(), environment, working_dir, mark: None }
}
