//! The guide for whoever changes the daemon: every command on that page runs.
//!
//! ```text
//! page ─> commands ─> each by its line of KNOWN, in the sandbox's home and in a yard ─> what is wrong
//!                                                             └─ what cargo was asked ─┘
//! ```
//!
//! Commands are taken from the page itself, those in its blocks and those between backticks. One
//! that no line here knows fails the case, so none can be added that nobody has run. What would take
//! minutes is narrowed by further words of its own, and has a tree and a build directory for itself,
//! where a script stands for cargo: see [`yard`].

mod asked;
mod page;
mod yard;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use harness::bench::policy::{Kind, Policy};
use harness::bench::report::{BenchReport, Interval, Measured, Standing};
use harness::command::{Finished, run_within};
use harness::sandbox::Sandbox;
use harness::wait::wait_until;
use serde_json::Value;

use self::page::{commands, words};
use self::yard::Yard;
use crate::case::{Case, Definition, OWNER, SOON, unbroken};
use crate::launched::{Fault, Service, Slot, install};
use crate::views::{status, wait_echoes};

pub(super) const CASES: &[Definition] = &[
    Definition::fake("tier2::guide::every_command_about_the_tree_runs", 240, |case| {
        every_command_runs(case, About::TheTree)
    })
    .beside_others(),
    Definition::fake("tier2::guide::every_command_about_the_daemon_runs", 240, |case| {
        every_command_runs(case, About::TheDaemon)
    })
    .beside_others(),
];

/// The page, from the top of the workspace.
const PAGE: &str = "docs/changing-the-daemon.md";

/// How long one command may take: the longest restarts a daemon and watches it.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);

/// How many of the first and of the last lines are shown of what a command said.
const LINES_SHOWN: usize = 20;

/// A case of tier 2 that is quick, in the place of all.
const QUICK: &str = "tier2::daemon::bad_configuration_is_named_by_line_and_key";

/// The number of `harness::exit_code` for a run that had nothing to do.
const NOTHING_SELECTED: i32 = 33;

/// What a command looks at or changes. Each half of the page is a case, so that they run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// What is built, tested and measured.
    TheTree,
    /// What is installed and runs.
    TheDaemon,
}

/// How those begin that are about the daemon; all others are about the tree.
const OF_THE_DAEMON: [&str; 5] = [
    "claude-assistant",
    "echo",
    "cargo xtask safe-restart",
    "cargo xtask slots",
    "cargo xtask restart-status",
];

impl About {
    fn of(command: &str) -> Self {
        if OF_THE_DAEMON.iter().any(|begins| command.starts_with(begins)) {
            Self::TheDaemon
        } else {
            Self::TheTree
        }
    }
}

/// How a command of the page is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it stands there, to its end, which has to be a good one.
    Plain,
    /// The same with further words, so that less of it is done.
    With(&'static [&'static str]),
    /// To its end, by when it has said this.
    Telling(&'static str),
    /// It goes on until it is ended, and has said something by then.
    Endless,
    /// By a shell.
    Shell,
    /// By cargo itself, as everybody knows it: its words are judged, and nothing is built.
    OfCargo,
    /// All but the measuring: builds, the base, the probes of both, and a report.
    Unmeasured,
    /// With what a full run could have left.
    Promoted,
    /// It returns at once; what it asked for ends well.
    Asked,
}

/// How each is run, by how it begins; the first that fits holds. `SLOT` is one that nobody needs,
/// `NEXT` one to change to, `LATER` one that is never changed to.
const KNOWN: &[(&str, How)] = &[
    ("claude-assistant attach", How::Endless),
    ("claude-assistant restart --safe", How::Asked),
    // Where it misses something, as the login of the stand-in here, it ends with 1 and says what to do.
    ("claude-assistant doctor", How::Telling("not logged in")),
    ("claude-assistant", How::Plain),
    ("echo", How::Shell),
    ("cargo build", How::OfCargo),
    ("cargo xtask test-tier 2 --only", How::Plain),
    ("cargo xtask test-tier 2", How::With(&["--only", QUICK])),
    ("cargo xtask bench-check", How::Unmeasured),
    ("cargo xtask bench promote", How::Promoted),
    ("cargo xtask contract run", How::With(&["--only", "C07"])),
    ("cargo xtask restart-proof", How::With(&["--good", "1", "--bad", "0", "--soak", "1"])),
    ("cargo xtask safe-restart --dry-run", How::With(&["--slot", "LATER"])),
    ("cargo xtask safe-restart --", How::With(&["--slot", "LATER", "--dry-run"])),
    ("cargo xtask safe-restart", How::With(&["--slot", "NEXT", "--soak", "1s"])),
    ("cargo xtask", How::Plain),
];

/// The slots that words of [`KNOWN`] and of the page stand for.
const SLOTS: [(&str, &str); 3] = [
    ("SLOT", "20260102T000000Z-spare"),
    ("NEXT", "20260103T000000Z-next"),
    ("LATER", "20260104T000000Z-later"),
];

fn every_command_runs(case: &mut Case, about: About) -> anyhow::Result<()> {
    let root = top();
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("read {PAGE}"))?;
    let commands = commands(&page);
    ensure!(40 < commands.len(), "find the commands of {PAGE}: {commands:?}");
    let first = install(&case.sandbox, case.programs.profile_dir())?;
    let yard = Yard::lay(case.sandbox.root().join("yard"), &root, case.programs.profile_dir())?;
    if about == About::TheDaemon {
        lay_slots(case)?;
        configure_restarts(&case.sandbox, &yard)?;
    }
    let service = Service::start(&case.sandbox)?;
    case.sandbox.drop_message(OWNER, "hello")?;
    wait_echoes(&case.sandbox, &["hello".to_owned()], SOON)?;
    let mut wrong = Vec::new();
    for command in commands.iter().filter(|command| About::of(command) == about) {
        let how = KNOWN.iter().find(|(begins, _)| command.starts_with(begins));
        let done = how.map_or_else(
            || Err(anyhow::anyhow!("no case runs it")),
            |(_, how)| obey(case, &yard, command, *how),
        );
        if let Err(error) = done {
            wrong.push(format!("{command}: {error:#}"));
        }
    }
    if about == About::TheTree {
        wrong.extend(asked_wrongly(&root, &yard)?);
    }
    unbroken("commands of the guide that do not run", &wrong)?;
    ensure!(first.mark(&case.sandbox.home())["standing"] == "good", "leave the first slot good");
    if about == About::TheDaemon {
        // Since `install` it is the manager's.
        let said = run(case, &yard, "claude-assistant stop", &[])?;
        ensure!(said.status.success(), "stop it: {}", told(&said));
    }
    service.stop(SOON)
}

/// One slot to go back to, and those with a name of their own.
fn lay_slots(case: &Case) -> anyhow::Result<()> {
    let home = case.sandbox.home();
    let lay = |name: &str| Slot::lay(&home, name, case.programs.profile_dir(), Fault::None);
    lay("20251231T000000Z-before")?.mark_good(&home)?;
    SLOTS.iter().try_for_each(|(_, name)| lay(name).map(drop))
}

/// What cargo was asked and would not have understood.
fn asked_wrongly(root: &Path, yard: &Yard) -> anyhow::Result<Vec<String>> {
    let asked = yard.asked()?;
    for word in ["build ", "test ", "clippy ", "fmt ", "doc "] {
        ensure!(
            asked.iter().any(|line| line.starts_with(word)),
            "see cargo {word}asked: {asked:?}"
        );
    }
    Ok(asked::Known::of(root)?.faults(root, &asked))
}

/// The top of the workspace that this was built from.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// What the launcher runs where a restart is asked for: the real command, which changes nothing.
fn configure_restarts(sandbox: &Sandbox, yard: &Yard) -> anyhow::Result<()> {
    let home = sandbox.home();
    let words = ["safe-restart", "--dry-run", "--slot", SLOTS[2].1, "--home"];
    let (xtask, home_word) = (yard.xtask().display().to_string(), home.display().to_string());
    let command: Vec<&str> =
        [&[xtask.as_str()][..], &words[..], &[home_word.as_str()][..]].concat();
    let (dir, command) = (serde_json::to_string(&yard.tree())?, serde_json::to_string(&command)?);
    let config = home.join("config.toml");
    let mut file = OpenOptions::new().append(true).open(&config).context("open config.toml")?;
    write!(file, "\n[restart]\nsource_dir = {dir}\ncommand = {command}\n")
        .context("write config.toml")
}

fn obey(case: &mut Case, yard: &Yard, command: &str, how: How) -> anyhow::Result<()> {
    match how {
        How::Shell => by_shell(&mut case.sandbox, command),
        How::Endless => endless(case, yard, command),
        How::OfCargo => yard.note(command.trim_start_matches("cargo ")),
        How::Plain => run(case, yard, command, &[]).and_then(|said| ended_well(case, &said)),
        How::With(words) => {
            run(case, yard, command, words).and_then(|said| ended_well(case, &said))
        }
        How::Telling(words) => {
            let said = run(case, yard, command, &[])?;
            ensure!(said.stdout.contains(words), "hear {words:?} of it: {}", told(&said));
            Ok(())
        }
        How::Unmeasured => unmeasured(case, yard, command),
        How::Promoted => promoted(case, yard, command),
        How::Asked => {
            let said = run(case, yard, command, &[])?;
            ended_well(case, &said)?;
            what_it_asked_for_ends_well(&case.sandbox, &said)
        }
    }
}

/// Runs a command of ours with these words behind it, but for those that stand there.
fn run(case: &Case, yard: &Yard, command: &str, further: &[&str]) -> anyhow::Result<Finished> {
    let mut prepared = prepared(case, yard, command)?;
    prepared.args(further.iter().map(|word| in_words_place(word)));
    Ok(run_within(prepared, COMMAND_LIMIT)?)
}

/// It ended well, and the daemon is there: at once, but where a manager begins it that waits for nothing.
fn ended_well(case: &Case, said: &Finished) -> anyhow::Result<()> {
    ensure!(said.status.success(), "end well: {}", told(said));
    ensure!(wait_until(SOON, || status(&case.sandbox).is_ok()), "see the daemon answer");
    Ok(())
}

fn told(said: &Finished) -> String {
    let text = format!("{}{}", said.stdout, said.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len().saturating_sub(LINES_SHOWN).max(LINES_SHOWN.min(lines.len()));
    let shown = [&lines[..lines.len().min(LINES_SHOWN)], &lines[last..]].concat();
    format!("{}: {}", said.status, shown.join("\n"))
}

/// The slot that a word stands for, or the word.
fn in_words_place(word: &str) -> &str {
    SLOTS.iter().find(|(stands, _)| *stands == word).map_or(word, |(_, slot)| slot)
}

/// The command as a process: our own programs, and whatever they start by the script in its place.
fn prepared(case: &Case, yard: &Yard, command: &str) -> anyhow::Result<Command> {
    let words = words(command);
    let (program, rest) = match words.split_first() {
        Some((first, rest)) if first == "claude-assistant" => (case.programs.daemon()?, rest),
        Some((first, [second, rest @ ..])) if first == "cargo" && second == "xtask" => {
            (yard.xtask(), rest)
        }
        _ => anyhow::bail!("know the program"),
    };
    let mut prepared = case.sandbox.command_of(&program);
    prepared.args(rest.iter().map(|word| in_words_place(word))).current_dir(yard.tree());
    prepared.env("PATH", yard.search_path()?);
    // Tier 4 watches half a minute; a sandbox within this one would have paths too long for sockets.
    prepared.env("HARNESS_SOAK", "1").env("TMPDIR", std::env::temp_dir());
    Ok(prepared)
}

/// A metric that waits for its part of the assistant: nobody measures it, whatever the machine.
fn awaiting(yard: &Yard) -> anyhow::Result<String> {
    let path = yard.tree().join("baselines/metrics.toml");
    let policy = Policy::read(&path)?;
    let metric = policy.metrics.into_iter().find(|metric| metric.awaits.is_some());
    Ok(metric.context("find a metric that is not measured yet")?.id)
}

/// Measuring takes a quiet machine: everything around it is done.
fn unmeasured(case: &Case, yard: &Yard, command: &str) -> anyhow::Result<()> {
    let said = run(case, yard, command, &["--only", &awaiting(yard)?])?;
    ensure!(said.status.code() == Some(NOTHING_SELECTED), "say that it is all: {}", told(&said));
    let report = BenchReport::read(&yard.target().join("harness/bench/report.json"))?;
    ensure!(report.base.is_some(), "build what it is compared with: {}", told(&said));
    Ok(())
}

/// The report of the run before, as if it had measured one figure.
fn promoted(case: &Case, yard: &Yard, command: &str) -> anyhow::Result<()> {
    let reports = yard.target().join("harness/bench");
    let mut report = BenchReport::read(&reports.join("report.json"))?;
    report.head.clean = true;
    report.load.looks = 1;
    let exact = report.metrics.iter_mut().find(|metric| metric.policy.kind == Kind::Exact);
    let metric = exact.context("find a metric that needs no quiet machine")?;
    let estimate = Interval { value: 1.0, low: 1.0, high: 1.0 };
    metric.standing = Standing::Pass;
    metric.head = Some(Measured { estimate, samples: 1 });
    fs::write(reports.join("full.json"), report.to_json()).context("write a full report")?;
    let said = run(case, yard, command, &[])?;
    ended_well(case, &said)?;
    let machine = yard.tree().join(format!("baselines/machines/{}.json", report.machine.id));
    let text = fs::read_to_string(&machine).context("read what was promoted")?;
    ensure!(text.contains(&report.head.commit), "find the commit in {}", machine.display());
    Ok(())
}

/// The launcher ran what the configuration says, to its good end.
fn what_it_asked_for_ends_well(sandbox: &Sandbox, said: &Finished) -> anyhow::Result<()> {
    let mut words = said.stdout.split_whitespace().skip_while(|word| *word != "restart").skip(1);
    let id = words.next().with_context(|| format!("learn its number: {}", told(said)))?;
    let path = sandbox.home().join(format!("state/restart/requests/{id}.json"));
    let mut last = Value::Null;
    let _done = wait_until(SOON, || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        last = serde_json::from_str(&text).unwrap_or_default();
        last["state"] == "done"
    });
    ensure!(last["exit_code"] == 0, "see the restart end well: {last}");
    Ok(())
}

/// A shell whose user has the directory of test messages where the page says.
fn by_shell(sandbox: &mut Sandbox, command: &str) -> anyhow::Result<()> {
    let settings = sandbox.root().join("user/.claude");
    fs::create_dir_all(&settings).with_context(|| format!("make {}", settings.display()))?;
    symlink(sandbox.messages_dir(), settings.join("test-messages"))
        .context("point at the directory of test messages")?;
    let mut shell = sandbox.command_of(Path::new("sh"));
    // The page writes from the owner's number.
    shell.args(["-c", command]);
    let said = run_within(shell, COMMAND_LIMIT)?;
    ensure!(said.status.success(), "{}: {}", said.status, said.stderr);
    wait_echoes(sandbox, &["restart test".to_owned()], SOON).map(drop)
}

/// A look that goes on until somebody ends it.
fn endless(case: &Case, yard: &Yard, command: &str) -> anyhow::Result<()> {
    let mut look = prepared(case, yard, command)?;
    let path = case.sandbox.root().join("look.txt");
    let file = fs::File::create(&path).context("make a file for what it says")?;
    let mut child = look.stdout(file).spawn().context("start it")?;
    let said = wait_until(SOON, || fs::metadata(&path).is_ok_and(|found| 0 < found.len()));
    let runs = matches!(child.try_wait(), Ok(None));
    child.kill().context("end it")?;
    child.wait().context("see it end")?;
    ensure!(said && runs, "see it say something and go on");
    Ok(())
}
