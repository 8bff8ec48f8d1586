//! Strategies that vote, and the replay of their stances.

use std::sync::Arc;

use dirigent_core::Seed;
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::ensemble::{Ballot, Change, Vote, Weights, stances_of};
use dirigent_trading::execution::{FillTiming, StandardCommission, StandardSlippage};
use dirigent_trading::metrics::{Curve, Performance};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::Limits;
use dirigent_trading::rules::compile;
use dirigent_trading::strategy::{Plan, Registry, SignalStrategy};
use dirigent_trading::sweep::Replay;
use dirigent_trading::{Bars, Money, Rate, Signal};

use crate::causality::walk;

const MEMBERS: [&str; 4] =
    ["sma_crossover", "rsi_mean_reversion", "donchian_breakout", "bollinger_mean_reversion"];

fn member(name: &str, bars: &[Bars]) -> SignalStrategy {
    let Plan::Rules(rules) = Registry::builtin().build(name, &Default::default()).unwrap() else {
        panic!("{name} has no rules");
    };
    SignalStrategy::from_rules(&compile(&rules).unwrap(), bars, &[]).unwrap()
}

/// The stances of all members on every symbol, and two regimes that take turns.
fn ballots(bars: &[Bars]) -> Vec<Ballot> {
    let members = MEMBERS.map(|name| member(name, bars));
    let of = |(symbol, bars): (usize, &Bars)| {
        let changes: Vec<Change> = members
            .iter()
            .enumerate()
            .flat_map(|(at, member)| {
                let signals = &member.columns()[symbol];
                let change = move |(bar, stance)| Change { bar, member: at, stance };
                stances_of(signals, 0).map(change).collect::<Vec<_>>()
            })
            .collect();
        let regime = |bar: usize| (bar > 60).then_some(u8::try_from(bar / 90 % 2).unwrap());
        let regimes: Vec<Option<u8>> = (0..bars.len()).map(regime).collect();
        Ballot::new(bars.len(), &changes, Some(&regimes))
    };
    bars.iter().enumerate().map(of).collect()
}

fn whole(bars: &[Bars], ballots: &[Ballot], vote: &Vote, options: &Options) -> Outcome {
    let columns = ballots.iter().map(|ballot| Arc::from(ballot.signals(vote))).collect();
    run(bars, &mut SignalStrategy::new(columns, 0), options, &Unwatched).unwrap()
}

fn many_options() -> Vec<Options> {
    let plain = Options {
        commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(5), minimum: Money::ZERO }),
        slippage: Arc::new(StandardSlippage::Bps { rate: Rate::bps(3) }),
        ..Options::default()
    };
    let stops = Limits { stop_loss: Some(Rate::percent(4)), ..Limits::default() };
    let trails = Limits {
        trailing_stop: Some(Rate::percent(5)),
        max_drawdown: Some(Rate::percent(30)),
        ..Limits::default()
    };
    vec![
        Options { limits: stops, ..plain.clone() },
        Options { limits: trails, ..plain.clone() },
        Options { fill: FillTiming::SameClose, ..plain.clone() },
        plain,
    ]
}

/// TRD-21, MOD-08: whatever the weights, what is replayed is the whole run, to the last bit.
#[test]
fn a_replay_scores_what_the_whole_run_does() {
    let all = [walk("A", 900), walk("B", 900).part(200..900)];
    let mut random = Seed::master(3).stream();
    let mut trades = 0;
    for bars in [&all[..1], &all[..]] {
        let ballots = ballots(bars);
        let mut replay = Replay::new(bars, &ballots, 252.0, 0.01).unwrap();
        for options in many_options() {
            for _ in 0..12 {
                let mut weights = || {
                    let drawn: Vec<f64> = MEMBERS.iter().map(|_| random.uniform()).collect();
                    Weights::new(&drawn).unwrap()
                };
                let by_regime = vec![weights(), weights()];
                let vote = Vote::new(weights(), 0.4).unwrap().by_regime(by_regime).unwrap();
                let score = replay.score(&vote, &options).unwrap();
                let outcome = whole(bars, &ballots, &vote, &options);
                assert_eq!(score.final_equity, outcome.final_equity);
                assert_eq!(score.trades, outcome.trades.len());
                assert_eq!(score.fees, outcome.fees);
                let equity = outcome.equity.to_f64();
                let performance = Performance::of(&Curve {
                    time: &outcome.equity.time,
                    equity: &equity,
                    periods_per_year: Some(252.0),
                    risk_free_rate: 0.01,
                    ..Curve::default()
                });
                assert_eq!(score.sharpe, performance.unwrap().sharpe);
                trades += score.trades;
            }
        }
    }
    assert!(trades > 1_000, "{trades}");
}

/// All weight on one member: the ensemble trades as that member does by itself, if there is cash for
/// every entry; an ensemble would try again where a crossing comes but once.
#[test]
fn a_dictator_is_the_ensemble() {
    let bars = [walk("A", 900), walk("B", 700)];
    let ballots = ballots(&bars);
    let sizing = Sizing::PercentEquity(Rate::percent(40));
    let options = Options { sizing, ..Options::default() };
    for (at, name) in MEMBERS.into_iter().enumerate() {
        let mut weights = [0.0; MEMBERS.len()];
        weights[at] = 1.0;
        let vote = Vote::new(Weights::new(&weights).unwrap(), 1.0).unwrap();
        let ensemble = whole(&bars, &ballots, &vote, &options);
        let alone = run(&bars, &mut member(name, &bars), &options, &Unwatched).unwrap();
        assert!(!alone.trades.is_empty(), "{name}");
        assert!(ensemble.trades == alone.trades, "{name}");
        assert!(ensemble.equity == alone.equity, "{name}");
    }
}

#[test]
fn nothing_is_wanted_where_nobody_agrees() {
    let bars = [walk("A", 400)];
    let changes = [(5, 0, 1), (5, 1, -1)].map(|(bar, member, sign)| Change {
        bar,
        member,
        stance: dirigent_trading::ensemble::Stance::of_sign(sign).unwrap(),
    });
    let ballot = Ballot::new(bars[0].len(), &changes, None);
    let vote = Vote::new(Weights::equal(2).unwrap(), 0.5).unwrap();
    let signals = ballot.signals(&vote);
    assert!(signals.iter().all(|s| !s.any(Signal::LONG_ENTRY.with(Signal::SHORT_ENTRY))));
}
