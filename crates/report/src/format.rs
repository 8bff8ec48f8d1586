//! Numbers as people read them: grouped thousands, a true minus sign, a sign on every gain.
//!
//! Invariant: never prints `NaN` or `inf`; what is not a finite number is a dash.

use crate::sheet::Format;

/// Stands for a figure that does not exist.
pub(crate) const MISSING: &str = "–";

/// From here on a number is printed with an exponent.
const PLAIN_MAX: f64 = 1e15;

/// `value` with so many decimals, `1,234.50` or `−0.5`; zero has no sign.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    if value.abs() >= PLAIN_MAX {
        return format!("{value:.3e}").replace('-', "−");
    }
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let is_zero = digits.bytes().all(|b| b == b'0' || b == b'.');
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    format!("{sign}{}{fraction}", group(whole))
}

/// Like `grouped`, with a plus sign before a gain.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = grouped(value, decimals);
    let is_gain =
        value > 0.0 && value.is_finite() && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if is_gain { format!("+{text}") } else { text }
}

/// A fraction as a percentage with a sign: `+12.34%`.
pub(crate) fn change(fraction: f64, decimals: usize) -> String {
    with_percent(signed(fraction * 100.0, decimals))
}

/// An exact decimal text with grouped thousands, its decimals untouched: `-1234.5` is `−1,234.5`.
/// A text that is not a plain decimal is returned as it is.
pub(crate) fn exact(text: &str) -> String {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("−", &text[1..]),
        Some(b'+') => ("+", &text[1..]),
        _ => ("", text),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let is_decimal = !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
        && fraction.bytes().skip(1).all(|b| b.is_ascii_digit());
    if is_decimal { format!("{sign}{}{fraction}", group(whole)) } else { text.to_owned() }
}

/// An exact gain or loss: like `exact`, with a plus sign before a gain.
pub(crate) fn exact_signed(value: f64, text: &str) -> String {
    let text = exact(text);
    let is_bare = text.starts_with(|c: char| c.is_ascii_digit());
    if value > 0.0 && is_bare { format!("+{text}") } else { text }
}

/// A metric in its own format.
pub(crate) fn metric(value: Option<f64>, format: Format) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return MISSING.to_owned();
    };
    match format {
        Format::Percent => with_percent(grouped(value * 100.0, 2)),
        Format::Change => change(value, 2),
        Format::Ratio | Format::Money => grouped(value, 2),
        Format::Profit => signed(value, 2),
        Format::Number => grouped(value, if value.fract().abs() > 0.0 { 2 } else { 0 }),
        Format::Days => {
            let days = grouped(value, if value.fract().abs() > 0.0 { 1 } else { 0 });
            format!("{days} {}", if days == "1" { "day" } else { "days" })
        }
    }
}

/// The class that colors a gain or a loss; the sign says the same without color.
pub(crate) fn tone(value: f64) -> &'static str {
    if value > 0.0 {
        "gain"
    } else if value < 0.0 {
        "loss"
    } else {
        "flat"
    }
}

/// A count as a double, for drawing.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

fn with_percent(number: String) -> String {
    if number == MISSING { number } else { number + "%" }
}

fn group(whole: &str) -> String {
    let mut text = String::with_capacity(whole.len() * 4 / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, format: Format, expected: &str) {
        assert_eq!(metric(Some(value), format), expected);
    }

    #[test]
    fn figures_that_do_not_exist_are_dashes() {
        check(f64::NAN, Format::Percent, "–");
        check(f64::NEG_INFINITY, Format::Profit, "–");
        assert_eq!(metric(None, Format::Days), "–");
        assert_eq!(change(f64::NAN, 2), "–");
    }

    #[test]
    fn gains_and_losses_have_a_sign_and_zero_has_none() {
        check(0.1234, Format::Change, "+12.34%");
        check(-0.1234, Format::Change, "−12.34%");
        check(0.000_001, Format::Change, "0.00%");
        check(-0.000_001, Format::Change, "0.00%");
        check(1234.5, Format::Profit, "+1,234.50");
    }

    #[test]
    fn other_figures_have_no_plus() {
        check(0.2, Format::Percent, "20.00%");
        check(1_234_567.891, Format::Money, "1,234,567.89");
        check(41.0, Format::Number, "41");
        check(0.333, Format::Number, "0.33");
        check(1.0, Format::Days, "1 day");
        check(1e18, Format::Money, "1.000e18");
    }

    #[test]
    fn exact_texts_keep_every_digit() {
        assert_eq!(exact("-1234567.000000001"), "−1,234,567.000000001");
        assert_eq!(exact("12"), "12");
        assert_eq!(exact("<b>"), "<b>");
        assert_eq!(exact_signed(5.0, "1234.50"), "+1,234.50");
        assert_eq!(exact_signed(-5.0, "-5"), "−5");
        assert_eq!(exact_signed(0.0, "0.00"), "0.00");
    }
}
