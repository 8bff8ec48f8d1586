//! The checker: names, types and constants of a tree become values of the graph.
//!
//! Promises: every mistake of a tree is reported, each once: what depends on a mistake is not
//! reported again.
//! Not here: the arguments of calls, see `call`; the order of terms, see `compile`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    data::Timeframe,
    indicator::{self, CATALOGUE, Definition},
};

use super::{
    arithmetic::{Binary, Unary},
    call::Limits,
    error::{Flaw, did_you_mean, nearest},
    function::{self, FUNCTIONS, Function, SERIES, Series, indicator_signature},
    graph::{Graph, Op, Value},
    parse::sign,
    slower::Frame,
    tree::{Form, Node, NodeId, Tree},
};

/// The most nodes that all rules and terms of a strategy may need together.
pub const NODES_MAX: usize = 4_096;

/// The most bars that all windows of a strategy may remember together: 64 MiB of doubles.
pub const WINDOWS_BARS_MAX: f64 = 8_388_608.0;

/// How many mistakes of one text are reported; nobody reads more.
pub const ERRORS_PER_TEXT_MAX: usize = 32;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Condition,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Condition => "a condition",
        }
    }

    fn needed(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Condition => "conditions",
        }
    }

    /// How to make this kind of the other.
    fn hint(self) -> &'static str {
        match self {
            Self::Number => "`if(condition, 1, 0)` makes a number of a condition",
            Self::Condition => "compare the number with something, as in `x > 0`",
        }
    }
}

/// A value and what is known about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed {
    pub(super) value: Value,
    pub(super) kind: Kind,
    /// Set for the bare call of an indicator, whose outputs can be picked.
    pub(super) indicator: Option<&'static Definition>,
}

/// What was asked for, or the flaws; none if they have been reported where they are.
pub(super) type Checked<T = Typed> = Result<T, Vec<Flaw>>;

/// All results, or all flaws.
pub(super) fn all<T>(results: impl IntoIterator<Item = Checked<T>>) -> Checked<Vec<T>> {
    let (mut found, mut faulty, mut flaws) = (Vec::new(), false, Vec::new());
    for result in results {
        match result {
            Ok(value) => found.push(value),
            Err(more) => {
                faulty = true;
                flaws.extend(more);
            }
        }
    }
    if faulty { Err(flaws) } else { Ok(found) }
}

fn number(value: Value) -> Checked {
    Ok(Typed { value, kind: Kind::Number, indicator: None })
}

/// Checks trees one after the other into one graph.
#[derive(Debug)]
pub(super) struct Checker<'a> {
    pub(super) graph: Graph,
    /// The terms checked so far; `None` where one has a mistake of its own.
    pub(super) terms: BTreeMap<&'a str, Option<Typed>>,
    pub(super) params_used: BTreeSet<&'a str>,
    params: &'a BTreeMap<String, f64>,
    /// Nodes and windows that were there before.
    before: (usize, f64),
}

impl<'a> Checker<'a> {
    pub(super) fn new(params: &'a BTreeMap<String, f64>, frame: Option<Frame>) -> Self {
        Self::going_on(params, Graph::on(frame))
    }

    /// A checker of further rules, which find in `graph` what others need as well.
    pub(super) fn going_on(params: &'a BTreeMap<String, f64>, graph: Graph) -> Self {
        let (terms, params_used) = Default::default();
        let before = (graph.nodes().len(), graph.window_bars());
        Self { graph, terms, params_used, params, before }
    }

    /// The value of a tree, or all its flaws; no flaw if they are those of a term.
    pub(super) fn check(&mut self, tree: &Tree) -> Result<Typed, Vec<Flaw>> {
        let mut values: Vec<Option<Typed>> = Vec::with_capacity(tree.nodes.len());
        let mut flaws = Vec::new();
        for node in &tree.nodes {
            let checked = Scope { tree, values: &values }.node(self, node);
            values.push(checked.map_err(|more| flaws.extend(more)).ok());
            if let Some(flaw) = self.too_large(&node.span) {
                return Err(vec![flaw]);
            }
            if flaws.len() >= ERRORS_PER_TEXT_MAX {
                break;
            }
        }
        match values.last() {
            Some(Some(typed)) if flaws.is_empty() => Ok(*typed),
            _ => Err(flaws),
        }
    }

    /// As `check`, and the value must be a condition; it is one at the bars of the data.
    pub(super) fn check_condition(&mut self, tree: &Tree) -> Result<Typed, Vec<Flaw>> {
        let typed = self.check(tree)?;
        match (typed.kind, tree.nodes.last()) {
            (Kind::Number, Some(root)) => {
                let message = "a rule must be a condition, this is a number";
                Err(vec![Flaw::new(root.span.clone(), message).hint(Kind::Condition.hint())])
            }
            _ => Ok(Typed { value: self.graph.held(typed.value), ..typed }),
        }
    }

    fn too_large(&self, span: &Range<usize>) -> Option<Flaw> {
        let (nodes, bars) = self.before;
        let message = if self.graph.nodes().len() - nodes > NODES_MAX {
            format!("the rules need more than {NODES_MAX} nodes up to here")
        } else if self.graph.window_bars() - bars > WINDOWS_BARS_MAX {
            format!("the windows of the rules hold more than {WINDOWS_BARS_MAX} bars up to here")
        } else {
            return None;
        };
        Some(Flaw::new(span.clone(), message).hint("use fewer or smaller windows and terms"))
    }

    /// A series of these bars.
    pub(super) fn series(&mut self, series: Series, of: Of<'_>) -> Value {
        let column = |column| match of {
            Of::Symbol(symbol) => Op::Foreign(column, symbol.to_owned()),
            Of::Slower(timeframe) => Op::Slower(column, timeframe),
            Of::Own => Op::Bar(column),
        };
        match series {
            Series::Column(one) => self.graph.add(column(one), Vec::new()),
            Series::Part(part) => self.graph.add(Op::Part(part), Vec::new()),
            Series::Mean(columns) => {
                let mut values = columns.iter().map(|one| column(*one)).collect::<Vec<_>>();
                let count = self.graph.number(indicator::float(values.len()));
                let first = self.graph.add(values.remove(0), Vec::new());
                let sum = values.into_iter().fold(first, |sum, next| {
                    let next = self.graph.add(next, Vec::new());
                    self.graph.add(Op::Binary(Binary::Add), vec![sum, next])
                });
                self.graph.add(Op::Binary(Binary::Divide), vec![sum, count])
            }
        }
    }

    fn param(&mut self, name: &str, span: &Range<usize>) -> Checked {
        let Some((name, value)) = self.params.get_key_value(name) else {
            let known: Vec<_> = self.params.keys().map(|name| format!("`${name}`")).collect();
            let near = nearest(name, self.params.keys().map(String::as_str));
            let hint =
                near.map(|name| format!("did you mean `${name}`?")).unwrap_or_else(|| match known
                    .as_slice()
                {
                    [] => format!("give it a value: `params: {{{name}: 10}}`"),
                    _ => format!("give it a value in `params`; it has {}", known.join(", ")),
                });
            let message = format!("the parameter `${name}` has no value");
            return Err(vec![Flaw::new(span.clone(), message).hint(hint)]);
        };
        self.params_used.insert(name);
        if !value.is_finite() {
            let message = format!("the parameter `${name}` is not a finite number: {value}");
            return Err(vec![Flaw::new(span.clone(), message)]);
        }
        number(self.graph.number(*value))
    }

    fn name(&mut self, name: &str, span: &Range<usize>) -> Checked {
        if let Some(term) = self.terms.get(name) {
            return term.ok_or_else(Vec::new);
        }
        if let Some(series) = function::series(name) {
            return number(self.series(series, Of::Own));
        }
        Err(vec![self.unknown_name(name, span.clone())])
    }

    fn unknown_name(&self, name: &str, span: Range<usize>) -> Flaw {
        if let Some(signature) = call_signature(name) {
            return Flaw::new(span, format!("`{name}` is a function"))
                .hint(format!("write `{signature}`"));
        }
        if self.params.contains_key(name) {
            return Flaw::new(span, format!("unknown name `{name}`"))
                .hint(format!("write `${name}` for the parameter"));
        }
        let names = SERIES.iter().map(|(name, ..)| *name).chain(self.terms.keys().copied());
        let hint = did_you_mean(name, names.chain(call_names()));
        Flaw::new(span, format!("unknown name `{name}`")).hint_maybe(hint)
    }

    fn foreign(&mut self, column: &str, symbol: &str, span: &Range<usize>) -> Checked {
        let span = span.start..span.start + column.len();
        match function::series(column) {
            Some(Series::Part(_)) => Err(vec![
                Flaw::new(span, format!("`{column}` is the same for all symbols"))
                    .hint(format!("write `{column}`")),
            ]),
            Some(series) => number(self.series(series, Of::Symbol(symbol))),
            None => {
                let names = SERIES.iter().map(|(name, ..)| *name);
                let message = format!("only columns of the bars have a symbol, not `{column}`");
                Err(vec![Flaw::new(span, message).hint_maybe(did_you_mean(column, names))])
            }
        }
    }
}

/// The bars that a series is of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    Own,
    Symbol(&'a str),
    Slower(Timeframe),
}

/// A tree and the values of its nodes so far.
#[derive(Clone, Copy)]
pub(super) struct Scope<'t> {
    tree: &'t Tree,
    pub(super) values: &'t [Option<Typed>],
}

impl Scope<'_> {
    fn node(self, checker: &mut Checker<'_>, node: &Node) -> Checked {
        let span = &node.span;
        match &node.form {
            Form::Number(value) => number(checker.graph.number(*value)),
            Form::Boolean(truth) => {
                let value = checker.graph.number(f64::from(*truth));
                Ok(Typed { value, kind: Kind::Condition, indicator: None })
            }
            Form::Param(name) => checker.param(name, span),
            Form::Name(name) => checker.name(name, span),
            Form::Foreign { column, symbol } => checker.foreign(column, symbol, span),
            Form::Slower { column, timeframe } => checker.slower_series(column, timeframe, span),
            Form::Unary(unary, x) => self.unary(checker, *unary, *x),
            Form::Binary(binary, a, b) => self.binary(checker, *binary, [*a, *b], span),
            Form::Output(x, output) => self.output(*x, output, span),
            Form::Lookback(x, bars) => self.lookback(checker, *x, *bars),
            Form::Call(call) => {
                let of = checker.bars_of(call)?;
                if let Some(function) = function::function(&call.name) {
                    self.call(checker, function, &call.arguments, span)
                } else if let Some(definition) = indicator::find(&call.name) {
                    self.call_indicator(checker, definition, (&call.arguments, of), span)
                } else {
                    Err(vec![unknown_function(checker, &call.name, call.name_span.clone())])
                }
            }
        }
    }

    pub(super) fn typed(self, node: NodeId) -> Checked {
        self.values[node].ok_or_else(Vec::new)
    }

    pub(super) fn span(self, node: NodeId) -> Range<usize> {
        self.tree.nodes[node].span.clone()
    }

    /// The value of a node that must be of this kind, because `who` needs it.
    pub(super) fn need(self, node: NodeId, kind: Kind, who: &str) -> Checked<Value> {
        let typed = self.typed(node)?;
        if typed.kind == kind {
            return Ok(typed.value);
        }
        let message = format!("`{who}` needs {}, this is {}", kind.needed(), typed.kind.name());
        Err(vec![Flaw::new(self.span(node), message).hint(kind.hint())])
    }

    fn unary(self, checker: &mut Checker<'_>, unary: Unary, x: NodeId) -> Checked {
        let (kind, sign) = match unary {
            Unary::Not => (Kind::Condition, "not"),
            _ => (Kind::Number, "-"),
        };
        let x = self.need(x, kind, sign)?;
        Ok(Typed { value: checker.graph.add(Op::Unary(unary), vec![x]), kind, indicator: None })
    }

    fn binary(
        self,
        checker: &mut Checker<'_>,
        binary: Binary,
        [a, b]: [NodeId; 2],
        span: &Range<usize>,
    ) -> Checked {
        use Kind::{Condition, Number};
        let sign = sign(binary);
        let (takes, kind) = match binary {
            Binary::And | Binary::Or => (Condition, Condition),
            Binary::Equal | Binary::NotEqual => {
                let (a, b) = (self.typed(a)?.kind, self.typed(b)?.kind);
                if a != b {
                    let message = format!("`{sign}` cannot compare {} with {}", a.name(), b.name());
                    return Err(vec![Flaw::new(span.clone(), message)]);
                }
                (a, Condition)
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                (Number, Condition)
            }
            _ => (Number, Number),
        };
        let inputs = all([a, b].map(|x| self.need(x, takes, sign)))?;
        Ok(Typed { value: checker.graph.add(Op::Binary(binary), inputs), kind, indicator: None })
    }

    fn output(self, x: NodeId, output: &str, span: &Range<usize>) -> Checked {
        let typed = self.typed(x)?;
        let start = span.end - output.len();
        let Some(definition) = typed.indicator.filter(|found| found.outputs.len() > 1) else {
            let message = format!("this has no outputs, so no `.{output}`");
            let hint = "only the call of an indicator with several outputs has them; \
                        write `.output` directly after it";
            return Err(vec![Flaw::new(start - 1..span.end, message).hint(hint)]);
        };
        let found = definition.outputs.iter().position(|known| *known == output);
        let Some(output) = found else {
            let message = format!("`{}` has no output `{output}`", definition.name);
            let hint = did_you_mean(output, definition.outputs.iter().copied())
                .unwrap_or_else(|| format!("it has `{}`", definition.outputs.join("`, `")));
            return Err(vec![Flaw::new(start..span.end, message).hint(hint)]);
        };
        number(Value { output, ..typed.value })
    }

    fn lookback(self, checker: &mut Checker<'_>, x: NodeId, bars: NodeId) -> Checked {
        let typed = self.typed(x)?;
        let bars = self.constant(checker, bars, &Limits::bars("the lookback", 0.0))?;
        let value = checker.graph.add(Op::Shift(indicator::bars(bars)), vec![typed.value]);
        Ok(Typed { value, kind: typed.kind, indicator: None })
    }
}

fn call_names<'a>() -> impl Iterator<Item = &'a str> {
    let indicators = CATALOGUE.iter().map(|definition| definition.name);
    FUNCTIONS.iter().map(|function| function.name).chain(indicators)
}

fn call_signature(name: &str) -> Option<String> {
    let function = function::function(name).map(Function::signature);
    function.or_else(|| indicator::find(name).map(indicator_signature))
}

fn unknown_function(checker: &Checker<'_>, name: &str, span: Range<usize>) -> Flaw {
    if checker.terms.contains_key(name) || function::series(name).is_some() {
        return Flaw::new(span, format!("`{name}` is no function"))
            .hint(format!("write `{name}`, or `{name}[n]` to look back"));
    }
    Flaw::new(span, format!("unknown function `{name}`"))
        .hint_maybe(did_you_mean(name, call_names()))
}
