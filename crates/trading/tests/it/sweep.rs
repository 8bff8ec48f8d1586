//! A sweep scores each combination as its own run would be scored, to the last bit.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Options, Unwatched, Watch, run};
use dirigent_trading::metrics::{Curve, Performance};
use dirigent_trading::rules::{Frame, RuleSet, compile};
use dirigent_trading::strategy::{Registry, SignalStrategy};
use dirigent_trading::sweep::{Axis, Combinations, Error, KindGrid, RuleGrid, Score, Sweep, Trial};
use dirigent_trading::{Bars, Quantity};
use proptest::prelude::*;

use crate::backtest_properties::{Case, any_options, repeated};

fn axis(name: &str, values: impl IntoIterator<Item = u32>) -> Axis {
    Axis { name: name.into(), values: values.into_iter().map(f64::from).collect() }
}

fn rules(entry: &str, exit: &str, short_entry: Option<&str>) -> RuleSet {
    RuleSet {
        terms: vec![("mean".into(), "sma(close, $n)".into())],
        entry: Some(entry.into()),
        exit: Some(exit.into()),
        short_entry: short_entry.map(str::to_owned),
        ..RuleSet::default()
    }
}

/// Comparisons, logic with the unknown, conditions that remember, constants, other symbols.
fn some_rules(kind: u8) -> RuleSet {
    match kind {
        0 => rules("close > mean", "close <= mean", None),
        1 => rules("cross_above(close, mean)", "not (close > mean)", Some("close < mean")),
        2 => rules("close > mean and rsi(close, $m) < 50 or open == close", "close != high", None),
        3 => rules("not (close > mean or close < mean[$m])", "true", Some("false or close > mean")),
        4 => rules("close@S1 > mean and close / (close - open) > $m", "close@S1 <= mean", None),
        _ => rules("if(close > open, close > mean, rsi(close, $m) > 30)", "mean < $n", None),
    }
}

fn sweep<'a>(bars: &'a [Bars], options: &'a Options, threads: usize) -> Sweep<'a> {
    Sweep {
        bars: &bars[0],
        others: &bars[1..],
        options,
        periods_per_year: None,
        risk_free_rate: 0.02,
        threads: NonZeroUsize::new(threads).unwrap(),
    }
}

fn trials(sweep: &Sweep<'_>, combinations: &dyn Combinations) -> Vec<Trial> {
    let mut trials = Vec::new();
    sweep.run(combinations, &Unwatched, |trial| trials.push(trial)).unwrap();
    trials
}

/// The score of a run of its own.
fn score(sweep: &Sweep<'_>, rules: &RuleSet) -> Score {
    let program = compile(rules).unwrap();
    let bars = std::slice::from_ref(sweep.bars);
    let mut strategy = SignalStrategy::from_rules(&program, bars, sweep.others).unwrap();
    let outcome = run(bars, &mut strategy, sweep.options, &Unwatched).unwrap();
    let mut equity: Vec<f64> = outcome.equity.iter().map(|e| e.to_f64()).collect();
    let mut time = outcome.equity.time.clone();
    let annual = dirigent_trading::metrics::periods_per_year(&time);
    if outcome.equity.first() != Some(outcome.initial_cash) {
        equity.insert(0, outcome.initial_cash.to_f64());
        time.insert(0, Timestamp::from_nanos(-1));
    }
    let performance = Performance::of(&Curve {
        time: &time,
        equity: &equity,
        periods_per_year: Some(annual),
        risk_free_rate: sweep.risk_free_rate,
        ..Curve::default()
    });
    let performance = performance.unwrap();
    Score {
        final_equity: outcome.final_equity,
        total_return: performance.total_return,
        cagr: performance.cagr,
        volatility: performance.volatility,
        sharpe: performance.sharpe,
        max_drawdown: performance.max_drawdown,
        trades: outcome.trades.len(),
        fees: outcome.fees,
        bars_exposed: outcome.bars_exposed,
    }
}

fn bits(score: &Score) -> [Option<u64>; 5] {
    let Score { total_return, cagr, volatility, sharpe, max_drawdown, .. } = *score;
    [total_return, cagr, volatility, sharpe, max_drawdown].map(|x| x.map(f64::to_bits))
}

#[track_caller]
fn check(sweep: &Sweep<'_>, combinations: &dyn Combinations) {
    for (index, trial) in trials(sweep, combinations).into_iter().enumerate() {
        assert_eq!(trial.index, index);
        let rules = combinations.rules(index).unwrap();
        let (found, expected) = (trial.score.unwrap(), score(sweep, &rules));
        assert_eq!((found, bits(&found)), (expected, bits(&expected)), "{rules:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_combination_scores_as_its_own_run(
        seed: u64, options in any_options(), unlimited: bool, kind in 0_u8..6, threads in 1_usize..4,
    ) {
        let mut case = Case::new(seed, 2, options);
        if unlimited {
            case.options.limits.max_drawdown = None;
            case.options.limits.max_position = None;
        }
        let axes = vec![axis("n", [1, 2, 5, 20]), axis("m", [2, 7, 150])];
        let grid = RuleGrid { rules: some_rules(kind), axes };
        check(&sweep(&case.bars, &case.options, threads), &grid);
    }
}

/// More bars than a chunk, more combinations than a block, and a strategy of the registry.
#[test]
fn a_grid_of_a_registered_strategy_scores_as_its_runs() {
    let case = Case::new(3, 1, Options::default());
    let bars = [repeated(&case.bars[0], 20)];
    let options = Options {
        sizing: dirigent_trading::portfolio::Sizing::FixedQuantity(
            Quantity::from_units(100).unwrap(),
        ),
        ..Options::default()
    };
    let registry = Registry::builtin();
    let axes = [axis("fast", 2..34), axis("slow", (40..240).step_by(6))];
    let given = std::collections::BTreeMap::new();
    let grid = KindGrid {
        kind: registry.get("sma_crossover").unwrap(),
        given: &given,
        axes: &axes,
        frame: None,
    };
    assert!(grid.count() > 1024);
    let sweep = sweep(&bars, &options, 1);
    check(&sweep, &grid);
    let two = Sweep { threads: NonZeroUsize::new(2).unwrap(), ..sweep };
    assert_eq!(trials(&two, &grid), trials(&sweep, &grid));
}

#[test]
fn what_cannot_be_tried_is_refused_and_the_rest_goes_on() {
    let case = Case::new(3, 1, Options::default());
    let registry = Registry::builtin();
    let axes = [axis("fast", [10, 20, 30]), axis("slow", [20])];
    let given = std::collections::BTreeMap::new();
    let kind = registry.get("sma_crossover").unwrap();
    let sweep = sweep(&case.bars, &case.options, 1);
    let tried = trials(&sweep, &KindGrid { kind, given: &given, axes: &axes, frame: None });
    let refused = Err("parameter `fast` must be smaller than `slow`".to_owned());
    assert!(tried[0].score.is_ok());
    assert_eq!([&tried[1].score, &tried[2].score], [&refused, &refused]);
    let rules = RuleSet { entry: Some("close > sma(close, $n)".into()), ..RuleSet::default() };
    let tried = trials(&sweep, &RuleGrid { rules, axes: vec![axis("n", [0, 3])] });
    assert_eq!(tried[0].score, Err("`n` of `sma` must be at least 1, not 0".to_owned()));
    assert!(tried[1].score.is_ok());
    let rules = RuleSet { entry: Some("close@X > $n".into()), ..RuleSet::default() };
    let tried = trials(&sweep, &RuleGrid { rules, axes: vec![axis("n", [1])] });
    let why = tried[0].score.clone().unwrap_err();
    assert!(why.starts_with("the rules use `X`, but there are no bars of it"), "{why}");
}

/// Cancels when it is asked for the third time.
#[derive(Default)]
struct Impatient(AtomicUsize);

impl Watch for Impatient {
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= 2
    }
}

#[test]
fn a_cancelled_sweep_says_how_far_it_came() {
    let case = Case::new(3, 1, Options::default());
    let bars = [repeated(&case.bars[0], 5)]; // one chunk
    let rules = RuleSet { entry: Some("close > $n".into()), ..RuleSet::default() };
    let grid = RuleGrid { rules, axes: vec![axis("n", 0..3000)] };
    let mut seen = 0;
    let cancelled = sweep(&bars, &case.options, 1).run(&grid, &Impatient::default(), |_| seen += 1);
    assert_eq!(cancelled, Err(Error::Cancelled { done: 2048, total: 3000 }));
    assert_eq!(seen, 2048);
}

#[test]
fn slower_timeframes_score_as_their_own_run() {
    let mut case = Case::new(7, 1, Options::default());
    // The bars of the case as hours, so that days can be made of them.
    let bars = &mut case.bars[0];
    let hours = (0_i64..).take(bars.len());
    bars.time = hours.map(|hour| Timestamp::from_nanos(hour * 3_600_000_000_000)).collect();
    let rules = RuleSet {
        frame: Some(Frame { timeframe: "1h".parse().unwrap(), session: None }),
        terms: vec![("mean".into(), "sma(close@4h, $n)".into())],
        ..rules("close > mean or rising(low@2h, $n)", "close@4h < mean and mean < $m * close", None)
    };
    let grid = RuleGrid { rules, axes: vec![axis("n", 2..5), axis("m", 1..3)] };
    let sweep = sweep(&case.bars, &case.options, 2);
    check(&sweep, &grid);
    assert!(trials(&sweep, &grid).iter().any(|trial| trial.score.as_ref().unwrap().trades > 1));
}
