//! The program that answers: is it there, which version is it, is it logged in?

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::claude::login::{self, Login, ProbeError};
use crate::claude::options;
use crate::claude::process::{Launch, StartError};
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

/// The program as an agent would be started, as far as that matters here.
fn launch(home: &Home, config: &Config) -> Launch {
    let mut environment: BTreeMap<OsString, OsString> =
        options::environment(std::env::vars_os(), &config.agent.env);
    if let Some(dir) = &config.agent.config_dir {
        environment.insert("CLAUDE_CONFIG_DIR".into(), dir.into());
    }
    let working_dir =
        if home.root().is_dir() { home.root().to_owned() } else { std::env::temp_dir() };
    let program = environment
        .get(std::ffi::OsStr::new("PATH"))
        .and_then(|path| in_path(&config.agent.program, path))
        .unwrap_or_else(|| config.agent.program.clone());
    Launch { program, arguments: Vec::new(), environment, working_dir, mark: None }
}

/// Where a bare name is found, so that the finding says which of several it is.
fn in_path(name: &Path, path: &std::ffi::OsStr) -> Option<PathBuf> {
    if name.components().count() != 1 {
        return None;
    }
    std::env::split_paths(path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
}
