//! The commands that documents name can be typed, and the tests that they select exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Parser as _;

use super::Arguments;
use crate::workspace::Workspace;

/// The page whose every command has to be right.
const GUIDE: &str = "docs/changing-the-daemon.md";

/// Every command of ours on a page: those in its blocks and those between backticks.
fn commands(page: &str) -> BTreeSet<String> {
    let begins = "cargo xtask ";
    let mut found = BTreeSet::new();
    let mut in_block = false;
    for line in page.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            in_block = !in_block && fence == "sh";
        } else if in_block && line.starts_with(begins) {
            found.insert(
                line.split("  #").next().unwrap().split(" # ").next().unwrap().trim().to_owned(),
            );
        } else if !in_block {
            found.extend(
                line.split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|it| it.starts_with(begins))
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// Its words; quotation marks hold words together.
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

#[test]
fn every_command_of_the_guide_can_be_typed() {
    let root = Workspace::find().unwrap().root().to_path_buf();
    let commands = commands(&fs::read_to_string(root.join(GUIDE)).unwrap());
    assert!(20 < commands.len(), "{commands:?}");
    for command in commands {
        // `cargo xtask` is one word to clap.
        let typed = words(&command);
        if let Err(error) = Arguments::try_parse_from(&typed[1..]) {
            panic!("{command}: {error}");
        }
    }
}

/// Every module below a directory whose file has tests, as their ids begin.
fn modules_with_tests(directory: &Path, inside: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let module = if inside.is_empty() { name } else { format!("{inside}::{name}") };
        if path.is_dir() {
            modules_with_tests(&path, &module, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            if ["#[test]", "#[tokio::test", "Definition::"].iter().any(|mark| text.contains(mark)) {
                found.push(module);
            }
        }
    }
}

/// A filter that selects nothing would be green for ever.
#[test]
fn every_filter_of_the_guide_selects_tests() {
    let root = Workspace::find().unwrap().root().to_path_buf();
    let mut modules = Vec::new();
    for directory in ["daemon/src", "daemon/core/src", "smoke/src"] {
        modules_with_tests(&root.join(directory), "", &mut modules);
    }
    let page = fs::read_to_string(root.join(GUIDE)).unwrap();
    let mut filters = 0;
    for command in commands(&page) {
        let Some((_, filter)) = command.split_once(" --only ") else { continue };
        filters += 1;
        let selects = modules.iter().any(|module| module.contains(filter));
        assert!(selects, "{command}: no test is called so");
    }
    assert!(10 < filters, "{filters}");
}
