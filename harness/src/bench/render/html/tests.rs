use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use roxmltree::{Document, Node, ParsingOptions};

use super::html;
use crate::bench::policy::Metric;
use crate::bench::report::{BenchReport, Standing};
use crate::bench::specimen::{because, day, full, holding, measured, policy, promotion, trend};
use crate::exit_code::ExitCode;
use crate::specimen::any_text;

/// Reads the page with a strict parser and shows what it found.
#[track_caller]
fn check<Found>(report: &BenchReport, look: impl FnOnce(&Document<'_>) -> Found) -> Found {
    let page = html(report);
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    look(&Document::parse_with_options(&page, options).unwrap())
}

/// One metric with these points and promotions.
fn with_trend(policy: Metric, trend: crate::bench::report::Trend) -> BenchReport {
    let trends = BTreeMap::from([(policy.id.clone(), trend)]);
    let metrics = vec![measured(policy, 9.0, Standing::Pass)];
    BenchReport { metrics, trends, ..holding(0) }
}

fn elements<'a>(within: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    within.descendants().filter(move |node| node.has_tag_name(name))
}

fn classed<'a>(
    within: Node<'a, 'a>,
    name: &'static str,
    class: &'static str,
) -> impl Iterator<Item = Node<'a, 'a>> {
    elements(within, name).filter(move |node| node.attribute("class") == Some(class))
}

fn text(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text).filter_map(|part| part.text());
    texts.collect::<String>().trim().to_owned()
}

#[test]
fn the_page_can_be_looked_at() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/harness/specimen");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("bench.html"), html(&full())).unwrap();
    fs::write(place.join("holding.html"), html(&holding(40))).unwrap();
}

#[test]
fn every_metric_has_a_card_with_its_trend_or_says_that_there_is_none() {
    let report = full();
    check(&report, |page| {
        let cards: Vec<Node<'_, '_>> = elements(page.root(), "article").collect();
        assert_eq!(cards.len(), report.metrics.len());
        for row in &report.metrics {
            let id = format!("m-{}", row.policy.id);
            let card = cards.iter().find(|card| card.attribute("id") == Some(id.as_str())).unwrap();
            assert_eq!(text(elements(*card, "h3").next().unwrap()), row.policy.id);
            let points = report.trends[&row.policy.id].points.len();
            let drawn = classed(*card, "svg", "trend").count();
            let said = classed(*card, "p", "no-points").count();
            assert_eq!([drawn, said], if points == 0 { [0, 1] } else { [1, 0] }, "{id}");
            assert_eq!(elements(*card, "circle").count(), points, "{id}");
        }
    });
}

#[test]
fn what_fails_stands_first() {
    let order: Vec<String> =
        check(&full(), |page| elements(page.root(), "h3").take(3).map(text).collect());
    assert_eq!(order, ["inbox.lost", "daemon.ready", "registry.update_2000"]);
    let headline = check(&full(), |page| text(elements(page.root(), "h1").next().unwrap()));
    assert_eq!(headline, "Something that allows no tolerance is off");
}

#[test]
fn lines_stand_where_their_values_are() {
    let policy = Metric { fail: Some(12.0), ..policy("a.b", "a", [5.0, 10.0, 500.0]) };
    let report = with_trend(policy, trend(8, 9.0));
    check(&report, |page| {
        let y = |class| {
            let line = classed(page.root(), "line", class).next().unwrap();
            let [one, other] = ["y1", "y2"].map(|end| line.attribute(end).unwrap());
            assert_eq!(one, other);
            one.parse::<f64>().unwrap()
        };
        // The scale ends 8 % above the limit, and begins at zero on the ground.
        let ground = super::scale::BOTTOM;
        let top = super::scale::TOP + 15.0;
        let at = |value: f64| ground - (ground - top) * value / (12.0 * 1.08);
        assert!((y("limit") - at(12.0)).abs() < 0.06);
        assert!((y("promised") - at(5.0)).abs() < 0.06);
        assert!((y("concern") - super::scale::TOP).abs() < 0.06, "far above, it has its own row");
        assert_eq!(classed(page.root(), "path", "gap").count(), 1);
        let last = classed(page.root(), "circle", "last").next().unwrap();
        let value = report.trends["a.b"].points.last().unwrap().estimate.value;
        let cy: f64 = last.attribute("cy").unwrap().parse().unwrap();
        assert!((cy - at(value)).abs() < 0.06);
    });
}

#[test]
fn a_trend_is_drawn_of_any_number_of_points() {
    for count in [1, 2, 60, 61, 200] {
        let report = with_trend(policy("a.b", "a", [5.0, 10.0, 20.0]), trend(count, 9.0));
        check(&report, |page| {
            assert_eq!(elements(page.root(), "circle").count(), count);
            let desc = text(elements(page.root(), "desc").next().unwrap());
            assert!(desc.starts_with(&format!("{count} runs from 2026-03-01")), "{desc}");
            assert_eq!(classed(page.root(), "path", "whisker").count(), usize::from(count == 1));
        });
    }
}

#[test]
fn a_promotion_is_a_mark_with_its_reason() {
    let mut history = trend(5, 9.0);
    history.promotions = vec![promotion(2, 9.1, "a queue less"), promotion(90, 9.2, "later")];
    let report = with_trend(policy("a.b", "a", [5.0, 10.0, 20.0]), history);
    check(&report, |page| {
        let marks: Vec<Node<'_, '_>> = classed(page.root(), "path", "promotion").collect();
        let dots: Vec<f64> = elements(page.root(), "circle")
            .map(|dot| dot.attribute("cx").unwrap().parse().unwrap())
            .collect();
        for (mark, run) in marks.iter().zip([2, 4]) {
            let x = mark.attribute("d").unwrap()[1..].split(' ').next().unwrap();
            assert!((x.parse::<f64>().unwrap() - dots[run]).abs() < 0.06);
        }
        let reason = "2026-03-03, 659b474c1d: reference 9.10 ms, because a queue less";
        assert_eq!(text(marks[0]), reason);
        let told = classed(page.root(), "ul", "promotions").next().unwrap();
        assert_eq!(text(elements(told, "li").next().unwrap()), reason);
    });
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let page = html(&full());
    for fetched in ["http://", "https://", "src=", "url(", "@import", "<script", "<link", "style="]
    {
        assert!(!page.contains(fetched), "{fetched}");
    }
    check(&full(), |page| {
        let attributes = page.descendants().flat_map(|node| node.attributes());
        for attribute in attributes {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(name != "href" || value.starts_with('#'), "{value}");
            assert!(!name.starts_with("on") && name != "srcset", "{name}");
        }
        let policy = elements(page.root(), "meta")
            .find(|meta| meta.attribute("http-equiv") == Some("Content-Security-Policy"));
        assert!(policy.unwrap().attribute("content").unwrap().starts_with("default-src 'none'"));
    });
}

#[test]
fn every_way_within_the_page_leads_somewhere_and_no_name_is_taken_twice() {
    for report in [full(), holding(3), with_trend(policy("a b<", "a", [1.0; 3]), trend(1, 1.0))] {
        check(&report, |page| {
            let ids: Vec<&str> =
                page.descendants().filter_map(|node| node.attribute("id")).collect();
            for (index, id) in ids.iter().enumerate() {
                assert!(!ids[..index].contains(id), "{id}");
            }
            for node in page.descendants() {
                let link = node.attribute("href").and_then(|to| to.strip_prefix('#'));
                let named = node.attribute("aria-labelledby").unwrap_or_default().split(' ');
                for to in link.into_iter().chain(named.filter(|id| !id.is_empty())) {
                    assert!(ids.contains(&to), "{to}");
                }
            }
        });
    }
}

#[test]
fn a_run_without_anything_is_still_a_page() {
    check(&holding(0), |page| {
        let titles: Vec<String> = elements(page.root(), "h2").map(text).collect();
        assert_eq!(
            titles,
            ["At a glance", "Tests", "Quarantine", "Load and controls", "Machine and builds"]
        );
    });
}

#[test]
fn an_end_of_a_quarantine_is_counted_in_days() {
    let told = |expires| {
        let mut report = full();
        report.started_at = day(0);
        report.quarantine[0].expires = expires;
        check(&report, |page| {
            let section = elements(page.root(), "section")
                .find(|section| section.attribute("id") == Some("quarantine"));
            text(elements(section.unwrap(), "td").next().unwrap())
        })
    };
    let date = |month, day| jiff::civil::date(2026, month, day);
    assert_eq!(told(date(3, 14)), "2026-03-14 in 13 days");
    assert_eq!(told(date(3, 2)), "2026-03-02 in 1 day");
    assert_eq!(told(date(3, 1)), "2026-03-01 today");
    assert_eq!(told(date(2, 20)), "2026-02-20 expired");
    assert_eq!(told(date(5, 1)), "2026-05-01 in 61 days");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_becomes_markup(hostile in any_text(), value in any::<f64>()) {
        let hostile = format!("{hostile}<script>alert(1)</script>\" onload='x'");
        let sizes = |report: &BenchReport| {
            check(report, |page| page.descendants().filter(Node::is_element).count())
        };
        let spoken = |text: &str| {
            let policy = Metric {
                title: text.to_owned(),
                why: text.to_owned(),
                ..policy("a.b", "a", [5.0, 10.0, 20.0])
            };
            let mut report = BenchReport { trends: BTreeMap::new(), ..full() };
            let mut moves = trend(3, 9.0);
            moves.promotions = vec![promotion(1, 9.0, text)];
            moves.points[0].commit = text.to_owned();
            report.trends.insert("a.b".to_owned(), moves);
            report.metrics.push(because(text, measured(policy, 3.0, Standing::Fail)));
            for line in [&mut report.repeat, &mut report.machine.cpu, &mut report.head.commit] {
                text.clone_into(line);
            }
            report.verdict.exit_code = ExitCode::Failed;
            report.verdict.reasons = vec![text.to_owned()];
            report.quarantine[0].reason = text.to_owned();
            report.roles[0].scene = text.to_owned();
            report.bare[0].what = text.to_owned();
            report
        };
        prop_assert_eq!(sizes(&spoken(&hostile)), sizes(&spoken("harmless")));
        let page = html(&spoken(&hostile));
        prop_assert!(!page.contains("<script") && !page.contains("\" onload"));

        // A name breaks behind its dots, so its parts are elements of their own.
        let mut named = BenchReport { trends: BTreeMap::new(), ..full() };
        named.metrics[0].policy.id = hostile;
        let page = html(&named);
        prop_assert!(!page.contains("<script") && !page.contains("\" onload"));
        check(&named, |_| ());

        let mut strange = with_trend(policy("a.b", "a", [value, value, 20.0]), trend(2, value));
        strange.metrics[0].policy.concern = value;
        check(&strange, |_| ());
    }
}
