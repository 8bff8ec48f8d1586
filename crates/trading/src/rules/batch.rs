//! Batches: the rules of many combinations of parameters, computed together.
//!
//! All combinations share one graph, so that what two of them need is computed once: a thousand
//! pairs of averages are a few dozen averages. What remains for each is to compare columns, which
//! is done in bytes, without a column of doubles per condition.
//!
//! Promises: the signals of each combination are those of `compile` and `Program::start`.
//! Not here: what becomes of the signals; see `sweep`.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use crate::indicator::Column;
use crate::signal::Signal;

use super::{
    Columns, RuleError, RuleSet,
    arithmetic::{Binary, Unary},
    check::{Checker, NODES_MAX, Typed, WINDOWS_BARS_MAX},
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
pub(crate) struct Texts<'a> {
    set: &'a RuleSet,
    /// Each after those it needs.
    terms: Vec<Term>,
    rules: Vec<(Tree, Signal)>,
}

/// A term and the parameters that its value depends on.
struct Term {
    name: String,
    tree: Tree,
    params: Vec<String>,
}

impl<'a> Texts<'a> {
    /// Reads the rules and terms of `set`.
    ///
    /// # Errors
    /// Those of `compile`.
    pub(crate) fn read(set: &'a RuleSet) -> Result<Self, Vec<RuleError>> {
        compile(set)?;
        let terms = Terms::read(&set.terms, &mut Vec::new());
        let term = |(name, tree, params): (&str, &Tree, BTreeSet<&str>)| Term {
            name: name.to_owned(),
            tree: tree.clone(),
            params: params.into_iter().map(str::to_owned).collect(),
        };
        let terms = terms.in_order().expect("what compiles has an order");
        let rule = |text| parse(text).expect("what compiles can be read");
        let rules = set.rules().map(|(_, text, wish)| (rule(text), wish)).collect();
        Ok(Self { set, terms: terms.into_iter().map(term).collect(), rules })
    }

    fn are_those_of(&self, set: &RuleSet) -> bool {
        self.set.terms == set.terms
            && self.set.entry == set.entry
            && self.set.exit == set.exit
            && self.set.short_entry == set.short_entry
            && self.set.short_exit == set.short_exit
    }
}

/// The values of terms, by their number and the parameters that they depend on.
type Known = BTreeMap<(usize, Vec<u64>), Typed>;

/// The values of the rules with these parameters; a term is checked once for all combinations that
/// agree in what it reads.
fn roots<'a>(
    texts: &'a Texts<'_>,
    known: &mut Known,
    checker: &mut Checker<'a>,
    params: &BTreeMap<String, f64>,
) -> Option<Vec<(Value, Signal)>> {
    for (number, term) in texts.terms.iter().enumerate() {
        let values = term.params.iter().map(|name| params.get(name).map(|x| x.to_bits()));
        let key = (number, values.collect::<Option<Vec<u64>>>()?);
        let typed = match known.get(&key) {
            Some(typed) => *typed,
            None => {
                let typed = checker.check(&term.tree).ok()?;
                known.insert(key, typed);
                typed
            }
        };
        checker.terms.insert(&term.name, Some(typed));
    }
    let rules = texts.rules.iter();
    rules.map(|(tree, wish)| Some((checker.check_condition(tree).ok()?.value, *wish))).collect()
}

/// Collects combinations whose rules have the same texts.
pub(crate) struct Collector<'a> {
    texts: &'a Texts<'a>,
    graph: Graph,
    terms: Known,
    members: Vec<Member>,
    leaves: BTreeMap<Value, usize>,
    wanted: Vec<Value>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(texts: &'a Texts<'a>) -> Self {
        let (graph, terms, members, leaves, wanted) = Default::default();
        Self { texts, graph, terms, members, leaves, wanted }
    }

    /// Whether the rules of `set` have the texts of this batch, whose memory is not used up.
    pub(crate) fn takes(&self, set: &RuleSet) -> bool {
        self.texts.are_those_of(set)
            && self.graph.nodes().len() < BATCH_NODES_MAX
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
                let conditions =
                    roots.iter().map(|(value, wish)| (self.condition(*value, true), *wish));
                let wishes = Wishes::of(conditions.collect());
                self.members.push(Member { wishes, warmup: warmup.unwrap_or(0) });
                Ok(())
            }
            None => compile(set).map(|_| unreachable!("a batch refuses what `compile` refuses")),
        }
    }

    /// The values of the rules; `None` if something is wrong with them.
    fn roots(&mut self, set: &RuleSet) -> Option<Vec<(Value, Signal)>> {
        let mut checker = Checker::going_on(&set.params, mem::take(&mut self.graph));
        let roots = roots(self.texts, &mut self.terms, &mut checker, &set.params);
        self.graph = checker.graph;
        roots
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
        match &member.wishes {
            Wishes::Either { comparison, sides: (a, b), holds, fails } => {
                comparison.decide(leaf(*a), leaf(*b), out, *holds, *fails);
            }
            Wishes::All(wishes) => {
                out.fill(Signal::NONE);
                wishes.iter().for_each(|(condition, wish)| condition.mark(&leaf, *wish, out));
            }
        }
        let silent = member.warmup.saturating_sub(first).min(out.len());
        out[..silent].fill(Signal::NONE);
    }
}

/// One combination of a batch.
pub(crate) struct Member {
    wishes: Wishes,
    pub(crate) warmup: usize,
}

/// The rules of a combination.
enum Wishes {
    /// One asks for something while a comparison holds, the other while it fails.
    Either {
        comparison: Comparison,
        sides: (usize, usize),
        holds: Signal,
        fails: Signal,
    },
    All(Vec<(Condition, Signal)>),
}

impl Wishes {
    fn of(wishes: Vec<(Condition, Signal)>) -> Self {
        if let [(Condition::Compare(one, a, b), holds), (Condition::Compare(other, c, d), fails)] =
            &wishes[..]
            && (a, b) == (c, d)
            && *other == one.opposite()
        {
            let (sides, comparison) = ((*a, *b), *one);
            return Self::Either { comparison, sides, holds: *holds, fails: *fails };
        }
        Self::All(wishes)
    }
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
#[derive(Clone, Copy, PartialEq, Eq)]
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
    /// What is true where this one is false and both sides are known.
    fn opposite(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::Different,
            Self::Different => Self::Equal,
        }
    }

    /// Writes `holds` where it is true and `fails` where its opposite is.
    #[expect(clippy::float_cmp, reason = "`==` of the language is exact, and says so")]
    fn decide(self, a: &[f64], b: &[f64], out: &mut [Signal], holds: Signal, fails: Signal) {
        let pick = |one: bool, other: bool| holds.when(one).with(fails.when(other));
        match self {
            Self::Less => zip(a, b, out, |_, a, b| pick(a < b, a >= b)),
            Self::LessOrEqual => zip(a, b, out, |_, a, b| pick(a <= b, a > b)),
            Self::Greater => zip(a, b, out, |_, a, b| pick(a > b, a <= b)),
            Self::GreaterOrEqual => zip(a, b, out, |_, a, b| pick(a >= b, a < b)),
            Self::Equal => zip(a, b, out, |_, a, b| pick(a == b, (a < b) | (a > b))),
            Self::Different => zip(a, b, out, |_, a, b| pick((a < b) | (a > b), a == b)),
        }
    }

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

/// In pieces of one size, which the compiler turns into wide instructions.
fn zip<T: Copy>(a: &[f64], b: &[f64], out: &mut [T], f: impl Fn(T, f64, f64) -> T) {
    const PIECE: usize = 16;
    let (whole, out) = out.as_chunks_mut::<PIECE>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<PIECE>(), b.as_chunks::<PIECE>());
    for ((out, a), b) in whole.iter_mut().zip(a).zip(b) {
        for place in 0..PIECE {
            out[place] = f(out[place], a[place], b[place]);
        }
    }
    let (a, b) = (a_rest, b_rest);
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = f(*out, *a, *b);
    }
}
