//! The top of the page: what the run means, and where to look first.

use super::markup::{Element, el};
use super::pieces::{moment, words};
use crate::bench::render::digest;
use crate::bench::report::{BenchReport, BenchVerdict};
use crate::exit_code::ExitCode;

/// The verdict, the builds, the counts, the reasons, and how to repeat it.
pub(super) fn masthead(report: &BenchReport) -> Element {
    let verdict = &report.verdict;
    let about = el("p")
        .class("about")
        .child(el("code").text(digest::builds(report)))
        .text(format!(" · {} · ", digest::circumstances(report)))
        .child(moment(report.started_at));
    let reasons = verdict.reasons.iter().map(|reason| el("li").text(reason.as_str()));
    let reasons =
        (!verdict.reasons.is_empty()).then(|| el("ol").class("reasons").children(reasons));
    let repeat = el("p").class("repeat").text("To repeat it: ");
    el("header")
        .with("class", format!("masthead {}", tone(verdict.exit_code)))
        .child(el("p").class("over").text(format!(
            "Performance · exit code {}, {}",
            verdict.exit_code.number(),
            verdict.exit_code.meaning()
        )))
        .child(el("h1").text(sentence(verdict)))
        .child(about)
        .child(counts(verdict))
        .children(reasons)
        .child(repeat.child(el("code").text(report.repeat.as_str())))
}

/// The counts, each a way to its part of the page.
fn counts(verdict: &BenchVerdict) -> Element {
    let count = |tone: &'static str, to: &'static str, count: usize, word: &'static str| {
        let class = if count == 0 { "none" } else { tone };
        let number = el("strong").text(count.to_string());
        let link = el("a").with("href", to).with("class", class).child(number);
        el("li").child(link.child(words(format!(" {word}"))))
    };
    let counts = el("ul").children([
        count("bad", "#look", verdict.failed, "failed"),
        count("unsure", "#look", verdict.inconclusive, "inconclusive"),
        count("good", "#glance", verdict.held, "held"),
        count("quiet", "#unmeasured", verdict.unmeasured, "unmeasured"),
    ]);
    el("nav").class("counts").with("aria-label", "Metrics by what they mean").child(counts)
}

/// What the run means, in a sentence.
fn sentence(verdict: &BenchVerdict) -> String {
    match verdict.exit_code {
        ExitCode::Pass => "What was measured holds".to_owned(),
        ExitCode::Warnings => "It holds, with remarks".to_owned(),
        ExitCode::Failed if verdict.failed == 1 => "One metric fails".to_owned(),
        ExitCode::Failed if 1 < verdict.failed => format!("{} metrics fail", verdict.failed),
        ExitCode::InvariantBroken => "Something that allows no tolerance is off".to_owned(),
        ExitCode::Inconclusive => "Too noisy to say: run it again".to_owned(),
        ExitCode::NoReference => "There is nothing to compare with".to_owned(),
        code => format!("The run ended: {}", code.meaning()),
    }
}

/// The colour of the run, by name.
const fn tone(code: ExitCode) -> &'static str {
    match code {
        ExitCode::Pass => "good",
        ExitCode::Warnings => "remark",
        ExitCode::Inconclusive | ExitCode::NoReference => "unsure",
        _ => "bad",
    }
}
