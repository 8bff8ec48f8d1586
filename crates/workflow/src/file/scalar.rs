//! What a plain scalar means: the core schema of YAML 1.2.2, section 10.3.2.
//!
//! So `no`, `on` and `y` are text and `0777` is the number 777, unlike in YAML 1.1.

use super::tree::Scalar;

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Atom<'a> {
    Null,
    Boolean(bool),
    Whole(i64),
    Number(f64),
    /// A number that no type of ours holds, such as `1e999` or twenty digits.
    TooLarge,
    /// `.inf` or `.nan`.
    NotFinite,
    Text(&'a str),
}

impl Scalar {
    /// Whether it says nothing.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.atom(), Atom::Null)
    }

    /// What it means.
    pub(super) fn atom(&self) -> Atom<'_> {
        if self.is_plain { resolve(&self.text) } else { Atom::Text(&self.text) }
    }

    /// What it is, for messages: `the text `abc``.
    pub(super) fn describe(&self) -> String {
        let short: String = self.text.chars().take(40).collect();
        let dots = if short.len() < self.text.len() { "…" } else { "" };
        let kind = match self.atom() {
            Atom::Null => return "nothing".to_owned(),
            Atom::Text("") => return "empty text".to_owned(),
            Atom::Boolean(_) => "the flag",
            Atom::Whole(_) | Atom::Number(_) | Atom::TooLarge | Atom::NotFinite => "the number",
            Atom::Text(_) => "the text",
        };
        format!("{kind} `{short}{dots}`")
    }
}

/// The meaning of a plain scalar.
fn resolve(text: &str) -> Atom<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Atom::Null,
        "true" | "True" | "TRUE" => return Atom::Boolean(true),
        "false" | "False" | "FALSE" => return Atom::Boolean(false),
        ".nan" | ".NaN" | ".NAN" => return Atom::NotFinite,
        _ => {}
    }
    if let ".inf" | ".Inf" | ".INF" = unsigned(text) {
        return Atom::NotFinite;
    }
    if let Some(whole) = whole(text) {
        return whole;
    }
    if is_float(text) {
        return match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Atom::Number(number),
            _ => Atom::TooLarge,
        };
    }
    Atom::Text(text)
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn whole(text: &str) -> Option<Atom<'_>> {
    let in_radix = |digits: &str, radix: u32| {
        let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        is_number.then(|| i64::from_str_radix(digits, radix).map_or(Atom::TooLarge, Atom::Whole))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return in_radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return in_radix(digits, 8);
    }
    let digits = unsigned(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().map_or(Atom::TooLarge, Atom::Whole))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let all_digits = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match unsigned(text).split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (unsigned(text), None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Atom<'_>) {
        assert_eq!(resolve(text), expected, "{text}");
    }

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        for text in ["no", "on", "y", "Yes", "1_000", "0b1", "1:30", "+", ".", "e5", "1e", "0x"] {
            check(text, Atom::Text(text));
        }
        check("1e999", Atom::TooLarge);
        check("9223372036854775808", Atom::TooLarge);
        check("-.INF", Atom::NotFinite);
        check(".nan", Atom::NotFinite);
        check("", Atom::Null);
        check("~", Atom::Null);
        check("TRUE", Atom::Boolean(true));
        check("0777", Atom::Whole(777));
        check("0o17", Atom::Whole(15));
        check("0xfF", Atom::Whole(255));
        check("-5", Atom::Whole(-5));
        check("1e3", Atom::Number(1000.0));
        check("5.", Atom::Number(5.0));
        check("-.5E-1", Atom::Number(-0.05));
    }
}
