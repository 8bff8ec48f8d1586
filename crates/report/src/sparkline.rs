//! A curve in one line of text, for the terminal.

/// Widest sparkline, in characters.
pub const WIDTH_MAX: usize = 500;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `values` as at most `width` characters from `▁` (lowest) to `█` (highest), each showing the last
/// value of an equal stretch, so that the line ends where the curve ends. A flat curve is `▄`, a
/// value that is not finite is a space.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let width = width.min(WIDTH_MAX).min(values.len());
    let shown: Vec<f64> = (1..=width).map(|i| values[i * values.len() / width - 1]).collect();
    let finite = || shown.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    shown.iter().map(|&value| level(value, low, high)).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
fn level(value: f64, low: f64, high: f64) -> char {
    if !value.is_finite() {
        return ' ';
    }
    // Halved, so that the range of two huge values of opposite sign stays finite.
    let range = high / 2.0 - low / 2.0;
    if range <= 0.0 {
        return LEVELS[3];
    }
    let share = (value / 2.0 - low / 2.0) / range;
    LEVELS[((share * 8.0) as usize).min(7)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], width: usize, expected: &str) {
        assert_eq!(sparkline(values, width), expected);
    }

    #[test]
    fn degenerate_curves_are_drawn() {
        check(&[], 10, "");
        check(&[1.0], 0, "");
        check(&[5.0, 5.0, 5.0], 10, "▄▄▄");
        check(&[f64::NAN, f64::INFINITY], 10, "  ");
        check(&[f64::MIN, f64::MAX], 10, "▁█");
    }

    #[test]
    fn heights_follow_the_values() {
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 10, "▁▂▃▄▅▆▇█");
        check(&[1.0, f64::NAN, 3.0], 3, "▁ █");
    }

    #[test]
    fn long_curves_end_where_they_end() {
        let values: Vec<f64> = (0..1_000).map(|i| f64::from(-i)).collect();
        check(&values, 8, "█▇▆▅▄▃▂▁");
    }
}
