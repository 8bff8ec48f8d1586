//! Scale: whether a number of the rules can be drawn over the prices, as its text tells.

use std::collections::BTreeMap;

use crate::indicator::{self, Input};

use crate::rules::{
    arithmetic::{Binary, Unary},
    function::{self, Series},
    tree::{Form, NodeId, Tree},
};

/// Indicators whose first output, or all of them, are on the scale of what they are given.
const LIKE_PRICES: [&str; 26] = [
    "bbands",
    "dema",
    "donchian",
    "ema",
    "highest",
    "hma",
    "kama",
    "keltner",
    "keltner_close",
    "lowest",
    "max",
    "min",
    "rma",
    "round",
    "sar",
    "shift",
    "sma",
    "supertrend",
    "t3",
    "tema",
    "trima",
    "vwap",
    "vwap_roll",
    "vwma",
    "wma",
    "zlema",
];
/// Outputs that are on no scale of prices, whatever the others are.
const FLAGS: [&str; 1] = ["trend"];

/// Whether a node is on the scale of the prices; `terms` are texts and trees by name, none of
/// which needs itself.
pub(super) fn is_price(tree: &Tree, node: NodeId, terms: &BTreeMap<&str, (&str, Tree)>) -> bool {
    let of = |node: &NodeId| is_price(tree, *node, terms);
    match &tree.nodes[node].form {
        Form::Name(name) => match (function::series(name), terms.get(name.as_str())) {
            (Some(Series::Column(column)), _) => column != indicator::Column::Volume,
            (Some(Series::Mean(_)), _) => true,
            (Some(Series::Part(_)), _) | (None, None) => false,
            (None, Some((_, tree))) => is_price(tree, tree.nodes.len() - 1, terms),
        },
        Form::Slower { column, .. } => {
            function::series(column).is_some_and(|series| match series {
                Series::Column(column) => column != indicator::Column::Volume,
                Series::Mean(_) => true,
                Series::Part(_) => false,
            })
        }
        Form::Binary(Binary::Add, a, b) => of(a) || of(b),
        Form::Binary(Binary::Subtract, a, b) => of(a) && !of(b),
        Form::Binary(Binary::Multiply, a, b) => of(a) != of(b),
        Form::Binary(Binary::Divide, a, b) => of(a) && !of(b),
        Form::Binary(Binary::Min | Binary::Max, a, b) => of(a) || of(b),
        Form::Unary(Unary::Abs | Unary::Round | Unary::Floor | Unary::Ceil, x) => of(x),
        Form::Call(call) => {
            let given = call.arguments.iter().any(of);
            let of_bars = |input: &Input| matches!(input, Input::Column(_));
            let reads_bars = indicator::find(&call.name)
                .is_some_and(|definition| definition.inputs.iter().all(of_bars));
            call.name == "if" && given
                || LIKE_PRICES.contains(&call.name.as_str()) && (given || reads_bars)
        }
        Form::Output(call, output) => !FLAGS.contains(&output.as_str()) && of(call),
        Form::Lookback(x, _) => of(x),
        _ => false,
    }
}
