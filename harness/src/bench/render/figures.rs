//! Numbers for people: three digits that matter, in the unit that makes them short.

use crate::bench::policy::{Direction, Metric, Unit};
use crate::bench::report::Interval;

/// Beyond this a number is written with its power of ten: it came out of a file, and no figure of
/// ours is that large.
const PLAIN_MAX: f64 = 1e15;

/// A part of a unit that makes a number short.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    /// What the number of the policy's unit is divided by.
    divisor: f64,
    /// What stands behind it.
    symbol: &'static str,
}

/// `1.20 µs`, `110 ms`, `1.30 s`; a number without a unit stands alone.
pub(super) fn amount(value: f64, unit: Unit) -> String {
    shown(value, unit).amount(value)
}

/// The same at an axis, where there is no room for the whole of a long unit.
pub(super) fn tick(value: f64, unit: Unit) -> String {
    amount(value, unit).replace(" instr.", "").replace("/min", "")
}

/// `2.95 to 3.11`, in the unit that [`amount`] shows the value in; none where there is no spread.
pub(super) fn spread(interval: &Interval, unit: Unit) -> Option<String> {
    let shown = shown(interval.value, unit);
    let [low, high] = [interval.low, interval.high].map(|end| shown.digits(end));
    (low != high).then(|| format!("{low} to {high}"))
}

/// `3.02 ms (2.95 to 3.11)`.
pub(super) fn estimate(interval: &Interval, unit: Unit) -> String {
    let value = amount(interval.value, unit);
    spread(interval, unit).map_or_else(|| value.clone(), |spread| format!("{value} ({spread})"))
}

/// What a metric has to stay within: `≤ 500 ms`.
pub(super) fn limit(policy: &Metric) -> String {
    within(policy.failing_line(), policy)
}

/// A line of a metric on its good side: `≤ 500 ms`, or `≥` where more is better.
pub(super) fn within(line: f64, policy: &Metric) -> String {
    let sign = match policy.direction {
        Direction::Lower => '≤',
        Direction::Higher => '≥',
    };
    format!("{sign} {}", amount(line, policy.unit))
}

/// How much longer one half of an interval may be than the other for `±` to tell no lie: a pass
/// whose lower half is the long one would look inconclusive.
const LOPSIDED: f64 = 1.5;

/// A ratio as a change: `+3.1 % ±1.2`, `−0.7 % (−10.7 to +2.1)` where the halves differ much; from
/// twice on as a multiple: `3.10x ±0.12`.
pub(super) fn change(ratio: &Interval) -> String {
    let [above, below] = [ratio.high - ratio.value, ratio.value - ratio.low];
    let half = above.max(below);
    if ratio.value >= 2.0 {
        return format!("{}x ±{}", digits(ratio.value), digits(half));
    }
    let told = step(ratio.value - 1.0);
    let half = half * 100.0;
    if 0.1 <= half && above.min(below) * LOPSIDED < above.max(below) {
        let [low, high] = [ratio.low, ratio.high].map(|end| {
            let percent = (end - 1.0) * 100.0;
            format!("{}{}", sign(percent), tenths(percent.abs()))
        });
        return format!("{told} ({low} to {high})");
    }
    format!("{told} ±{}", tenths(half))
}

/// A part as a change: `+12.3 %`.
pub(super) fn step(part: f64) -> String {
    let percent = part * 100.0;
    format!("{}{} %", sign(percent), tenths(percent.abs()))
}

/// `+1.9 % to +4.3 %`.
pub(super) fn change_spread(ratio: &Interval) -> String {
    let [low, high] = [ratio.low, ratio.high].map(|end| step(end - 1.0));
    format!("{low} to {high}")
}

/// A part of a whole: `3 %`, `0.4 %`.
pub(super) fn share(part: f64) -> String {
    let percent = part * 100.0;
    if 0.0 < percent && percent < 0.05 {
        "< 0.1 %".to_owned()
    } else if percent < 10.0 {
        format!("{} %", tenths(percent))
    } else {
        format!("{percent:.0} %")
    }
}

/// Bytes: `12.3 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 bytes of memory")]
    amount(bytes as f64 / 1_000.0, Unit::Kilobytes)
}

/// Less than half a tenth is no change, and has no sign.
fn sign(percent: f64) -> &'static str {
    if percent.abs() < 0.05 {
        ""
    } else if percent < 0.0 {
        "−"
    } else {
        "+"
    }
}

fn tenths(number: f64) -> String {
    if number < 0.05 { "0".to_owned() } else { format!("{number:.1}") }
}

fn shown(value: f64, unit: Unit) -> Shown {
    let steps: &[(f64, f64, &str)] = match unit {
        Unit::Milliseconds => {
            &[(1_000.0, 1_000.0, "s"), (1.0, 1.0, "ms"), (1e-3, 1e-3, "µs"), (0.0, 1e-6, "ns")]
        }
        Unit::Megabytes => &[(1_000.0, 1_000.0, "GB"), (1.0, 1.0, "MB"), (0.0, 1e-3, "kB")],
        Unit::Kilobytes => {
            &[(1e6, 1e6, "GB"), (1_000.0, 1_000.0, "MB"), (1.0, 1.0, "kB"), (0.0, 1e-3, "B")]
        }
        Unit::Instructions => &[
            (1e9, 1e9, "G instr."),
            (1e6, 1e6, "M instr."),
            (1e3, 1e3, "k instr."),
            (0.0, 1.0, "instr."),
        ],
        Unit::CpuMsPerMinute | Unit::Count => &[],
    };
    // Nothing at all is shown in the unit of the policy: `0 ms` and not `0 ns`.
    let step = steps.iter().find(|(from, ..)| value != 0.0 && *from <= value.abs());
    let own = Shown { divisor: 1.0, symbol: unit.symbol() };
    step.map_or(own, |&(_, divisor, symbol)| Shown { divisor, symbol })
}

impl Shown {
    fn digits(self, value: f64) -> String {
        digits(value / self.divisor)
    }

    fn amount(self, value: f64) -> String {
        format!("{} {}", self.digits(value), self.symbol).trim_end().to_owned()
    }
}

/// Three digits that matter; a whole number below a thousand is left whole.
fn digits(number: f64) -> String {
    let size = number.abs();
    if PLAIN_MAX <= size {
        format!("{number:.2e}")
    } else if 100.0 <= size || number.fract() == 0.0 {
        format!("{number:.0}")
    } else if 10.0 <= size {
        format!("{number:.1}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests;
