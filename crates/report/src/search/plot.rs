//! Axes and marks of a picture whose numbers are read off.

use std::fmt::Write as _;

use crate::html::{Html, Text};

pub(super) const WIDTH: f64 = 560.0;
pub(super) const HEIGHT: f64 = 300.0;
pub(super) const LEFT: f64 = 62.0;
pub(super) const RIGHT: f64 = 14.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const BOTTOM: f64 = 42.0;

/// A number as short as it can be told.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return "–".to_owned(),
        _ if size >= 1e6 || (size > 0.0 && size < 1e-3) => return format!("{value:.2e}"),
        _ if size >= 100.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The least and the greatest of the finite values.
pub(super) fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// The value that so large a share of them lies below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
#[expect(clippy::cast_precision_loss, reason = "a place in a list")]
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1) as f64 * share) as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// Where values stand in a picture.
pub(super) struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    pub(super) fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        Self { x, y }
    }

    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * share(value, self.x)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share(value, self.y))
    }
}

/// Where `value` lies between two ends; the middle when they are the same.
pub(super) fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
}

/// Round numbers between two ends.
pub(super) fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![low];
    }
    let power = 10.0_f64.powf((span / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    let step = steps.into_iter().find(|step| span / step <= 5.0).unwrap_or(span);
    let first = (low / step).ceil();
    let all = (0..12).map(|at| (first + f64::from(at)) * step);
    all.take_while(|tick| *tick <= high + step * 1e-9).collect()
}

/// A picture being drawn.
pub(super) struct Plot<'o, 'f> {
    out: &'o mut Html,
    frame: &'f Frame,
}

impl<'o, 'f> Plot<'o, 'f> {
    /// Opens a picture with both axes.
    pub(super) fn open(
        out: &'o mut Html,
        label: &str,
        frame: &'f Frame,
        (x, y): (&str, &str),
    ) -> Self {
        canvas(out, label);
        let mut plot = Self { out, frame };
        for tick in ticks(frame.y) {
            let at = frame.y(tick);
            plot.out.put(format_args!(
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                short(tick)
            ));
        }
        for tick in ticks(frame.x) {
            plot.below(frame.x(tick), &short(tick));
        }
        plot.names(x, y);
        plot
    }

    /// A text below the picture.
    pub(super) fn below(&mut self, x: f64, text: &str) {
        self.out.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM + 16.0,
            Text::cut(text, 14)
        ));
    }

    fn names(&mut self, x: &str, y: &str) {
        let (middle, bottom) = (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 6.0);
        let center = f64::midpoint(TOP, HEIGHT - BOTTOM);
        self.out.put(format_args!(
            "<text class=\"name\" x=\"{middle:.1}\" y=\"{bottom:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"name\" transform=\"translate(13 {center:.1}) rotate(-90)\" \
             text-anchor=\"middle\">{}</text>",
            Text::cut(x, 60),
            Text::cut(y, 40)
        ));
    }

    pub(super) fn dots(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let mut path = String::new();
        for (x, y) in points {
            let _ = write!(path, "M{:.1} {:.1}h0", self.frame.x(x), self.frame.y(y));
        }
        self.out.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// A line that stays where it is until it goes up.
    pub(super) fn steps(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut path = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let (x, y) = (self.frame.x(*x), self.frame.y(*y));
            let _ = match at {
                0 => write!(path, "M{x:.1} {y:.1}"),
                _ => write!(path, "H{x:.1}V{y:.1}"),
            };
        }
        self.out.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    pub(super) fn close(self, caption: &str) {
        close(self.out, caption);
    }
}

/// Opens a picture without axes.
pub(super) fn canvas(out: &mut Html, label: &str) {
    canvas_of(out, label, HEIGHT);
}

/// The same of another height.
pub(super) fn canvas_of(out: &mut Html, label: &str, height: f64) {
    out.put(format_args!(
        "<figure class=\"plot\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        Text::line(label)
    ));
}

/// Closes a picture.
pub(super) fn close(out: &mut Html, caption: &str) {
    out.put(format_args!("</svg><figcaption>{}</figcaption></figure>", Text::cut(caption, 600)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks((0.0, 10.0)), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks((3.0, 17.0)), [5.0, 10.0, 15.0]);
        assert_eq!(ticks((1.0, 1.0)), [1.0]);
    }

    #[test]
    fn numbers_are_short() {
        let all = [0.5, -0.0, 12.0, 1234.56, 1e-9, f64::NAN].map(short);
        assert_eq!(all, ["0.5", "0", "12", "1234.6", "1.00e-9", "–"]);
    }
}
