//! Writes a sample tear sheet: `sample OUT.html [PRICES.csv | BARS]`.
//!
//! With a CSV (`timestamp,open,high,low,close,…`) it trades a moving-average cross on it; without
//! one, on a seeded random walk. It is here to look at the page, not to measure a strategy: no
//! costs, and the few metrics are the simplest form of each.
#![expect(clippy::print_stdout, reason = "the example says what it wrote")]
#![expect(clippy::cast_precision_loss, reason = "counts of bars and trades")]

use std::{borrow::Cow, error::Error, fs, path::PathBuf};

use dirigent_core::{Seed, Sha256Hex, Timestamp};
use dirigent_report::{
    Analysis, Benchmark, Curve, Exact, Format, Leg, Market, Metric, PriceSeries, Rolling, Side,
    Source, TearSheet, Trade, render, sparkline,
};

const CASH: f64 = 100_000.0;
const FAST: usize = 20;
const SLOW: usize = 100;
const WINDOW: usize = 126;

#[derive(Default)]
struct Bars {
    time: Vec<Timestamp>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("usage: sample OUT.html [CSV | BARS]")?);
    let source = arguments.next();
    let (symbol, bars) = match source.as_deref().map(|text| (text, text.parse::<usize>())) {
        Some((_, Ok(count))) => ("WALK".to_owned(), walk(count)),
        Some((path, Err(_))) => {
            let name = PathBuf::from(path);
            let stem = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (stem, read(path)?)
        }
        None => ("WALK".to_owned(), walk(2_500)),
    };
    let page = page(&symbol, &bars);
    fs::write(&out, &page)?;
    println!("{} bars, {} bytes: {}", bars.time.len(), page.len(), out.display());
    Ok(())
}

/// A daily or, from 20,000 bars on, one-minute random walk.
#[expect(clippy::cast_possible_wrap, reason = "a bar index")]
fn walk(count: usize) -> Bars {
    let step_seconds = if count < 20_000 { 86_400 } else { 60 };
    let volatility = if count < 20_000 { 0.012 } else { 0.000_6 };
    let drift = if count < 20_000 { 0.03 } else { 0.000_5 };
    let start = Timestamp::from_date(2014, 1, 2).expect("a date").as_nanos();
    let mut stream = Seed::master(42).child("sample").stream();
    let mut bars = Bars::default();
    let mut close = 100.0_f64;
    for bar in 0..count {
        let open = close;
        close *= (volatility * (stream.normal() + drift)).exp();
        let reach = 1.0 + volatility * stream.uniform();
        bars.time.push(Timestamp::from_nanos(start + bar as i64 * step_seconds * 1_000_000_000));
        bars.open.push(open);
        bars.high.push(open.max(close) * reach);
        bars.low.push(open.min(close) / reach);
        bars.close.push(close);
    }
    bars
}

fn read(path: &str) -> Result<Bars, Box<dyn Error>> {
    let mut bars = Bars::default();
    for line in fs::read_to_string(path)?.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        bars.time.push(format!("{}T00:00:00Z", &cells[0][..10]).parse()?);
        bars.open.push(cells[1].parse()?);
        bars.high.push(cells[2].parse()?);
        bars.low.push(cells[3].parse()?);
        bars.close.push(cells[4].parse()?);
    }
    Ok(bars)
}

fn exact(value: f64, decimals: usize) -> Exact<'static> {
    Exact { value, text: Cow::Owned(format!("{value:.decimals$}")) }
}

/// The mean of the last `window` values at each bar.
fn means(values: &[f64], window: usize) -> Vec<f64> {
    let mut sum = 0.0;
    let mut means = Vec::with_capacity(values.len());
    for (bar, value) in values.iter().enumerate() {
        sum += value - if bar >= window { values[bar - window] } else { 0.0 };
        means.push(if bar + 1 >= window { sum / window as f64 } else { f64::NAN });
    }
    means
}

/// Long while the fast mean is above the slow one, short while it is below; fills at the next open.
fn trade<'a>(symbol: &'a str, bars: &Bars) -> (Vec<f64>, Vec<Trade<'a>>) {
    let (fast, slow) = (means(&bars.close, FAST), means(&bars.close, SLOW));
    let mut equity = Vec::with_capacity(bars.close.len());
    let mut trades: Vec<Trade<'a>> = Vec::new();
    let (mut cash, mut held, mut entry_bar) = (CASH, 0.0_f64, 0);
    for bar in 0..bars.close.len() {
        let price = bars.open[bar];
        let wish = match bar.checked_sub(1).map(|last| fast[last] - slow[last]) {
            Some(gap) if gap > 0.0 => 1.0,
            Some(gap) if gap < 0.0 => -1.0,
            _ => 0.0,
        };
        if wish != 0.0 && wish * held <= 0.0 {
            if let Some(open) = trades.last_mut().filter(|trade| trade.exit.is_none()) {
                let leg = Leg { time: bars.time[bar], price: exact(price, 2), reason: "cross" };
                open.exit = Some(leg);
                settle(open, held, price, bar - entry_bar);
            }
            cash += held * price;
            let quantity = (0.95 * cash / price).floor().max(0.0);
            held = wish * quantity;
            cash -= held * price;
            entry_bar = bar;
            trades.push(Trade {
                symbol,
                side: if wish > 0.0 { Side::Long } else { Side::Short },
                quantity: exact(quantity, 0),
                entry: Leg { time: bars.time[bar], price: exact(price, 2), reason: "cross" },
                exit: None,
                pnl: exact(0.0, 2),
                return_fraction: 0.0,
                bars: 0,
                excursion: None,
            });
        }
        equity.push(cash + held * bars.close[bar]);
    }
    if let (Some(open), Some(&last)) = (trades.last_mut(), bars.close.last()) {
        settle(open, held, last, bars.close.len() - entry_bar);
    }
    (equity, trades)
}

fn settle(trade: &mut Trade<'_>, held: f64, price: f64, bars: usize) {
    let pnl = held * (price - trade.entry.price.value);
    trade.pnl = exact(pnl, 2);
    trade.return_fraction = pnl / (held.abs() * trade.entry.price.value);
    trade.bars = bars as u64;
}

fn drawdown(equity: &[f64]) -> Vec<f64> {
    let mut high = CASH;
    let depth = equity.iter().map(|&value| {
        high = high.max(value);
        value / high - 1.0
    });
    depth.collect()
}

fn rolling_sharpe(equity: &[f64]) -> Vec<f64> {
    let returns: Vec<f64> = (0..equity.len())
        .map(|i| if i == 0 { 0.0 } else { equity[i] / equity[i - 1] - 1.0 })
        .collect();
    let squares: Vec<f64> = returns.iter().map(|r| r * r).collect();
    let (mean, square) = (means(&returns, WINDOW), means(&squares, WINDOW));
    let ratio = |(m, s): (&f64, &f64)| m / (s - m * m).sqrt() * 252_f64.sqrt();
    mean.iter().zip(&square).map(ratio).collect()
}

fn page(symbol: &str, bars: &Bars) -> String {
    let (equity, trades) = trade(symbol, bars);
    let depth = drawdown(&equity);
    let sharpe = rolling_sharpe(&equity);
    let benchmark: Vec<f64> = bars.close.iter().map(|close| CASH * close / bars.close[0]).collect();
    let last = equity.last().copied().unwrap_or(CASH);
    let symbols = vec![symbol.to_owned()];
    let warnings = vec![
        format!(
            "{symbol} is not adjusted for splits or dividends (`adjust: none`); its benchmark \
             leaves out dividends too."
        ),
        "No commission and no slippage: real results would be lower.".to_owned(),
    ];
    let metrics = metrics(&equity, &depth, &trades);
    let digest = Sha256Hex::of(format!("{equity:?}").as_bytes());
    let config = format!(
        "name: sma-cross\ntype: backtest\nseed: 42\ndata:\n  symbols: [{symbol}]\n  path: \
         examples/data/{symbol}.csv\n  adjust: none\nstrategy:\n  name: sma_crossover\n  params: \
         {{fast: {FAST}, slow: {SLOW}}}\nexecution:\n  fill: next_open\n  initial_cash: 100000\n"
    );
    println!("{} {last:.2}", sparkline::sparkline(&equity, 60));
    render(&TearSheet {
        title: "sma-cross",
        strategy: &format!("sma_crossover, fast {FAST}, slow {SLOW}, long and short"),
        symbols: &symbols,
        timeframe: if bars.time.len() < 20_000 { "1d" } else { "1m" },
        currency: "USD",
        digest: digest.as_str(),
        causal_prefixes: Some(20),
        run_id: Some("run_01k5sample"),
        initial_equity: CASH,
        final_equity: exact(last, 2),
        total_return: Some(last / CASH - 1.0),
        metrics: &metrics,
        equity: Curve { time: &bars.time, value: &equity },
        benchmark: Some(Benchmark {
            name: &format!("Buy and hold {symbol}"),
            curve: Curve { time: &bars.time, value: &benchmark },
        }),
        drawdown: &depth,
        rolling_sharpe: Some(Rolling { value: &sharpe, window_bars: WINDOW }),
        prices: &[PriceSeries {
            symbol,
            time: &bars.time,
            open: &bars.open,
            high: &bars.high,
            low: &bars.low,
            close: &bars.close,
        }],
        trades: &trades,
        attribution: &[],
        searched: &[],
        config: &config,
        provenance: &[Source {
            name: &format!("examples/data/{symbol}.csv"),
            sha256: Sha256Hex::of(symbol.as_bytes()).as_str(),
            rows: bars.time.len() as u64,
            adjustment: "none",
        }],
        warnings: &warnings,
        market: Market::default(),
        analysis: Analysis::default(),
        in_sample: None,
        votes: None,
        reproduce: "dirigent verify run_01k5sample",
    })
}

fn metrics(equity: &[f64], depth: &[f64], trades: &[Trade<'_>]) -> Vec<Metric<'static>> {
    let years = equity.len() as f64 / 252.0;
    let total = equity.last().map_or(0.0, |last| last / CASH - 1.0);
    let returns: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let mean = returns.iter().sum::<f64>() / returns.len() as f64;
    let variance = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / returns.len() as f64;
    let volatility = variance.sqrt() * 252_f64.sqrt();
    let cagr = (1.0 + total).powf(1.0 / years) - 1.0;
    let worst = depth.iter().copied().fold(0.0, f64::min);
    let won = trades.iter().filter(|trade| trade.pnl.value > 0.0).count() as f64;
    let count = trades.len() as f64;
    let profit = trades.iter().map(|trade| trade.pnl.value).sum::<f64>();
    let values = [
        cagr,
        mean * 252.0 / volatility,
        worst,
        volatility,
        cagr / worst.abs(),
        count,
        won / count,
        profit / count,
        total,
        f64::NAN,
    ];
    let filled = METRICS.iter().zip(values).map(|(metric, value)| Metric {
        value: Some(value).filter(|value| value.is_finite()),
        ..*metric
    });
    filled.collect()
}

/// All but the values.
const METRICS: [Metric<'static>; 10] = [
    headline("cagr", "Growth per year", Format::Change, "Compound annual growth, 252 bars a year."),
    headline("sharpe", "Sharpe ratio", Format::Ratio, "Annualized mean return over its deviation."),
    headline("max_drawdown", "Maximum drawdown", Format::Change, "Deepest fall below a high."),
    headline("volatility", "Volatility", Format::Percent, "Annualized deviation of returns."),
    headline("calmar", "Calmar ratio", Format::Ratio, "Growth per year over maximum drawdown."),
    headline("trades", "Trades", Format::Number, "Positions opened."),
    headline("win_rate", "Win rate", Format::Percent, "Share of trades with a profit."),
    headline("avg_trade", "Average trade", Format::Profit, "Mean profit of a trade."),
    other("total_return", "Total return", Format::Change, "Final equity over cash, less one."),
    other("beta", "Beta", Format::Ratio, "Slope against the benchmark; undefined here."),
];

const fn headline(
    key: &'static str,
    label: &'static str,
    format: Format,
    meaning: &'static str,
) -> Metric<'static> {
    Metric { key, label, value: None, format, meaning, headline: true }
}

const fn other(
    key: &'static str,
    label: &'static str,
    format: Format,
    meaning: &'static str,
) -> Metric<'static> {
    Metric { key, label, value: None, format, meaning, headline: false }
}
