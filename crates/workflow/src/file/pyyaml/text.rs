//! Quotes, escapes and folding of text as `yaml/emitter.py` does them.

use super::load;

/// Lines are folded when they pass this column.
const WIDTH: usize = 80;

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

/// A text as a simple key: never folded.
pub(super) fn simple_key(text: &str) -> String {
    let mut writer = Writer { out: String::new(), column: 0, indent: 0, splits: false };
    match style(text, true) {
        Style::Plain => writer.plain(text),
        Style::Single => writer.single(text),
        Style::Double => writer.double(text),
    }
    writer.out
}

/// A text that starts at `column`, its further lines at `indent`; also the column behind it, and
/// whether it is plain.
pub(super) fn scalar(text: &str, column: usize, indent: usize) -> (String, usize, bool) {
    let mut writer = Writer { out: String::new(), column, indent, splits: true };
    let style = style(text, false);
    match style {
        Style::Plain => writer.plain(text),
        Style::Single => writer.single(text),
        Style::Double => writer.double(text),
    }
    (writer.out, writer.column, style == Style::Plain)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, '\0' | ' ' | '\t' | '\r') || is_break(c)
}

/// `analyze_scalar` and `choose_scalar_style` for block style.
fn style(text: &str, is_key: bool) -> Style {
    if text.is_empty() {
        return Style::Single;
    }
    let chars: Vec<char> = text.chars().collect();
    let has_pair = |one: &dyn Fn(char) -> bool, other: &dyn Fn(char) -> bool| {
        chars.iter().zip(chars.iter().skip(1)).any(|(&a, &b)| one(a) && other(b))
    };
    let is_space = |c: char| c == ' ';
    let has_break = chars.iter().any(|&c| is_break(c));
    let needs_escapes = chars.iter().any(|&c| c != '\n' && !(' '..='~').contains(&c));
    if needs_escapes
        || has_pair(&is_space, &is_break)
        || has_pair(&is_break, &is_space)
        || (is_key && has_break)
    {
        return Style::Double;
    }
    let is_edge = |c: Option<&char>| c.is_some_and(|&c| c == ' ' || is_break(c));
    let has_edge = is_edge(chars.first()) || is_edge(chars.last());
    if has_edge || has_break || has_indicator(&chars) || load::is_ambiguous(text) {
        Style::Single
    } else {
        Style::Plain
    }
}

/// A character that has a meaning in block context.
fn has_indicator(chars: &[char]) -> bool {
    let starts = |mark: char| chars.len() >= 3 && chars[..3].iter().all(|&c| c == mark);
    let is_followed = |at: usize| chars.get(at + 1).is_none_or(|&c| is_blank_or_break(c));
    let first = chars.first().copied().unwrap_or_default();
    let is_leading =
        "#,[]{}&*!|>'\"%@`".contains(first) || (matches!(first, '?' | ':' | '-') && is_followed(0));
    let is_inner = |(at, &c): (usize, &char)| {
        (c == ':' && is_followed(at)) || (c == '#' && is_blank_or_break(chars[at - 1]))
    };
    starts('-') || starts('.') || is_leading || chars.iter().enumerate().skip(1).any(is_inner)
}

struct Writer {
    out: String,
    column: usize,
    indent: usize,
    splits: bool,
}

impl Writer {
    fn put(&mut self, text: &[char]) {
        self.out.extend(text);
        self.column += text.len();
    }

    fn put_text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn fold(&mut self) {
        self.line_break('\n');
        self.put_text(&" ".repeat(self.indent));
    }

    /// Words between spaces; a single space past the width becomes a fold.
    fn plain(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        let mut start = 0;
        while start < chars.len() {
            let is_space = chars[start] == ' ';
            let run = chars[start..].iter().take_while(|&&c| (c == ' ') == is_space).count();
            let end = start + run;
            if is_space && run == 1 && self.column > WIDTH && self.splits {
                self.fold();
            } else {
                self.put(&chars[start..end]);
            }
            start = end;
        }
    }

    fn single(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        self.put_text("'");
        let class = |c: char| (c == ' ', is_break(c));
        let mut start = 0;
        while start < chars.len() {
            let of = class(chars[start]);
            let run = chars[start..].iter().take_while(|&&c| class(c) == of).count();
            let end = start + run;
            match of {
                (true, _) => {
                    let is_inner = start != 0 && end != chars.len();
                    if run == 1 && self.column > WIDTH && self.splits && is_inner {
                        self.fold();
                    } else {
                        self.put(&chars[start..end]);
                    }
                }
                (_, true) => {
                    if chars[start] == '\n' {
                        self.line_break('\n');
                    }
                    chars[start..end].iter().for_each(|&c| self.line_break(c));
                    self.put_text(&" ".repeat(self.indent));
                }
                _ => {
                    let word: String = chars[start..end].iter().collect();
                    self.put_text(&word.replace('\'', "''"));
                }
            }
            start = end;
        }
        self.put_text("'");
    }

    /// `write_double_quoted`, statement by statement: its folding depends on their order.
    fn double(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().collect();
        self.put_text("\"");
        let (mut start, mut end) = (0, 0);
        while end <= chars.len() {
            let c = chars.get(end).copied();
            if c.is_none_or(|c| matches!(c, '"' | '\\') || !(' '..='~').contains(&c)) {
                if start < end {
                    self.put(&chars[start..end]);
                    start = end;
                }
                if let Some(c) = c {
                    self.put_text(&escape(c));
                    start = end + 1;
                }
            }
            let is_inner = 0 < end && end + 1 < chars.len();
            // Behind an escape `start` is one past `end`.
            let is_wide = self.column + end > WIDTH + start;
            if is_inner && (c == Some(' ') || start >= end) && is_wide && self.splits {
                if start < end {
                    self.put(&chars[start..end]);
                    start = end;
                }
                self.put_text("\\");
                self.fold();
                if chars.get(start) == Some(&' ') {
                    self.put_text("\\");
                }
            }
            end += 1;
        }
        self.put_text("\"");
    }
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(c);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
