//! What is shown of faults: the list as a document has it, and what became of each.

use std::fmt::Write as _;

use harness::exit_code::ExitCode;
use jiff::Timestamp;
use serde::Serialize;

use super::list::Mutant;
use super::trial::{Stage, Verdict};

/// The name of the record's format.
const SCHEMA: &str = "harness.mutants.v1";

/// What became of one fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tried {
    name: String,
    file: String,
    /// The test that the list names.
    test: String,
    #[serde(flatten)]
    verdict: Verdict,
    /// Compiling included.
    elapsed_s: f64,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// What the faults were put into.
    pub(super) commit: String,
    /// When the run ended.
    pub(super) written_at: Timestamp,
    /// Whether every fault of the list was tried.
    pub(super) whole: bool,
    /// How long it took.
    pub(super) elapsed_s: u64,
    /// Each fault, in the order of the list.
    pub(super) mutants: Vec<Tried>,
}

impl Tried {
    /// `elapsed_s` is kept to a tenth.
    pub(super) fn new(mutant: &Mutant, verdict: Verdict, elapsed_s: f64) -> Self {
        Self {
            name: mutant.name.clone(),
            file: mutant.file.clone(),
            test: mutant.killer.to_string(),
            verdict,
            elapsed_s: (elapsed_s * 10.0).round() / 10.0,
        }
    }
}

impl Record {
    /// The record as a file.
    pub(super) fn json(&self) -> anyhow::Result<String> {
        let value = serde_json::json!({
            "schema": SCHEMA,
            "commit": self.commit,
            "written_at": self.written_at,
            "whole": self.whole,
            "elapsed_s": self.elapsed_s,
            "mutants": self.mutants,
        });
        Ok(serde_json::to_string_pretty(&value)? + "\n")
    }

    /// The number to end with: an entry that is no fault makes the whole list doubtful, so it goes
    /// first.
    pub(super) fn code(&self) -> ExitCode {
        let has =
            |wanted: fn(&Verdict) -> bool| self.mutants.iter().any(|one| wanted(&one.verdict));
        if has(|verdict| matches!(verdict, Verdict::NotCompiled | Verdict::NotTried { .. })) {
            ExitCode::FileInvalid
        } else if has(|verdict| !matches!(verdict, Verdict::Killed { .. })) {
            ExitCode::Failed
        } else {
            ExitCode::Pass
        }
    }
}

/// What became of each, and how many were noticed.
pub(super) fn results(record: &Record) -> String {
    let width = record.mutants.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Tried { name, verdict, elapsed_s, .. } in &record.mutants {
        push(&mut out, format_args!("{name:<width$}  {elapsed_s:>7.1} s  {verdict}\n"));
    }
    let count = |wanted: fn(&Verdict) -> bool| {
        record.mutants.iter().filter(|one| wanted(&one.verdict)).count()
    };
    let killed = count(|verdict| matches!(verdict, Verdict::Killed { .. }));
    let own = count(|verdict| matches!(verdict, Verdict::Killed { by: Stage::ItsTest, .. }));
    let all = record.mutants.len();
    let elapsed_s = record.elapsed_s;
    push(
        &mut out,
        format_args!(
            "\n{killed} of {all} killed, {own} by the test that is named, in {elapsed_s} s\n"
        ),
    );
    out
}

/// The faults, a line each.
pub(super) fn names(mutants: &[&Mutant]) -> String {
    let width = mutants.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Mutant { name, fault, .. } in mutants {
        push(&mut out, format_args!("{name:<width$}  {fault}\n"));
    }
    out
}

/// The faults as a table of a document.
pub(super) fn markdown(mutants: &[&Mutant]) -> String {
    let mut out = String::from("| name | fault | killed by |\n|---|---|---|\n");
    for Mutant { name, fault, killer, .. } in mutants {
        let fault = fault.replace('|', "\\|");
        push(&mut out, format_args!("| `{name}` | {fault} | `{killer}` |\n"));
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every text");
}

#[cfg(test)]
mod tests;
