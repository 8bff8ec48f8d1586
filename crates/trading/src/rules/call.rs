//! Calls: the arguments of a function or an indicator, counted, typed and within their limits.
//!
//! Not here: names and operators; see `check`.

use std::ops::Range;

use crate::{
    data::Timeframe,
    indicator::{self, Definition, Input, Param, WINDOW_BARS_MAX},
};

use super::{
    arithmetic::Binary,
    check::{Checked, Checker, Kind, Of, Scope, Typed, all},
    error::Flaw,
    function::{Argument, Form, Function, Series, Stateful, Takes, indicator_signature},
    graph::{Bits, Graph, Op, Value},
    tree::NodeId,
};

/// What a constant must satisfy.
pub(super) struct Limits<'a> {
    pub(super) name: &'a str,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) whole: bool,
}

impl<'a> Limits<'a> {
    /// Those of a number of bars.
    pub(super) fn bars(name: &'a str, min: f64) -> Self {
        Self { name, min, max: WINDOW_BARS_MAX, whole: true }
    }
}

/// The call of something that takes these arguments.
struct Call<'a> {
    signature: String,
    names: Vec<&'static str>,
    required: usize,
    given: &'a [NodeId],
    span: &'a Range<usize>,
}

impl Scope<'_> {
    pub(super) fn call(
        self,
        checker: &mut Checker<'_>,
        function: &'static Function,
        given: &[NodeId],
        span: &Range<usize>,
    ) -> Checked {
        let arguments = function.arguments;
        let names = arguments.iter().map(|argument| argument.name).collect();
        let required = arguments.iter().filter(|argument| argument.default.is_none()).count();
        let signature = function.signature();
        self.count(checker, &Call { signature, names, required, given, span })?;
        let series = arguments.iter().filter(|a| !matches!(a.takes, Takes::Bars(_))).count();
        let (constants, given) = (&given[series..], &given[..series]);
        let mut either = None;
        let inputs = all(arguments.iter().zip(given).map(|(argument, given)| {
            self.argument(function.name, argument.takes, *given, &mut either)
        }));
        let params = all(arguments[series..].iter().enumerate().map(|(index, argument)| {
            self.bars(checker, function.name, argument, constants.get(index))
        }));
        let (inputs, params) = both(inputs, params)?;
        let kind = match function.result {
            Takes::Condition => Kind::Condition,
            Takes::Either => either.unwrap_or(Kind::Number),
            Takes::Number | Takes::Bars(_) => Kind::Number,
        };
        let value = build(&mut checker.graph, function.form, inputs, &params);
        Ok(Typed { value, kind, indicator: None })
    }

    /// A series argument of a function; `either` is the kind of those before that may be either.
    fn argument(
        self,
        function: &str,
        takes: Takes,
        given: NodeId,
        either: &mut Option<Kind>,
    ) -> Checked<Value> {
        let kind = match takes {
            Takes::Condition => Kind::Condition,
            Takes::Number | Takes::Bars(_) => Kind::Number,
            Takes::Either => *either.get_or_insert(self.typed(given)?.kind),
        };
        self.need(given, kind, function)
    }

    fn bars(
        self,
        checker: &Checker<'_>,
        function: &str,
        argument: &Argument,
        given: Option<&NodeId>,
    ) -> Checked<f64> {
        let min = match argument.takes {
            Takes::Bars(min) => f64::from(min),
            _ => 0.0,
        };
        let name = format!("`{}` of `{function}`", argument.name);
        self.constant_or(checker, given, argument.default, &Limits::bars(&name, min))
    }

    pub(super) fn call_indicator(
        self,
        checker: &mut Checker<'_>,
        definition: &'static Definition,
        (given, of): (&[NodeId], Option<Timeframe>),
        span: &Range<usize>,
    ) -> Checked {
        let inputs = definition.inputs.iter().filter_map(|input| match input {
            Input::Argument(name) => Some(*name),
            Input::Column(_) => None,
        });
        let mut names: Vec<&str> = inputs.collect();
        let series = names.len();
        names.extend(definition.params.iter().map(|param| param.name));
        let defaults = definition.params.iter().filter(|param| param.default.is_some()).count();
        let required = names.len() - defaults;
        let signature = indicator_signature(definition);
        self.count(checker, &Call { signature, names, required, given, span })?;
        let (given, constants) = given.split_at(series);
        let inputs = self.inputs(checker, definition, given, of);
        let (inputs, params) = both(inputs, self.params(checker, definition, constants))?;
        if let Err(why) = (definition.check)(&params) {
            let given: Vec<_> = params.iter().map(f64::to_string).collect();
            let message = format!("{why} in `{}`, not {}", definition.name, given.join(", "));
            return Err(vec![Flaw::new(span.clone(), message)]);
        }
        let params = params.into_iter().map(Bits::of).collect();
        let op = Op::Stateful(Stateful::indicator(definition), params);
        let value = checker.graph.add(op, inputs);
        Ok(Typed { value, kind: Kind::Number, indicator: Some(definition) })
    }

    /// Columns that are not named are of the timeframe of the call, or that of its arguments.
    fn inputs(
        self,
        checker: &mut Checker<'_>,
        definition: &Definition,
        given: &[NodeId],
        of: Option<Timeframe>,
    ) -> Checked<Vec<Value>> {
        let named: Vec<Value> =
            given.iter().filter_map(|node| Some(self.values[*node]?.value)).collect();
        let of = match of.or_else(|| checker.graph.slower(&named)) {
            Some(timeframe) => Of::Slower(timeframe),
            None => Of::Own,
        };
        let mut given = given.iter();
        all(definition.inputs.iter().map(|input| match input {
            Input::Column(column) => Ok(checker.series(Series::Column(*column), of)),
            Input::Argument(_) => {
                let node = given.next().ok_or_else(Vec::new)?; // `count` has refused that
                self.need(*node, Kind::Number, definition.name)
            }
        }))
    }

    fn params(
        self,
        checker: &Checker<'_>,
        definition: &Definition,
        given: &[NodeId],
    ) -> Checked<Vec<f64>> {
        all(definition.params.iter().enumerate().map(|(index, param)| {
            let Param { min, max, whole, default, .. } = *param;
            let name = format!("`{}` of `{}`", param.name, definition.name);
            self.constant_or(
                checker,
                given.get(index),
                default,
                &Limits { name: &name, min, max, whole },
            )
        }))
    }

    /// Refuses too few or too many arguments.
    fn count(self, checker: &Checker<'_>, call: &Call<'_>) -> Checked<()> {
        let Call { signature, names, required, given, span } = call;
        if let Some(extra) = given.get(names.len()) {
            let count = format!("takes {} arguments, not {}", names.len(), given.len());
            let extra = self.span(*extra).start..span.end - 1;
            return Err(vec![Flaw::new(extra, format!("`{signature}` {count}"))]);
        }
        if given.len() >= *required {
            return Ok(());
        }
        let first = given.first().and_then(|first| self.values[*first]);
        let forgot_series = first.is_some_and(|x| checker.graph.constant(x.value).is_some())
            && given.len() + 1 == *required;
        let name = signature.split('(').next().unwrap_or_default();
        let hint = forgot_series.then(|| format!("name the series first: `{name}(close, …)`"));
        let message = format!("`{signature}` needs `{}`", names[given.len()]);
        Err(vec![Flaw::new((*span).clone(), message).hint_maybe(hint)])
    }

    fn constant_or(
        self,
        checker: &Checker<'_>,
        given: Option<&NodeId>,
        default: Option<f64>,
        limits: &Limits<'_>,
    ) -> Checked<f64> {
        match given {
            Some(given) => self.constant(checker, *given, limits),
            None => default.ok_or_else(Vec::new), // `count` has refused that
        }
    }

    /// The constant that a node must be, within its limits.
    pub(super) fn constant(
        self,
        checker: &Checker<'_>,
        node: NodeId,
        limits: &Limits<'_>,
    ) -> Checked<f64> {
        let typed = self.typed(node)?;
        let constant = match (typed.kind, checker.graph.constant(typed.value)) {
            (Kind::Condition, _) => Err("must be a number, this is a condition".to_owned()),
            (_, Some(value)) => limits.check(value).map(|()| value),
            (_, None) => Err("must be constant, this changes from bar to bar".to_owned()),
        };
        constant.map_err(|what| {
            vec![
                Flaw::new(self.span(node), format!("{} {what}", limits.name))
                    .hint("write a number, a `$param`, or arithmetic of these"),
            ]
        })
    }
}

impl Limits<'_> {
    fn check(&self, value: f64) -> Result<(), String> {
        let Self { min, max, .. } = self;
        if value.is_nan() {
            Err("is unknown, as its arithmetic has no finite answer".to_owned())
        } else if self.whole && value.fract() != 0.0 {
            Err(format!("must be a whole number, not {value}"))
        } else if value < *min {
            Err(format!("must be at least {min}, not {value}"))
        } else if value > *max {
            Err(format!("must be at most {max}, not {value}"))
        } else {
            Ok(())
        }
    }
}

/// Two results, or the flaws of both.
fn both<A, B>(a: Checked<A>, b: Checked<B>) -> Checked<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut flaws), Err(more)) => {
            flaws.extend(more);
            Err(flaws)
        }
        (Err(flaws), _) | (_, Err(flaws)) => Err(flaws),
    }
}

fn build(graph: &mut Graph, form: Form, inputs: Vec<Value>, params: &[f64]) -> Value {
    let shift = || Op::Shift(params.first().map_or(0, |n| indicator::bars(*n)));
    match form {
        Form::Unary(unary) => graph.add(Op::Unary(unary), inputs),
        Form::Binary(binary) => graph.add(Op::Binary(binary), inputs),
        Form::Choose => graph.add(Op::Choose, inputs),
        Form::Shift => graph.add(shift(), inputs),
        Form::Change => {
            let before = graph.add(shift(), inputs.clone());
            graph.add(Op::Binary(Binary::Subtract), vec![inputs[0], before])
        }
        Form::Stateful(stateful) => {
            let params = params.iter().copied().map(Bits::of).collect();
            graph.add(Op::Stateful(stateful, params), inputs)
        }
    }
}
