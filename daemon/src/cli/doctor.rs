//! `doctor`: looks at everything outside that the assistant needs, and says of each thing whether
//! it is there, why not, and what to do. Changes nothing.

use std::io;

use serde::Serialize;

mod agent;
mod files;
mod service;

use super::Place;
use super::print::{Colours, Screen, Tone, one_line};
use crate::config::Config;
use crate::config::args::Show;
use crate::control::lock::{self, Held};
use crate::control::protocol::Request;
use crate::exit::Code;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Found,
    /// Not as it could be; the assistant does without.
    Note,
    /// Missing or wrong, and needed.
    Missing,
}

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// Which thing.
    name: &'static str,
    verdict: Verdict,
    /// What was found, or why not.
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn found(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Found, what: what.into(), advice: None }
    }

    fn note(name: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        let advice = Some(advice.into());
        Self { name, verdict: Verdict::Note, what: what.into(), advice }
    }

    fn missing(name: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        let advice = Some(advice.into());
        Self { name, verdict: Verdict::Missing, what: what.into(), advice }
    }
}

pub(super) async fn doctor(
    place: &Place,
    show: &Show,
    screen: &mut Screen,
) -> anyhow::Result<Code> {
    let findings = findings(place).await;
    if show.json {
        screen.json(&findings)?;
    } else {
        for line in for_people(&findings, screen.colours()) {
            screen.line(&line)?;
        }
    }
    let healthy = findings.iter().all(|finding| finding.verdict != Verdict::Missing);
    Ok(if healthy { Code::Done } else { Code::Failed })
}

async fn findings(place: &Place) -> Vec<Finding> {
    let home = &place.home;
    let held = lock::look(&home.lock());
    let loaded = Config::load(&home.config_file(), place.user_home.as_deref());
    let mut findings = vec![
        files::home(home, &held),
        files::config(home, loaded.as_ref().err()),
        files::contacts(home),
        files::database(home),
        files::disk(home),
    ];
    match &loaded {
        Ok(config) => {
            findings.push(files::test_directory(config));
            findings.push(service::service(place, config));
            findings.extend(agent::memory(config));
            findings.extend(agent::agent(home, config).await);
        }
        Err(_) => findings.push(Finding::note(
            "agent",
            "not looked at without a configuration",
            "mend config.toml and ask again",
        )),
    }
    findings.push(daemon(place, held).await);
    findings
}

async fn daemon(place: &Place, held: io::Result<Held>) -> Finding {
    const NAME: &str = "daemon";
    match (place.ask(Request::Ping).await, held) {
        (Ok(_), Ok(Held::By(holder))) => Finding::found(
            NAME,
            format!("answers, pid {}, since {}", holder.pid, holder.started_at),
        ),
        (Ok(_), _) => Finding::found(NAME, "answers"),
        (Err(_), Ok(Held::Free)) => Finding::note(NAME, "not running", "claude-assistant start"),
        (Err(_), Err(error)) => Finding::missing(
            NAME,
            format!("not to be told: failed to look at the lock: {error}"),
            format!("chmod -R u+rwX {}", place.home.root().display()),
        ),
        (Err(failure), Ok(Held::By(_) | Held::BySomebody)) => Finding::missing(
            NAME,
            format!("runs, but does not answer: {failure}"),
            "look at claude-assistant logs; claude-assistant restart",
        ),
    }
}

fn for_people(findings: &[Finding], colours: Colours) -> Vec<String> {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for Finding { name, verdict, what, advice } in findings {
        let mark = match verdict {
            Verdict::Found => colours.paint(Tone::Good, "ok  "),
            Verdict::Note => colours.paint(Tone::Warn, "note"),
            Verdict::Missing => colours.paint(Tone::Bad, "FAIL"),
        };
        lines.push(format!("{mark}  {name:width$}  {}", one_line(what)));
        if let Some(advice) = advice {
            lines.push(format!("      {:width$}  → {advice}", ""));
        }
    }
    lines
}

#[cfg(test)]
mod tests;
