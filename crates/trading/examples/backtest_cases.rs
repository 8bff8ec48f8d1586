//! The cases that `bench/backtest.py` gives to Dirigent and to its peers; here the engine alone, data in
//! memory, one thread. Prints one line of JSON: processor seconds, trades, final equity.
//!
//! Run: `backtest_cases CASE FILE BARS [SETTING...]`, where a setting is one of `Settings`.
//!
//! CASE is `cross` or `plain` (one average of prices above another; peers take ticks in the first), `sweep` (`cross` for each pair of `pairs=FILE`), `reversion` or `rotation`.
#![expect(clippy::print_stdout, reason = "prints its answer")]
#![expect(clippy::disallowed_methods, reason = "measures real time")]

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::data::{Adjust, Request, Source, load};
use dirigent_trading::execution::{FillTiming, StandardCommission};
use dirigent_trading::metrics::{Returns, max_drawdown, returns_of};
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::{Limits, StopReference};
use dirigent_trading::rules::{RuleSet, compile};
use dirigent_trading::strategy::{ParamValue, Plan, Registry, SignalStrategy, Strategy};
use dirigent_trading::sweep::{Combinations, Score, Sweep, Trial};
use dirigent_trading::{Bars, Money, Quantity, Rate};
use serde_json::{Value, json};

/// How long a round is at least; the clock of a thread may move 4 ms at a time.
const ROUND_NANOS_MIN: u64 = 200_000_000;

/// How a case is run; each field is a setting `name=value` of the command line.
struct Settings {
    /// `open` or `close`: where decisions trade.
    fill: String,
    /// `whole` or `fraction`: the units that are traded.
    lot: String,
    /// `entry` or `signal`: the price that stops are measured from.
    stop: String,
    /// Commission in basis points.
    fee: i32,
    /// How often it is run; the best counts.
    rounds: usize,
    /// The pairs of `sweep`, and how many of them.
    pairs: String,
    count: usize,
    /// The symbols of `rotation`: `S000` and so on.
    symbols: usize,
}

fn main() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [case, file, bars, settings @ ..] = words.as_slice() else {
        return Err("usage: backtest_cases CASE FILE BARS [SETTING...]".into());
    };
    let settings = Settings::read(settings)?;
    let bars = load_bars(file, bars.parse().expect("a number of bars"), settings.symbols);
    let answer = match case.as_str() {
        "cross" | "plain" => settings.by_rules(&bars, &crossing(10, 30)),
        "reversion" => settings.by_rules(&bars, &reversion()),
        "rotation" => settings.rotation(&bars),
        "sweep" => settings.sweep(&bars),
        other => return Err(format!("no case `{other}`")),
    };
    println!("{answer}");
    Ok(())
}

impl Settings {
    fn read(words: &[String]) -> Result<Self, String> {
        let mut settings = Self {
            fill: "open".into(),
            lot: "whole".into(),
            stop: "entry".into(),
            fee: 10,
            rounds: 1,
            pairs: String::new(),
            count: usize::MAX,
            symbols: 0,
        };
        for word in words {
            let (name, value) = word.split_once('=').expect("a setting is `name=value`");
            let number = || value.parse::<usize>().expect("a number");
            match name {
                "fill" => settings.fill = value.into(),
                "lot" => settings.lot = value.into(),
                "stop" => settings.stop = value.into(),
                "fee" => settings.fee = value.parse().expect("basis points"),
                "rounds" => settings.rounds = number(),
                "pairs" => settings.pairs = value.into(),
                "count" => settings.count = number(),
                "symbols" => settings.symbols = number(),
                other => return Err(format!("no setting `{other}`")),
            }
        }
        Ok(settings)
    }

    /// An account of ten million that trades with all it has.
    fn options(&self) -> Options {
        let minimum = Money::ZERO;
        Options {
            initial_cash: "10000000".parse().expect("an amount"),
            fill: if self.fill == "close" { FillTiming::SameClose } else { FillTiming::NextOpen },
            commission: Arc::new(StandardCommission::Bps { rate: Rate::bps(self.fee), minimum }),
            lot: if self.lot == "whole" { Options::LOT_WHOLE } else { Options::LOT_FRACTIONAL },
            sizing: Sizing::PercentEquity(Rate::ONE),
            ..Options::default()
        }
    }

    /// Reversion trades 100 units, with a stop 2 % below and a target 4 % above.
    fn options_of(&self, is_protected: bool) -> Options {
        if !is_protected {
            return self.options();
        }
        let stop_reference = if self.stop == "signal" {
            StopReference::SignalClose
        } else {
            StopReference::EntryPrice
        };
        let (stop_loss, take_profit) = (Some(Rate::percent(2)), Some(Rate::percent(4)));
        Options {
            sizing: Sizing::FixedQuantity(Quantity::from_units(100).expect("few units")),
            limits: Limits { stop_loss, take_profit, stop_reference, ..Limits::default() },
            ..self.options()
        }
    }

    /// One strategy of rules: with its indicators, and on signals that are there already.
    fn by_rules(&self, bars: &[Bars], rules: &RuleSet) -> Value {
        let options = self.options_of(rules.terms.iter().any(|(name, _)| name == "lower"));
        let whole = self.best(|| simulate(bars, &mut signals(rules, bars), &options));
        let ready = signals(rules, bars);
        let alone = self.best(|| simulate(bars, &mut ready.clone(), &options));
        answer(whole.0, alone.0, &whole.1)
    }

    fn rotation(&self, bars: &[Bars]) -> Value {
        let params = [("lookback", 126.0), ("top", 20.0)]
            .map(|(name, n)| (name.to_owned(), ParamValue::Number(n)));
        let options = self.options();
        let (seconds, outcome) = self.best(|| {
            let plan = Registry::builtin().build("momentum_rotation", &params.clone().into());
            let Ok(Plan::Strategy(mut strategy)) = plan else {
                unreachable!("the rotation is code")
            };
            simulate(bars, strategy.as_mut(), &options)
        });
        answer(seconds, seconds, &outcome)
    }

    /// Every pair from its indicators to Sharpe ratio, largest drawdown and trades.
    fn sweep(&self, bars: &[Bars]) -> Value {
        let text = std::fs::read_to_string(&self.pairs).expect("the file of pairs can be read");
        let pairs: Vec<_> = text.lines().filter_map(pair).take(self.count).collect();
        let options = self.options();
        let sweep = Sweep {
            bars: &bars[0],
            others: &[],
            options: &options,
            periods_per_year: Some(1.0),
            risk_free_rate: 0.0,
            threads: NonZeroUsize::MIN,
        };
        let pairs = Pairs(pairs);
        let (seconds, scores) = self.best(|| {
            let mut scores: Vec<Score> = Vec::new();
            let each = |trial: Trial| scores.push(trial.score.expect("the rules are right"));
            sweep.run(&pairs, &Unwatched, each).expect("the bars can be traded");
            scores
        });
        // Not timed: what whole runs find, which has to be the same, and the fills.
        let mut sums = Sums::default();
        for ((fast, slow), score) in pairs.0.iter().zip(&scores) {
            let rules = crossing(*fast, *slow);
            let outcome = simulate(bars, &mut signals(&rules, bars), &options);
            assert_eq!(
                (outcome.final_equity, outcome.trades.len()),
                (score.final_equity, score.trades)
            );
            sums.add(&outcome);
        }
        let Sums { trades, fills, equity, sharpe, drawdown } = sums;
        let pairs = pairs.0;
        json!({"seconds": seconds, "trades": trades, "fills": fills, "equity": equity, "sharpe": sharpe,
               "drawdown": drawdown, "pairs": pairs.len()})
    }

    /// Processor seconds of the best round, and what it came to.
    fn best<T>(&self, work: impl Fn() -> T) -> (f64, T) {
        let rounds = (0..self.rounds.max(1)).map(|_| round(&work));
        rounds.min_by(|(a, _), (b, _)| a.total_cmp(b)).expect("at least one round")
    }
}

/// Processor seconds of `work`, done until the clock, which moves a tick at a time, can tell; and
/// what it came to.
fn round<T>(work: impl Fn() -> T) -> (f64, T) {
    let clock = Instant::now();
    let start = running_nanos(clock);
    let mut times = 0_u32;
    loop {
        let outcome = black_box(work());
        times += 1;
        let nanos = running_nanos(clock) - start;
        if nanos >= ROUND_NANOS_MIN {
            return (nanos as f64 / 1e9 / f64::from(times), outcome);
        }
    }
}

/// What all pairs of a sweep come to together.
#[derive(Default)]
struct Sums {
    trades: usize,
    fills: usize,
    equity: f64,
    sharpe: f64,
    drawdown: f64,
}

impl Sums {
    fn add(&mut self, outcome: &Outcome) {
        let equity: Vec<f64> = outcome.equity.iter().map(|money| money.to_f64()).collect();
        let steps = returns_of(&equity);
        let returns = Returns::new(&steps, 1.0).expect("returns are finite");
        self.trades += outcome.trades.len();
        self.fills += outcome.fills.len();
        self.equity += outcome.final_equity.to_f64();
        self.sharpe += returns.sharpe(0.0).unwrap_or(0.0);
        self.drawdown += max_drawdown(&equity).unwrap_or(0.0);
    }
}

fn answer(seconds: f64, alone: f64, outcome: &Outcome) -> Value {
    json!({"seconds": seconds, "alone": alone, "trades": outcome.trades.len(), "fills": outcome.fills.len(),
           "equity": outcome.final_equity.to_f64(), "fees": outcome.fees.to_f64(), "rejected": outcome.rejected})
}

fn simulate(bars: &[Bars], strategy: &mut dyn Strategy, options: &Options) -> Outcome {
    run(bars, strategy, options, &Unwatched).expect("the bars can be traded")
}

fn signals(rules: &RuleSet, bars: &[Bars]) -> SignalStrategy {
    let program = compile(rules).expect("the rules are right");
    SignalStrategy::from_rules(&program, bars, &[]).expect("no other symbols")
}

fn rule_set(terms: &[(&str, String)], entry: &str, exit: &str) -> RuleSet {
    RuleSet {
        terms: terms.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect(),
        entry: Some(entry.into()),
        exit: Some(exit.into()),
        ..RuleSet::default()
    }
}

/// Averages of prices are exact: those that are equal are equal for everybody who averages ticks.
#[expect(clippy::cast_precision_loss, reason = "windows are short")]
fn crossing(fast: usize, slow: usize) -> RuleSet {
    let terms = [("f", "sma(close, $fast)".into()), ("s", "sma(close, $slow)".into())];
    let params = [("fast".to_owned(), fast as f64), ("slow".to_owned(), slow as f64)];
    RuleSet { params: params.into(), ..rule_set(&terms, "f > s", "f <= s") }
}

/// A crossing for each pair of windows.
struct Pairs(Vec<(usize, usize)>);

impl Combinations for Pairs {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let (fast, slow) = self.0[index];
        Ok(crossing(fast, slow))
    }
}

fn reversion() -> RuleSet {
    let ticks = "round(close * 10000)";
    let terms = [
        ("lower", format!("bbands({ticks}, 20, 2, 2).lower")),
        ("middle", format!("sma({ticks}, 20)")),
        ("strength", format!("rsi({ticks}, 14)")),
    ];
    rule_set(&terms, &format!("{ticks} < lower and strength < 30"), &format!("{ticks} > middle"))
}

/// `fast,slow`; the header is none.
fn pair(line: &str) -> Option<(usize, usize)> {
    let (fast, slow) = line.split_once(',')?;
    Some((fast.parse().ok()?, slow.parse().ok()?))
}

/// The first `count` bars of each symbol: of all symbols of a panel, or of the one of the file.
fn load_bars(file: &str, count: usize, symbols: usize) -> Vec<Bars> {
    let names: Vec<String> = match symbols {
        0 => vec![Path::new(file).file_stem().expect("a file").to_string_lossy().into_owned()],
        _ => (0..symbols).map(|number| format!("S{number:03}")).collect(),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let request =
        Request { adjust: Adjust::None, ..Request::new(Source::Csv { path: file.into() }, &names) };
    let mut loaded = load(&request).expect("the file can be read").bars;
    for bars in &mut loaded {
        bars.time.truncate(count);
        for prices in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
            prices.truncate(count);
        }
        bars.volume.truncate(count);
    }
    loaded
}

/// Nanoseconds this thread has run: other work on the machine does not count. Without Linux, wall time.
fn running_nanos(start: Instant) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    running.unwrap_or(start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX))
}
