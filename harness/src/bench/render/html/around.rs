//! What stands around the metrics: memory, tests, the machine.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::markup::{Element, el};
use super::pieces::{Column, cell, facts, moment, name, row_head, section, table, words};
use crate::bench::policy::Unit;
use crate::bench::render::{digest, figures};
use crate::bench::report::{BenchReport, Control, QuarantineLine, RoleMemory, TierSummary};
use crate::exit_code::ExitCode;
use crate::render::digest::{milliseconds, seconds};

use Column::{Numbers, Spare, Words};

/// Memory of the assistant's processes.
pub(super) fn memory(report: &BenchReport) -> Option<Element> {
    let row = |role: &RoleMemory| {
        let own = role.pss_bytes.map_or_else(|| "–".to_owned(), figures::bytes);
        let processes = u64::try_from(role.processes).unwrap_or(u64::MAX);
        let each = role.rss_bytes.checked_div(processes).map_or_else(String::new, figures::bytes);
        vec![
            row_head(words(role.role.as_str())),
            cell(role.scene.as_str()),
            cell(role.processes.to_string()),
            cell(figures::bytes(role.rss_bytes)),
            cell(each),
            cell(own),
        ]
    };
    let columns = [
        Words("Role"),
        Words("Moment"),
        Numbers("Processes"),
        Numbers("Resident"),
        Spare("Each"),
        Spare("Shared parts divided"),
    ];
    let section = section("memory", "Memory by role");
    (!report.roles.is_empty())
        .then(|| section.child(table("Memory by role", &columns, report.roles.iter().map(row))))
}

/// The last runs of the tiers, with what took longest.
pub(super) fn tiers(report: &BenchReport) -> Element {
    let section = section("tiers", "Tests");
    if report.tiers.is_empty() {
        return section.child(el("p").text("No run of a tier is on record here."));
    }
    let columns = [
        Words("Tier"),
        Words("Result"),
        Numbers("Passed"),
        Numbers("Failed"),
        Spare("Skipped"),
        Spare("Quarantined"),
        Spare("Took"),
        Words("When"),
    ];
    let rows = report.tiers.iter().map(tier);
    let slowest = report.tiers.iter().flat_map(|tier| {
        tier.slowest
            .iter()
            .map(|case| vec![row_head(name(&case.id)), cell(seconds(case.elapsed_ms))])
    });
    let slowest: Vec<Vec<Element>> = slowest.collect();
    let slow_columns = [Words("Case"), Numbers("Took")];
    let slowest = (!slowest.is_empty()).then(|| {
        let table = table("Slowest cases", &slow_columns, slowest);
        el("details").child(el("summary").text("Slowest cases")).child(table)
    });
    section.child(table("Last run of every tier", &columns, rows)).children(slowest)
}

fn tier(tier: &TierSummary) -> Vec<Element> {
    let verdict = &tier.verdict;
    let (tone, sign) = match verdict.exit_code {
        ExitCode::Pass => ("badge good", "✓"),
        ExitCode::Skipped => ("badge quiet", "–"),
        _ => ("badge bad", "✕"),
    };
    let result = el("span").class(tone).text(format!("{sign} {}", verdict.exit_code.meaning()));
    vec![
        row_head(words(tier.tier.to_string())),
        el("td").child(result),
        cell(verdict.passed.to_string()),
        cell(verdict.failed.to_string()),
        cell(verdict.skipped.to_string()),
        cell(verdict.quarantined.to_string()),
        cell(seconds(milliseconds(tier.elapsed_ms))),
        el("td").child(moment(tier.started_at)),
    ]
}

/// Tests that are tolerated for now, and until when.
pub(super) fn quarantine(report: &BenchReport) -> Element {
    let section = section("quarantine", "Quarantine");
    if report.quarantine.is_empty() {
        return section.child(el("p").text("No test is in quarantine."));
    }
    let today = report.started_at.to_zoned(TimeZone::UTC).date();
    let row = |line: &QuarantineLine| {
        vec![
            row_head(name(&line.id)),
            el("td").child(expiry(line.expires, today)),
            cell(line.owner.as_str()),
            cell(line.issue.as_str()),
            cell(line.reason.as_str()),
        ]
    };
    let columns =
        [Words("Case"), Words("Expires"), Words("Owner"), Words("Issue"), Words("Reason")];
    section.child(table("Quarantine", &columns, report.quarantine.iter().map(row)))
}

/// When an entry ends, and how many days are left.
fn expiry(expires: Date, today: Date) -> Element {
    let left = today.until(expires).map_or(0, |span| span.get_days());
    let (class, left) = match left {
        ..0 => ("badge bad", "expired".to_owned()),
        0 => ("badge remark", "today".to_owned()),
        1 => ("badge remark", "in 1 day".to_owned()),
        _ => ("badge quiet", format!("in {left} days")),
    };
    words(format!("{expires} ")).child(el("span").class(class).text(left))
}

/// Whether the machine was quiet enough, and what it takes by itself.
pub(super) fn load(report: &BenchReport) -> Element {
    let control = |control: &Control| {
        let (class, sign) =
            if control.quiet { ("badge good", "✓") } else { ("badge unsure", "?") };
        let verdict = el("span").class(class).text(format!("{sign} {}", digest::quiet(control)));
        vec![
            row_head(words(control.family.to_string())),
            el("td").child(name(&control.metric)),
            cell(figures::change(&control.ratio)),
            el("td").child(verdict),
        ]
    };
    let columns = [Words("Family"), Words("Metric"), Numbers("Difference"), Words("Machine")];
    let controls = (!report.controls.is_empty()).then(|| {
        let rows = report.controls.iter().map(control);
        table("The same build against itself", &columns, rows)
    });
    let bare = report.bare.iter().map(|bare| {
        let took = figures::estimate(&bare.ms.estimate, Unit::Milliseconds);
        vec![row_head(words(bare.what.as_str())), cell(took)]
    });
    let columns = [Words("What the machine itself takes"), Numbers("Took")];
    let bare = (!report.bare.is_empty()).then(|| table("The machine itself", &columns, bare));
    let load =
        el("p").text(format!("While nothing of ours worked, {}.", digest::load(&report.load)));
    section("load", "Load and controls").child(load).children(controls).children(bare)
}

/// Where it ran, and of what.
pub(super) fn machine(report: &BenchReport) -> Element {
    let machine = &report.machine;
    let base = report.base.as_ref().map(|base| ("Base", el("code").text(base.commit.as_str())));
    let missing = report.base_missing.as_ref().map(|why| ("No base", words(why.as_str())));
    let clean = if report.head.clean { "" } else { " with changes" };
    let rows = [
        ("Head", el("code").text(format!("{}{clean}", report.head.commit))),
        ("Machine", el("code").text(machine.id.as_str())),
        ("Processor", words(format!("{}, {} cores", machine.cpu, machine.machine.cores))),
        ("System", words(format!("{} {}", machine.machine.os, machine.machine.arch))),
    ];
    section("machine", "Machine and builds")
        .child(facts(rows.into_iter().chain(base).chain(missing)))
}
