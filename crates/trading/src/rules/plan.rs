//! The plan: which nodes are computed, in which order, and in which column each value lies.
//!
//! Invariant: a column is given to another value only after its last reader has run, and never
//! to a value that is computed from it; so few columns are in use that they stay in the cache.
//! Not here: running it; see `evaluate`.

use std::collections::{BTreeMap, BTreeSet};

use dirigent_core::Timestamp;

use crate::{data::Timeframe, indicator::Column};

use super::{
    arithmetic::{Binary, Unary},
    calendar::Part,
    function::Stateful,
    graph::{Graph, Op, Value, numbers},
    slower::Slower,
};

/// Where a value is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Bar(Column),
    /// A column of another symbol, by its place in `Plan::foreign`.
    Foreign(usize),
    /// A column of a slower timeframe, by its place in `Plan::slower`.
    Slower(usize, Column),
    /// A scratch column.
    Scratch(usize),
}

/// How a value is computed from its inputs.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// A value of the slower timeframe of this place in `Plan::slower`, at the bars of the data.
    Hold(usize),
    Part(Part),
    Unary(Unary),
    Binary(Binary),
    Choose,
    Shift(usize),
    Stateful(Stateful, Vec<f64>),
}

/// One node to compute.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) action: Action,
    pub(super) inputs: Vec<Source>,
    /// The slower timeframe on whose bars it is computed, by its place in `Plan::slower`.
    pub(super) clock: Option<usize>,
    /// Scratch columns, one for each output.
    pub(super) outputs: Vec<usize>,
}

/// The work of one chunk of bars.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) tasks: Vec<Task>,
    /// What the first scratch columns hold for ever.
    pub(super) constants: Vec<f64>,
    /// How many scratch columns there are, constants included.
    pub(super) scratch: usize,
    /// Columns of other symbols, in the order in which they are given.
    pub(super) foreign: Vec<(Column, String)>,
    /// What makes the bars of each slower timeframe, before the first bar.
    pub(super) slower: Vec<Slower>,
    /// Where the wanted values are when all tasks have run.
    pub(super) wanted: Vec<Source>,
    /// The first bar on which all wanted values can be known.
    pub(super) warmup: usize,
}

impl Plan {
    /// The least work that yields `wanted`.
    pub(super) fn new(graph: &Graph, wanted: &[Value]) -> Self {
        let mut planner = Planner::new(graph, wanted);
        for (index, node) in graph.nodes().iter().enumerate() {
            if planner.needed.contains(&index) && matches!(node.op, Op::Constant(_)) {
                planner.place(index);
            }
        }
        let mut tasks = Vec::new();
        for (index, node) in graph.nodes().iter().enumerate() {
            if planner.needed.contains(&index) && !matches!(node.op, Op::Constant(_)) {
                tasks.extend(planner.place(index));
            }
        }
        let sources = wanted.iter().map(|value| planner.sources[value]).collect();
        Self {
            tasks,
            wanted: sources,
            warmup: wanted.iter().map(|value| graph.warmup(*value)).max().unwrap_or(0),
            constants: planner.constants,
            scratch: planner.scratch,
            foreign: planner.foreign,
            slower: planner.slower.into_iter().map(|(_, slower)| slower).collect(),
        }
    }

    /// The first of `times` whose bar reaches from one slower bar into the next, and where that begins.
    pub(super) fn reaches_over(&self, times: &[Timestamp]) -> Option<(Timestamp, Timestamp)> {
        self.slower.iter().find_map(|slower| slower.clone().reaches_over(times))
    }

    /// Whether a column of the bars is read at all.
    pub(super) fn reads(&self, column: Column) -> bool {
        let inputs = self.tasks.iter().flat_map(|task| &task.inputs);
        inputs.chain(&self.wanted).any(|source| match source {
            Source::Bar(read) | Source::Slower(_, read) => *read == column,
            Source::Foreign(_) | Source::Scratch(_) => false,
        })
    }
}

struct Planner<'g> {
    graph: &'g Graph,
    needed: BTreeSet<usize>,
    /// The node after which a value is read no more; wanted values are read for ever.
    last_reader: BTreeMap<Value, usize>,
    sources: BTreeMap<Value, Source>,
    free: Vec<usize>,
    scratch: usize,
    constants: Vec<f64>,
    foreign: Vec<(Column, String)>,
    slower: Vec<(Timeframe, Slower)>,
}

impl<'g> Planner<'g> {
    fn new(graph: &'g Graph, wanted: &[Value]) -> Self {
        let mut needed: BTreeSet<usize> = wanted.iter().map(|value| value.node).collect();
        let mut last_reader: BTreeMap<_, _> = wanted.iter().map(|v| (*v, usize::MAX)).collect();
        for (index, node) in graph.nodes().iter().enumerate().rev() {
            if needed.contains(&index) {
                for input in &node.inputs {
                    needed.insert(input.node);
                    last_reader.entry(*input).or_insert(index);
                }
            }
        }
        let (sources, free, scratch, constants, foreign, slower) = Default::default();
        Self { graph, needed, last_reader, sources, free, scratch, constants, foreign, slower }
    }

    /// Gives every output of a node its place, and says what is to be done for it.
    fn place(&mut self, index: usize) -> Option<Task> {
        let node = &self.graph.nodes()[index];
        let action = match &node.op {
            Op::Constant(bits) => {
                self.constants.push(bits.number());
                self.scratch += 1;
                return self.give(index, Source::Scratch(self.scratch - 1));
            }
            Op::Bar(column) => return self.give(index, Source::Bar(*column)),
            Op::Foreign(column, symbol) => {
                self.foreign.push((*column, symbol.clone()));
                return self.give(index, Source::Foreign(self.foreign.len() - 1));
            }
            Op::Slower(column, timeframe) => {
                let place = self.slower_place(*timeframe);
                return self.give(index, Source::Slower(place, *column));
            }
            Op::Hold => {
                let held = self.graph.nodes()[node.inputs[0].node].clock;
                Action::Hold(held.map_or(0, |timeframe| self.slower_place(timeframe)))
            }
            Op::Part(part) => Action::Part(*part),
            Op::Unary(unary) => Action::Unary(*unary),
            Op::Binary(binary) => Action::Binary(*binary),
            Op::Choose => Action::Choose,
            Op::Shift(bars) => Action::Shift(*bars),
            Op::Stateful(stateful, params) => Action::Stateful(*stateful, numbers(params)),
        };
        let inputs = node.inputs.iter().map(|input| self.sources[input]).collect();
        let values = (0..node.outputs()).map(|output| Value { node: index, output });
        let outputs: Vec<usize> = values.clone().map(|value| self.allot(value)).collect();
        let read: BTreeSet<Value> = node.inputs.iter().copied().collect();
        for value in read.into_iter().chain(values) {
            self.release(value, index);
        }
        let clock = node.clock.map(|timeframe| self.slower_place(timeframe));
        Some(Task { action, inputs, clock, outputs })
    }

    /// The place of a timeframe in `Plan::slower`.
    fn slower_place(&mut self, timeframe: Timeframe) -> usize {
        let known = self.slower.iter().position(|(known, _)| *known == timeframe);
        known.unwrap_or_else(|| {
            let frame = self.graph.frame().expect("only a graph with a frame has slower bars");
            self.slower.push((timeframe, Slower::new(frame, timeframe)));
            self.slower.len() - 1
        })
    }

    /// The place of a value that nothing has to be done for.
    fn give(&mut self, index: usize, source: Source) -> Option<Task> {
        self.sources.insert(Value { node: index, output: 0 }, source);
        None
    }

    fn allot(&mut self, value: Value) -> usize {
        let column = self.free.pop().unwrap_or_else(|| {
            self.scratch += 1;
            self.scratch - 1
        });
        self.sources.insert(value, Source::Scratch(column));
        column
    }

    /// Frees the column of a value that nobody reads after `index`.
    fn release(&mut self, value: Value, index: usize) {
        let read_again = self.last_reader.get(&value).is_some_and(|last| *last > index);
        let constant = matches!(self.graph.nodes()[value.node].op, Op::Constant(_));
        if let (false, false, Source::Scratch(column)) =
            (read_again, constant, self.sources[&value])
        {
            self.free.push(column);
        }
    }
}
