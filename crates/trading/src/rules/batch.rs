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

use dirigent_core::Timestamp;

use crate::indicator::Column;
use crate::signal::Signal;

use super::{
    Columns, RuleError, RuleSet,
    check::{Checker, NODES_MAX, Typed, WINDOWS_BARS_MAX},
    compile::{Terms, compile},
    evaluate::Engine,
    graph::{Graph, Value},
    parse::parse,
    plan::Plan,
    tree::Tree,
    wishes::{Leaves, Wishes},
};

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
            && self.set.frame == set.frame
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
    let roots = rules.map(|(tree, _)| Some(checker.check_condition(tree).ok()?.value));
    let roots: Vec<Value> = roots.collect::<Option<_>>()?;
    let roots = checker.graph.settled(&roots);
    Some(roots.into_iter().zip(texts.rules.iter().map(|(_, wish)| *wish)).collect())
}

/// Collects combinations whose rules have the same texts.
pub(crate) struct Collector<'a> {
    texts: &'a Texts<'a>,
    graph: Graph,
    terms: Known,
    members: Vec<Wishes>,
    leaves: Leaves,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(texts: &'a Texts<'a>) -> Self {
        let (terms, members, leaves) = Default::default();
        let graph = Graph::on(texts.set.frame.clone());
        Self { texts, graph, terms, members, leaves }
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
                self.members.push(Wishes::new(&self.graph, &roots, &mut self.leaves));
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

    /// All combinations as one piece of work.
    pub(crate) fn finish(self) -> Batch {
        Batch { plan: Arc::new(Plan::new(&self.graph, &self.leaves.wanted)), members: self.members }
    }
}

/// Many combinations, compiled.
pub(crate) struct Batch {
    plan: Arc<Plan>,
    members: Vec<Wishes>,
}

impl Batch {
    pub(crate) fn members(&self) -> &[Wishes] {
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

    /// As `Program::reaches_over`.
    pub(crate) fn reaches_over(&self, times: &[Timestamp]) -> bool {
        self.plan.reaches_over(times).is_some()
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
        member: &Wishes,
        bars: &Columns<'_>,
        first: usize,
        out: &mut [Signal],
    ) {
        member.tell(&self.engine, bars, &(0..out.len()), first, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Op;
    use super::*;

    /// WFT-11: what two combinations need is computed once.
    #[test]
    fn pairs_of_averages_compute_each_average_once() {
        let pair = |fast: f64, slow: f64| RuleSet {
            entry: Some("sma(close, $fast) > sma(close, $slow)".into()),
            exit: Some("sma(close, $fast) < sma(close, $slow)".into()),
            params: [("fast", fast), ("slow", slow)].map(|(k, v)| (k.to_owned(), v)).into(),
            ..RuleSet::default()
        };
        let pairs = [(5.0, 20.0), (5.0, 30.0), (10.0, 20.0), (10.0, 30.0), (20.0, 30.0)];
        let sets = pairs.map(|(fast, slow)| pair(fast, slow));
        let texts = Texts::read(&sets[0]).expect("the rules are right");
        let mut collector = Collector::new(&texts);
        sets.iter().for_each(|set| collector.add(set).expect("as are all others"));
        let nodes = collector.graph.nodes().iter();
        let averages = nodes.filter(|node| matches!(node.op, Op::Stateful(..))).count();
        assert_eq!(averages, 4, "of 5, 10, 20 and 30 bars, for five pairs of two");
    }
}
