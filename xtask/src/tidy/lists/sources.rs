//! The tests of the tree, as far as a list can name them: where they stand, and what their doc
//! comments say.

use std::collections::BTreeSet;

use crate::tidy::tree::{File, Tree};

/// The packages, by where their sources lie; the more exact place first.
const PACKAGES: &[(&str, &str)] = &[
    ("daemon/core/src/", "assistant-core"),
    ("daemon/src/", "claude-assistant"),
    ("daemon/tests/", "claude-assistant"),
    ("fakes/src/", "fakes"),
    ("fakes/tests/", "fakes"),
    ("harness/src/", "harness"),
    ("harness/tests/", "harness"),
    ("xtask/src/", "xtask"),
    ("benches/src/", "benches"),
];

/// Where the cases of the higher tiers lie.
const CASES: &str = "smoke/src/";

/// One test, or one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    /// The file.
    pub(super) path: String,
    /// The line of its function, from 1.
    pub(super) line: usize,
    /// The function.
    pub(super) name: String,
    /// `claude-assistant app::tests::lives`, or `tier2::crashes`.
    module: String,
    /// Its doc comment, line by line.
    docs: Vec<String>,
}

impl Test {
    /// Whether `reference` means it: its module may be named deeper than its file.
    pub(super) fn is_called(&self, reference: &str) -> bool {
        let Some((module, name)) = reference.rsplit_once("::") else { return false };
        let deeper = module.strip_prefix(&self.module);
        name == self.name && deeper.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }

    /// The numbers that its doc comment gives after `word`.
    pub(super) fn numbers(&self, word: &str) -> BTreeSet<&str> {
        self.docs
            .iter()
            .filter_map(|line| line.trim().strip_prefix(word))
            .flat_map(|numbers| numbers.trim().trim_end_matches('.').split(','))
            .map(str::trim)
            .filter(|number| !number.is_empty())
            .collect()
    }
}

/// Every function of the tree that is a test or may be a case.
pub(super) fn tests_of(tree: &Tree) -> Vec<Test> {
    tree.ending(".rs").filter_map(|file| Some((file, module_of(&file.path)?))).fold(
        Vec::new(),
        |mut tests, (file, module)| {
            tests.extend(functions(file, &module));
            tests
        },
    )
}

/// The ids of cases that stand in the sources as such: not every case is a function of its own.
pub(super) fn ids_of(tree: &Tree) -> BTreeSet<&str> {
    tree.files
        .iter()
        .filter(|file| file.path.starts_with(CASES))
        .flat_map(|file| file.text.split('"').skip(1))
        .filter(|literal| literal.starts_with("tier") && literal.contains("::"))
        .collect()
}

/// What the functions of a file are called by: its package and module, or the tier and family.
fn module_of(path: &str) -> Option<String> {
    let path = path.strip_suffix(".rs")?;
    if let Some(case) = path.strip_prefix(CASES) {
        return case.starts_with("tier").then(|| case.replace('/', "::"));
    }
    let (rest, package) =
        PACKAGES.iter().find_map(|(place, package)| Some((path.strip_prefix(place)?, package)))?;
    // An integration test is called by the modules below its own file.
    let rest = rest.strip_prefix("it/").unwrap_or(rest);
    Some(format!("{package} {}", rest.replace('/', "::")))
}

fn functions(file: &File, module: &str) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut docs: Vec<String> = Vec::new();
    let is_case = file.path.starts_with(CASES);
    let mut is_test = is_case;
    for (line, text) in (1..).zip(file.text.lines()) {
        let text = text.trim();
        if let Some(doc) = text.strip_prefix("///") {
            docs.push(doc.trim().to_owned());
        } else if text.starts_with("#[") || text.starts_with("#!") {
            is_test |= text.contains("test");
        } else {
            if let Some(name) = function_name(text)
                && is_test
            {
                tests.push(Test {
                    path: file.path.clone(),
                    line,
                    name: name.to_owned(),
                    module: module.to_owned(),
                    docs: std::mem::take(&mut docs),
                });
            }
            docs.clear();
            is_test = is_case;
        }
    }
    tests
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub(super) ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = line.strip_prefix("fn ")?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    Some(&name[..end])
}
