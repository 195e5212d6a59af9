//! `cargo xtask mutants`: faults that are put into the daemon and its core, one after the other, to
//! see that the tests notice each.
//!
//! ```text
//! the list ──> a copy of HEAD ──> its tests pass ──> for each: apply, build, test, restore ──> table
//!                                      └ else: nothing is said about any fault
//! ```
//!
//! The faults are written by hand, in `xtask/mutants.toml`: each is one that somebody could make, with
//! the test that has to notice it. All work is done on a copy below `target/`, with a build
//! directory of its own that stays warm; the files of whoever runs it are only read.
//!
//! Absent: faults that a program makes up. Most of those are of no interest to anybody.

mod bench;
mod fault;
mod list;
mod table;
mod trial;

use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use harness::exit_code::ExitCode;
use harness::files;
use jiff::Timestamp;

use self::bench::{Bench, Program};
use self::list::Mutant;
use self::table::{Record, Tried};
use self::trial::Verdict;
use crate::checkout::Checkout;
use crate::running::Interrupt;
use crate::workspace::{Workspace, has_cargo_subcommand};

/// The list, from the top of the workspace.
pub(crate) const LIST: &str = "xtask/mutants.toml";

/// Which faults, and what about them.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only faults with this in their name; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Name them, see whether each can be put in, and try none.
    #[arg(long)]
    list: bool,
    /// Name all of them, as the table that stands in docs/testing.md.
    #[arg(long, requires = "list", conflicts_with = "only")]
    markdown: bool,
    /// How many crates are compiled, and tests run, at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
}

/// The command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let root = workspace.root();
    let mutants = match list::read(&root.join(LIST)) {
        Ok(mutants) => mutants,
        Err(error) => return Ok(invalid(&[format!("{error:#}")])),
    };
    let wanted: Vec<&Mutant> = mutants.iter().filter(|one| is_wanted(one, arguments)).collect();
    if wanted.is_empty() {
        eprintln!("xtask: no fault has such a name");
        return Ok(ExitCode::NothingSelected);
    }
    if arguments.list {
        let shown = if arguments.markdown { markdown(root)? } else { table::names(&wanted) };
        print!("{shown}");
        let problems = problems(root);
        return Ok(if problems.is_empty() { ExitCode::Pass } else { invalid(&problems) });
    }
    try_all(workspace, arguments, &mutants, &wanted)
}

/// What is wrong with the list, held against the tree at `root`: a fault whose text is gone or
/// stands there twice, one whose test is not there, too few of them. Builds nothing.
pub(crate) fn problems(root: &Path) -> Vec<String> {
    match list::read(&root.join(LIST)) {
        Ok(mutants) => list::problems(&mutants, root),
        Err(error) => vec![format!("{error:#}")],
    }
}

/// The table of all faults that has to stand in `docs/testing.md`.
pub(crate) fn markdown(root: &Path) -> anyhow::Result<String> {
    let mutants = list::read(&root.join(LIST))?;
    Ok(table::markdown(&mutants.iter().collect::<Vec<_>>()))
}

fn is_wanted(mutant: &Mutant, arguments: &Arguments) -> bool {
    arguments.only.is_empty() || arguments.only.iter().any(|part| mutant.name.contains(part))
}

fn invalid(problems: &[String]) -> ExitCode {
    for problem in problems {
        eprintln!("xtask: {LIST}: {problem}");
    }
    ExitCode::FileInvalid
}

fn try_all(
    workspace: &Workspace,
    arguments: &Arguments,
    mutants: &[Mutant],
    wanted: &[&Mutant],
) -> anyhow::Result<ExitCode> {
    let place = workspace.programs().target_dir().join("mutants");
    fs::create_dir_all(&place).with_context(|| format!("make {}", place.display()))?;
    let lock = File::create(place.join("lock")).context("make the lock of the copy")?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("xtask: another run of this command works on the copy");
            return Ok(ExitCode::Locked);
        }
        Err(TryLockError::Error(error)) => return Err(error).context("lock the copy"),
    }
    let interrupt = Interrupt::listen().context("listen for a signal")?;
    let checkout = Checkout::of_head(workspace.root(), &place)?;
    let problems = list::problems(mutants, checkout.root());
    if !problems.is_empty() {
        return Ok(invalid(&problems));
    }
    let bench = Bench {
        checkout: &checkout,
        target: place.join("target"),
        logs: place.join("logs"),
        jobs: arguments.jobs,
        program: if has_cargo_subcommand("nextest") { Program::Nextest } else { Program::Cargo },
        interrupt: &interrupt,
        without_a_fault: RefCell::default(),
    };
    fs::create_dir_all(&bench.logs).context("make the directory of the logs")?;
    if let Some(code) = bench.check_unmutated(wanted)? {
        return Ok(code);
    }
    let began = Instant::now();
    let tried = one_by_one(&bench, wanted)?;
    let record = Record {
        commit: checkout.commit().to_owned(),
        written_at: Timestamp::now(),
        whole: wanted.len() == mutants.len() && tried.len() == wanted.len(),
        elapsed_s: began.elapsed().as_secs(),
        mutants: tried,
    };
    let path = workspace.programs().target_dir().join("harness").join("mutants.json");
    files::replace(&path, record.json()?.as_bytes())
        .with_context(|| format!("write {}", path.display()))?;
    print!("\n{}", table::results(&record));
    println!("{}", path.display());
    Ok(record.code())
}

fn one_by_one(bench: &Bench<'_>, wanted: &[&Mutant]) -> anyhow::Result<Vec<Tried>> {
    let mut tried = Vec::new();
    for (number, mutant) in (1..).zip(wanted) {
        eprint!("[{number}/{}] {} ... ", wanted.len(), mutant.name);
        let began = Instant::now();
        let verdict = bench.try_one(mutant)?;
        let elapsed_s = began.elapsed().as_secs_f64();
        eprintln!("{verdict}, {elapsed_s:.1} s");
        let interrupted = verdict == Verdict::Interrupted;
        tried.push(Tried::new(mutant, verdict, elapsed_s));
        if interrupted {
            break;
        }
    }
    Ok(tried)
}

#[cfg(test)]
mod tests;
