//! One trial, or many of the same data: what came of some values of the parameters.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use dirigent_core::{Seed, Timestamp};
use dirigent_research::optimize::Domain;
use dirigent_trading::{
    rules::RuleSet,
    strategy::ParamValue,
    sweep::{self, Axis, Trial},
};
use dirigent_workflow::port::{TaskContext, TaskError, Watch};
use serde_json::{Map, Value};

use super::{anew::Period, found::Tried, phase_of, sequence::Sequence};
use crate::{
    cast::Cast,
    config::{
        search::{Member, Search, Trials, params_of, types},
        workflow::Strategy,
    },
    setup::{Setup, failure},
    strategy,
    tasks::backtest::{
        Bench,
        load::Stock,
        simulate,
        sweep::{Ranked, Tries, What, ranked},
        with_params,
    },
};

/// What all trials of a member have in common; made once in a process.
struct Ground {
    seed: Seed,
    /// The points that are tried, if they are known.
    sequence: Option<Arc<Sequence>>,
    /// None for a test function.
    market: Option<Market>,
}

/// A strategy and the data it is tried on.
struct Market {
    setup: Setup,
    rules: Option<RuleSet>,
    stock: Arc<Stock>,
    /// The first parts of the data, by the bits of the fraction.
    parts: Mutex<BTreeMap<u64, Arc<Stock>>>,
}

impl Ground {
    fn of(
        bench: &Bench,
        context: &TaskContext,
        search: &Search,
        member: &Member,
    ) -> Result<Self, TaskError> {
        let seed = Seed::master(context.start.seed).child("search");
        let seed = seed.child(&format!("{}search", phase_of(&context.task)));
        let seed = member.name.iter().fold(seed, |seed, name| seed.child(name));
        let sequence = match &member.trials {
            Trials::Guided(guided) if !guided.is_adaptive() => {
                let hopeless = |error| failure("search_failed", format!("{error}"));
                let sequence = Sequence::of(guided, seed);
                Some(Arc::new(sequence.map_err(|error| TaskError::Hopeless(hopeless(error)))?))
            }
            _ => None,
        };
        let market = match search.is_test() {
            true => None,
            false => Some(Market::of(bench, context, member)?),
        };
        Ok(Self { seed, sequence, market })
    }
}

impl Market {
    fn of(bench: &Bench, context: &TaskContext, member: &Member) -> Result<Self, TaskError> {
        let mut setup = Setup::of(&context.start, &with_params(context));
        if let (Ok(setup), Some(first)) = (&mut setup, first_type(member)) {
            setup.workflow.strategy = Some(first);
        }
        let mut setup = setup.map_err(TaskError::Failed)?;
        let invalid = |why| TaskError::Hopeless(failure("strategy_invalid", why));
        if let Some(name) = &member.name {
            let missing = || invalid(format!("there is no strategy `{name}`"));
            setup = setup.of_member(name).ok_or_else(missing)?;
        }
        let written = setup.workflow.strategy.as_ref();
        let written = written.ok_or_else(|| invalid("the file names no strategy".into()))?;
        let chosen = strategy::choose(&bench.strategies, written, Some(&setup.data));
        let in_words =
            |errors: Vec<_>| errors.first().map_or_else(String::new, ToString::to_string);
        let chosen = chosen.map_err(|errors| invalid(in_words(errors)))?;
        let stock = bench.loaded(context, &setup, chosen.foreign())?;
        // Trials of different types are not traded together.
        let rules = chosen.rule_set().filter(|_| first_type(member).is_none()).cloned();
        Ok(Self { rules, setup, stock, parts: Mutex::default() })
    }

    /// The first `fraction` of the times of the data; what comes after is not looked at.
    fn part(&self, fraction: f64) -> Result<Arc<Stock>, TaskError> {
        if fraction >= 1.0 {
            return Ok(Arc::clone(&self.stock));
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.get(&fraction.to_bits()) {
            return Ok(Arc::clone(part));
        }
        let (first, end) = self.stock.first_part(fraction).unwrap_or_default();
        let part = self.stock.window(first, Some(end)).map_err(TaskError::Hopeless)?;
        let part = Arc::new(part);
        parts.insert(fraction.to_bits(), Arc::clone(&part));
        Ok(part)
    }
}

/// The first of the types that a search chooses from, if it does.
fn first_type(member: &Member) -> Option<Strategy> {
    let Trials::Guided(guided) = &member.trials else { return None };
    let first = guided.space.parameters().first().filter(|own| own.name == types::TYPE)?;
    let Domain::Choice { options, .. } = &first.domain else { return None };
    types::chosen(&Map::from_iter([(types::TYPE.to_owned(), options.first()?.clone())]))
}

impl Stock {
    /// The first time that is traded, and the first that the first `fraction` does not have.
    fn first_part(&self, fraction: f64) -> Option<(Timestamp, Timestamp)> {
        let mut times: Vec<Timestamp> =
            self.traded().iter().flat_map(|bars| bars.time.iter().copied()).collect();
        times.sort_unstable();
        times.dedup();
        #[expect(clippy::cast_precision_loss, reason = "bars are far below 2^53")]
        let share = (times.len() as f64 * fraction).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of it"
        )]
        let count = share as usize;
        Some((*times.first()?, *times.get(count.max(2)).or(times.last())?))
    }
}

/// Takes the number of a trial and what came of it.
pub(super) type Each<'e> = &'e mut dyn FnMut(usize, Tried);

/// What a member is tried with.
pub(super) struct Trying<'a> {
    bench: &'a Bench,
    pub(super) context: &'a TaskContext,
    pub(super) member: &'a Member,
    ground: Arc<Ground>,
    /// Of parts of the work.
    watch: Watch,
    /// How many trials that are simulations by themselves are made at once.
    threads: usize,
}

impl<'a> Trying<'a> {
    pub(super) fn of(
        bench: &'a Bench,
        context: &'a TaskContext,
        search: &'a Search,
        place: usize,
    ) -> Result<Self, TaskError> {
        let member = &search.members[place];
        let key = format!("{} ground {}{place}", context.run, phase_of(&context.task));
        let ground = bench.shelf.get(key, || Ground::of(bench, context, search, member))?;
        let watch = context.watch.quiet();
        Ok(Self { bench, context, member, ground, watch, threads: 1 })
    }

    /// The same for a task that stands alone, or as one of so many: the threads that the run may use
    /// are its own.
    pub(super) fn among(self, tasks: usize) -> Self {
        let threads = (self.context.threads / tasks.max(1)).max(1);
        Self { threads, ..self }
    }

    /// The same on a part of the data.
    pub(super) fn within(self, period: Period) -> Result<Self, TaskError> {
        let Ground { seed, sequence, market } = &*self.ground;
        let of = |own: &Market| {
            let stock = own.stock.window(period.first, period.end).map_err(TaskError::Hopeless)?;
            let (setup, rules) = (own.setup.clone(), own.rules.clone());
            Ok(Market { setup, rules, stock: Arc::new(stock), parts: Mutex::default() })
        };
        let market = market.as_ref().map(of).transpose()?;
        let ground = Ground { seed: *seed, sequence: sequence.clone(), market };
        Ok(Self { ground: Arc::new(ground), ..self })
    }

    /// The points of a search that does not learn and is no grid, `most` of them.
    pub(super) fn known(&self, most: usize) -> Vec<Map<String, Value>> {
        let sequence = self.ground.sequence.as_ref();
        sequence.map_or_else(Vec::new, |sequence| sequence.params(0..most))
    }

    /// As the metrics of all trials take it.
    pub(super) fn periods_per_year(&self) -> f64 {
        let market = self.ground.market.as_ref();
        market.map_or(1.0, |own| simulate::periods_per_year(&own.setup, &own.stock))
    }

    /// What methods draw from.
    pub(super) fn seed(&self) -> Seed {
        self.ground.seed
    }

    /// Whether a trial costs next to nothing, so that progress needs not be kept after each.
    pub(super) fn is_fast(&self) -> bool {
        let market = self.ground.market.as_ref();
        market.is_none_or(|own| self.tries(own, &own.stock).is_fast())
    }

    /// The trials that can be traded together, if they can.
    fn tries<'t>(&'t self, market: &'t Market, stock: &'t Stock) -> Tries<'t> {
        let (setup, rules) = (&market.setup, market.rules.as_ref());
        Tries { registry: &self.bench.strategies, setup, rules, stock }
    }

    /// Makes trials `part` of a search that does not learn, and hands each to `each` in order.
    pub(super) fn part(&self, part: Range<usize>, each: Each<'_>) -> Result<(), TaskError> {
        let from = part.start;
        let Trials::Grid(axes) = &self.member.trials else {
            let known = |sequence: &Arc<Sequence>| sequence.params(part);
            let params = self.ground.sequence.as_ref().map_or_else(Vec::new, known);
            return self.points(from, params, 1.0, each);
        };
        match &self.ground.market {
            Some(market) if self.is_fast() => self.grid(market, axes, part, each),
            _ => self.points(from, part.map(|index| params_of(axes, index)).collect(), 1.0, each),
        }
    }

    fn grid(
        &self,
        market: &Market,
        axes: &[Axis],
        part: Range<usize>,
        each: Each<'_>,
    ) -> Result<(), TaskError> {
        let tries = self.tries(market, &market.stock);
        self.together(&tries, What::Grid(axes), part, &mut |Trial { index, score }| {
            let params = params_of(axes, index);
            let came = score.map(|score| ranked(params.clone(), index, &score));
            each(index, Tried { params, fraction: 1.0, came });
        })
    }

    /// Makes a trial of each of `all`, the first of which is number `from`, on the first `fraction`
    /// of the data, and hands each to `each` in order.
    pub(super) fn points(
        &self,
        from: usize,
        all: Vec<Map<String, Value>>,
        fraction: f64,
        each: Each<'_>,
    ) -> Result<(), TaskError> {
        let Some(market) = &self.ground.market else {
            for (index, params) in (from..).zip(all) {
                let came = Ok(Ranked::untraded(params.clone(), index));
                each(index, Tried { params, fraction, came });
            }
            return Ok(());
        };
        let stock = market.part(fraction)?;
        let tries = self.tries(market, &stock);
        if tries.is_fast() {
            let points: Vec<sweep::Point> = all.iter().map(point).collect();
            let mut all = (from..).zip(all);
            let part = 0..points.len();
            return self.together(&tries, What::Points(&points), part, &mut |trial| {
                let Some((index, params)) = all.next() else { return };
                let came = trial.score.map(|score| ranked(params.clone(), index, &score));
                each(index, Tried { params, fraction, came });
            });
        }
        let all: Vec<_> = (from..).zip(all).collect();
        for round in all.chunks(self.threads) {
            let came = self.side_by_side(market, &stock, round);
            for ((index, params), came) in round.iter().zip(came) {
                each(*index, Tried { params: params.clone(), fraction, came: came? });
            }
        }
        Ok(())
    }

    /// What came of some trials, each on a thread of its own, in their order.
    fn side_by_side(
        &self,
        market: &Market,
        stock: &Arc<Stock>,
        round: &[(usize, Map<String, Value>)],
    ) -> Vec<Result<Result<Ranked, String>, TaskError>> {
        let one = |(index, params): &(usize, Map<String, Value>)| {
            self.simulated(market, stock, *index, params.clone())
        };
        let [rest @ .., last] = round else { return Vec::new() };
        std::thread::scope(|scope| {
            let others: Vec<_> = rest.iter().map(|own| scope.spawn(move || one(own))).collect();
            let own = one(last);
            let joined = others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            joined.chain([own]).collect()
        })
    }

    /// Trades `part` of `what` together, and hands each to `each` in order.
    fn together(
        &self,
        tries: &Tries<'_>,
        what: What<'_>,
        part: Range<usize>,
        each: &mut dyn FnMut(Trial),
    ) -> Result<(), TaskError> {
        let watch = simulate::Eyes(&self.watch);
        let run = tries.run(what, part, NonZeroUsize::MIN, &watch, each);
        run.map_err(|error| match self.context.watch.stopped() {
            true => TaskError::Stopped,
            false => TaskError::Failed(error),
        })
    }

    /// One trial by itself; the inner error says why it makes no strategy.
    fn simulated(
        &self,
        market: &Market,
        stock: &Arc<Stock>,
        index: usize,
        params: Map<String, Value>,
    ) -> Result<Result<Ranked, String>, TaskError> {
        let mut setup = market.setup.clone();
        // The proof is for the best of them.
        setup.workflow.metrics.prove_causal = None;
        if let Some(chosen) = types::chosen(&params).filter(|_| first_type(self.member).is_some()) {
            setup.workflow.strategy = Some(chosen);
        } else if let Some(written) = &mut setup.workflow.strategy {
            written.params.extend(params.clone());
        }
        let choose = || match &setup.workflow.strategy {
            Some(written) => strategy::choose(&self.bench.strategies, written, Some(&setup.data))
                .map_err(|errors| errors.first().map_or_else(String::new, ToString::to_string)),
            None => Err("the file names no strategy".to_owned()),
        };
        let chosen = match choose() {
            Ok(chosen) => chosen,
            Err(why) => return Ok(Err(why)),
        };
        let one = |chosen| Cast::One(Box::new(chosen));
        let again = || {
            let chosen = choose().map(one);
            chosen.map_err(|why| TaskError::Failed(failure("strategy_invalid", why)))
        };
        let stock = Arc::clone(stock);
        let result = simulate::simulate(&setup, one(chosen), stock, &self.watch, &again)?.result;
        Ok(Ok(Ranked::of_result(params, index, &result)))
    }
}

/// The values of one trial.
fn point(params: &Map<String, Value>) -> sweep::Point {
    let value =
        |(name, value): (&String, &Value)| Some((name.clone(), ParamValue::from_json(value)?));
    params.iter().filter_map(value).collect()
}
