//! Pictures with axes, drawn once: a scale, and the marks on it.

use crate::{format::metric, html::Html, sheet::Format};

/// Width of every picture in its own units.
pub(super) const WIDTH: f64 = 1000.0;
/// Room for the numbers of the vertical axis.
pub(super) const LEFT: f64 = 70.0;
/// Lines across a picture, at most.
const TICKS: f64 = 5.0;

/// From values to places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// The scale on which `values` lie between `from` and `to`; `None` if none of them is finite.
    pub(super) fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let ends = values.filter(|x| x.is_finite()).fold(None, |ends: Option<(f64, f64)>, x| {
            Some(ends.map_or((x, x), |(low, high)| (low.min(x), high.max(x))))
        });
        let (low, high) = ends?;
        // A single value stands in the middle.
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
        Some(Self { low, high, from, to })
    }

    /// Where `value` stands.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round values within it.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let least = (self.high - self.low) / TICKS;
        let power = 10_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least);
        let step = step.unwrap_or(10.0) * power;
        let mut ticks = Vec::new();
        let mut tick = (self.low / step).ceil() * step;
        while tick <= self.high && ticks.len() < 12 {
            // So that nothing is printed as minus zero.
            ticks.push(if tick.abs() < step * 1e-9 { 0.0 } else { tick });
            tick += step;
        }
        ticks
    }
}

/// Opens a picture of this height.
pub(super) fn open(out: &mut Html, height: f64, label: &str) {
    out.put(format_args!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">"
    ));
}

/// Closes what `open` opened.
pub(super) fn close(out: &mut Html) {
    out.push("</svg>");
}

/// Lines across at round values, with their numbers at the left.
pub(super) fn levels(out: &mut Html, scale: &Scale, format: Format) {
    for tick in scale.ticks() {
        let y = scale.at(tick);
        let class = if tick.abs() > 0.0 { "axis" } else { "zero" };
        out.put(format_args!(
            "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{WIDTH}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.5,
            short(tick, format)
        ));
    }
}

/// Numbers below a picture at round values.
pub(super) fn numbers(out: &mut Html, scale: &Scale, y: f64, format: Format) {
    for tick in scale.ticks() {
        text(out, (scale.at(tick), y), "middle", "", &short(tick, format));
    }
}

/// A text at a place.
pub(super) fn text(out: &mut Html, (x, y): (f64, f64), anchor: &str, class: &str, text: &str) {
    let text = crate::html::Text::line(text);
    out.put(format_args!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    ));
}

/// A rectangle between two corners, whichever is higher.
pub(super) fn block(out: &mut Html, class: &str, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
    out.put(format_args!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        y.min(to_y),
        (to_x - x).max(0.5),
        (to_y - y).abs().max(0.5)
    ));
}

/// A number as short as an axis wants it.
pub(super) fn short(value: f64, format: Format) -> String {
    match format {
        Format::Percent | Format::Change => {
            let percent = value * 100.0;
            let decimals = usize::from(percent.abs() < 10.0 && percent.fract().abs() > 1e-9);
            format!("{}%", crate::format::grouped(percent, decimals))
        }
        Format::Ratio if value.abs() >= 100.0 => crate::format::grouped(value, 0),
        _ => metric(Some(value), format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_scale() {
        let scale = Scale::of([-0.7, 2.6].into_iter(), 0.0, 100.0).unwrap();
        assert_eq!(scale.ticks(), [0.0, 1.0, 2.0]);
        assert!((scale.at(-0.7)).abs() < 1e-9 && (scale.at(2.6) - 100.0).abs() < 1e-9);
        let one = Scale::of([3.0, f64::NAN].into_iter(), 0.0, 100.0).unwrap();
        assert!((one.at(3.0) - 50.0).abs() < 1e-9);
        assert!(Scale::of([f64::NAN].into_iter(), 0.0, 1.0).is_none());
    }
}
