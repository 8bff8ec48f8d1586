//! Writing HTML: the only way text gets onto the page.
//!
//! Invariant: a `Text` is shown as it is and never read as markup, in content and in quoted
//! attributes alike; a `json_string` never ends the script element that it stands in.

use std::fmt::{self, Write as _};

/// A page being written.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Adds markup of our own.
    pub(crate) fn push(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds formatted markup; texts in it are wrapped in `Text`.
    pub(crate) fn put(&mut self, markup: fmt::Arguments<'_>) -> &mut Self {
        self.0.write_fmt(markup).expect("writing to a string cannot fail");
        self
    }

    /// The page so far.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A text from outside, escaped when displayed, and cut after so many characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    text: &'a str,
    chars_max: usize,
}

/// Longest name, reason or other one-line text, in characters.
pub(crate) const LINE_CHARS_MAX: usize = 200;

impl<'a> Text<'a> {
    /// A one-line text.
    pub(crate) const fn line(text: &'a str) -> Self {
        Self { text, chars_max: LINE_CHARS_MAX }
    }

    /// A text of another length.
    pub(crate) const fn cut(text: &'a str, chars_max: usize) -> Self {
        Self { text, chars_max }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, char) in self.text.chars().enumerate() {
            if index == self.chars_max {
                return f.write_char('…');
            }
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(char)?,
                // HTML has no way to write most control characters.
                _ if char.is_control() => f.write_char('\u{fffd}')?,
                _ => f.write_char(char)?,
            }
        }
        Ok(())
    }
}

/// `text` as a JSON string that is safe inside a script element, cut like `Text::line`.
pub(crate) fn json_string(text: &str) -> String {
    json_cut(text, LINE_CHARS_MAX)
}

/// The same, cut after so many characters.
pub(crate) fn json_cut(text: &str, chars_max: usize) -> String {
    let cut: String = match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    serde_json::Value::String(cut)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Text::cut(text, 12).to_string(), expected);
    }

    #[test]
    fn markup_in_a_text_is_shown_not_read() {
        check("<img src=x>", "&lt;img src=x&gt;");
        check("\"a\" & 'b'", "&quot;a&quot; &amp; &#39;b&#39;");
        check("bell\u{7} nul\0", "bell\u{fffd} nul\u{fffd}");
        check("ניסוי 実験 α", "ניסוי 実験 α");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        check("123456789012", "123456789012");
        check("éééééééééééééé", "éééééééééééé…");
    }

    #[test]
    fn json_never_closes_its_script() {
        assert_eq!(json_string("</script><!--"), r#""\u003c/script\u003e\u003c!--""#);
        assert_eq!(json_string("a\u{2028}\"b"), r#""a\u2028\"b""#);
    }
}
