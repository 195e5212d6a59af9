//! Runners under `cargo nextest`, as somebody starts them who knows nothing of `cargo xtask`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::command::{Finished, run_within};
use harness::run::{Missing, Need};
use serde_json::{Value, json};

use crate::case::{Case, Definition, SOON};

pub(super) const CASES: &[Definition] =
    &[Definition::fake("tier2::runners::nextest_runs_them", 90, nextest_runs_them)
        .needing(&[NEXTEST])];

const NEXTEST: Need = Need { name: "cargo-nextest", check: find_nextest };

/// A case that is quick, and no other's name begins like it.
const QUICK: &str = "tier2::daemon::a_second_daemon_is_refused";

/// nextest starts the runner once for the list of ignored cases, once for all, and once a case.
const RUN_LIMIT: Duration = Duration::from_mins(1);

fn find_nextest() -> Result<(), Missing> {
    let missing = || Missing {
        what: "cargo-nextest".to_owned(),
        command: "cargo install --locked cargo-nextest".to_owned(),
    };
    let mut command = Command::new("cargo-nextest");
    command.args(["nextest", "--version"]);
    let said = run_within(command, SOON).map_err(|_| missing())?;
    if said.status.success() { Ok(()) } else { Err(missing()) }
}

/// It is this very runner that nextest lists, and of which it runs one case: nothing is built.
fn nextest_runs_them(case: &mut Case) -> anyhow::Result<()> {
    let directory = case.sandbox.root().join("nextest");
    fs::create_dir(&directory).context("make a directory for nextest")?;
    let nextest = Nextest::prepare(&directory, case.programs.target_dir())?;

    let listed = nextest.run(&["list", "--message-format", "oneline"])?;
    ensure!(listed.status.success(), "list the cases: {}", listed.stderr);
    let mut seen: Vec<&str> =
        listed.stdout.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    let mut ours: Vec<&str> = super::cases().iter().map(|definition| definition.name).collect();
    seen.sort_unstable();
    ours.sort_unstable();
    ensure!(seen == ours, "list every case once: {seen:?}");

    let ran = nextest.run(&["run", "-E", &format!("test(={QUICK})")])?;
    ensure!(ran.status.success(), "run a case: {}{}", ran.stdout, ran.stderr);
    let junit = fs::read_to_string(directory.join("store/default/junit.xml"))
        .context("read what nextest writes as JUnit")?;
    let cases = harness::junit::read(&junit).context("understand nextest's JUnit")?;
    let names: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ensure!(names.len() == 1 && names[0].ends_with(QUICK), "find the case there: {names:?}");
    Ok(())
}

/// nextest with this runner as its only test program.
struct Nextest<'a> {
    directory: &'a Path,
    workspace: &'a Path,
}

impl<'a> Nextest<'a> {
    /// Writes what `cargo` would say about the runner into `directory`.
    fn prepare(directory: &'a Path, target: &Path) -> anyhow::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let workspace = workspace.context("find the workspace")?;
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["metadata", "--format-version=1", "--no-deps", "--offline"]);
        command.current_dir(workspace);
        let said = run_within(command, SOON)?;
        ensure!(said.status.success(), "ask cargo for its packages: {}", said.stderr);
        let packages: Value = serde_json::from_str(&said.stdout).context("read cargo's answer")?;
        let all = packages["packages"].as_array().context("find the packages")?;
        let smoke = all.iter().find(|package| package["name"] == env!("CARGO_PKG_NAME"));
        let id = &smoke.context("find this package")?["id"];
        let runner = env::current_exe().context("find this program")?;
        let binaries = json!({
            "rust-build-meta": {
                "target-directory": target, "base-output-directories": [],
                "non-test-binaries": {}, "build-script-out-dirs": {}, "linked-paths": [],
                "platforms": null, "target-platforms": [], "target-platform": null,
            },
            "rust-binaries": {
                "smoke::tier2": {
                    "binary-id": "smoke::tier2", "binary-name": "tier2", "package-id": id,
                    "kind": "test", "binary-path": runner, "build-platform": "target",
                }
            },
        });
        let config = format!(
            "[store]\ndir = {}\n[profile.default.junit]\npath = \"junit.xml\"\n",
            json!(directory.join("store"))
        );
        for (name, text) in [
            ("packages.json", said.stdout.as_str()),
            ("binaries.json", &binaries.to_string()),
            ("nextest.toml", &config),
        ] {
            fs::write(directory.join(name), text).with_context(|| format!("write {name}"))?;
        }
        Ok(Self { directory, workspace })
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Finished> {
        let (verb, rest) = arguments.split_first().context("find the verb")?;
        let mut command = Command::new("cargo-nextest");
        command.args(["nextest", *verb]).args(rest).current_dir(self.workspace);
        for (flag, file) in [
            ("--cargo-metadata", "packages.json"),
            ("--binaries-metadata", "binaries.json"),
            ("--config-file", "nextest.toml"),
        ] {
            command.arg(flag).arg(self.directory.join(file));
        }
        // Nothing of this run: neither its report nor its lines are the other one's.
        for (name, _) in env::vars_os() {
            let is_ours = ["HARNESS_", "NEXTEST"]
                .iter()
                .any(|prefix| name.to_string_lossy().starts_with(prefix));
            if is_ours {
                command.env_remove(name);
            }
        }
        Ok(run_within(command, RUN_LIMIT)?)
    }
}
