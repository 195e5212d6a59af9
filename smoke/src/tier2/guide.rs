//! The guide for whoever changes the daemon: every command on that page runs.
//!
//! Commands are taken from the page itself, those in its blocks and those between backticks. One
//! that no line here knows fails the case, so none can be added that nobody has run. What takes
//! minutes, changes the machine, or needs the build directory for itself is done elsewhere, and its
//! line says where; that it can be typed so is a test of xtask.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::command::run_within;
use harness::sandbox::Sandbox;

use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::launched::{Fault, Service, Slot, install};
use crate::views::{status, wait_echoes};

pub(super) const CASES: &[Definition] = &[Definition::fake(
    "tier2::guide::every_command_of_the_guide_runs",
    120,
    every_command_of_the_guide_runs,
)];

/// The page, from the top of the workspace.
const PAGE: &str = "docs/changing-the-daemon.md";

/// How long one command may take: the longest looks at every file of the tree.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);

/// How a command of the page is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Here, to its end, which has to be a good one.
    Here,
    /// Here, to its end, by when it has said this.
    Telling(&'static str),
    /// Here; it goes on until it is ended, and has said something by then.
    Endless,
    /// Here, by a shell.
    Shell,
    /// Here, into a slot that lies there, and without doing what it says it would.
    Rehearsed,
    /// Elsewhere, by this file of the project, which holds these words.
    By(&'static str, &'static str),
}

/// How each is run, by how it begins; the first that fits holds.
const KNOWN: &[(&str, How)] = &[
    ("claude-assistant attach", How::Endless),
    // It changes the machine: there the managers are scripts.
    (
        "claude-assistant install",
        How::By("daemon/tests/it/install.rs", "install --manager systemd"),
    ),
    ("claude-assistant restart --safe", How::By("smoke/src/tier2/restarts.rs", "restart --safe")),
    // Where it misses something, as the login of the stand-in here, it ends with 1 and says what to do.
    ("claude-assistant doctor", How::Telling("not logged in")),
    ("claude-assistant", How::Here),
    ("echo", How::Shell),
    ("cargo build --release", How::By("README.md", "cargo build --release")),
    ("cargo xtask test-tier 4", How::By("smoke/src/tier2/running.rs", "tier4")),
    ("cargo xtask test-tier", How::By(".ci/run", "cargo xtask test")),
    ("cargo xtask test", How::By(".ci/run", "cargo xtask test")),
    ("cargo xtask bench-check", How::By(".github/workflows/ci.yml", "cargo xtask bench-check")),
    ("cargo xtask bench promote", How::By("xtask/src/bench/promote/tests.rs", "promote")),
    ("cargo xtask contract run", How::By("smoke/src/tier2/contracts.rs", "contract")),
    ("cargo xtask restart-proof", How::By("docs/testing.md", "**Last proof**")),
    ("cargo xtask safe-restart --dry-run", How::Rehearsed),
    ("cargo xtask safe-restart --", How::Rehearsed),
    ("cargo xtask safe-restart", How::By("smoke/src/tier2/restarts.rs", "\"safe-restart\"")),
    ("cargo xtask", How::Here),
];

fn every_command_of_the_guide_runs(case: &mut Case) -> anyhow::Result<()> {
    let root = top();
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("read {PAGE}"))?;
    let commands = commands(&page);
    ensure!(30 < commands.len(), "find the commands of {PAGE}: {commands:?}");
    let first = install(&case.sandbox, case.programs.profile_dir())?;
    let lay = |name: &str| {
        Slot::lay(&case.sandbox.home(), name, case.programs.profile_dir(), Fault::None)
    };
    // One to go back to, and one that comes to nothing.
    lay("20251231T000000Z-before")?.mark_good(&case.sandbox.home())?;
    let spare = lay("20260102T000000Z-spare")?;
    let service = Service::start(&case.sandbox)?;
    case.sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(&case.sandbox, &["hello".to_owned()], SOON)?;
    let mut wrong = Vec::new();
    for command in commands {
        let how = KNOWN.iter().find(|(begins, _)| command.starts_with(begins));
        let done = match how {
            None => Err(anyhow::anyhow!("no case runs it")),
            Some((_, How::By(file, words))) => held_by(&root.join(file), words),
            Some((_, how)) => obey(case, &command, *how, &spare),
        };
        if let Err(error) = done {
            wrong.push(format!("{command}: {error:#}"));
        }
    }
    unbroken("commands of the guide that do not run", &wrong)?;
    ensure!(first.mark(&case.sandbox.home())["standing"] == "good", "leave the first slot good");
    service.stop(SOON)
}

/// The top of the workspace that this was built from.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Every command of a page, each once, in its order.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            in_block = !in_block && fence == "sh";
        } else if in_block {
            found.push(without_comment(line));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    let begins = ["claude-assistant ", "cargo ", "echo "];
    found.retain(|command| begins.iter().any(|word| command.starts_with(word)));
    let mut seen = Vec::new();
    for command in found {
        if !seen.contains(&command) {
            seen.push(command);
        }
    }
    seen
}

fn without_comment(line: &str) -> String {
    line.split("  #").next().unwrap_or(line).trim().to_owned()
}

/// Something else in the project runs it, and says so in these words.
fn held_by(file: &Path, words: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    ensure!(text.contains(words), "find {words:?} in {}", file.display());
    Ok(())
}

fn obey(case: &mut Case, command: &str, how: How, spare: &Slot) -> anyhow::Result<()> {
    let command = command.replace("SLOT", &spare.name);
    match how {
        How::Shell => by_shell(&mut case.sandbox, &command),
        How::Endless => endless(case, &command),
        How::Telling(words) => {
            let said = run_within(prepared(case, &command)?, COMMAND_LIMIT)?;
            ensure!(said.stdout.contains(words), "{}: {}{}", said.status, said.stdout, said.stderr);
            Ok(())
        }
        How::Rehearsed | How::Here | How::By(..) => {
            let mut prepared = prepared(case, &command)?;
            if how == How::Rehearsed {
                prepared.args(["--slot", &spare.name]);
                prepared.args((!command.contains("--dry-run")).then_some("--dry-run"));
            }
            let said = run_within(prepared, COMMAND_LIMIT)?;
            ensure!(said.status.success(), "{}: {}{}", said.status, said.stdout, said.stderr);
            status(&case.sandbox).map(drop)
        }
    }
}

/// The command as a process: our own programs from the build directory.
fn prepared(case: &Case, command: &str) -> anyhow::Result<Command> {
    let words = words(command);
    let (program, rest) = match words.split_first() {
        Some((first, rest)) if first == "claude-assistant" => (case.programs.daemon()?, rest),
        Some((_, rest)) => (case.programs.xtask()?, rest.get(1..).unwrap_or_default()),
        None => anyhow::bail!("read an empty command"),
    };
    let mut prepared = case.sandbox.command_of(&program);
    prepared.args(rest).current_dir(top());
    Ok(prepared)
}

/// A command's words; quotation marks hold words together.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A shell whose user has the directory of test messages where the page says.
fn by_shell(sandbox: &mut Sandbox, command: &str) -> anyhow::Result<()> {
    let settings = sandbox.root().join("user/.claude");
    fs::create_dir_all(&settings).with_context(|| format!("make {}", settings.display()))?;
    symlink(sandbox.messages_dir(), settings.join("test-messages"))
        .context("point at the directory of test messages")?;
    let mut shell = sandbox.command_of(Path::new("sh"));
    // The page writes from a number; here that is the owner's.
    shell.args(["-c", &command.replace("+15555551234", OWNER)]);
    let said = run_within(shell, COMMAND_LIMIT)?;
    ensure!(said.status.success(), "{}: {}", said.status, said.stderr);
    wait_echoes(sandbox, &["restart test".to_owned()], SOON).map(drop)
}

/// A look that goes on until somebody ends it.
fn endless(case: &Case, command: &str) -> anyhow::Result<()> {
    let mut look = prepared(case, command)?;
    let path = case.sandbox.root().join("look.txt");
    let file = fs::File::create(&path).context("make a file for what it says")?;
    let mut child = look.stdout(file).spawn().context("start it")?;
    let said =
        harness::wait::wait_until(SOON, || fs::metadata(&path).is_ok_and(|found| 0 < found.len()));
    let runs = matches!(child.try_wait(), Ok(None));
    child.kill().context("end it")?;
    child.wait().context("see it end")?;
    ensure!(said && runs, "see it say something and go on");
    Ok(())
}
