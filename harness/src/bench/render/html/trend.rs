//! The picture of a metric over time: its runs with their intervals, and the lines it is held to.

use super::markup::{Element, el};
use super::pieces::day;
use super::scale::{BOTTOM, Scale};
use crate::bench::policy::{Metric, Unit};
use crate::bench::render::{digest, figures};
use crate::bench::report::{Point, Promotion, Trend};

/// The edges of the values, in the units of the picture.
const LEFT: f64 = 54.0;
const RIGHT: f64 = 312.0;

/// With more points than these, each is a dot without words of its own.
const TITLED_MAX: usize = 60;

/// The picture, or a sentence where there is nothing to draw.
pub(super) fn trend(policy: &Metric, trend: Option<&Trend>, id: &str) -> Element {
    let trend = trend.filter(|trend| !trend.points.is_empty());
    let Some(trend) = trend else {
        return el("p").class("no-points").text("No earlier run of it is on record here.");
    };
    let plot = Plot::new(policy, trend);
    let (title, desc) = (format!("{id}-title"), format!("{id}-desc"));
    el("svg")
        .class("trend")
        .with("viewBox", "0 0 320 132")
        .with("role", "img")
        .with("aria-labelledby", format!("{title} {desc}"))
        .child(el("title").with("id", title).text(format!("{} over time", policy.id)))
        .child(el("desc").with("id", desc).text(plot.description()))
        .children(plot.axis())
        .children(plot.held_to())
        .children(plot.references())
        .children(plot.values())
        .children(plot.promotions())
        .children(plot.days())
}

struct Plot<'a> {
    policy: &'a Metric,
    trend: &'a Trend,
    scale: Scale,
}

impl<'a> Plot<'a> {
    fn new(policy: &'a Metric, trend: &'a Trend) -> Self {
        let points =
            trend.points.iter().flat_map(|point| ends(point.estimate.low, point.estimate.high));
        let moved = trend.promotions.iter().map(|promotion| promotion.estimate.value);
        let lines = [policy.baseline, policy.failing_line(), policy.concern];
        Self { policy, trend, scale: Scale::new(points.chain(moved), &lines) }
    }

    /// What the picture shows, for who does not see it.
    fn description(&self) -> String {
        let Metric { unit, concern, .. } = self.policy;
        let points = &self.trend.points;
        let values = points.iter().map(|point| point.estimate.value);
        let lowest = figures::amount(values.clone().fold(f64::INFINITY, f64::min), *unit);
        let highest = figures::amount(values.fold(f64::NEG_INFINITY, f64::max), *unit);
        let [first, last] = [points.first(), points.last()]
            .map(|point| point.map_or_else(String::new, |point| day(point.at)));
        let latest = points.last().map(|point| figures::estimate(&point.estimate, *unit));
        format!(
            "{} runs from {first} to {last}, between {lowest} and {highest}, the last {}. Limit {}, \
             concern {}. The reference was moved {} times.",
            points.len(),
            latest.unwrap_or_default(),
            figures::amount(self.policy.failing_line(), *unit),
            figures::amount(*concern, *unit),
            self.trend.promotions.len(),
        )
    }

    fn axis(&self) -> Vec<Element> {
        let mut axis = Vec::new();
        for tick in self.scale.ticks() {
            let y = self.scale.y(tick);
            axis.push(level("grid", y));
            let label = text("tick", LEFT - 5.0, y + 3.5).with("text-anchor", "end");
            axis.push(label.text(figures::tick(tick, self.policy.unit)));
        }
        if let Some(y) = self.scale.gap() {
            let d = format!(
                "M{:.1} {:.1}l4 -4l4 8l4 -4M{:.1} {y:.1}H{RIGHT}",
                LEFT - 6.0,
                y,
                LEFT + 8.0
            );
            let title = el("title").text("the axis is broken here: what is above is not to scale");
            axis.push(el("path").class("gap").with("d", d).child(title));
        }
        axis
    }

    /// The promise, the limit where it is stricter than the concern, and the concern. Each label has
    /// a place of its own from left to right, so that lines may be as close as they like.
    fn held_to(&self) -> Vec<Element> {
        let Metric { baseline, concern, unit, .. } = self.policy;
        let limit = self.policy.failing_line();
        let mut lines = vec![("concern", "concern", *concern, RIGHT, "end")];
        if limit < *concern || *concern < limit {
            lines.push(("limit", "limit", limit, LEFT + 4.0, "start"));
        }
        if *baseline < limit || limit < *baseline {
            lines.push(("promised", "promised", *baseline, f64::midpoint(LEFT, RIGHT), "middle"));
        }
        let drawn = lines.into_iter().flat_map(|(class, word, at, x, anchor)| {
            let y = self.scale.y(at);
            let far = if self.scale.is_far(at) { " far" } else { "" };
            let label = text(class, x, y - 3.0).with("text-anchor", anchor);
            let label = label.text(format!("{word} {}", figures::amount(at, *unit)));
            [level(class, y).with("data-line", format!("{at}{far}")), label]
        });
        drawn.collect()
    }

    /// What each run was held against: from one promotion to the next.
    fn references(&self) -> Vec<Element> {
        let promotions = &self.trend.promotions;
        let ends = promotions.iter().skip(1).map(|next| self.moved_at(next)).chain([RIGHT]);
        let steps = promotions.iter().zip(ends).map(|(promotion, end)| {
            let (x, y) = (self.moved_at(promotion), self.scale.y(promotion.estimate.value));
            el("path").class("reference").with("d", format!("M{x:.1} {y:.1}H{end:.1}"))
        });
        steps.collect()
    }

    fn values(&self) -> Vec<Element> {
        let points = &self.trend.points;
        let line: Vec<String> = points
            .iter()
            .enumerate()
            .map(|(index, point)| self.at(index, point.estimate.value))
            .collect();
        let highs =
            points.iter().enumerate().map(|(index, point)| self.at(index, point.estimate.high));
        let lows =
            points.iter().enumerate().map(|(index, point)| self.at(index, point.estimate.low));
        let band: Vec<String> = highs.chain(lows.rev()).collect();
        let mut drawn = vec![
            el("polygon").class("band").with("points", band.join(" ")),
            el("polyline").class("line").with("points", line.join(" ")),
        ];
        drawn.extend(points.iter().enumerate().map(|(index, point)| self.dot(index, point)));
        drawn
    }

    fn dot(&self, index: usize, point: &Point) -> Element {
        let count = self.trend.points.len();
        let is_last = index + 1 == count;
        let radius = match (is_last, count <= TITLED_MAX) {
            (true, _) => "4",
            (false, true) => "2.4",
            (false, false) => "1",
        };
        let (x, y) = (self.x(index), self.scale.y(point.estimate.value));
        let dot = el("circle").class(if is_last { "last" } else { "dot" }).with("r", radius);
        let dot = dot.with("cx", format!("{x:.1}")).with("cy", format!("{y:.1}"));
        let whisker = (count == 1).then(|| self.whisker(x, point));
        let titled = is_last || count <= TITLED_MAX;
        let title = titled.then(|| el("title").text(self.words(point)));
        el("g").children(whisker).child(dot.children(title))
    }

    /// One point alone has no band, and shows its interval by itself.
    fn whisker(&self, x: f64, point: &Point) -> Element {
        let [high, low] = [point.estimate.high, point.estimate.low].map(|end| self.scale.y(end));
        el("path").class("whisker").with("d", format!("M{x:.1} {high:.1}V{low:.1}"))
    }

    fn words(&self, point: &Point) -> String {
        let value = figures::estimate(&point.estimate, self.policy.unit);
        format!("{}, {}: {value}", day(point.at), digest::commit(&point.commit))
    }

    fn promotions(&self) -> Vec<Element> {
        let marks = self.trend.promotions.iter().map(|promotion| {
            let (x, y) = (self.moved_at(promotion), self.scale.y(promotion.estimate.value));
            let d = format!("M{x:.1} {:.1}l5 5l-5 5l-5 -5z", y - 5.0);
            let title = el("title").text(moved(promotion, self.policy.unit));
            el("path").class("promotion").with("d", d).child(title)
        });
        marks.collect()
    }

    fn days(&self) -> Vec<Element> {
        let points = &self.trend.points;
        let first = points.first().filter(|_| 1 < points.len());
        let first = first.map(|first| text("tick", LEFT, 126.0).text(day(first.at)));
        let last = points
            .last()
            .map(|last| text("tick", RIGHT, 126.0).with("text-anchor", "end").text(day(last.at)));
        first.into_iter().chain(last).collect()
    }

    /// A point of a line.
    fn at(&self, index: usize, value: f64) -> String {
        format!("{:.1},{:.1}", self.x(index), self.scale.y(value))
    }

    /// Runs stand side by side, however long there was none. A single one stands where the last does.
    fn x(&self, index: usize) -> f64 {
        let last = self.trend.points.len().saturating_sub(1);
        if last == 0 {
            RIGHT - 6.0
        } else {
            part(index, last).mul_add(RIGHT - 6.0 - LEFT - 6.0, LEFT + 6.0)
        }
    }

    /// A reference was moved at the last run that was not later.
    fn moved_at(&self, promotion: &Promotion) -> f64 {
        let before = self.trend.points.iter().take_while(|point| point.at <= promotion.at).count();
        self.x(before.saturating_sub(1))
    }
}

/// A promotion in words.
pub(super) fn moved(promotion: &Promotion, unit: Unit) -> String {
    let value = figures::amount(promotion.estimate.value, unit);
    let commit = digest::commit(&promotion.commit);
    format!("{}, {commit}: reference {value}, because {}", day(promotion.at), promotion.because)
}

const fn ends(low: f64, high: f64) -> [f64; 2] {
    [low, high]
}

#[expect(clippy::cast_precision_loss, reason = "no trend has 2^53 points")]
fn part(index: usize, last: usize) -> f64 {
    index as f64 / last as f64
}

fn level(class: &'static str, y: f64) -> Element {
    let line = el("line").class(class).with("x1", LEFT.to_string()).with("x2", RIGHT.to_string());
    line.with("y1", format!("{y:.1}")).with("y2", format!("{:.1}", y.min(BOTTOM)))
}

fn text(class: &'static str, x: f64, y: f64) -> Element {
    el("text").class(class).with("x", format!("{x:.1}")).with("y", format!("{y:.1}"))
}
