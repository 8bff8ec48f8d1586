//! The parser: a text becomes a tree, by precedence climbing.
//!
//! Promises: children stand before their parents in `Tree::nodes` and the root is last, so that
//! every later step is a loop; nesting is refused above `DEPTH_MAX`, so no text, however hostile,
//! can exhaust the stack.
//! Not here: what names and types mean; see `check`.

use std::ops::Range;

use super::{
    arithmetic::{Binary, Unary},
    error::Flaw,
    token::{Lexeme, Token, tokens},
    tree::{Call, Form, Node, NodeId, Tree},
};

/// How deep parentheses, calls, lookbacks, `not` and `-` may be nested.
pub const DEPTH_MAX: usize = 64;

/// Words that are operators, and so can name nothing.
pub(super) const KEYWORDS: [&str; 5] = ["and", "or", "not", "true", "false"];

/// Binds tighter than every operator that stands between two operands.
const LEVEL_MINUS: u8 = 7;
const LEVEL_NOT: u8 = 3;
const LEVEL_COMPARISON: u8 = 4;

/// The operators that stand between two operands, and how tightly they bind.
const OPERATORS: [(&str, Binary, u8); 13] = [
    ("or", Binary::Or, 1),
    ("and", Binary::And, 2),
    ("<", Binary::Less, LEVEL_COMPARISON),
    ("<=", Binary::LessOrEqual, LEVEL_COMPARISON),
    (">", Binary::Greater, LEVEL_COMPARISON),
    (">=", Binary::GreaterOrEqual, LEVEL_COMPARISON),
    ("==", Binary::Equal, LEVEL_COMPARISON),
    ("!=", Binary::NotEqual, LEVEL_COMPARISON),
    ("+", Binary::Add, 5),
    ("-", Binary::Subtract, 5),
    ("*", Binary::Multiply, 6),
    ("/", Binary::Divide, 6),
    ("%", Binary::Remainder, 6),
];

fn operator(token: Token<'_>) -> Option<(Binary, u8)> {
    let (Token::Name(word) | Token::Sign(word)) = token else { return None };
    OPERATORS.iter().find(|(sign, ..)| *sign == word).map(|(_, binary, level)| (*binary, *level))
}

/// How an operator is written; empty for what is written as a function.
pub(super) fn sign(binary: Binary) -> &'static str {
    OPERATORS.iter().find(|(_, known, _)| *known == binary).map_or("", |(sign, ..)| sign)
}

/// The tree of a text.
pub(super) fn parse(text: &str) -> Result<Tree, Flaw> {
    let tokens = tokens(text)?;
    if tokens.len() == 1 {
        return Err(Flaw::new(0..text.len(), "the expression is empty")
            .hint("write a condition such as `close > open`, or leave the key out"));
    }
    let mut parser = Parser { text, tokens, next: 0, depth: 0, nodes: Vec::new() };
    parser.expression(0)?;
    match parser.peek() {
        (Token::End, _) => Ok(Tree { nodes: parser.nodes }),
        _ => Err(parser.surprise("an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// `Token::End` is last and never consumed.
    tokens: Vec<Lexeme<'a>>,
    next: usize,
    depth: usize,
    nodes: Vec<Node>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Lexeme<'a> {
        self.tokens[self.next].clone()
    }

    fn advance(&mut self) -> Lexeme<'a> {
        let lexeme = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        lexeme
    }

    /// Takes `sign` if it is next.
    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek().0, Token::Sign(next) if next == sign);
        if found {
            self.advance();
        }
        found
    }

    fn add(&mut self, form: Form, span: Range<usize>) -> NodeId {
        self.nodes.push(Node { form, span });
        self.nodes.len() - 1
    }

    fn span(&self, node: NodeId) -> Range<usize> {
        self.nodes[node].span.clone()
    }

    fn surprise(&self, wanted: &str) -> Flaw {
        let (token, span) = self.peek();
        let found = match token {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", &self.text[span.clone()]),
        };
        let hint = match token {
            Token::Name(word) => super::error::did_you_mean(word, ["and", "or"]),
            Token::At(_) => {
                Some("write it after a column or a call: `close@1d`, `atr(14)@1d`".into())
            }
            _ => None,
        };
        Flaw::new(span, format!("expected {wanted}, found {found}")).hint_maybe(hint)
    }

    /// An operand and all operators after it that bind at least as tightly as `level_min`.
    fn expression(&mut self, level_min: u8) -> Result<NodeId, Flaw> {
        let mut left = self.operand()?;
        let mut compared = false;
        while let Some((binary, level)) = operator(self.peek().0) {
            if level < level_min {
                break;
            }
            let comparison = level == LEVEL_COMPARISON;
            if comparison && compared {
                return Err(Flaw::new(self.peek().1, "comparisons cannot be chained")
                    .hint("write `a < b and b < c`"));
            }
            self.advance();
            let right = self.expression(level + 1)?;
            let span = self.span(left).start..self.span(right).end;
            left = self.add(Form::Binary(binary, left, right), span);
            compared = comparison;
        }
        Ok(left)
    }

    /// What an operator applies to: `-x`, `not x`, or a value with its `.output` and `[n]`.
    fn operand(&mut self) -> Result<NodeId, Flaw> {
        let (token, span) = self.peek();
        let prefix = match token {
            Token::Sign("-") => Some((Unary::Negate, LEVEL_MINUS)),
            Token::Name("not") => Some((Unary::Not, LEVEL_NOT)),
            _ => None,
        };
        let Some((unary, level)) = prefix else {
            let value = self.value()?;
            return self.suffixes(value, span.start);
        };
        self.advance();
        let operand = self.nested(|parser| parser.expression(level))?;
        let span = span.start..self.span(operand).end;
        Ok(self.add(Form::Unary(unary, operand), span))
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Flaw>) -> Result<T, Flaw> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let (_, span) = self.peek();
            return Err(Flaw::new(span, format!("nested deeper than {DEPTH_MAX} levels"))
                .hint("give the inner part a name in `let`"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// `.output` and `[n]`, as many as there are.
    fn suffixes(&mut self, mut value: NodeId, start: usize) -> Result<NodeId, Flaw> {
        loop {
            if self.take(".") {
                let (Token::Name(output), span) = self.peek() else {
                    return Err(self.surprise("the name of an output"));
                };
                self.advance();
                value = self.add(Form::Output(value, output.to_owned()), start..span.end);
            } else if self.take("[") {
                let bars = self.nested(|parser| parser.expression(0))?;
                let end = self.peek().1.end;
                if !self.take("]") {
                    return Err(self.surprise("`]`"));
                }
                value = self.add(Form::Lookback(value, bars), start..end);
            } else {
                return Ok(value);
            }
        }
    }

    fn value(&mut self) -> Result<NodeId, Flaw> {
        let (token, span) = self.peek();
        let form = match token {
            Token::Number(number) => Form::Number(number),
            Token::Name("true") => Form::Boolean(true),
            Token::Name("false") => Form::Boolean(false),
            Token::Param(name) => Form::Param(name.to_owned()),
            Token::Foreign { column, symbol } => {
                Form::Foreign { column: column.to_owned(), symbol: symbol.to_owned() }
            }
            Token::Slower { column, timeframe } => {
                Form::Slower { column: column.to_owned(), timeframe: timeframe.to_owned() }
            }
            Token::Name(name) if !KEYWORDS.contains(&name) => {
                self.advance();
                return self.name_or_call(name, span);
            }
            Token::Sign("(") => return self.parenthesis(),
            _ => return Err(self.surprise("a value")),
        };
        self.advance();
        Ok(self.add(form, span))
    }

    fn parenthesis(&mut self) -> Result<NodeId, Flaw> {
        let (_, open) = self.advance();
        let inner = self.nested(|parser| parser.expression(0))?;
        let end = self.peek().1.end;
        if !self.take(")") {
            return Err(self.unclosed(open));
        }
        // The parentheses belong to what a later message points at.
        self.nodes[inner].span = open.start..end;
        Ok(inner)
    }

    fn unclosed(&self, open: Range<usize>) -> Flaw {
        match self.peek().0 {
            Token::End => Flaw::new(open, "this `(` is never closed").hint("add `)`"),
            _ => self.surprise("an operator, `,` or `)`"),
        }
    }

    fn name_or_call(&mut self, name: &str, name_span: Range<usize>) -> Result<NodeId, Flaw> {
        let open = self.peek().1;
        if !self.take("(") {
            return Ok(self.add(Form::Name(name.to_owned()), name_span));
        }
        let mut arguments = Vec::new();
        let mut more = self.peek().0 != Token::Sign(")");
        while more {
            arguments.push(self.nested(|parser| parser.expression(0))?);
            more = self.take(",");
        }
        let end = self.peek().1.end;
        if !self.take(")") {
            return Err(self.unclosed(open));
        }
        let timeframe = self.at();
        let end = timeframe.as_ref().map_or(end, |(_, span)| span.end);
        let span = name_span.start..end;
        let call = Call { name: name.to_owned(), name_span, arguments, timeframe };
        Ok(self.add(Form::Call(call), span))
    }

    /// Takes `@1d` if it is next.
    fn at(&mut self) -> Option<(String, Range<usize>)> {
        let (Token::At(timeframe), span) = self.peek() else { return None };
        self.advance();
        Some((timeframe.to_owned(), span.start + 1..span.end))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Place, *};

    /// The tree as an expression with all parentheses.
    fn show(tree: &Tree, node: NodeId) -> String {
        match &tree.nodes[node].form {
            Form::Number(number) => number.to_string(),
            Form::Boolean(value) => value.to_string(),
            Form::Param(name) => format!("${name}"),
            Form::Name(name) => name.clone(),
            Form::Foreign { column, symbol } => format!("{column}@{symbol}"),
            Form::Unary(unary, x) => format!("{unary:?}({})", show(tree, *x)),
            Form::Binary(binary, a, b) => {
                format!("{binary:?}({}, {})", show(tree, *a), show(tree, *b))
            }
            Form::Slower { column, timeframe } => format!("{column}@{timeframe}"),
            Form::Call(Call { name, arguments, .. }) => {
                let arguments: Vec<_> = arguments.iter().map(|x| show(tree, *x)).collect();
                format!("{name}({})", arguments.join(", "))
            }
            Form::Output(x, output) => format!("{}.{output}", show(tree, *x)),
            Form::Lookback(x, n) => format!("{}[{}]", show(tree, *x), show(tree, *n)),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let tree = parse(text).unwrap();
        assert_eq!(show(&tree, tree.nodes.len() - 1), expected, "{text}");
    }

    #[track_caller]
    fn check_flaw(text: &str, span: Range<usize>, message: &str) {
        let flaw = parse(text).unwrap_err().at(Place::Entry);
        assert_eq!((flaw.span, flaw.message.as_str()), (span, message), "{text}");
    }

    #[test]
    fn broken_expressions_are_refused_where_they_break() {
        check_flaw("", 0..0, "the expression is empty");
        check_flaw("close >", 7..7, "expected a value, found the end");
        check_flaw("close > > open", 8..9, "expected a value, found `>`");
        check_flaw("(close > open", 0..1, "this `(` is never closed");
        check_flaw("sma(close, 10", 3..4, "this `(` is never closed");
        check_flaw("sma(close,)", 10..11, "expected a value, found `)`");
        check_flaw("close open", 6..10, "expected an operator or the end, found `open`");
        check_flaw("close)", 5..6, "expected an operator or the end, found `)`");
        check_flaw("close[1", 7..7, "expected `]`, found the end");
        check_flaw("1 < close < 3", 10..11, "comparisons cannot be chained");
        check_flaw("macd(close).", 12..12, "expected the name of an output, found the end");
        check_flaw("and", 0..3, "expected a value, found `and`");
        check_flaw("1.2.3", 3..5, "expected an operator or the end, found `.3`");
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        for open in ["(", "-", "not ", "abs(", "x[", "if(true, ", "1 + (2 * (not -"] {
            let levels = 4_000 / open.len();
            let flaw = parse(&open.repeat(levels)).unwrap_err().at(Place::Entry);
            assert_eq!(flaw.message, "nested deeper than 64 levels", "{open}");
        }
        let flaw = parse(&"(".repeat(10_000)).unwrap_err().at(Place::Entry);
        assert_eq!(flaw.message, "longer than 4096 bytes: 10000");
        let deepest = format!("{}x{}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
        check(&deepest, "x");
    }

    #[test]
    fn a_long_chain_is_no_nesting() {
        assert_eq!(parse(&"1+".repeat(2_000)).unwrap_err().at(Place::Entry).span, 4_000..4_000);
        assert_eq!(parse(&format!("{}1", "1+".repeat(2_000))).unwrap().nodes.len(), 4_001);
    }

    #[test]
    fn operators_bind_as_in_arithmetic_and_logic() {
        check("1 + 2 * 3", "Add(1, Multiply(2, 3))");
        check("1 - 2 - 3", "Subtract(Subtract(1, 2), 3)");
        check("-a * b", "Multiply(Negate(a), b)");
        check("-a[1]", "Negate(a[1])");
        check("not a > b and c", "And(Not(Greater(a, b)), c)");
        check("a or b and c", "Or(a, And(b, c))");
        check("(a or b) and c", "And(Or(a, b), c)");
    }

    #[test]
    fn calls_outputs_and_lookbacks_follow_a_value() {
        check("macd(close, 12, 26, 9).signal[1]", "macd(close, 12, 26, 9).signal[1]");
        check("obv()", "obv()");
        check("close@BRK.B[1]", "close@BRK.B[1]");
        check("$fast * 2", "Multiply($fast, 2)");
    }
}
