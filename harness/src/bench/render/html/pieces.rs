//! What several parts of the page are made of.

use jiff::Timestamp;

use super::markup::{Element, el};
use crate::bench::policy::{Direction, Metric};
use crate::bench::render::digest::{self, Part};
use crate::bench::render::figures;
use crate::bench::report::Standing;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// Of words.
    Words(&'static str),
    /// Of numbers, which stand at its right.
    Numbers(&'static str),
    /// Of numbers that a narrow page leaves out: they stand elsewhere too.
    Spare(&'static str),
}

/// A table that scrolls by itself where it is too wide; the page never does.
pub(super) fn table(
    label: &str,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Element>>,
) -> Element {
    let head = columns
        .iter()
        .map(|column| column.classed(el("th").with("scope", "col").text(column.title())));
    let body = rows.into_iter().map(|cells| {
        let cells = cells.into_iter().zip(columns).map(|(cell, column)| column.classed(cell));
        el("tr").children(cells)
    });
    let table = el("table")
        .child(el("caption").class("unseen").text(label))
        .child(el("thead").child(el("tr").children(head)))
        .child(el("tbody").children(body));
    let region = el("div").class("scrolls").with("role", "region").with("tabindex", "0");
    region.with("aria-label", label).child(table)
}

/// A cell with a text.
pub(super) fn cell(text: impl Into<String>) -> Element {
    el("td").text(text)
}

/// The cell that a row is named by.
pub(super) fn row_head(child: Element) -> Element {
    el("th").with("scope", "row").child(child)
}

/// A part of the page with its heading.
pub(super) fn section(id: &'static str, title: &str) -> Element {
    let heading = format!("{id}-title");
    let title = el("h2").with("id", heading.as_str()).text(title);
    el("section").with("id", id).with("aria-labelledby", heading).child(title)
}

/// Where the cards of a part stand on the page.
pub(super) const fn place(part: Part) -> &'static str {
    match part {
        Part::Look => "look",
        Part::Holds => "holds",
        Part::Unmeasured => "unmeasured",
    }
}

/// A list of names and what belongs to each.
pub(super) fn facts(facts: impl IntoIterator<Item = (&'static str, Element)>) -> Element {
    let facts = facts
        .into_iter()
        .map(|(name, fact)| el("div").child(el("dt").text(name)).child(el("dd").child(fact)));
    el("dl").children(facts)
}

/// A text that stands for itself.
pub(super) fn words(text: impl Into<String>) -> Element {
    el("span").text(text)
}

/// The name of a metric or a case, which may break behind its dots and colons.
pub(super) fn name(id: &str) -> Element {
    id.split_inclusive(['.', ':']).fold(el("code"), |code, part| code.text(part).child(el("wbr")))
}

/// Where a metric's card stands on the page.
pub(super) fn anchor(id: &str) -> String {
    let harmless = |one: char| one.is_ascii_alphanumeric() || ".-_".contains(one);
    let slug = id.chars().map(|one| if harmless(one) { one } else { '-' });
    format!("m-{}", slug.collect::<String>())
}

/// What a metric means, as a word and a sign: never as a colour alone.
pub(super) fn badge(standing: Standing) -> Element {
    let sign = match standing {
        Standing::Pass | Standing::New => "✓",
        Standing::Awaits | Standing::Unasked | Standing::Skipped => "–",
        Standing::Warn => "!",
        Standing::Inconclusive => "?",
        Standing::Fail | Standing::Broken => "✕",
    };
    let sign = el("span").with("aria-hidden", "true").text(format!("{sign} "));
    let class = format!("badge {}", tone(standing));
    el("span").with("class", class).child(sign).text(digest::word(standing))
}

/// The colour of a standing, by name.
pub(super) const fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Pass | Standing::New => "good",
        Standing::Awaits | Standing::Unasked | Standing::Skipped => "quiet",
        Standing::Warn => "remark",
        Standing::Inconclusive => "unsure",
        Standing::Fail | Standing::Broken => "bad",
    }
}

/// How much of its limit a value uses, where that can be said: 1 is all of it.
pub(super) fn used(value: f64, policy: &Metric) -> Option<f64> {
    let limit = policy.failing_line();
    let (part, whole) = match policy.direction {
        Direction::Lower => (value, limit),
        Direction::Higher => (limit, value),
    };
    (0.0 < whole && 0.0 <= part).then(|| part / whole)
}

/// The same as a bar with its number.
pub(super) fn used_bar(value: f64, policy: &Metric) -> Option<Element> {
    let used = used(value, policy)?;
    let filled = el("rect").class(if used <= 1.0 { "filled" } else { "overfull" });
    let filled = filled.with("width", format!("{:.1}", used.min(1.0) * 100.0)).with("height", "6");
    let track = el("rect").class("track").with("width", "100").with("height", "6");
    let bar = el("svg").class("bar").with("viewBox", "0 0 100 6").with("aria-hidden", "true");
    let bar = bar.with("preserveAspectRatio", "none").child(track).child(filled);
    Some(el("span").class("used").child(bar).child(words(figures::share(used)).class("share")))
}

/// A moment, to the minute.
pub(super) fn moment(at: Timestamp) -> Element {
    let shown = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    el("time").with("datetime", at.to_string()).text(shown)
}

/// A day.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Words(title) | Self::Numbers(title) | Self::Spare(title) => title,
        }
    }

    fn classed(self, cell: Element) -> Element {
        match self {
            Self::Words(_) => cell,
            Self::Numbers(_) => cell.class("number"),
            Self::Spare(_) => cell.class("number spare"),
        }
    }
}
