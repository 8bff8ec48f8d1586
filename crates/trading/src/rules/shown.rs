//! Shown: the numbers that rules compare, as columns to be drawn.
//!
//! What stands on either side of a comparison is a column, unless it is constant, a price of the
//! bar, or a part of the calendar. Columns on the scale of the prices lie over them; others that
//! are compared with each other share a pane, and the constants they are compared with are its
//! guides. The scale follows from the text: an average of prices is a price, a ratio of prices is
//! not.
//! Not here: how they are drawn, see the report; what rules mean, see `compile`.

mod scale;

use std::{collections::BTreeMap, sync::Arc};

use crate::indicator;

use super::{
    Expression, RuleSet,
    arithmetic::Binary,
    check::{Checker, Kind},
    compile::Terms,
    function::{self, Series, Takes},
    graph::Value,
    parse::parse,
    plan::Plan,
    tree::{Form, NodeId, Tree},
};

use scale::is_price;

/// Most columns of one strategy.
pub const COLUMNS_MAX: usize = 16;
/// Most panes of one strategy.
pub const PANES_MAX: usize = 4;
/// The columns that the rules of a strategy compare.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Computes all of them.
    pub expression: Expression,
    /// What each is, in the order of the outputs.
    pub columns: Vec<ShownColumn>,
    /// The constants that the columns of each pane are compared with.
    pub guides: Vec<Vec<f64>>,
}

/// One of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownColumn {
    /// Its text, with the values of parameters.
    pub label: String,
    /// Its pane; none if it lies over the prices.
    pub pane: Option<usize>,
}

/// The columns that `set` compares; none if it compares prices and constants alone, or is wrong.
pub fn shown(set: &RuleSet) -> Option<Shown> {
    let mut errors = Vec::new();
    let terms = Terms::read(&set.terms, &mut errors);
    let mut checker = Checker::new(&set.params, set.frame.clone());
    terms.check(&mut checker, &mut errors);
    if !errors.is_empty() {
        return None;
    }
    let texts: BTreeMap<&str, (&str, Tree)> = set
        .terms
        .iter()
        .map(|(name, text)| Some((name.as_str(), (text.as_str(), parse(text).ok()?))))
        .collect::<Option<_>>()?;
    let mut found = Found { set, texts: &texts, checker, columns: Vec::new(), panes: Vec::new() };
    for (_, text, _) in set.rules() {
        found.read(text, &parse(text).ok()?);
    }
    for (text, tree) in texts.values() {
        found.read(text, tree);
    }
    found.finish()
}

/// One side of a comparison.
enum Side {
    Constant(f64),
    Column(usize),
    /// Nothing to draw, or no room for it.
    Nothing,
}

struct Column {
    label: String,
    value: Value,
    is_price: bool,
}

/// Columns that are compared with each other, and with which constants.
#[derive(Default)]
struct Pane {
    columns: Vec<usize>,
    guides: Vec<f64>,
}

/// What was found so far.
struct Found<'s, 'a> {
    set: &'a RuleSet,
    texts: &'s BTreeMap<&'a str, (&'a str, Tree)>,
    checker: Checker<'a>,
    columns: Vec<Column>,
    panes: Vec<Pane>,
}

impl Found<'_, '_> {
    /// Takes in every comparison of a text.
    fn read(&mut self, text: &str, tree: &Tree) {
        for node in &tree.nodes {
            let sides: Vec<NodeId> = match &node.form {
                Form::Binary(
                    Binary::Less
                    | Binary::LessOrEqual
                    | Binary::Greater
                    | Binary::GreaterOrEqual
                    | Binary::Equal
                    | Binary::NotEqual,
                    left,
                    right,
                ) => vec![*left, *right],
                Form::Call(call) => compared(&call.name, &call.arguments),
                _ => continue,
            };
            let sides: Vec<Side> =
                sides.into_iter().map(|side| self.side(text, tree, side)).collect();
            self.join(&sides);
        }
    }

    fn side(&mut self, text: &str, tree: &Tree, node: NodeId) -> Side {
        let span = tree.nodes[node].span.clone();
        let Some(part) = text.get(span.clone()).and_then(|part| parse(part).ok()) else {
            return Side::Nothing;
        };
        let Ok(typed) = self.checker.check(&part) else { return Side::Nothing };
        if let Some(number) = self.checker.graph.constant(typed.value) {
            return Side::Constant(number);
        }
        if typed.kind != Kind::Number || is_plain(&tree.nodes[node].form) {
            return Side::Nothing;
        }
        let value = self.checker.graph.held(typed.value);
        if let Some(known) = self.columns.iter().position(|column| column.value == value) {
            return Side::Column(known);
        }
        if self.columns.len() == COLUMNS_MAX {
            return Side::Nothing;
        }
        let is_price = is_price(tree, node, self.texts);
        let label = self.label(text, tree, node);
        self.columns.push(Column { label, value, is_price });
        Side::Column(self.columns.len() - 1)
    }

    /// The text of a node with the values of parameters; of a term with what it stands for.
    fn label(&self, text: &str, tree: &Tree, node: NodeId) -> String {
        if let Form::Name(name) = &tree.nodes[node].form
            && let Some((text, tree)) = self.texts.get(name.as_str())
        {
            return format!("{name} = {}", self.filled(text, tree, tree.nodes.len() - 1));
        }
        self.filled(text, tree, node)
    }

    fn filled(&self, text: &str, tree: &Tree, node: NodeId) -> String {
        let whole = tree.nodes[node].span.clone();
        let mut params: Vec<_> = tree
            .nodes
            .iter()
            .filter_map(|node| match &node.form {
                Form::Param(name) => Some((node.span.clone(), self.set.params.get(name)?)),
                _ => None,
            })
            .filter(|(span, _)| whole.start <= span.start && span.end <= whole.end)
            .collect();
        params.sort_by_key(|(span, _)| span.start);
        let (mut filled, mut from) = (String::new(), whole.start);
        for (span, number) in params {
            filled += &text[from..span.start];
            filled += &number.to_string();
            from = span.end;
        }
        filled + &text[from..whole.end]
    }

    /// Puts the columns of one comparison that are no prices into one pane, with its constants.
    fn join(&mut self, sides: &[Side]) {
        let own: Vec<usize> = sides
            .iter()
            .filter_map(|side| match side {
                Side::Column(at) if !self.columns[*at].is_price => Some(*at),
                _ => None,
            })
            .collect();
        if own.is_empty() {
            return;
        }
        let mut pane = Pane { columns: own, guides: Vec::new() };
        pane.guides.extend(sides.iter().filter_map(|side| match side {
            Side::Constant(number) if number.is_finite() => Some(*number),
            _ => None,
        }));
        // Panes that have one of them become this one.
        let touches = |other: &Pane| other.columns.iter().any(|at| pane.columns.contains(at));
        let (joined, apart): (Vec<Pane>, Vec<Pane>) =
            std::mem::take(&mut self.panes).into_iter().partition(touches);
        for other in joined {
            pane.columns.extend(other.columns);
            pane.guides.extend(other.guides);
        }
        pane.columns.sort_unstable();
        pane.columns.dedup();
        pane.guides.sort_by(f64::total_cmp);
        pane.guides.dedup_by(|a, b| a.to_bits() == b.to_bits());
        self.panes = apart;
        self.panes.push(pane);
        self.panes.sort_by_key(|pane| pane.columns[0]);
    }

    fn finish(mut self) -> Option<Shown> {
        self.panes.truncate(PANES_MAX);
        let pane_of = |at: usize| self.panes.iter().position(|pane| pane.columns.contains(&at));
        let kept: Vec<(&Column, Option<usize>)> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column, pane_of(at)))
            .filter(|(column, pane)| column.is_price || pane.is_some())
            .collect();
        if kept.is_empty() {
            return None;
        }
        let values: Vec<Value> = kept.iter().map(|(column, _)| column.value).collect();
        let columns = kept
            .iter()
            .map(|(column, pane)| ShownColumn { label: column.label.clone(), pane: *pane });
        let columns: Vec<ShownColumn> = columns.collect();
        let outputs = columns.iter().map(|column| column.label.clone()).collect();
        let plan = Arc::new(Plan::new(&self.checker.graph, &values));
        let guides = self.panes.into_iter().map(|pane| pane.guides).collect();
        Some(Shown { expression: Expression { plan, outputs }, columns, guides })
    }
}

/// What a call that answers a condition compares.
fn compared(name: &str, arguments: &[NodeId]) -> Vec<NodeId> {
    let Some(function) = function::function(name) else { return Vec::new() };
    let numbers = |(at, _): &(usize, &NodeId)| {
        function.arguments.get(*at).is_some_and(|argument| argument.takes == Takes::Number)
    };
    match function.result {
        Takes::Condition => {
            arguments.iter().enumerate().filter(numbers).map(|(_, node)| *node).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether it is drawn already, or says nothing when it is.
fn is_plain(form: &Form) -> bool {
    let Form::Name(name) = form else { return false };
    match function::series(name) {
        Some(Series::Column(column)) => column != indicator::Column::Volume,
        Some(Series::Part(_)) => true,
        Some(Series::Mean(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(terms: &[(&str, &str)], entry: &str, exit: &str) -> RuleSet {
        RuleSet {
            params: [("n".to_owned(), 20.0), ("w".to_owned(), 1.5)].into(),
            terms: terms.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(),
            entry: Some(entry.into()),
            exit: Some(exit.into()),
            ..RuleSet::default()
        }
    }

    #[track_caller]
    fn check(set: &RuleSet, expected: &[&str]) {
        let lines = shown(set).map_or(Vec::new(), |shown| {
            let line = |column: &ShownColumn| match column.pane {
                None => column.label.clone(),
                Some(pane) => format!("{} in {pane} {:?}", column.label, shown.guides[pane]),
            };
            assert_eq!(shown.expression.outputs().len(), shown.columns.len());
            shown.columns.iter().map(line).collect()
        });
        assert_eq!(lines, expected);
    }

    #[test]
    fn prices_constants_and_the_calendar_need_no_column() {
        check(&set(&[], "close > open and hour >= 14 and close > 100", "weekday == 5"), &[]);
        check(&set(&[], "close >", "close > open"), &[]);
        check(&set(&[("a", "b"), ("b", "a")], "a > 1", "b > 1"), &[]);
    }

    #[test]
    fn what_is_on_the_scale_of_prices_lies_over_them() {
        check(
            &set(
                &[],
                "cross_above(sma(close, $n), ema(close, 50))",
                "close < highest(high, 5)[1] * 0.9",
            ),
            &["sma(close, 20)", "ema(close, 50)", "highest(high, 5)[1] * 0.9"],
        );
        let bands = [("lower", "bbands(close, $n, $w, $w).lower")];
        check(
            &set(&bands, "close < lower", "close > sar()"),
            &["lower = bbands(close, 20, 1.5, 1.5).lower", "sar()"],
        );
        check(
            &set(&[], "close > sma(close, 9) + 2 * atr(14)", "close < 1"),
            &["sma(close, 9) + 2 * atr(14)"],
        );
    }

    #[test]
    fn others_share_a_pane_with_what_they_are_compared_with() {
        let terms = [("line", "macd(close).macd"), ("trigger", "macd(close).signal")];
        check(
            &set(
                &terms,
                "line > trigger and rsi(close, 14) < 30",
                "line <= trigger or rsi(close, 14) > 70",
            ),
            &[
                "line = macd(close).macd in 0 []",
                "trigger = macd(close).signal in 0 []",
                "rsi(close, 14) in 1 [30.0, 70.0]",
            ],
        );
        check(
            &set(&[], "close / open > 1.01 and volume > sma(volume, 20)", "close - open < -1"),
            &[
                "close / open in 0 [1.01]",
                "volume in 1 []",
                "sma(volume, 20) in 1 []",
                "close - open in 2 [-1.0]",
            ],
        );
    }

    #[test]
    fn terms_that_are_conditions_are_looked_into() {
        check(
            &set(&[("cheap", "rsi(close, $n) < 30")], "cheap", "not cheap"),
            &["rsi(close, 20) in 0 [30.0]"],
        );
    }

    #[test]
    fn many_columns_are_cut() {
        let many: Vec<String> =
            (2..40).map(|n| format!("rsi(close, {n}) > sma(close, {n})")).collect();
        let shown = shown(&set(&[], &many.join(" and "), "close > open")).unwrap();
        assert!(shown.columns.len() <= COLUMNS_MAX && shown.guides.len() <= PANES_MAX);
    }
}
