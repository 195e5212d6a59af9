//! A tree and a build directory for commands that need both for themselves: `cargo xtask` as it was
//! built, and in cargo's place a script that says at once what cargo says after minutes.
//!
//! ```text
//! yard/tree            the files of the workspace as they lie there, with a history and a change
//! yard/target/debug    xtask, which takes the directory for its own; the other programs by links
//! yard/bin/cargo       writes down what it is asked, and answers; judged by `asked`
//! yard/answers         what it answers: reports, messages of builds, names of tests
//! ```
//!
//! Whole tiers are not run again inside of one: their runners hand over a report. A part of tier 2,
//! tier 4, contracts, a restart and its proof run for real.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, iter};

use anyhow::{Context, ensure};
use harness::binaries::CLAUDE_VERSION;
use harness::command::run_within;
use harness::gate::Gate;
use harness::report::{CaseReport, Machine, Outcome, Report, SCHEMA, Selection};
use harness::tier::Tier;
use harness::verdict::judge;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::asked;
use crate::views::files_below;

/// What commands start from the build directory, cargo apart.
const PROGRAMS: [&str; 7] = [
    "claude-assistant",
    "fake-claude",
    "fake-messages-api",
    "bench-probe",
    "contract-suite",
    "restart-proof",
    "tier4",
];

/// What starts a launcher at a login, each as a script that does it when it is told to.
const MANAGERS: [(&str, &str); 2] = [
    ("systemctl", include_str!("../services/systemctl.sh")),
    ("launchctl", include_str!("../services/launchctl.sh")),
];

/// The file that is changed, so that `affected` has something to say: its rule asks for tier 2.
const CHANGED: &str = "smoke/src/tier2/daemon.rs";

/// A report of the last hour would be one of an earlier run.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// Git looks at every file.
const GIT_LIMIT: Duration = Duration::from_mins(1);

/// All of it, in a directory that somebody else removes.
#[derive(Debug)]
pub(super) struct Yard {
    place: PathBuf,
}

impl Yard {
    /// Lays it out at `place`: the files of `root`, and the programs in `built`.
    pub(super) fn lay(place: PathBuf, root: &Path, built: &Path) -> anyhow::Result<Self> {
        let yard = Self { place };
        for folder in ["tree", "bin", "answers", "target/debug/deps", "target/faulty/release"] {
            make(&yard.place.join(folder))?;
        }
        yard.lay_programs(built)?;
        yard.lay_answers(root)?;
        yard.lay_tree(root)?;
        Ok(yard)
    }

    /// The top of the tree.
    pub(super) fn tree(&self) -> PathBuf {
        self.place.join("tree")
    }

    /// The build directory.
    pub(super) fn target(&self) -> PathBuf {
        self.place.join("target")
    }

    /// The workflow's own program.
    pub(super) fn xtask(&self) -> PathBuf {
        self.place.join("target/debug/xtask")
    }

    /// A search path on which cargo, and what loads a service, is a script of ours.
    pub(super) fn search_path(&self) -> anyhow::Result<std::ffi::OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let all = iter::once(self.place.join("bin")).chain(env::split_paths(&path));
        env::join_paths(all).context("make a search path")
    }

    /// What cargo was asked, each once.
    pub(super) fn asked(&self) -> anyhow::Result<BTreeSet<String>> {
        let path = self.place.join("asked");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Cargo was asked this too.
    pub(super) fn note(&self, words: &str) -> anyhow::Result<()> {
        let path = self.place.join("asked");
        let before = fs::read_to_string(&path).unwrap_or_default();
        write(&path, &format!("{before}{words}\n"))
    }

    fn lay_programs(&self, built: &Path) -> anyhow::Result<()> {
        let debug = self.place.join("target/debug");
        for name in PROGRAMS {
            link(&built.join(name), &debug.join(name))?;
        }
        // A link would be followed, and the directory where it leads taken for its own.
        let xtask = built.join("xtask");
        if fs::hard_link(&xtask, self.xtask()).is_err() {
            fs::copy(&xtask, self.xtask()).context("copy xtask")?;
        }
        link(Path::new("debug"), &self.place.join("target/release"))?;
        let faulty = self.place.join("target/faulty/release/claude-assistant");
        link(&built.join("claude-assistant"), &faulty)?;
        let claude = self.place.join(format!("target/claude/{CLAUDE_VERSION}/claude"));
        make(claude.parent().context("find its directory")?)?;
        script(&claude, &format!("echo {CLAUDE_VERSION}"))?;
        for (manager, text) in MANAGERS {
            program(&self.place.join("bin").join(manager), text)?;
        }
        Ok(())
    }

    fn lay_answers(&self, root: &Path) -> anyhow::Result<()> {
        let (answers, debug) = (self.place.join("answers"), self.place.join("target/debug"));
        let runner = |tier: u8| debug.join(format!("deps/tier{tier}"));
        let own = env::current_exe().context("find this runner")?;
        for (tier, number) in [(Tier::RealBinaries, 2), (Tier::RealAgent, 3)] {
            let report = answers.join(format!("report{number}.json"));
            whole(tier).write(&report)?;
            let part = if number == 2 {
                format!("exec '{}' \"$@\"", own.display())
            } else {
                "exit 1".to_owned()
            };
            let text =
                format!("[ $# = 0 ] || {part}\ncp '{}' \"$HARNESS_REPORT\"", report.display());
            script(&runner(number), &text)?;
        }
        let everything = debug.join("deps/everything");
        let built = [
            ("tier1", &everything, "claude-assistant", "lib"),
            ("tier2", &runner(2), "tier2", "test"),
            ("tier3", &runner(3), "tier3", "test"),
            ("tier4", &debug.join("tier4"), "tier4", "test"),
            ("probe", &debug.join("bench-probe"), "bench-probe", "bin"),
        ];
        for (answer, program, target, kind) in built {
            write(&answers.join(answer), &built_message(program, target, kind))?;
        }
        write(&answers.join("list"), &format!("{RUNNING}{}", tests_of(root)?))?;
        let place = self.place.display();
        let mut real = String::new();
        for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
            if let Some(value) = env::var_os(name) {
                write!(real, "{name}='{}' ", value.display()).context("write a command")?;
            }
        }
        write!(real, "exec '{}' \"$@\"", asked::cargo().display()).context("write a command")?;
        let cargo = CARGO.replace("PLACE", &place.to_string()).replace("REAL", &real);
        script(&self.place.join("bin/cargo"), &cargo)
    }

    /// Copies the files, with an earlier commit and a file that was changed since the last one.
    fn lay_tree(&self, root: &Path) -> anyhow::Result<()> {
        let tree = self.tree();
        copy_tree(root, &tree)?;
        let git = |words: &[&str]| -> anyhow::Result<()> {
            let mut git = Command::new("git");
            let as_somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
            git.args(as_somebody).args(words).current_dir(&tree);
            // Somebody's hooks and signatures are no part of it.
            git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            let said = run_within(git, GIT_LIMIT)?;
            ensure!(said.status.success(), "have git {}: {}", words.join(" "), said.stderr);
            Ok(())
        };
        git(&["init", "--quiet", "--initial-branch=main"])?;
        git(&["add", "--all"])?;
        git(&["commit", "--quiet", "--message=one"])?;
        git(&["commit", "--quiet", "--message=two", "--allow-empty"])?;
        let changed = tree.join(CHANGED);
        let text =
            fs::read_to_string(&changed).with_context(|| format!("read {}", changed.display()))?;
        write(&changed, &format!("{text}\n// Changed.\n"))
    }
}

/// What cargo writes before the tests of a program.
const RUNNING: &str = "     Running unittests src/lib.rs (target/debug/deps/everything)\n";

/// The script in cargo's place. nextest and deny are not installed there.
const CARGO: &str = r#"printf '%s\n' "$*" >> 'PLACE/asked'
answer() { cat "PLACE/answers/$1"; }
case " $* " in
" metadata "*) REAL ;;
" nextest "* | " deny "*) exit 101 ;;
*" --no-run "*" --test tier2 "*) answer tier2 ;;
*" --no-run "*" --test tier3 "*) answer tier3 ;;
*" --no-run "*" --test tier4 "*) answer tier4 ;;
*" --no-run "*) answer tier1 ;;
*" --release "*" --message-format=json"*) answer probe ;;
*" --list "*) answer list ;;
" test "*" --lib "*)
    answer list | head -n 1
    while [ $# -gt 0 ] && [ "$1" != --exact ]; do shift; done
    if [ $# -gt 0 ]; then
        shift
        printf 'test %s ... ok\n' "$@"
        passed=$#
    else
        answer list | sed -n 's/^\(.*\): test$/test \1 ... ok/p'
        passed=$(answer list | grep -c ': test$')
    fi
    echo "test result: ok. $passed passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s"
    ;;
esac"#;

/// The report of a whole tier that passed.
fn whole(tier: Tier) -> Report {
    let cases = vec![CaseReport {
        id: format!("tier{}::guide::in_place_of_all", tier.number()),
        tags: Vec::new(),
        outcome: Outcome::Passed,
        elapsed_ms: 1.0,
        wrapper_ms: 0.0,
        tries: 1,
        seed: None,
        log: None,
        message: None,
        repeat: None,
        quarantine: None,
    }];
    Report {
        schema: SCHEMA.to_owned(),
        tier,
        gate: Gate::Open,
        started_at: Timestamp::now() + AHEAD,
        elapsed_ms: 1,
        selection: Selection::default(),
        machine: Machine::here(),
        ends: Vec::new(),
        problems: Vec::new(),
        verdict: judge(Gate::Open, &cases, &[]),
        cases,
    }
}

/// What cargo says of an executable that it built.
fn built_message(program: &Path, target: &str, kind: &str) -> String {
    let message = json!({
        "reason": "compiler-artifact",
        "package_id": "path+file:///yard#claude-assistant@0.1.0",
        "target": {"name": target, "kind": [kind]},
        "profile": {"test": kind != "bin"},
        "executable": program,
    });
    format!("{message}\n")
}

/// The unit tests of the daemon by the names that they have in its sources, as cargo lists them.
fn tests_of(root: &Path) -> anyhow::Result<String> {
    let mut listed = String::new();
    for sources in ["daemon/src", "daemon/core/src"] {
        let sources = root.join(sources);
        for file in files_below(&sources)? {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let module = file.with_extension("");
            let module = module.strip_prefix(&sources).context("find a module")?;
            let module: Vec<_> = module.iter().map(|part| part.to_string_lossy()).collect();
            for name in names_of_tests(&text) {
                writeln!(listed, "{}::{name}: test", module.join("::")).context("write a name")?;
            }
        }
    }
    ensure!(!listed.is_empty(), "find tests below {}", root.display());
    Ok(listed)
}

/// The functions of a source file that are tests.
fn names_of_tests(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |line: &str| {
        let line = line.trim_start();
        line.starts_with("#[test]") || line.starts_with("#[tokio::test")
    };
    let mut marked = false;
    text.lines().filter_map(move |line| {
        marked |= is_mark(line);
        let (_, after) = line.split_once("fn ").filter(|_| marked)?;
        marked = false;
        after.split(['(', '<']).next()
    })
}

/// Every file below `from`, but for what is built there and what git keeps.
fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    let reading = || format!("read {}", from.display());
    for entry in fs::read_dir(from).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let (path, name) = (entry.path(), entry.file_name());
        if name == "target" || name == ".git" {
            continue;
        }
        let kind = entry.file_type().with_context(reading)?;
        let copy = to.join(&name);
        if kind.is_dir() {
            make(&copy)?;
            copy_tree(&path, &copy)?;
        } else if kind.is_file() {
            fs::copy(&path, &copy).with_context(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))
}

fn link(to: &Path, at: &Path) -> anyhow::Result<()> {
    symlink(to, at).with_context(|| format!("make the link {}", at.display()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn script(path: &Path, text: &str) -> anyhow::Result<()> {
    program(path, &format!("#!/bin/sh\n{text}\n"))
}

fn program(path: &Path, text: &str) -> anyhow::Result<()> {
    write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("make {} a program", path.display()))
}
