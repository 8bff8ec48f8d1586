//! Canonical JSON (RFC 8785): one byte sequence for one value, so that it can be hashed.
//!
//! Invariant: equal values give equal bytes on every machine.

use std::fmt::Write as _;

use serde_json::{Number, Value};

use crate::hash::{Hasher, Sha256Hex};

/// Text is hashed in pieces of about this many bytes.
const PIECE: usize = 1 << 16;

/// The canonical text of `value`: keys sorted by UTF-16 unit, no spaces, numbers as ECMAScript
/// prints them.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// The SHA-256 of the canonical text.
pub fn digest(value: &Value) -> Sha256Hex {
    Sha256Hex::of(to_string(value).as_bytes())
}

/// Hashes the canonical text of a value that is told part by part, so that a large one is never in
/// memory as a whole.
#[derive(Debug, Default)]
pub struct Hashing {
    hasher: Hasher,
    text: String,
}

impl Hashing {
    /// The next part is `value`.
    pub fn value(&mut self, value: &Value) {
        write_value(&mut self.text, value);
        if self.text.len() >= PIECE {
            self.hasher.update(self.text.as_bytes());
            self.text.clear();
        }
    }

    /// The next part is an array; `each` tells one of its items.
    pub fn array<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.text.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            each(self, item);
        }
        self.text.push(']');
    }

    /// The next part is an object with these keys, in any order; `each` tells the value of one.
    pub fn object<T>(&mut self, mut entries: Vec<(&str, T)>, mut each: impl FnMut(&mut Self, T)) {
        entries.sort_by(|a, b| by_utf16(a.0, b.0));
        self.text.push('{');
        for (index, (key, item)) in entries.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write_string(&mut self.text, key);
            self.text.push(':');
            each(self, item);
        }
        self.text.push('}');
    }

    /// The SHA-256 of what was told.
    pub fn finish(mut self) -> Sha256Hex {
        self.hasher.update(self.text.as_bytes());
        self.hasher.finish()
    }
}

/// Appends the canonical text of `value` to `out`.
pub(crate) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| by_utf16(a.0, b.0));
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write_value(out, item);
            }
            out.push('}');
        }
    }
}

/// The order of `a` and `b` by UTF-16 units; for ASCII it is that of the bytes.
fn by_utf16(a: &str, b: &str) -> std::cmp::Ordering {
    if a.is_ascii() && b.is_ascii() {
        return a.cmp(b);
    }
    a.encode_utf16().cmp(b.encode_utf16())
}

/// Appends `text` as a canonical JSON string to `out`.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => write!(out, "\\u{:04x}", c as u32).expect("a string takes any text"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Integers keep all their digits (RFC 8785 would round them to a double above 2^53; ours are
/// nanoseconds and counts, where a lost digit is a lost fact).
fn write_number(out: &mut String, number: &Number) {
    match number.as_f64() {
        Some(float) if number.is_f64() => out.push_str(&ecmascript(float)),
        _ => write!(out, "{number}").expect("a string takes any text"),
    }
}

/// A finite double as ECMAScript's `Number::toString` prints it (ECMA-262, 6.1.6.1.20).
fn ecmascript(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').expect("`{:e}` always writes an exponent");
    let point: i32 = exponent.parse::<i32>().expect("`{:e}` writes a whole exponent") + 1;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let count = i32::try_from(digits.len()).expect("a double has at most 17 digits");
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |n: i32| digits.split_at(usize::try_from(n).unwrap_or(0));
    match point {
        p if count <= p && p <= 21 => format!("{sign}{digits}{}", zeros(p - count)),
        p if 0 < p && p <= 21 => {
            let (whole, fraction) = split(p);
            format!("{sign}{whole}.{fraction}")
        }
        p if -6 < p && p <= 0 => format!("{sign}0.{}{digits}", zeros(-p)),
        p => {
            let e = p - 1;
            let (first, rest) = split(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{dot}{rest}e{}{}", if e < 0 { '-' } else { '+' }, e.abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_print_as_ecmascript_prints_them() {
        // RFC 8785, appendix B, and the cases around each change of form.
        for (x, text) in [
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (295_147_905_179_352_830_000.0, "295147905179352830000"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (-12.5, "-12.5"),
        ] {
            assert_eq!(ecmascript(x), text);
        }
    }

    #[test]
    fn keys_sort_by_utf16_and_strings_escape_little() {
        let value = json!({"\u{e000}": 1, "\u{1f600}": 2, "a": [true, null, "\u{7}\n\"é"]});
        let text = "{\"a\":[true,null,\"\\u0007\\n\\\"é\"],\"\u{1f600}\":2,\"\u{e000}\":1}";
        assert_eq!(to_string(&value), text);
    }

    #[test]
    fn parts_hash_as_the_whole_does() {
        let long = "x".repeat(PIECE);
        let whole = json!({"b": [1, long, {"c": null}], "a": [], "\u{e000}": {}, "\u{1f600}": 2.0});
        let keys = ["b", "a", "\u{e000}", "\u{1f600}"].map(|key| (key, &whole[key])).to_vec();
        let mut parts = Hashing::default();
        parts.object(keys, |parts, value| match value.as_array() {
            Some(items) => parts.array(items, Hashing::value),
            None => parts.value(value),
        });
        assert_eq!(parts.finish(), digest(&whole));
    }

    #[test]
    fn order_of_keys_does_not_change_the_digest() {
        let one = serde_json::from_str(r#"{"a":1,"b":2.0}"#).unwrap();
        let two = serde_json::from_str(r#"{"b":2.0,"a":1}"#).unwrap();
        assert_eq!(digest(&one), digest(&two));
    }
}
