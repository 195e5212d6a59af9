//! The list of faults: what an entry says, and what is wrong with one.
//!
//! A list goes stale in silence: code moves on, and a fault that cannot be applied any more proves
//! nothing. So every entry is held against the tree, without building anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// Fewer faults than this say little about the tests.
const MUTANTS_MIN: usize = 30;

/// Files that the faults are spread over at least.
const FILES_MIN: usize = 20;

/// Where the sources of the daemon and of its core are.
const CORE: &str = "daemon/core/src";
const DAEMON: &str = "daemon/src";

/// Where the cases of tier 2 are.
const CASES: &str = "smoke/src";

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// In kebab-case, and nobody else's.
    pub(super) name: String,
    /// The file that it is in, from the top of the tree.
    pub(super) file: String,
    /// What stands there, once.
    pub(super) find: String,
    /// What it becomes.
    pub(super) replace: String,
    /// What would go wrong for a person.
    pub(super) fault: String,
    /// The test that has to notice.
    #[serde(rename = "killed_by")]
    pub(super) killer: Killer,
}

/// A test by its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Killer {
    /// A test of tier 1.
    Unit {
        /// Which library it is a test of.
        package: Package,
        /// Its path in there.
        test: String,
    },
    /// A case of tier 2, by its id.
    Tier2 {
        /// The id.
        case: String,
    },
}

/// A package whose sources hold faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Package {
    /// What decides.
    Core,
    /// What does.
    Daemon,
}

impl Package {
    /// As cargo knows it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Core => "assistant-core",
            Self::Daemon => "claude-assistant",
        }
    }

    const fn sources(self) -> &'static str {
        match self {
            Self::Core => CORE,
            Self::Daemon => DAEMON,
        }
    }
}

impl Mutant {
    /// The package that the faulty file belongs to.
    pub(super) fn package(&self) -> Package {
        if self.file.starts_with(CORE) { Package::Core } else { Package::Daemon }
    }

    /// The faulty text, if `text` holds what is to be found exactly once.
    pub(super) fn applied_to(&self, text: &str) -> Option<String> {
        let mut parts = text.split(self.find.as_str());
        match (parts.next(), parts.next(), parts.next()) {
            (Some(before), Some(after), None) => {
                Some([before, self.replace.as_str(), after].concat())
            }
            _ => None,
        }
    }
}

impl TryFrom<String> for Killer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unreadable = || {
            format!("read {text:?}: expected a package and a test, or `tier2` and the id of a case")
        };
        let (place, test) = text.split_once(' ').ok_or_else(unreadable)?;
        let test = test.to_owned();
        match place {
            "tier2" => Ok(Self::Tier2 { case: test }),
            "assistant-core" => Ok(Self::Unit { package: Package::Core, test }),
            "claude-assistant" => Ok(Self::Unit { package: Package::Daemon, test }),
            _ => Err(unreadable()),
        }
    }
}

impl fmt::Display for Killer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit { package, test } => write!(out, "{} {test}", package.name()),
            Self::Tier2 { case } => write!(out, "{case}"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// Reads the list.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Mutant>> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    parse(&text)
}

/// The faults that a list holds.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Mutant>> {
    Ok(toml::from_str::<List>(text).context("understand the list of faults")?.mutant)
}

/// What is wrong with a list, held against the tree at `root`.
pub(super) fn problems(mutants: &[Mutant], root: &Path) -> Vec<String> {
    let tests = Tests::read(root);
    let mut problems = too_few(mutants);
    let mut names = BTreeSet::new();
    for mutant in mutants {
        if !names.insert(&mutant.name) {
            problems.push(format!("{}: two faults have this name", mutant.name));
        }
        let mut found = of_entry(mutant, root);
        if !tests.has(&mutant.killer) {
            found.push(format!("there is no test `{}`", mutant.killer));
        }
        problems.extend(found.into_iter().map(|what| format!("{}: {what}", mutant.name)));
    }
    problems
}

fn too_few(mutants: &[Mutant]) -> Vec<String> {
    let files: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
    let mut problems = Vec::new();
    if mutants.len() < MUTANTS_MIN {
        problems.push(format!("{} faults, and there have to be {MUTANTS_MIN}", mutants.len()));
    }
    if files.len() < FILES_MIN {
        problems.push(format!("faults in {} files, and there have to be {FILES_MIN}", files.len()));
    }
    problems
}

fn of_entry(mutant: &Mutant, root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let in_kebab_case = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if mutant.name.is_empty() || !mutant.name.chars().all(in_kebab_case) {
        problems.push("its name is not in kebab-case".to_owned());
    }
    if !mutant.fault.ends_with('.') || mutant.fault.contains('\n') {
        problems.push("what goes wrong has to be one sentence".to_owned());
    }
    if mutant.find == mutant.replace {
        problems.push("it changes nothing".to_owned());
    }
    let in_sources = [CORE, DAEMON].iter().any(|part| mutant.file.starts_with(part));
    if !in_sources || is_of_tests(&mutant.file) {
        problems.push(format!("{} is no source of the daemon or its core", mutant.file));
        return problems;
    }
    match fs::read_to_string(root.join(&mutant.file)) {
        Ok(text) if mutant.applied_to(&text).is_some() => {}
        Ok(text) => {
            let times = text.matches(mutant.find.as_str()).count();
            problems.push(format!("{} holds its text {times} times, and not once", mutant.file));
        }
        Err(error) => problems.push(format!("{}: {error}", mutant.file)),
    }
    problems
}

fn is_of_tests(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// The text of everything that holds tests.
struct Tests {
    sources: BTreeMap<Package, String>,
    cases: String,
}

impl Tests {
    fn read(root: &Path) -> Self {
        let all_of = |package: Package| (package, text_below(&root.join(package.sources())));
        Self {
            sources: [Package::Core, Package::Daemon].into_iter().map(all_of).collect(),
            cases: text_below(&root.join(CASES)),
        }
    }

    /// Whether a function, or a case, of this name is there. Where it stands is for the run to see.
    fn has(&self, killer: &Killer) -> bool {
        match killer {
            Killer::Unit { package, test } => {
                let function = format!("fn {}(", test.rsplit("::").next().unwrap_or(test));
                self.sources.get(package).is_some_and(|text| text.contains(&function))
            }
            Killer::Tier2 { case } => self.cases.contains(&format!("\"{case}\"")),
        }
    }
}

/// All Rust files below a directory, one behind the other. What cannot be read holds no test.
fn text_below(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&text_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests;
