//! One page that holds everything, and asks nobody for anything: no script, no font, no picture.
//!
//! ```text
//!  masthead     what it means, of which build, the counts, the reasons
//!  look         what fails first, then what cannot be said, then remarks: a card each
//!  glance       a line for each metric, the worst first
//!  holds        a card each
//!  unmeasured   a card each
//!  around       memory, tests, quarantine, load and controls, machine
//! ```
//!
//! It is HTML and well-formed XML at once, so that a test can read it with a strict parser. Light and
//! dark follow the reader's system. Absent: anything that has to run before it can be read.

mod around;
mod card;
mod markup;
mod masthead;
mod pieces;
mod scale;
mod trend;

use self::card::card;
use self::markup::{Element, el};
use self::pieces::Column::{Numbers, Spare, Words};
use self::pieces::{anchor, badge, cell, name, place, row_head, section, table, used_bar};
use super::digest::{self, Part};
use super::figures;
use crate::bench::report::{BenchReport, MetricReport};

/// What a browser may fetch for the page: nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("html/style.css");

/// The report as a page of its own.
pub fn html(report: &BenchReport) -> String {
    let mut out = "<!DOCTYPE html>\n".to_owned();
    let main = el("main")
        .children(cards(report, Part::Look, "Needs a look"))
        .child(glance(report))
        .children(cards(report, Part::Holds, "Holds"))
        .children(cards(report, Part::Unmeasured, "Not measured"))
        .children(around::memory(report))
        .child(around::tiers(report))
        .child(around::quarantine(report))
        .child(around::load(report))
        .child(around::machine(report));
    let body = el("body").child(masthead::masthead(report)).child(main);
    el("html").with("lang", "en").child(head(report)).child(body).render(&mut out);
    out
}

fn head(report: &BenchReport) -> Element {
    let named = |name: &'static str, content: &'static str| {
        el("meta").with("name", name).with("content", content)
    };
    el("head")
        .child(el("meta").with("charset", "utf-8"))
        .child(el("meta").with("http-equiv", "Content-Security-Policy").with("content", POLICY))
        .child(named("viewport", "width=device-width, initial-scale=1"))
        .child(named("color-scheme", "light dark"))
        .child(named("referrer", "no-referrer"))
        .child(el("title").text(digest::headline(report)))
        .child(el("style").verbatim(STYLE))
}

/// The cards of a part; nothing where it has none.
fn cards(report: &BenchReport, part: Part, title: &str) -> Option<Element> {
    let rows = digest::rows(report).into_iter().filter(|row| digest::part(row) == part);
    let cards: Vec<Element> = rows.map(|row| card(report, row)).collect();
    let count = cards.len();
    let all = el("div").class("cards").children(cards);
    (0 < count).then(|| section(place(part), &format!("{title} ({count})")).child(all))
}

/// Every metric in a line, the worst first.
fn glance(report: &BenchReport) -> Element {
    let columns = [
        Words("Metric"),
        Numbers("Measured"),
        Spare("Limit"),
        Spare("Of its limit"),
        Spare("Against base"),
        Words("Verdict"),
    ];
    let rows = digest::rows(report).into_iter().map(line);
    section("glance", "At a glance").child(table("Every metric", &columns, rows))
}

fn line(row: &MetricReport) -> Vec<Element> {
    let policy = &row.policy;
    let to = format!("#{}", anchor(&policy.id));
    let value = row.head.as_ref().map(|head| head.estimate.value);
    let shown = value.map_or_else(|| "–".to_owned(), |value| figures::amount(value, policy.unit));
    vec![
        row_head(el("a").with("href", to).child(name(&policy.id))),
        cell(shown),
        cell(figures::limit(policy)),
        el("td").children(value.and_then(|value| used_bar(value, policy))),
        cell(digest::against_base(row)),
        el("td").child(badge(row.standing)),
    ]
}

#[cfg(test)]
mod tests;
