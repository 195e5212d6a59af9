//! A metric with everything that is known of it.

use super::markup::{Element, el};
use super::pieces::{anchor, badge, facts, name, tone, used_bar, words};
use super::trend::{moved, trend};
use crate::bench::drift::Drift;
use crate::bench::policy::Metric;
use crate::bench::render::{digest, figures};
use crate::bench::report::{BenchReport, Judgement, Measured, MetricReport, Trend};

/// The card of a metric.
pub(super) fn card(report: &BenchReport, row: &MetricReport) -> Element {
    let history = report.trends.get(&row.policy.id);
    let Metric { id, title, .. } = &row.policy;
    let anchor = anchor(id);
    let heading = format!("{anchor}-name");
    let head = el("header")
        .child(el("h3").with("id", heading.as_str()).child(name(id)))
        .child(badge(row.standing))
        .children(digest::is_advisory(row).then(|| words("advisory").class("advisory")));
    let reasons = row.reasons.iter().map(|reason| el("li").text(reason.as_str()));
    let reasons = (!row.reasons.is_empty()).then(|| el("ul").class("reasons").children(reasons));
    el("article")
        .with("class", format!("card {}", tone(row.standing)))
        .with("id", anchor.as_str())
        .with("aria-labelledby", heading)
        .child(head)
        .child(el("p").class("what").text(title.as_str()))
        .children(reasons)
        .children(row.head.as_ref().map(|head| value(report, row, head)))
        .child(trend(&row.policy, history, &format!("{anchor}-trend")))
        .child(promises(row, history))
}

/// The value, large, and what it is held against.
fn value(report: &BenchReport, row: &MetricReport, head: &Measured) -> Element {
    let policy = &row.policy;
    let spread = figures::spread(&head.estimate, policy.unit)
        .map(|spread| words(spread).with("title", "holds the true value with 95 %"));
    let number = el("p")
        .class("value")
        .child(el("strong").text(figures::amount(head.estimate.value, policy.unit)))
        .children(spread);
    let bar = used_bar(head.estimate.value, policy);
    let limit = el("span").class("limited").child(words(figures::limit(policy))).children(bar);
    let base = row.relative.as_ref().map(|relative| {
        let base = figures::estimate(&relative.base.estimate, policy.unit);
        let because = format!("base {base}; {}", digest::grounds(relative));
        // A sign of its own line would be read as something else.
        let because = because.replace(" %", "\u{a0}%");
        let change = el("b").class(judged(relative.judgement));
        let change = change.text(figures::change(&relative.ratio));
        ("Against base", words("").child(change).child(el("small").text(because)))
    });
    let new = row.relative.is_none().then(|| digest::against_base(row));
    let new = new.filter(|word| !word.is_empty());
    let new = new.map(|_| ("Against base", words("the base does not have it")));
    let drift = Drift::of(report, row).map(|drift| ("Drift", words(digest::drift(&drift))));
    let rows = [("Limit", limit)].into_iter().chain(base).chain(new).chain(drift);
    el("div").child(number).child(facts(rows))
}

/// What is promised of it, and how its reference moved: folded away.
fn promises(row: &MetricReport, history: Option<&Trend>) -> Element {
    let policy = &row.policy;
    let within = |line: f64| words(figures::within(line, policy));
    let beyond = |line: f64| words(figures::amount(line, policy.unit));
    let relative = policy.relative.map(|lines| {
        let [warn, fail] = [lines.warn, lines.fail].map(figures::share);
        ("Against base", words(format!("warns beyond +{warn}, fails beyond +{fail}")))
    });
    let samples =
        row.head.as_ref().map_or_else(String::new, |head| format!(" of {}", head.samples));
    let rows = [("Promised", within(policy.baseline))]
        .into_iter()
        .chain(policy.target.map(|target| ("Aim", within(target))))
        .chain([
            ("Warns beyond", beyond(policy.warn)),
            ("Fails beyond", beyond(policy.failing_line())),
            ("Concern", beyond(policy.concern)),
        ])
        .chain(relative)
        .chain([("Value", words(format!("{}{samples}", digest::statistic(policy.statistic))))])
        .chain([("Since", words(policy.since.to_string()))]);
    let promotions = history.map(|history| &history.promotions).filter(|moves| !moves.is_empty());
    let promotions = promotions.map(|promotions| {
        let moves = promotions.iter().map(|one| el("li").text(moved(one, policy.unit)));
        el("ul").class("promotions").children(moves)
    });
    el("details")
        .child(el("summary").text("What is promised, and why"))
        .child(el("p").text(policy.why.as_str()))
        .child(facts(rows))
        .children(promotions)
}

/// The colour of what a comparison says, by name.
const fn judged(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "plain",
        Judgement::Warn => "remark",
        Judgement::Inconclusive => "unsure",
        Judgement::Fail => "bad",
    }
}
