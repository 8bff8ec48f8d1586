//! Tokens: the words and signs of a rule, each with its bytes.
//!
//! Promises: spans lie on character borders; a text above `TEXT_BYTES_MAX` is refused unread.
//! Not here: which words have a meaning; see `parse` and `check`.

use std::ops::Range;

use super::error::Flaw;

/// The longest text of one rule or term, in bytes.
pub const TEXT_BYTES_MAX: usize = 4_096;

/// A word or a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    Name(&'a str),
    /// `$name`.
    Param(&'a str),
    /// `column@symbol`.
    Foreign {
        column: &'a str,
        symbol: &'a str,
    },
    /// `column@timeframe`.
    Slower {
        column: &'a str,
        timeframe: &'a str,
    },
    /// `@timeframe` after a call.
    At(&'a str),
    Sign(&'static str),
    End,
}

/// A token and its bytes.
pub(super) type Lexeme<'a> = (Token<'a>, Range<usize>);

/// Longer signs first, as `<` begins `<=`.
const SIGNS: [&str; 17] =
    ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "."];

/// Signs of other languages, and what to write here.
const STRANGERS: [(&str, &str); 11] = [
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("||", "write `or`"),
    ("|", "write `or`"),
    ("!", "write `not`"),
    ("=", "write `==` to compare"),
    ("^", "write `pow(a, b)`"),
    ("?", "write `if(condition, a, b)`"),
    ("@", "write a column before it: `close@SPY`, `close@1d`"),
    ("\"", "there are no texts; quotes only hold a symbol, as in `close@\"BTC/USD\"`"),
    ("'", "there are no texts; quotes only hold a symbol, as in `close@\"BTC/USD\"`"),
];

/// The tokens of a text, `Token::End` last.
pub(super) fn tokens(text: &str) -> Result<Vec<Lexeme<'_>>, Flaw> {
    if text.len() > TEXT_BYTES_MAX {
        let start = text.floor_char_boundary(TEXT_BYTES_MAX);
        let long = format!("longer than {TEXT_BYTES_MAX} bytes: {}", text.len());
        return Err(Flaw::new(start..text.len(), long).hint("split it into `let` terms"));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(char::is_whitespace);
        let start = lexer.at;
        let token = lexer.next()?;
        tokens.push((token, start..lexer.at));
        if token == Token::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn next(&mut self) -> Result<Token<'a>, Flaw> {
        let rest = self.rest();
        let mut chars = rest.chars();
        match (chars.next(), chars.next()) {
            (None, _) => Ok(Token::End),
            (Some(c), _) if c.is_ascii_digit() => self.number(),
            (Some('.'), Some(c)) if c.is_ascii_digit() => self.number(),
            (Some(c), _) if is_name_start(c) => self.name(),
            (Some('$'), _) => self.param(),
            _ => self.sign(),
        }
    }

    fn number(&mut self) -> Result<Token<'a>, Flaw> {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit());
        if self.rest().strip_prefix('.').is_some_and(|rest| !rest.starts_with(is_name_start)) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        self.exponent();
        let digits = self.at;
        if !self.take_while(is_name).is_empty() {
            let (number, tail) = (&self.text[start..digits], &self.text[digits..self.at]);
            let message = format!("`{tail}` directly after the number `{number}`");
            let hint = format!("write `{number} * {tail}` or just `{number}`");
            return Err(Flaw::new(start..self.at, message).hint(hint));
        }
        match self.text[start..self.at].parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => Err(Flaw::new(start..self.at, "a number outside the range of a double")),
        }
    }

    /// Takes `e5` or `E-5`, if that is what follows.
    fn exponent(&mut self) {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return };
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1 + (rest.len() - digits.len());
            self.take_while(|c| c.is_ascii_digit());
        }
    }

    fn name(&mut self) -> Result<Token<'a>, Flaw> {
        let name = self.take_while(is_name);
        if !self.rest().starts_with('@') {
            return Ok(Token::Name(name));
        }
        self.at += 1;
        let is_quoted = self.rest().starts_with('"');
        let symbol = if is_quoted { self.quoted()? } else { self.symbol() };
        if !symbol.is_empty() && self.rest().starts_with('@') {
            let flaw = Flaw::new(self.at..self.at + 1, "one `@` only: a symbol or a timeframe");
            return Err(flaw.hint("rules see other symbols on the bars of the data alone"));
        }
        if !is_quoted && is_timeframe(symbol) {
            return Ok(Token::Slower { column: name, timeframe: symbol });
        }
        if symbol.is_empty() {
            let flaw = Flaw::new(self.at - 1..self.at, "a symbol is missing after `@`");
            return Err(flaw.hint(format!("write `{name}@SPY`, or `{name}@\"BTC/USD\"`")));
        }
        Ok(Token::Foreign { column: name, symbol })
    }

    /// Takes `"anything"`.
    fn quoted(&mut self) -> Result<&'a str, Flaw> {
        let start = self.at;
        self.at += 1;
        let symbol = self.take_while(|c| c != '"' && !c.is_control());
        if !self.rest().starts_with('"') {
            return Err(Flaw::new(start..self.at, "the quote of this symbol is never closed"));
        }
        self.at += 1;
        Ok(symbol)
    }

    /// Takes letters, digits, `_` and `^`, and `-`, `.` or `=` where one of these follows, so
    /// that `close@SPY == 3` ends before `==` and `BRK.B`, `BTC-USD`, `ES=F` stay whole.
    fn symbol(&mut self) -> &'a str {
        let start = self.at;
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '^');
        loop {
            self.take_while(inner);
            let joined = self.rest().strip_prefix(['-', '.', '=']);
            if !joined.is_some_and(|rest| rest.starts_with(inner)) {
                return &self.text[start..self.at];
            }
            self.at += 1;
        }
    }

    fn param(&mut self) -> Result<Token<'a>, Flaw> {
        let start = self.at;
        self.at += 1;
        let name = self.take_while(is_name);
        if name.is_empty() {
            let flaw = Flaw::new(start..self.at, "a parameter's name is missing after `$`");
            return Err(flaw.hint("write `$name`, and `params: {name: 10}` beside the rules"));
        }
        Ok(Token::Param(name))
    }

    fn sign(&mut self) -> Result<Token<'a>, Flaw> {
        let rest = self.rest();
        if rest.starts_with('@') && self.text[..self.at].ends_with(')') {
            self.at += 1;
            return Ok(Token::At(self.take_while(|c| c.is_ascii_alphanumeric())));
        }
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let known = STRANGERS.into_iter().find(|(sign, _)| rest.starts_with(sign));
        let bytes = known.map_or_else(
            || rest.chars().next().map_or(0, char::len_utf8), // never empty here
            |(sign, _)| sign.len(),
        );
        let what = format!("`{}` means nothing here", rest[..bytes].escape_debug());
        let hint = known.map(|(_, hint)| hint.to_owned());
        Err(Flaw::new(self.at..self.at + bytes, what).hint_maybe(hint))
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether what follows an `@` is meant as a timeframe: a number and a unit, known or not. Any symbol
/// can be written in quotes.
fn is_timeframe(text: &str) -> bool {
    const WORDS: [&str; 9] =
        ["sec", "min", "hour", "day", "week", "month", "mo", "quarter", "year"];
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let word = unit.to_ascii_lowercase();
    let is_word = || WORDS.contains(&word.trim_end_matches('s'));
    let is_letter = unit.len() == 1 && unit.starts_with(|c: char| c.is_ascii_alphabetic());
    unit.len() < text.len() && (is_letter || is_word())
}

/// Whether a text can be written as a name in a rule.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[Token<'_>]) {
        let mut found: Vec<_> = tokens(text).unwrap().into_iter().map(|(token, _)| token).collect();
        assert_eq!(found.pop(), Some(Token::End));
        assert_eq!(found, expected, "{text}");
    }

    #[track_caller]
    fn check_flaw(text: &str, span: Range<usize>) {
        assert_eq!(tokens(text).unwrap_err().at(super::super::Place::Entry).span, span, "{text}");
    }

    #[test]
    fn strange_signs_and_broken_words_are_refused_with_their_bytes() {
        check_flaw("close && open", 6..8);
        check_flaw("a ≠ b", 2..5);
        check_flaw("10d", 0..3);
        check_flaw("1e999", 0..5);
        check_flaw("$", 0..1);
        check_flaw("close@ 3", 5..6);
        check_flaw("close@\"BTC", 6..10);
    }

    #[test]
    fn symbols_keep_their_dots_and_dashes_and_end_before_an_operator() {
        let foreign = |symbol| Token::Foreign { column: "close", symbol };
        check("close@BRK.B", &[foreign("BRK.B")]);
        check("close@^GSPC", &[foreign("^GSPC")]);
        check("close@ES=F==1", &[foreign("ES=F"), Token::Sign("=="), Token::Number(1.0)]);
        check("close@BTC-USD - 1", &[foreign("BTC-USD"), Token::Sign("-"), Token::Number(1.0)]);
        check(
            "close@\"BTC/USD\"[1]",
            &[foreign("BTC/USD"), Token::Sign("["), Token::Number(1.0), Token::Sign("]")],
        );
    }

    #[test]
    fn numbers_are_read_to_their_end_and_no_further() {
        check("1.5e-3", &[Token::Number(0.0015)]);
        check(".5", &[Token::Number(0.5)]);
        check("2.", &[Token::Number(2.0)]);
        check("x.y", &[Token::Name("x"), Token::Sign("."), Token::Name("y")]);
    }
}
