//! Where a value stands in a picture of a trend.
//!
//! ```text
//!  far lines   one row each, above a break in the axis
//!  - - - - -   the break, where there are any
//!  values      linear, from zero (or the lowest value) to a little above the highest
//! ```
//!
//! A promise is often a hundred times what is measured. On one linear axis the values would lie flat
//! on the ground; on a logarithmic one a tenth more would not be seen. So a line far above the values
//! has a row of its own, and the picture says that the axis is broken there.

/// A line is on the scale of the values up to so many times the highest of them.
const NEAR: f64 = 2.0;

/// How far the highest value stays below the upper edge.
const ROOM: f64 = 1.08;

/// The rows of a picture, from the top, in its own units.
pub(super) const TOP: f64 = 14.0;
pub(super) const BOTTOM: f64 = 112.0;

/// How high the row of one far line is.
const ROW: f64 = 15.0;

/// A scale of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// Where the values begin.
    values_top: f64,
    /// Lines that are far above all values, the highest first.
    far: Vec<f64>,
}

impl Scale {
    /// A scale for these values and lines. There is at least one value.
    pub(super) fn new(values: impl IntoIterator<Item = f64>, lines: &[f64]) -> Self {
        let (lowest, highest) = values
            .into_iter()
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let (far, near): (Vec<f64>, Vec<f64>) =
            lines.iter().copied().partition(|&line| highest * NEAR < line);
        let mut far = far;
        far.sort_by(|one, other| other.total_cmp(one));
        far.dedup();
        let low = near.iter().copied().fold(lowest, f64::min);
        let high = near.iter().copied().fold(highest, f64::max);
        // Where all is zero, any height will do.
        let high = if low < high { low + (high - low) * ROOM } else { low + 1.0 };
        let rows = u32::try_from(far.len()).unwrap_or_default();
        Self { low, high, values_top: TOP + ROW * f64::from(rows), far }
    }

    /// How far from the top a value or a line stands.
    pub(super) fn y(&self, value: f64) -> f64 {
        let row = self.far.iter().zip(0_u32..).find(|(line, _)| **line == value);
        if let Some((_, row)) = row {
            return TOP + ROW * f64::from(row);
        }
        let part = (value - self.low) / (self.high - self.low);
        part.clamp(0.0, 1.0).mul_add(self.values_top - BOTTOM, BOTTOM)
    }

    /// Where the axis is broken.
    pub(super) fn gap(&self) -> Option<f64> {
        (!self.far.is_empty()).then_some(self.values_top - ROW / 2.0)
    }

    /// Whether a line is above the break.
    pub(super) fn is_far(&self, line: f64) -> bool {
        self.far.contains(&line)
    }

    /// Round values to write at the axis, the lowest first.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let power = 10.0_f64.powf((span / 3.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
        let step = steps.into_iter().find(|step| span / step < 3.5).unwrap_or(span);
        let first = (self.low / step).ceil();
        let ticks = (0_u32..5).map(|index| (first + f64::from(index)) * step);
        ticks.take_while(|tick| *tick <= self.high).collect()
    }
}

#[cfg(test)]
mod tests;
