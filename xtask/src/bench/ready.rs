//! Makes everything ready that is measured: the head, what it is compared with, and a copy of the
//! head.
//!
//! A head that does not build ends the run. A base that does not, or that is from before there was a
//! probe, leaves the head to be judged by what is promised.

use std::ffi::OsString;
use std::path::PathBuf;

use harness::bench::probe::Offered;
use harness::bench::report::Build;
use harness::exit_code::ExitCode;
use harness::receipt;

use super::Refusal;
use super::base::{self, Base, Facts};
use super::build::{self, Built, Tree};
use super::drive::{Interrupted, Starts};
use super::launch::Start;
use super::places::{Places, Side};
use super::probe::Trouble;
use crate::checkout::Checkout;
use crate::running::Interrupt;
use crate::workspace::Workspace;

/// How many digits of a commit are shown.
const COMMIT_SHOWN: usize = 10;

/// Files to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The work tree, as it lies there.
    WorkTree,
    /// A commit, by all its digits.
    Commit(String),
}

/// What a head is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Against {
    /// Only what is promised.
    Promises,
    /// Where it comes from, whatever that is.
    Origin,
    /// This.
    Source(Source),
}

/// What can be measured.
pub(super) struct Ready {
    pub(super) starts: Starts,
    pub(super) head: Build,
    pub(super) base: Option<Build>,
    /// Why there is no base, where there should be one.
    pub(super) base_missing: Option<String>,
    /// What the probe of the head offers.
    pub(super) offered: Vec<Offered>,
    /// What that of the base does; nothing where it has no probe, none where there is no base.
    pub(super) base_offered: Option<Vec<Offered>>,
    pub(super) head_trees: Trees,
    /// None where there is no base.
    pub(super) base_trees: Option<Trees>,
}

/// Where the files of a build lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trees {
    /// The top of its sources.
    pub(super) root: PathBuf,
    /// Its build directory.
    pub(super) target: PathBuf,
}

/// Where things are built, and who may end it.
#[derive(Clone, Copy)]
pub(super) struct Yard<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) places: &'a Places,
    pub(super) interrupt: &'a Interrupt,
}

/// What came of the base.
#[derive(Default)]
struct BaseSide {
    build: Option<Build>,
    missing: Option<String>,
    start: Option<Start>,
    offered: Option<Vec<Offered>>,
    trees: Option<Trees>,
}

impl Source {
    /// What a person named: a revision, or `.` for the work tree.
    pub(super) fn named(workspace: &Workspace, name: &str) -> Result<Self, Refusal> {
        if name == "." {
            return Ok(Self::WorkTree);
        }
        let commit = base::commit(workspace.root(), name);
        commit
            .map(Self::Commit)
            .map_err(|error| Refusal { code: ExitCode::BadUsage, why: error.to_string() })
    }
}

impl Yard<'_> {
    /// Builds and copies what is needed.
    pub(super) fn ready(self, head: &Source, against: &Against) -> anyhow::Result<Ready> {
        let identity = self.identity(head)?;
        println!("head  {}", shown(&identity));
        let head_trees = self.build_head(head)?;
        self.copy()?;
        let start = self.start(Side::Head);
        let offered = start.offered(self.interrupt).map_err(|trouble| unstarted(&trouble))?;
        let base = self.base_side(&identity, against)?;
        Ok(Ready {
            starts: Starts { head: start, base: base.start, control: self.start(Side::Control) },
            head: identity,
            base: base.build,
            base_missing: base.missing,
            offered,
            base_offered: base.offered,
            head_trees,
            base_trees: base.trees,
        })
    }

    fn build_head(self, head: &Source) -> anyhow::Result<Trees> {
        let (built, trees) = self.build(head, Side::Head)?;
        let refused = |code, why: String| Err(Refusal { code, why }.into());
        match built {
            Built::Ready => Ok(trees),
            Built::Unmeasured => {
                let why = "find the probe among the files of the head".to_owned();
                refused(ExitCode::PreconditionMissing, why)
            }
            Built::Broken(said) => {
                refused(ExitCode::BuildFailed, format!("build the head:\n{said}"))
            }
            Built::Interrupted => Err(Interrupted.into()),
        }
    }

    fn base_side(self, head: &Build, against: &Against) -> anyhow::Result<BaseSide> {
        let without = |why: String| BaseSide { missing: Some(why), ..BaseSide::default() };
        let (source, why) = match against {
            Against::Promises => return Ok(BaseSide::default()),
            Against::Source(source) => (source.clone(), "as asked for".to_owned()),
            Against::Origin => {
                let facts = Facts::of(self.workspace.root(), head.clean)?;
                match base::choose(&facts) {
                    Some(Base { commit, why }) => (Source::Commit(commit), why),
                    None => return Ok(without("there is no older commit".to_owned())),
                }
            }
        };
        let build = self.identity(&source)?;
        println!("base  {}, {why}", shown(&build));
        let (built, trees) = self.build(&source, Side::Base)?;
        match built {
            Built::Interrupted => Err(Interrupted.into()),
            Built::Broken(said) => {
                eprintln!("xtask: failed to build the base:\n{said}");
                Ok(without(format!("{} does not build", shown(&build))))
            }
            Built::Unmeasured => {
                println!(
                    "the base has no probe: everything is new, and judged by what is promised"
                );
                let (build, trees) = (Some(build), Some(trees));
                Ok(BaseSide { build, offered: Some(Vec::new()), trees, ..BaseSide::default() })
            }
            Built::Ready => {
                let start = self.start(Side::Base);
                Ok(match start.offered(self.interrupt) {
                    Err(Trouble::Interrupted) => return Err(Interrupted.into()),
                    Err(trouble) => without(format!("its probe failed to {trouble}")),
                    Ok(offered) => BaseSide {
                        build: Some(build),
                        missing: None,
                        start: Some(start),
                        offered: Some(offered),
                        trees: Some(trees),
                    },
                })
            }
        }
    }

    /// What a source is, as it stands in a report.
    fn identity(self, source: &Source) -> anyhow::Result<Build> {
        Ok(match source {
            Source::Commit(commit) => Build { commit: commit.clone(), clean: true },
            Source::WorkTree => {
                let root = self.workspace.root();
                let commit = crate::checkout::ask(root, &["rev-parse", "HEAD"])?;
                Build { commit, clean: receipt::tree(root)?.clean }
            }
        })
    }

    /// Builds one side, and says where its files lie.
    fn build(self, source: &Source, side: Side) -> anyhow::Result<(Built, Trees)> {
        let place = self.places.of(side);
        let name = if side == Side::Head { "head" } else { "base" };
        let log = self.places.logs().join(format!("build-{name}.log"));
        let (root, target) = match source {
            Source::WorkTree => {
                (self.workspace.root().to_path_buf(), self.workspace.target_dir().to_path_buf())
            }
            Source::Commit(commit) => {
                let checkout = Checkout::of(self.workspace.root(), &place, commit)?;
                (checkout.root().to_path_buf(), place.join("target"))
            }
        };
        eprintln!("building the {name} (what cargo says goes to {}) ...", log.display());
        let tree = Tree { root: &root, target: &target, log };
        let built = tree.build(&self.places.programs(side), self.interrupt)?;
        Ok((built, Trees { root, target }))
    }

    /// The head once more, for the head against itself.
    fn copy(self) -> anyhow::Result<()> {
        let [head, control] = [Side::Head, Side::Control].map(|side| self.places.programs(side));
        build::copy_directory(&head, &control)
    }

    fn start(self, side: Side) -> Start {
        let claude = self.workspace.programs().claude_path();
        let arguments = if claude.is_file() {
            vec![OsString::from("--claude"), claude.into_os_string()]
        } else {
            Vec::new()
        };
        Start { program: self.places.probe(side), arguments }
    }
}

/// Why the probe of the head says nothing of what it offers.
fn unstarted(trouble: &Trouble) -> anyhow::Error {
    let code = match trouble {
        Trouble::Interrupted => return Interrupted.into(),
        Trouble::Run(_) => ExitCode::PreconditionMissing,
        _ => ExitCode::Failed,
    };
    Refusal { code, why: format!("start the probe of the head: failed to {trouble}") }.into()
}

/// `1a2b3c4d5e, with changes`.
pub(super) fn shown(build: &Build) -> String {
    let commit = build.commit.get(..COMMIT_SHOWN).unwrap_or(&build.commit);
    if build.clean { commit.to_owned() } else { format!("{commit}, with changes") }
}

#[cfg(test)]
mod tests;
