//! Every scenario of the probe does its work once: what is measured has to hold before it counts.

use std::fs::{self, File};
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::bench::probe::{Answer, Ask, Hello, PROTOCOL};
use harness::command::run_with_input;

use crate::case::Case;

/// Those that run in tier 2: the daemon's.
pub const OF_THE_DAEMON: &[&str] = &[
    "pickup_polled",
    "pickup",
    "burst",
    "reply",
    "inbox",
    "life",
    "sessions_100",
    "cpu_idle",
    "status",
    "restart",
    "bare",
];

/// Those that run in tier 2: parts of it in the probe's own process, and its client of an agent.
pub const OF_ITS_PARTS: &[&str] = &["route_core", "route", "registry", "agent", "cycles"];

/// Those that run in tier 3: with the real agent program.
pub const OF_THE_REAL_AGENT: &[&str] = &["agent_real", "agent_starts"];

/// How long a probe may take for the scenarios of one case, on a machine under load.
const PROBE_LIMIT: Duration = Duration::from_secs(75);

/// Has a probe do each of these once, and checks that it gives every value that it promises. The
/// asks do not depend on the answers, so all of them lie in a file.
pub fn each_once(case: &Case, scenarios: &[&str]) -> anyhow::Result<()> {
    let asks = case.sandbox.root().join("asks.jsonl");
    fs::write(&asks, lines(scenarios)?).context("write what is asked")?;
    let mut probe = case.sandbox.command_of(&case.programs.bench_probe()?);
    probe.arg("--brief").arg("--claude").arg(case.programs.claude_path());
    let asks = File::open(&asks).context("open what is asked")?;
    let said = run_with_input(probe, asks, PROBE_LIMIT)?;
    ensure!(said.status.success(), "run the probe: {}: {}", said.status, said.stderr);
    let mut said = said.stdout.lines();
    let hello: Hello = serde_json::from_str(said.next().context("hear its hello")?)?;
    ensure!(hello.probe == PROTOCOL, "speak its protocol: {}", hello.probe);
    is_each_in_a_case(&hello)?;
    for scenario in scenarios {
        let mut answer = || -> anyhow::Result<Answer> {
            let line = said.next().with_context(|| format!("hear of {scenario}"))?;
            serde_json::from_str(line).with_context(|| format!("understand {line}"))
        };
        let (prepared, sampled, finished) = (answer()?, answer()?, answer()?);
        ensure!(prepared == Answer::Prepared, "prepare {scenario}: {prepared:?}");
        ensure!(finished == Answer::Finished, "finish {scenario}: {finished:?}");
        has_every_value(&hello, scenario, &sampled)?;
    }
    Ok(())
}

fn lines(scenarios: &[&str]) -> anyhow::Result<String> {
    let mut lines = String::new();
    for scenario in scenarios {
        let prepare = Ask::Prepare { scenario: (*scenario).to_owned(), slowed: None };
        for ask in [prepare, Ask::Sample, Ask::Finish] {
            lines.push_str(&serde_json::to_string(&ask).context("write an ask")?);
            lines.push('\n');
        }
    }
    Ok(lines)
}

/// A scenario that nobody added here would be measured without ever having been checked.
fn is_each_in_a_case(hello: &Hello) -> anyhow::Result<()> {
    let in_cases = [OF_THE_DAEMON, OF_ITS_PARTS, OF_THE_REAL_AGENT].concat();
    for offered in &hello.scenarios {
        let name = offered.name.as_str();
        ensure!(in_cases.contains(&name), "find the scenario {name} in a case");
    }
    Ok(())
}

fn has_every_value(hello: &Hello, scenario: &str, sampled: &Answer) -> anyhow::Result<()> {
    let Answer::Values { values, .. } = sampled else {
        anyhow::bail!("sample {scenario}: {sampled:?}");
    };
    let offered = hello.scenarios.iter().find(|offered| offered.name == scenario);
    let offered = offered.with_context(|| format!("find {scenario} in the probe's hello"))?;
    let got: Vec<&str> = values.keys().map(String::as_str).collect();
    let mut promised: Vec<&str> = offered.metrics.iter().map(String::as_str).collect();
    promised.sort_unstable();
    ensure!(got == promised, "get the values of {scenario}: {got:?} and not {promised:?}");
    ensure!(
        values.values().all(|value| value.is_finite()),
        "get numbers of {scenario}: {values:?}"
    );
    Ok(())
}
