//! The compiler: all texts of a strategy become one plan, or all their mistakes at once.
//!
//! Promises: terms may stand in any order; a cycle of terms is named; errors come in the order
//! of the texts.
//! Not here: what is wrong with a single tree; see `parse` and `check`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use crate::signal::Signal;

use super::{
    Expression, Frame, Program, RuleSet,
    check::{Checker, Typed},
    error::{Flaw, Place, RuleError, Warning},
    function,
    means::Means,
    parse::{KEYWORDS, parse},
    plan::Plan,
    token::is_identifier,
    tree::{Form, Tree},
    wishes::{Leaves, Wishes},
};

/// The most `let` terms a strategy may have.
pub const TERMS_MAX: usize = 256;

/// Compiles the rules of a strategy.
///
/// # Errors
/// All mistakes of all rules and terms, in the order of the texts.
pub fn compile(set: &RuleSet) -> Result<Program, Vec<RuleError>> {
    let mut errors = Vec::new();
    let terms = Terms::read(&set.terms, &mut errors);
    let mut checker = Checker::new(&set.params, set.frame.clone());
    terms.check(&mut checker, &mut errors);
    let (mut roots, mut used) = (Vec::new(), BTreeSet::new());
    for (place, text, wish) in set.rules() {
        let checked = parse(text).map_err(|flaw| vec![flaw]).and_then(|tree| {
            used.extend(terms.named_in(&tree).map(|(term, _)| term));
            checker.check_condition(&tree)
        });
        match checked {
            Ok(typed) => roots.push((typed.value, wish)),
            Err(flaws) => errors.extend(flaws.into_iter().map(|flaw| flaw.at(place.clone()))),
        }
    }
    if set.entry.is_none() && set.short_entry.is_none() {
        let flaw = Flaw::new(0..0, "the strategy has neither `entry` nor `short_entry`");
        errors.push(flaw.hint("write a condition, e.g. `entry: close > open`").at(Place::Entry));
    }
    if !errors.is_empty() {
        errors.sort_by_cached_key(|error| (set.rank(&error.place), error.span.start));
        return Err(errors);
    }
    let (values, asked): (Vec<_>, Vec<_>) = roots.into_iter().unzip();
    let roots: Vec<_> = checker.graph.settled(&values).into_iter().zip(asked).collect();
    let mut leaves = Leaves::default();
    let wishes = Wishes::new(&checker.graph, &roots, &mut leaves);
    Ok(Program {
        means: Means::new(&checker.graph, &wishes, &leaves).map(Arc::new),
        plan: Arc::new(Plan::new(&checker.graph, &leaves.wanted)),
        wishes: Arc::new(wishes),
        terms: set.terms.iter().map(|(name, _)| name.clone()).collect(),
        warnings: warnings(set, &checker.params_used, &terms.needed(used)),
    })
}

/// Compiles an expression that stands alone; on bars of a `frame` it may name slower timeframes.
///
/// # Errors
/// All mistakes of the expression, in its order.
pub fn compile_expression(
    text: &str,
    params: &BTreeMap<String, f64>,
    frame: Option<Frame>,
) -> Result<Expression, Vec<RuleError>> {
    let mut checker = Checker::new(params, frame);
    let typed = parse(text)
        .map_err(|flaw| vec![flaw])
        .and_then(|tree| checker.check(&tree))
        .map_err(|flaws| flaws.into_iter().map(|f| f.at(Place::Expression)).collect::<Vec<_>>())?;
    let Typed { value, indicator, .. } = typed;
    let outputs: Vec<String> = match indicator {
        Some(definition) if definition.outputs.len() > 1 => {
            definition.outputs.iter().map(|&name| name.to_owned()).collect()
        }
        _ => vec!["value".to_owned()],
    };
    let values =
        (0..outputs.len()).map(|k| super::graph::Value { output: value.output + k, ..value });
    let values: Vec<_> = values.map(|value| checker.graph.held(value)).collect();
    Ok(Expression { plan: Arc::new(Plan::new(&checker.graph, &values)), outputs })
}

fn warnings(set: &RuleSet, params: &BTreeSet<&str>, terms: &BTreeSet<&str>) -> Vec<Warning> {
    let unused_params = set.params.keys().filter(|name| !params.contains(name.as_str()));
    let unused_terms = set.terms.iter().filter(|(name, _)| !terms.contains(name.as_str()));
    let idle_exits = [
        (set.exit.is_some() && set.entry.is_none(), Place::Exit),
        (set.short_exit.is_some() && set.short_entry.is_none(), Place::ShortExit),
    ];
    let idle_exits = idle_exits.into_iter().filter(|(idle, _)| *idle);
    unused_params
        .map(|name| Warning::UnusedParam(name.clone()))
        .chain(unused_terms.map(|(name, _)| Warning::UnusedTerm(name.clone())))
        .chain(idle_exits.map(|(_, place)| Warning::IdleExit(place)))
        .collect()
}

impl RuleSet {
    /// The rules that are given, each with the signal it asks for.
    pub(super) fn rules(&self) -> impl Iterator<Item = (Place, &str, Signal)> {
        [
            (Place::Entry, &self.entry, Signal::LONG_ENTRY),
            (Place::Exit, &self.exit, Signal::LONG_EXIT),
            (Place::ShortEntry, &self.short_entry, Signal::SHORT_ENTRY),
            (Place::ShortExit, &self.short_exit, Signal::SHORT_EXIT),
        ]
        .into_iter()
        .filter_map(|(place, text, wish)| Some((place, text.as_deref()?, wish)))
    }

    /// The order of the texts: terms as declared, then the rules.
    fn rank(&self, place: &Place) -> (usize, Place) {
        let term = match place {
            Place::Term(name) => self.terms.iter().position(|(known, _)| known == name),
            _ => None,
        };
        (term.unwrap_or(self.terms.len()), place.clone())
    }
}

/// The `let` terms in the order of the file; `None` for a text that cannot be read.
#[derive(Default)]
pub(super) struct Terms<'a> {
    list: Vec<(&'a str, Option<Tree>)>,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Terms<'a> {
    pub(super) fn read(terms: &'a [(String, String)], errors: &mut Vec<RuleError>) -> Self {
        let mut read = Self::default();
        for (index, (name, text)) in terms.iter().enumerate() {
            let place = Place::Term(name.clone());
            if index == TERMS_MAX {
                let message = format!("more than {TERMS_MAX} terms: {}", terms.len());
                errors.push(Flaw::new(0..0, message).at(place));
                break;
            }
            if let Some(flaw) = read.wrong_name(name) {
                errors.push(flaw.at(place.clone()));
                continue;
            }
            let tree = parse(text).map_err(|flaw| errors.push(flaw.at(place))).ok();
            read.places.insert(name, read.list.len());
            read.list.push((name, tree));
        }
        read
    }

    fn wrong_name(&self, name: &str) -> Option<Flaw> {
        if self.places.contains_key(name) {
            return Some(Flaw::new(0..0, format!("the term `{name}` is defined twice")));
        }
        if !is_identifier(name) {
            let flaw = Flaw::new(0..0, format!("`{name}` cannot be the name of a term"));
            return Some(flaw.hint("a name is letters, digits and `_`, not starting with a digit"));
        }
        let taken = KEYWORDS.contains(&name) || function::series(name).is_some();
        taken.then(|| {
            Flaw::new(0..0, format!("`{name}` has a meaning of its own"))
                .hint(format!("choose another name, e.g. `my_{name}`"))
        })
    }

    /// The terms that a tree names, as indices, and where.
    fn named_in(&self, tree: &Tree) -> impl Iterator<Item = (usize, Range<usize>)> {
        tree.nodes.iter().filter_map(|node| match &node.form {
            Form::Name(name) => Some((*self.places.get(name.as_str())?, node.span.clone())),
            _ => None,
        })
    }

    /// Each readable term after those it needs, with all parameters that its value depends on;
    /// `None` if terms need each other.
    pub(super) fn in_order(&self) -> Option<Vec<(&'a str, &Tree, BTreeSet<&str>)>> {
        let mut params: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        let mut order = Vec::with_capacity(self.list.len());
        while order.len() < self.list.len() {
            let is_ready = |term: &usize| {
                !params.contains_key(term)
                    && self.needs(*term).keys().all(|n| params.contains_key(n))
            };
            let term = (0..self.list.len()).find(is_ready)?;
            let (name, tree) = (self.list[term].0, self.list[term].1.as_ref()?);
            let mut read: BTreeSet<&str> = tree.params().collect();
            self.needs(term).keys().for_each(|need| read.extend(&params[need]));
            params.insert(term, read.clone());
            order.push((name, tree, read));
        }
        Some(order)
    }

    fn needs(&self, term: usize) -> BTreeMap<usize, Range<usize>> {
        let tree = self.list[term].1.as_ref();
        tree.into_iter().flat_map(|tree| self.named_in(tree)).collect()
    }

    /// Checks each term after those it needs.
    pub(super) fn check<'c>(&self, checker: &mut Checker<'c>, errors: &mut Vec<RuleError>)
    where
        'a: 'c,
    {
        let needs: Vec<_> = (0..self.list.len()).map(|term| self.needs(term)).collect();
        let mut open: BTreeSet<usize> = (0..self.list.len()).collect();
        while let Some(first) = open.first().copied() {
            let ready = open.iter().copied().find(|t| needs[*t].keys().all(|n| !open.contains(n)));
            let Some(term) = ready else {
                let cycle = cycle(first, &needs, &open);
                errors.push(self.cycle_error(&cycle, &needs));
                for term in cycle {
                    checker.terms.insert(self.list[term].0, None);
                    open.remove(&term);
                }
                continue;
            };
            let (name, tree) = &self.list[term];
            let checked = tree.as_ref().and_then(|tree| {
                let place = || Place::Term((*name).to_owned());
                let flaws = |flaws: Vec<Flaw>| flaws.into_iter().map(|flaw| flaw.at(place()));
                checker.check(tree).map_err(|found| errors.extend(flaws(found))).ok()
            });
            checker.terms.insert(name, checked);
            open.remove(&term);
        }
    }

    fn cycle_error(&self, cycle: &[usize], needs: &[BTreeMap<usize, Range<usize>>]) -> RuleError {
        let (first, second) = (cycle[0], cycle[1 % cycle.len()]);
        let names = cycle.iter().chain([&first]).map(|term| self.list[*term].0);
        let names = names.collect::<Vec<_>>().join(" → ");
        Flaw::new(needs[first][&second].clone(), format!("the terms need each other: {names}"))
            .hint("a term may only use terms that do not lead back to it")
            .at(Place::Term(self.list[first].0.to_owned()))
    }

    /// The names of these terms and of all that they need.
    fn needed(&self, mut terms: BTreeSet<usize>) -> BTreeSet<&'a str> {
        let mut open: Vec<usize> = terms.iter().copied().collect();
        while let Some(term) = open.pop() {
            open.extend(self.needs(term).into_keys().filter(|need| terms.insert(*need)));
        }
        terms.into_iter().map(|term| self.list[term].0).collect()
    }
}

/// The terms of a cycle that `first` leads to, where every open term needs an open one.
fn cycle(
    first: usize,
    needs: &[BTreeMap<usize, Range<usize>>],
    open: &BTreeSet<usize>,
) -> Vec<usize> {
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let next = needs[last].keys().find(|need| open.contains(need)).copied().unwrap_or(last);
        if let Some(start) = path.iter().position(|term| *term == next) {
            return path.split_off(start);
        }
        path.push(next);
    }
}
