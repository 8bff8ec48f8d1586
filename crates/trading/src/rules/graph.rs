//! The graph: every value that the rules need, each computed once.
//!
//! A node is computed on the bars of the data, or on those of a slower timeframe if all it reads is;
//! where timeframes meet, what is slower is held until its next bar is known.
//!
//! Invariant: inputs stand before the nodes that read them; equal operations on equal inputs are
//! one node, across all rules and terms; what depends on constants alone is a constant.
//! Not here: which nodes are computed when and where; see `plan`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    data::Timeframe,
    indicator::{Column, WINDOW_BARS_MAX, float},
};

use super::{
    arithmetic::{Binary, UNKNOWN, Unary, is_true},
    calendar::Part,
    function::Stateful,
    slower::Frame,
};

/// A double that can be a key: equal when its bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits(u64);

impl Bits {
    pub(super) fn of(number: f64) -> Self {
        Self(number.to_bits())
    }

    pub(super) fn number(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// What a node computes from its inputs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    Constant(Bits),
    Bar(Column),
    Foreign(Column, String),
    Slower(Column, Timeframe),
    /// What a slower timeframe says, at the bars of the data.
    Hold,
    Part(Part),
    Unary(Unary),
    Binary(Binary),
    Choose,
    Shift(usize),
    Stateful(Stateful, Vec<Bits>),
}

/// One output of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    pub(super) node: usize,
    pub(super) output: usize,
}

/// A value to compute.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) inputs: Vec<Value>,
    /// The bars it is computed on: those of the data, or slower ones.
    pub(super) clock: Option<Timeframe>,
    /// The first of these bars on which it can be known, once all slower ones are that it reads.
    pub(super) warmup: usize,
    /// How many bars of the data it needs after the last slower one it waits for.
    after: Option<usize>,
}

impl Node {
    pub(super) fn outputs(&self) -> usize {
        match &self.op {
            Op::Stateful(stateful, _) => stateful.outputs,
            _ => 1,
        }
    }
}

/// All nodes, inputs first.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    known: BTreeMap<(Op, Vec<Value>), usize>,
    window_bars: f64,
    frame: Option<Frame>,
    has_slower: bool,
}

impl Graph {
    /// An empty graph for bars of `frame`.
    pub(super) fn on(frame: Option<Frame>) -> Self {
        Self { frame, ..Self::default() }
    }

    pub(super) fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many bars all windows together remember, at most.
    pub(super) fn window_bars(&self) -> f64 {
        self.window_bars
    }

    pub(super) fn number(&mut self, number: f64) -> Value {
        self.node(Op::Constant(Bits::of(number)), Vec::new())
    }

    /// The number or truth that `value` is on every bar, if it is constant.
    pub(super) fn constant(&self, value: Value) -> Option<f64> {
        match self.nodes[value.node].op {
            Op::Constant(bits) => Some(bits.number()),
            _ => None,
        }
    }

    pub(super) fn warmup(&self, value: Value) -> usize {
        self.nodes[value.node].warmup
    }

    /// The timeframe that all of `values` are computed on, constants aside, if it is a slower one.
    pub(super) fn slower(&self, values: &[Value]) -> Option<Timeframe> {
        let mut clocks = values.iter().filter(|value| self.constant(**value).is_none());
        let first = self.nodes[clocks.next()?.node].clock;
        first.filter(|_| clocks.all(|value| self.nodes[value.node].clock == first))
    }

    /// A value at the bars of the data.
    pub(super) fn held(&mut self, value: Value) -> Value {
        match self.nodes[value.node].clock {
            Some(_) => self.node(Op::Hold, vec![value]),
            None => value,
        }
    }

    /// The same conditions, each false until all slower bars that any of them needs are known.
    pub(super) fn settled(&mut self, conditions: &[Value]) -> Vec<Value> {
        let (needed, after) = self.waits_for(conditions);
        let ready = needed.into_iter().map(|(timeframe, bars)| {
            let close = self.add(Op::Slower(Column::Close, timeframe), Vec::new());
            let is_there = self.add(Op::Binary(Binary::Equal), vec![close, close]);
            let was_there = self.add(Op::Shift(bars), vec![is_there]);
            self.held(was_there)
        });
        let ready: Vec<Value> = ready.collect();
        let all = |a, b| self.add(Op::Binary(Binary::And), vec![a, b]);
        let Some(ready) = ready.into_iter().reduce(all) else { return conditions.to_vec() };
        let ready = self.add(Op::Shift(after), vec![ready]);
        let and = |one: &Value| self.add(Op::Binary(Binary::And), vec![*one, ready]);
        conditions.iter().map(and).collect()
    }

    /// How many bars before the present one of each slower timeframe some values need, and how many
    /// bars of the data after the last of these.
    fn waits_for(&self, values: &[Value]) -> (BTreeMap<Timeframe, usize>, usize) {
        let mut needed = BTreeMap::new();
        let mut open: Vec<usize> = values.iter().map(|value| value.node).collect();
        let mut seen = BTreeSet::new();
        while let Some(index) = open.pop().filter(|_| self.has_slower) {
            if !seen.insert(index) {
                continue;
            }
            let node = &self.nodes[index];
            open.extend(node.inputs.iter().map(|input| input.node));
            if let Some(timeframe) = node.clock {
                let bars: &mut usize = needed.entry(timeframe).or_default();
                *bars = node.warmup.max(*bars);
            }
        }
        let after = values.iter().filter_map(|value| self.nodes[value.node].after).max();
        (needed, after.unwrap_or(0))
    }

    /// The (first) value of `op` on `inputs`, folded or found again if it can be; on the bars of a
    /// slower timeframe if all inputs are.
    pub(super) fn add(&mut self, op: Op, mut inputs: Vec<Value>) -> Value {
        let is_moment = matches!(&op, Op::Stateful(stateful, _) if stateful.is_moment());
        if is_moment || self.slower(&inputs).is_none() {
            inputs = inputs.into_iter().map(|input| self.held(input)).collect();
        }
        if op == Op::Shift(0) {
            return inputs[0];
        }
        if let (Op::Choose, Some(truth)) = (&op, inputs.first().and_then(|c| self.constant(*c))) {
            return match truth {
                truth if truth.is_nan() => self.number(UNKNOWN),
                truth if is_true(truth) => inputs[1],
                _ => inputs[2],
            };
        }
        match self.fold(&op, &inputs) {
            Some(constant) => self.number(constant),
            None => self.node(op, inputs),
        }
    }

    /// The same arithmetic as on columns, on columns of one value.
    fn fold(&self, op: &Op, inputs: &[Value]) -> Option<f64> {
        let x: Vec<f64> = inputs.iter().map_while(|input| self.constant(*input)).collect();
        if x.len() < inputs.len() {
            return None;
        }
        let mut out = [UNKNOWN];
        match op {
            Op::Unary(unary) => unary.run(&x, &mut out),
            Op::Binary(binary) => binary.run(&x[..1], &x[1..], &mut out),
            _ => return None,
        }
        Some(out[0])
    }

    fn node(&mut self, op: Op, inputs: Vec<Value>) -> Value {
        let key = (op, inputs);
        if let Some(node) = self.known.get(&key) {
            return Value { node: *node, output: 0 };
        }
        let (op, inputs) = key.clone();
        let own = match &op {
            Op::Shift(bars) => *bars,
            Op::Stateful(stateful, params) => (stateful.warmup)(&numbers(params)),
            _ => 0,
        };
        self.window_bars += remembered(&op);
        self.has_slower |= matches!(op, Op::Slower(..));
        let read = inputs.iter().map(|input| &self.nodes[input.node]);
        let warmup = read.clone().map(|node| node.warmup).max().unwrap_or(0).saturating_add(own);
        let after = read.filter_map(|node| node.after).max().map(|bars| bars.saturating_add(own));
        let clock = match op {
            Op::Slower(_, timeframe) => Some(timeframe),
            Op::Hold => None,
            _ => self.slower(&inputs),
        };
        let (warmup, after) = if op == Op::Hold { (0, Some(0)) } else { (warmup, after) };
        self.nodes.push(Node { op, inputs, clock, warmup, after });
        self.known.insert(key, self.nodes.len() - 1);
        Value { node: self.nodes.len() - 1, output: 0 }
    }
}

/// The parameters of a function as numbers.
pub(super) fn numbers(params: &[Bits]) -> Vec<f64> {
    params.iter().map(|bits| bits.number()).collect()
}

/// A bound on the bars that a node remembers: what its windows add up to.
fn remembered(op: &Op) -> f64 {
    match op {
        Op::Shift(bars) => float(*bars),
        Op::Stateful(_, params) => {
            numbers(params).into_iter().map(|p| p.abs().min(WINDOW_BARS_MAX)).sum()
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_operations_are_one_node() {
        let mut graph = Graph::default();
        let close = graph.add(Op::Bar(Column::Close), Vec::new());
        let once = graph.add(Op::Shift(3), vec![close]);
        let nodes = graph.nodes().len();
        assert_eq!(graph.add(Op::Shift(3), vec![close]), once);
        assert_eq!(graph.nodes().len(), nodes);
        assert_ne!(graph.add(Op::Shift(4), vec![close]), once);
    }

    #[test]
    fn constants_fold_with_the_arithmetic_of_columns() {
        let mut graph = Graph::default();
        let [one, zero] = [1.0, 0.0].map(|number| graph.number(number));
        let quotient = graph.add(Op::Binary(Binary::Divide), vec![one, zero]);
        assert!(graph.constant(quotient).is_some_and(f64::is_nan));
        let close = graph.add(Op::Bar(Column::Close), Vec::new());
        assert_eq!(graph.add(Op::Choose, vec![one, close, zero]), close);
        assert_eq!(graph.add(Op::Choose, vec![zero, zero, close]), close);
    }
}
