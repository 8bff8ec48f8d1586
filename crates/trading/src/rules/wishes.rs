//! Wishes: what rules ask for at each bar, once the values that they compare are computed.
//!
//! Only what the conditions compare is computed as columns of doubles; the conditions themselves
//! are decided in bytes. Many combinations of parameters may share the columns.

use std::{collections::BTreeMap, ops::Range};

use crate::signal::Signal;

use super::{
    Columns,
    arithmetic::{Binary, Unary},
    condition::{Comparison, Condition},
    evaluate::Engine,
    graph::{Graph, Op, Value},
};

/// The values that conditions read, each with its place.
#[derive(Default)]
pub(super) struct Leaves {
    places: BTreeMap<Value, usize>,
    /// The values by their place.
    pub(super) wanted: Vec<Value>,
}

impl Leaves {
    fn place(&mut self, value: Value) -> usize {
        *self.places.entry(value).or_insert_with(|| {
            self.wanted.push(value);
            self.wanted.len() - 1
        })
    }

    /// When `value` is known to be `truth`.
    fn condition(&mut self, graph: &Graph, value: Value, truth: bool) -> Condition {
        let node = &graph.nodes()[value.node];
        match (&node.op, node.inputs.as_slice()) {
            (Op::Unary(Unary::Not), &[input]) => self.condition(graph, input, !truth),
            (Op::Binary(logic @ (Binary::And | Binary::Or)), &[a, b]) => {
                let both = [a, b].map(|input| self.condition(graph, input, truth));
                if (*logic == Binary::And) == truth {
                    Condition::Both(Box::new(both))
                } else {
                    Condition::Either(Box::new(both))
                }
            }
            (Op::Binary(binary), &[a, b]) => match Comparison::of(*binary, truth) {
                Some(comparison) => Condition::Compare(comparison, self.place(a), self.place(b)),
                None => Condition::Is(truth, self.place(value)),
            },
            _ => Condition::Is(truth, self.place(value)),
        }
    }
}

/// The rules of one strategy.
#[derive(Debug)]
pub(crate) struct Wishes {
    asked: Asked,
    /// The first bar on which all of them can be known.
    pub(crate) warmup: usize,
}

#[derive(Debug)]
enum Asked {
    /// One rule asks for something while a comparison holds, the other while it fails.
    Either(Compared),
    All(Vec<(Condition, Signal)>),
}

/// What is asked for where a comparison holds, and where it fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) comparison: Comparison,
    /// The places of what is compared.
    pub(super) sides: [usize; 2],
    pub(super) holds: Signal,
    pub(super) fails: Signal,
}

impl Wishes {
    /// Those that `roots`, the values of the rules, ask for; what they compare goes into `leaves`.
    pub(super) fn new(graph: &Graph, roots: &[(Value, Signal)], leaves: &mut Leaves) -> Self {
        let condition = |(value, wish): &_| (leaves.condition(graph, *value, true), *wish);
        let asked = Asked::of(roots.iter().map(condition).collect());
        let warmup = roots.iter().map(|(value, _)| graph.warmup(*value)).max().unwrap_or(0);
        Self { asked, warmup }
    }

    /// Fills `out` with the signals of the bars in `range`, which `engine` has just computed; the
    /// first of them is number `first`.
    pub(super) fn tell(
        &self,
        engine: &Engine,
        bars: &Columns<'_>,
        range: &Range<usize>,
        first: usize,
        out: &mut [Signal],
    ) {
        let leaf = |place: usize| engine.read(engine.wanted(place), bars, range);
        match &self.asked {
            Asked::Either(Compared { comparison, sides: [a, b], holds, fails }) => {
                comparison.decide(leaf(*a), leaf(*b), out, *holds, *fails);
            }
            Asked::All(wishes) => {
                out.fill(Signal::NONE);
                wishes.iter().for_each(|(condition, wish)| condition.mark(&leaf, *wish, out));
            }
        }
        let silent = self.warmup.saturating_sub(first).min(out.len());
        out[..silent].fill(Signal::NONE);
    }

    /// The comparisons that this comes to; none if a condition is more than a comparison.
    pub(super) fn comparisons(&self) -> Option<Vec<Compared>> {
        match &self.asked {
            Asked::Either(compared) => Some(vec![*compared]),
            Asked::All(wishes) => wishes.iter().map(only_compared).collect(),
        }
    }
}

fn only_compared((condition, wish): &(Condition, Signal)) -> Option<Compared> {
    match condition {
        Condition::Compare(comparison, a, b) => Some(Compared {
            comparison: *comparison,
            sides: [*a, *b],
            holds: *wish,
            fails: Signal::NONE,
        }),
        _ => None,
    }
}

impl Asked {
    fn of(wishes: Vec<(Condition, Signal)>) -> Self {
        if let [(Condition::Compare(one, a, b), holds), (Condition::Compare(other, c, d), fails)] =
            &wishes[..]
            && (a, b) == (c, d)
            && *other == one.opposite()
        {
            let (comparison, sides) = (*one, [*a, *b]);
            return Self::Either(Compared { comparison, sides, holds: *holds, fails: *fails });
        }
        Self::All(wishes)
    }
}
