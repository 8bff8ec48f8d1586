//! What pictures with axes have in common: a frame, ticks, and places of values.

use crate::{format::grouped, histogram::round_step, html::Html};

/// The whole picture.
pub(super) const WIDTH: f64 = 1000.0;
/// Room for the labels of the vertical axis.
pub(super) const LEFT: f64 = 70.0;
/// Room for the labels of the horizontal axis.
const BELOW: f64 = 24.0;
const ABOVE: f64 = 10.0;

/// A vertical axis from `low` to `high` over a picture of a height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) height: f64,
    low: f64,
    high: f64,
}

impl Axis {
    /// An axis that holds all `values` that are finite; `None` if there is none.
    pub(super) fn of(values: impl Iterator<Item = f64>, height: f64) -> Option<Self> {
        let mut found: Option<(f64, f64)> = None;
        for x in values.filter(|x| x.is_finite()) {
            let (low, high) = found.get_or_insert((x, x));
            (*low, *high) = (low.min(x), high.max(x));
        }
        let (low, high) = found?;
        // A flat line stands in the middle.
        let pad = if high > low { 0.0 } else { low.abs().max(1.0) * 0.5 };
        Some(Self { height, low: low - pad, high: high + pad })
    }

    /// Where a value stands.
    pub(super) fn y(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        ABOVE + (self.height - ABOVE - BELOW) * (1.0 - share)
    }

    /// The lower edge of what is drawn.
    pub(super) fn floor(&self) -> f64 {
        self.height - BELOW
    }

    /// Lines at some five values, each with what `shown` makes of it: round ones, but on a scale of
    /// logarithms at equal distances.
    pub(super) fn ticks(&self, out: &mut Html, is_log: bool, shown: impl Fn(f64) -> String) {
        let range = self.high - self.low;
        let step = if is_log { range / 4.0 } else { round_step(range / 5.0) };
        let first = if is_log { self.low } else { (self.low / step).ceil() * step };
        for at in 0..=10_u8 {
            let value = first + step * f64::from(at);
            if value > self.high + 1e-9 * range {
                break;
            }
            let y = self.y(value);
            out.put(format_args!(
                "<path class=\"axis\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>\
                 <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.5,
                shown(value)
            ));
        }
    }

    /// A label under a place.
    pub(super) fn label(&self, out: &mut Html, x: f64, text: &str) {
        let text = crate::html::Text::line(text);
        let y = self.height - 6.0;
        out.put(format_args!("<text class=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }
}

/// Opens a picture that says in words what it shows.
pub(super) fn open(out: &mut Html, height: f64, label: &str) {
    out.put(format_args!(
        "<svg class=\"study\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">"
    ));
}

/// A fraction as a percentage, short.
pub(super) fn percent(fraction: f64) -> String {
    // A tick at zero may be off by a rounding.
    let value = 100.0 * if fraction.abs() < 1e-9 { 0.0 } else { fraction };
    let decimals = match value.abs() {
        x if x <= 0.0 => 0,
        x if x >= 10.0 => 0,
        x if x >= 1.0 => 1,
        x if x >= 0.1 => 2,
        _ => 3,
    };
    grouped(value, decimals) + "%"
}
