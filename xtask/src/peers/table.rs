//! The comparison as a table: for the terminal, and for the place in docs/performance.md that only
//! the command writes.

use std::fmt::Write as _;

use super::Comparison;
use super::row::{Compared, Row};

/// The document with the table.
pub(crate) const DOCUMENT: &str = "docs/performance.md";

/// What the markers around it are called.
pub(crate) const MARK: &str = "peers";

/// The headings of the table.
const HEAD: [&str; COLUMNS] = ["", "SDK", "ours", "SDK / ours", "95 %", "pairs", "ours is"];

const COLUMNS: usize = 7;

/// What is not the same on both sides, and is no difference of speed alone.
const DIFFERENCES: &str = "Not the same on both sides: in the middle of a query the SDK closes the \
                           agent's input, waits 5 s and terminates it, ours interrupts the turn \
                           first. Behind a result ours hears that the agent owes nothing, and behind \
                           an end looks for processes that it left, as in the daemon; both are in \
                           the time of the 5 conversations alone, and the SDK does neither. The SDK \
                           runs in an event loop, ours in a runtime of one thread. \
                           Each adds a variable of its own to the agent's environment.";

/// Everything for the document: the circumstances, the table, remarks.
pub(super) fn markdown(found: &Comparison) -> String {
    let mut text = format!(
        "{}\n\n| {} |\n{}|\n",
        circumstances(found),
        HEAD.join(" | "),
        "|---".repeat(COLUMNS),
    );
    for row in &found.rows {
        writeln!(text, "| {} |", cells(row).join(" | ")).expect("a string takes every text");
    }
    write!(text, "\n{}\n", remarks(found)).expect("a string takes every text");
    text
}

/// The same for people at a terminal.
pub(super) fn terminal(found: &Comparison) -> String {
    let rows: Vec<[String; COLUMNS]> = found.rows.iter().map(cells).collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEAD[column].chars().count()]).max().unwrap_or_default()
    });
    let line = |cells: [&str; COLUMNS]| {
        let mut line = format!("{:<width$}", cells[0], width = widths[0]);
        for (cell, width) in cells.iter().zip(widths).skip(1) {
            write!(line, "  {cell:>width$}").expect("a string takes every text");
        }
        line.trim_end().to_owned() + "\n"
    };
    let mut text = line(HEAD);
    for row in &rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
    }
    format!("{text}\n{}\n{}\n", remarks(found), circumstances(found))
}

/// What is wrong with the place of the table in the document, if something is: it has to be as this
/// command writes it, whatever the figures are.
pub(crate) fn problem(inside: &str) -> Option<String> {
    let mut rows = inside.lines().filter(|line| line.starts_with('|'));
    let heading = format!("| {} |", HEAD.join(" | "));
    if rows.next() != Some(heading.as_str()) {
        return Some("has no heading of the comparison".to_owned());
    }
    let titles: Vec<&str> =
        rows.skip(1).filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    (titles != Row::ALL.map(Row::title)).then(|| "has not the rows of the comparison".to_owned())
}

fn cells(row: &Compared) -> [String; COLUMNS] {
    let unit = row.row.unit();
    [
        row.row.title().to_owned(),
        format!("{} {unit}", figure(row.sdk)),
        format!("{} {unit}", figure(row.ours)),
        format!("{:.2}", row.ratio.value),
        format!("{:.2} to {:.2}", row.ratio.low, row.ratio.high),
        row.pairs.to_string(),
        row.verdict.to_string(),
    ]
}

/// Three digits that count.
fn figure(value: f64) -> String {
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$}")
}

fn circumstances(found: &Comparison) -> String {
    let clean = if found.clean { "" } else { " with changes" };
    let others = found
        .others
        .map_or_else(String::new, |part| format!(", others had {:.0} % of them", part * 100.0));
    format!(
        "{} on {}{clean}; {} {}, {} cores{others}; {}; {}; claude {}; {} rounds, seed {}.",
        found.date,
        found.commit.get(..10).unwrap_or(&found.commit),
        found.machine.os,
        found.machine.arch,
        found.machine.cores,
        found.hosts.0,
        found.hosts.1,
        found.claude,
        found.rounds,
        found.seed,
    )
}

fn remarks(found: &Comparison) -> String {
    format!(
        "Growth of the host over the 5 conversations, median: SDK {:.2} MB, ours {:.2} MB. \
         {DIFFERENCES}",
        found.growth.sdk, found.growth.ours,
    )
}

#[cfg(test)]
mod tests;
