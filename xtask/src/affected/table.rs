//! The rules as a table, which stands in the documents and is compared with them by tidy.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;
use harness::exit_code::ExitCode;

use super::{Check, RULES, Rule};
use crate::tidy::marked;

/// The document with the table, and the name of its place there.
pub(crate) const DOCUMENT: &str = "docs/testing.md";
/// What the markers around it are called.
pub(crate) const MARK: &str = "affected";

/// The table as it has to stand there.
pub(crate) fn markdown() -> String {
    let mut table =
        String::from("| changed | first | tiers | benches | why |\n|---|---|---|---|---|\n");
    for Rule { paths, checks, why } in RULES {
        let paths = paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(" ");
        let (mut first, mut tiers, mut benches) = (Vec::new(), Vec::new(), Vec::new());
        for check in *checks {
            match check {
                Check::Tidy => tiers.push("tidy".to_owned()),
                Check::Tier(tier) => tiers.push(tier.number().to_string()),
                Check::Everything => tiers.push("everything".to_owned()),
                Check::Tests { package, prefix } => {
                    first.push(format!("`{}`", format!("{package} {prefix}").trim()));
                }
                Check::Comparison => benches.push("`bench-check --quick`".to_owned()),
                Check::Bench { target, filter } => {
                    benches.push(format!("`{}`", format!("{target} {filter}").trim()));
                }
            }
        }
        let (first, tiers, benches) = (first.join(", "), tiers.join(", "), benches.join(", "));
        writeln!(table, "| {paths} | {first} | {tiers} | {benches} | {why} |")
            .expect("a string takes every text");
    }
    table.push_str("| anything else | | everything | | no rule knows it |\n");
    table
}

#[expect(clippy::print_stdout, reason = "a command for the terminal talks to the terminal")]
pub(super) fn show(root: &Path, write: bool) -> anyhow::Result<ExitCode> {
    let table = markdown();
    if !write {
        print!("{table}");
        return Ok(ExitCode::Pass);
    }
    let path = root.join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("read {DOCUMENT}"))?;
    let text = marked::replace(&text, MARK, &table)
        .with_context(|| format!("find the markers of `{MARK}` in {DOCUMENT}"))?;
    fs::write(&path, text).with_context(|| format!("write {DOCUMENT}"))?;
    println!("{DOCUMENT}: the table is as the rules say");
    Ok(ExitCode::Pass)
}
