//! Batches: the rules of many combinations of parameters, computed together.
//!
//! All combinations share one graph, so that what two of them need is computed once: a thousand
//! pairs of averages are a few dozen averages. What remains for each is to compare columns, which
//! is done in bytes, without a column of doubles per condition.
//!
//! Promises: the signals of each combination are those of `compile` and `Program::start`.
//! Not here: what becomes of the signals; see `sweep`.

use std::{collections::BTreeMap, mem, sync::Arc};

use crate::indicator::Column;
use crate::signal::Signal;

use super::{
    Columns, RuleError, RuleSet,
    arithmetic::{Binary, Unary},
    check::{Checker, NODES_MAX, WINDOWS_BARS_MAX},
    compile::{Terms, compile},
    evaluate::Engine,
    graph::{Graph, Op, Value},
    parse::{Tree, parse},
    plan::Plan,
};

pub(crate) use super::evaluate::CHUNK_BARS;

/// The most nodes of a batch; each combination adds at most `NODES_MAX`.
const BATCH_NODES_MAX: usize = 4 * NODES_MAX;

/// The texts of rules, read once for all combinations.
struct Texts<'a> {
    terms: Terms<'a>,
    rules: Vec<(Tree, Signal)>,
}

impl<'a> Texts<'a> {
    /// `None` if a text cannot be read; `compile` says which.
    fn read(set: &'a RuleSet) -> Option<Self> {
        let mut errors = Vec::new();
        let terms = Terms::read(&set.terms, &mut errors);
        let rules = set.rules().map(|(_, text, wish)| Some((parse(text).ok()?, wish)));
        let rules = rules.collect::<Option<Vec<_>>>()?;
        errors.is_empty().then_some(Self { terms, rules })
    }
}

/// Collects combinations whose rules have the same texts.
pub(crate) struct Collector<'a> {
    set: &'a RuleSet,
    texts: Texts<'a>,
    graph: Graph,
    members: Vec<Member>,
    leaves: BTreeMap<Value, usize>,
    wanted: Vec<Value>,
}

impl<'a> Collector<'a> {
    /// Starts with the texts of `set`.
    ///
    /// # Errors
    /// Those of `compile`.
    pub(crate) fn new(set: &'a RuleSet) -> Result<Self, Vec<RuleError>> {
        compile(set)?;
        let texts = Texts::read(set).expect("what compiles can be read");
        let (graph, members, leaves, wanted) = Default::default();
        Ok(Self { set, texts, graph, members, leaves, wanted })
    }

    /// Whether the rules of `set` have the texts of this batch, whose memory is not used up.
    pub(crate) fn takes(&self, set: &RuleSet) -> bool {
        let ours = self.set;
        let same = ours.terms == set.terms
            && ours.entry == set.entry
            && ours.exit == set.exit
            && ours.short_entry == set.short_entry
            && ours.short_exit == set.short_exit;
        same && self.graph.nodes().len() < BATCH_NODES_MAX
            && self.graph.window_bars() < WINDOWS_BARS_MAX
    }

    /// Adds a combination, which `takes` accepted.
    ///
    /// # Errors
    /// Those of `compile`.
    pub(crate) fn add(&mut self, set: &RuleSet) -> Result<(), Vec<RuleError>> {
        match self.roots(set) {
            Some(roots) => {
                let warmup = roots.iter().map(|(value, _)| self.graph.warmup(*value)).max();
                let wishes = roots
                    .iter()
                    .map(|(value, wish)| (self.condition(*value, true), *wish))
                    .collect();
                self.members.push(Member { wishes, warmup: warmup.unwrap_or(0) });
                Ok(())
            }
            None => compile(set).map(|_| unreachable!("a batch refuses what `compile` refuses")),
        }
    }

    /// The values of the rules; `None` if something is wrong with them.
    fn roots(&mut self, set: &RuleSet) -> Option<Vec<(Value, Signal)>> {
        let mut errors = Vec::new();
        let mut checker = Checker::going_on(&set.params, mem::take(&mut self.graph));
        self.texts.terms.check(&mut checker, &mut errors);
        let rules = self.texts.rules.iter();
        let roots = rules
            .map(|(tree, wish)| Some((checker.check_condition(tree).ok()?.value, *wish)))
            .collect();
        self.graph = checker.graph;
        if errors.is_empty() { roots } else { None }
    }

    /// When `value` is known to be `truth`.
    fn condition(&mut self, value: Value, truth: bool) -> Condition {
        let node = &self.graph.nodes()[value.node];
        let (op, inputs) = (node.op.clone(), node.inputs.clone());
        match op {
            Op::Unary(Unary::Not) => self.condition(inputs[0], !truth),
            Op::Binary(logic @ (Binary::And | Binary::Or)) => {
                let both = [inputs[0], inputs[1]].map(|input| self.condition(input, truth));
                if (logic == Binary::And) == truth {
                    Condition::Both(Box::new(both))
                } else {
                    Condition::Either(Box::new(both))
                }
            }
            Op::Binary(binary) => match Comparison::of(binary, truth) {
                Some(comparison) => {
                    Condition::Compare(comparison, self.leaf(inputs[0]), self.leaf(inputs[1]))
                }
                None => Condition::Is(truth, self.leaf(value)),
            },
            _ => Condition::Is(truth, self.leaf(value)),
        }
    }

    /// The place of a value among those that are computed.
    fn leaf(&mut self, value: Value) -> usize {
        *self.leaves.entry(value).or_insert_with(|| {
            self.wanted.push(value);
            self.wanted.len() - 1
        })
    }

    /// All combinations as one piece of work.
    pub(crate) fn finish(self) -> Batch {
        Batch { plan: Arc::new(Plan::new(&self.graph, &self.wanted)), members: self.members }
    }
}

/// Many combinations, compiled.
pub(crate) struct Batch {
    plan: Arc<Plan>,
    members: Vec<Member>,
}

impl Batch {
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// As `Program::reads`.
    pub(crate) fn reads(&self, column: Column) -> bool {
        self.plan.reads(column)
    }

    /// As `Program::foreign`.
    pub(crate) fn foreign(&self) -> &[(Column, String)] {
        &self.plan.foreign
    }

    /// Starts before the first bar.
    pub(crate) fn start(&self) -> BatchRun {
        BatchRun { engine: Engine::new(&self.plan) }
    }
}

/// A batch while it is being fed.
pub(crate) struct BatchRun {
    engine: Engine,
}

impl BatchRun {
    /// Takes the next bars, at most `CHUNK_BARS`.
    pub(crate) fn run(&mut self, bars: &Columns<'_>) {
        self.engine.run(bars, &(0..bars.time.len()));
    }

    /// The signals of a combination at the bars that were taken last, the first of which is
    /// number `first`.
    pub(crate) fn signals(
        &self,
        member: &Member,
        bars: &Columns<'_>,
        first: usize,
        out: &mut [Signal],
    ) {
        let range = 0..out.len();
        let leaf = |place: usize| self.engine.read(self.engine.wanted(place), bars, &range);
        out.fill(Signal::NONE);
        for (condition, wish) in &member.wishes {
            condition.mark(&leaf, *wish, out);
        }
        let silent = member.warmup.saturating_sub(first).min(out.len());
        out[..silent].fill(Signal::NONE);
    }
}

/// One combination of a batch.
pub(crate) struct Member {
    wishes: Vec<(Condition, Signal)>,
    pub(crate) warmup: usize,
}

/// When something is known to be so; columns are given by their place among the wanted ones.
enum Condition {
    Compare(Comparison, usize, usize),
    /// The column is known to be true, or false.
    Is(bool, usize),
    Both(Box<[Condition; 2]>),
    Either(Box<[Condition; 2]>),
}

/// A comparison that is false where a side is unknown.
#[derive(Clone, Copy)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Different,
}

impl Comparison {
    /// What a comparison of the language comes to when it is known to be `truth`.
    fn of(binary: Binary, truth: bool) -> Option<Self> {
        match (binary, truth) {
            (Binary::Less, true) | (Binary::GreaterOrEqual, false) => Some(Self::Less),
            (Binary::LessOrEqual, true) | (Binary::Greater, false) => Some(Self::LessOrEqual),
            (Binary::Greater, true) | (Binary::LessOrEqual, false) => Some(Self::Greater),
            (Binary::GreaterOrEqual, true) | (Binary::Less, false) => Some(Self::GreaterOrEqual),
            (Binary::Equal, true) | (Binary::NotEqual, false) => Some(Self::Equal),
            (Binary::NotEqual, true) | (Binary::Equal, false) => Some(Self::Different),
            _ => None,
        }
    }
}

impl Condition {
    /// Sets `wish` wherever it holds.
    fn mark<'a>(&self, leaf: &impl Fn(usize) -> &'a [f64], wish: Signal, out: &mut [Signal]) {
        if let Self::Compare(comparison, a, b) = self {
            let (a, b) = (leaf(*a), leaf(*b));
            return comparison.run(a, b, out, |out, truth| out.with(wish.when(truth)));
        }
        let mut truths = [false; CHUNK_BARS];
        self.fill(leaf, &mut truths[..out.len()]);
        for (out, truth) in out.iter_mut().zip(truths) {
            *out = out.with(wish.when(truth));
        }
    }

    /// Fills `out` with whether it holds.
    fn fill<'a>(&self, leaf: &impl Fn(usize) -> &'a [f64], out: &mut [bool]) {
        let (sides, join): (_, fn(bool, bool) -> bool) = match self {
            Self::Compare(comparison, a, b) => {
                return comparison.run(leaf(*a), leaf(*b), out, |_, truth| truth);
            }
            Self::Is(truth, column) => {
                let wanted = f64::from(*truth);
                let column = leaf(*column);
                return out.iter_mut().zip(column).for_each(|(out, x)| *out = is(*x, wanted));
            }
            Self::Both(sides) => (sides, |a, b| a & b),
            Self::Either(sides) => (sides, |a, b| a | b),
        };
        let mut other = [false; CHUNK_BARS];
        sides[0].fill(leaf, out);
        sides[1].fill(leaf, &mut other[..out.len()]);
        out.iter_mut().zip(other).for_each(|(out, other)| *out = join(*out, other));
    }
}

/// Whether a truth, which is 0, 1 or unknown, is the wanted one.
#[expect(clippy::float_cmp, reason = "truths are exactly 0 or 1")]
fn is(truth: f64, wanted: f64) -> bool {
    truth == wanted
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "`==` of the language is exact, and says so")]
    fn run<T: Copy>(self, a: &[f64], b: &[f64], out: &mut [T], set: impl Fn(T, bool) -> T) {
        match self {
            Self::Less => zip(a, b, out, |out, a, b| set(out, a < b)),
            Self::LessOrEqual => zip(a, b, out, |out, a, b| set(out, a <= b)),
            Self::Greater => zip(a, b, out, |out, a, b| set(out, a > b)),
            Self::GreaterOrEqual => zip(a, b, out, |out, a, b| set(out, a >= b)),
            Self::Equal => zip(a, b, out, |out, a, b| set(out, a == b)),
            Self::Different => zip(a, b, out, |out, a, b| set(out, (a < b) | (a > b))),
        }
    }
}

fn zip<T: Copy>(a: &[f64], b: &[f64], out: &mut [T], f: impl Fn(T, f64, f64) -> T) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = f(*out, *a, *b);
    }
}
