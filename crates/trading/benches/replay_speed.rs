//! How many weights per second an ensemble of twenty strategies is tried with: simulated whole, its
//! members with it, and replayed from stances that were captured once.
//!
//! `cargo bench -p dirigent-trading --bench replay_speed`
//!
//! Both ways come to the same equity, or the benchmark stops. Each figure is the best of several rounds,
//! one way after the other, because other work on the machine can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::sync::Arc;
use std::time::Instant;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::ensemble::{Ballot, Change, Vote, Weights, stances_of};
use dirigent_trading::metrics::{Curve, Performance};
use dirigent_trading::rules::{RuleSet, compile};
use dirigent_trading::strategy::{ParamValue, Plan, Registry, SignalStrategy};
use dirigent_trading::sweep::Replay;
use dirigent_trading::{Bars, Money, Price};

const ROUNDS: usize = 7;
const WHOLE: usize = 40;
const REPLAYED: usize = 20_000;
const DAY_NANOS: i64 = 86_400_000_000_000;

/// Name, first value and step of a parameter.
type Steps = (&'static str, f64, f64);

/// Four sorts of strategies, five of each, by the names and steps of their parameters.
const MEMBERS: [(&str, &[Steps]); 4] = [
    ("sma_crossover", &[("fast", 5.0, 5.0), ("slow", 40.0, 20.0)]),
    ("ema_crossover", &[("fast", 6.0, 4.0), ("slow", 30.0, 15.0)]),
    ("rsi_mean_reversion", &[("period", 8.0, 3.0)]),
    ("donchian_breakout", &[("entry", 15.0, 10.0), ("exit", 8.0, 4.0)]),
];

fn main() {
    let bars = [walk(2_520)];
    let members = members();
    let options = Options::default();
    let votes = votes(members.len());
    let (mut whole, mut replayed) = (f64::INFINITY, f64::INFINITY);
    let ballots = vec![ballot(&bars, &members)];
    let mut replay = Replay::new(&bars, &ballots, 252.0, 0.0).expect("a scale");
    for round in 0..ROUNDS {
        let votes = votes.iter().cycle().skip(round * WHOLE);
        let start = Instant::now();
        let equity: Vec<Money> = votes
            .clone()
            .take(WHOLE)
            .map(|vote| simulated(&bars, &members, vote, &options))
            .collect();
        whole = whole.min(start.elapsed().as_secs_f64() / WHOLE as f64);
        let start = Instant::now();
        let scores: Vec<_> = votes
            .take(REPLAYED)
            .map(|vote| replay.score(vote, &options).expect("a score"))
            .collect();
        replayed = replayed.min(start.elapsed().as_secs_f64() / REPLAYED as f64);
        let same = equity.iter().zip(&scores).all(|(equity, score)| *equity == score.final_equity);
        assert!(same, "a replay came to another equity");
    }
    println!("{} strategies x {} daily bars", members.len(), bars[0].len());
    println!("  simulated whole {:9.0} votes/s", 1.0 / whole);
    println!(
        "  replayed        {:9.0} votes/s, {:.0} times as many",
        1.0 / replayed,
        whole / replayed
    );
}

fn members() -> Vec<RuleSet> {
    let of = |(name, params): (&str, &[Steps]), step: u32| {
        let value = |(name, first, by): &Steps| {
            ((*name).to_owned(), ParamValue::Number(first + by * f64::from(step)))
        };
        match Registry::builtin().build(name, &params.iter().map(value).collect()) {
            Ok(Plan::Rules(rules)) => rules,
            _ => unreachable!("{name} trades by rules"),
        }
    };
    MEMBERS.iter().flat_map(|member| (0..5).map(move |step| of(*member, step))).collect()
}

fn votes(members: usize) -> Vec<Vote> {
    let mut random = Seed::master(7).stream();
    let mut vote = || {
        let weights: Vec<f64> = (0..members).map(|_| random.uniform()).collect();
        let weights = Weights::new(&weights).expect("some weight");
        Vote::new(weights, 0.2 + 0.3 * random.uniform()).expect("a share")
    };
    (0..1_000).map(|_| vote()).collect()
}

fn ballot(bars: &[Bars], members: &[RuleSet]) -> Ballot {
    let mut changes = Vec::new();
    for (member, rules) in members.iter().enumerate() {
        let program = compile(rules).expect("the rules are right");
        let signals = SignalStrategy::from_rules(&program, bars, &[]).expect("one symbol");
        let change = |(bar, stance)| Change { bar, member, stance };
        changes.extend(stances_of(&signals.columns()[0], program.warmup()).map(change));
    }
    Ballot::new(bars[0].len(), &changes, None)
}

fn simulated(bars: &[Bars], members: &[RuleSet], vote: &Vote, options: &Options) -> Money {
    let column = Arc::from(ballot(bars, members).signals(vote));
    let mut strategy = SignalStrategy::new(vec![column], 0);
    let outcome = run(bars, &mut strategy, options, &Unwatched).expect("the bars can be traded");
    let equity = outcome.equity.to_f64();
    let curve = Curve {
        time: &outcome.equity.time,
        equity: &equity,
        periods_per_year: Some(252.0),
        ..Curve::default()
    };
    std::hint::black_box(Performance::of(&curve).expect("figures"));
    outcome.final_equity
}

fn walk(count: usize) -> Bars {
    let mut random = Seed::master(3).stream();
    let mut bars = Bars { symbol: "S".into(), ..Bars::default() };
    let mut last = 100.0_f64;
    for day in (0_i64..).take(count) {
        let open = last * (0.003 * random.normal()).exp();
        let close = open * (0.0002 + 0.012 * random.normal()).exp();
        let price = |x: f64| Price::from_f64((x * 100.0).round() / 100.0).expect("a price");
        bars.time.push(Timestamp::from_nanos(day * DAY_NANOS));
        bars.open.push(price(open));
        bars.high.push(price(open.max(close)));
        bars.low.push(price(open.min(close)));
        bars.close.push(price(close));
        bars.volume.push(1_000.0);
        last = close;
    }
    bars
}
