//! References of backtests on one symbol: trades and equity of a few rules.
//!
//! A run is called `rule|fill|size|commission`, such as `sma_cross|next_open|allin_int|10bp`; the
//! numbers of the rule are in its text. Prices and quantities must agree to rounding, money to
//! the cent.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::execution::{FillTiming, StandardCommission};
use dirigent_trading::metrics::{Curve, Performance, TradeResult};
use dirigent_trading::order::FillReason;
use dirigent_trading::portfolio::Sizing;
use dirigent_trading::risk::{Limits, StopReference};
use dirigent_trading::rules::{Columns, RuleSet, compile};
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::Line;
use super::source::Root;
use super::{Reference, json, rotation};

/// Half a cent.
pub(super) const MONEY: Tolerance = Tolerance::absolute(0.005);
const PRICE: Tolerance = Tolerance::absolute(1e-6);
const QUANTITY: Tolerance = Tolerance::absolute(1e-6);
pub(super) const RATIO: Tolerance = Tolerance::relative(1e-7);

pub(super) fn check(reference: &Reference, root: &Root) -> Vec<Line> {
    let gold = &reference.content;
    let lines = if gold.get("rebalances").is_some() {
        rotation::check(gold, root)
    } else {
        runs(gold, root)
    };
    lines.unwrap_or_else(|error| vec![Line::failed("", &error)])
}

fn runs(gold: &Value, root: &Root) -> Result<Vec<Line>> {
    let bars = root.bars_of_file(json::text(gold, "data")?)?;
    let first_bar = json::count(gold, "warm_bar")?;
    let mut lines = Vec::new();
    if gold.get("rows").is_some() {
        let mut comparison = Comparison::default();
        comparison.fact("count", bars.len(), json::count(gold, "rows")?);
        lines.push(comparison.line("rows"));
    }
    for (name, expected) in json::object(gold, "runs")? {
        lines.push(match run_line(name, expected, &bars, first_bar) {
            Ok(line) => line,
            Err(error) => Line::failed(name, &error),
        });
    }
    Ok(lines)
}

fn run_line(name: &str, gold: &Value, bars: &Bars, first_bar: usize) -> Result<Line> {
    let parts: Vec<&str> = name.split('|').collect();
    let [rule, fill, size, commission] = parts[..] else {
        bail!("unknown: `{name}` is not `rule|fill|size|commission`");
    };
    let set = rules(rule, json::text(gold, "rule")?)?;
    let options = Options {
        initial_cash: money(json::number(gold, "cash")?)?,
        first_bar,
        limits: limits(rule)?,
        ..options(fill, size, commission)?
    };
    let mut strategy = SignalStrategy::new(vec![signals(&set, bars)?], 0);
    let outcome = run(std::slice::from_ref(bars), &mut strategy, &options, &Unwatched)?;
    let mut comparison = Comparison::default();
    compare_trades(&mut comparison, &outcome, gold)?;
    compare_account(&mut comparison, &outcome, gold)?;
    compare_metrics(&mut comparison, &outcome, gold)?;
    Ok(comparison.line(name))
}

/// The rules of a reference run, with the numbers of its description.
fn rules(rule: &str, description: &str) -> Result<RuleSet> {
    let numbers = json::whole_numbers(description);
    let number = |place: usize| {
        numbers.get(place).with_context(|| format!("`{description}` has too few numbers"))
    };
    let base = rule.split_once("_sl").map_or(rule, |(base, _)| base);
    let (entry, exit) = match base {
        "sma_cross" => {
            // SMA20>SMA50.
            let pair = [number(0)?, number(1)?].map(|n| format!("sma(close, {n})"));
            (pair.join(" > "), pair.join(" <= "))
        }
        "rsi_mr" => {
            // RSI(5)<30, exit >55.
            let rsi = format!("rsi(close, {})", number(0)?);
            (format!("{rsi} < {}", number(1)?), format!("{rsi} > {}", number(2)?))
        }
        "donchian" => (
            format!("close > shift(highest(high, {}), 1)", number(0)?),
            format!("close < shift(lowest(low, {}), 1)", number(1)?),
        ),
        "buy_hold" => ("close > 0".to_owned(), "close < 0".to_owned()),
        _ => bail!("unknown: there is no rule `{rule}`"),
    };
    Ok(RuleSet { entry: Some(entry), exit: Some(exit), ..RuleSet::default() })
}

fn signals(set: &RuleSet, bars: &Bars) -> Result<Arc<[Signal]>> {
    let program = compile(set).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the rules do not compile: {}", texts.join("; "))
    })?;
    let doubles =
        |prices: &[Price]| -> Vec<f64> { prices.iter().map(|price| price.to_f64()).collect() };
    let columns = [&bars.open, &bars.high, &bars.low, &bars.close].map(|prices| doubles(prices));
    let [open, high, low, close] = &columns;
    let (time, volume) = (&bars.time, &bars.volume);
    let mut signals = vec![Signal::NONE; bars.len()];
    let columns = Columns { time, open, high, low, close, volume, foreign: &[] };
    program.start().run(&columns, &mut signals);
    Ok(signals.into())
}

fn options(fill: &str, size: &str, commission: &str) -> Result<Options> {
    let (sizing, lot) = match size.split_once('_') {
        Some(("allin", "int")) => (Sizing::PercentEquity(Rate::ONE), Options::LOT_WHOLE),
        Some(("allin", "frac")) => (Sizing::PercentEquity(Rate::ONE), Options::LOT_FRACTIONAL),
        Some(("fixed", units)) => {
            let units = units.parse().ok().and_then(Quantity::from_units);
            let units = units.with_context(|| format!("unknown: size `{size}`"))?;
            (Sizing::FixedQuantity(units), Options::LOT_WHOLE)
        }
        _ => bail!("unknown: size `{size}`"),
    };
    Ok(Options {
        fill: match fill {
            "next_open" => FillTiming::NextOpen,
            "same_close" => FillTiming::SameClose,
            _ => bail!("unknown: fill `{fill}`"),
        },
        commission: Arc::new(basis_points(commission)?),
        sizing,
        lot,
        ..Options::default()
    })
}

/// A commission such as `10bp`, of what is traded.
pub(super) fn basis_points(text: &str) -> Result<StandardCommission> {
    let rate = text.strip_suffix("bp").and_then(|digits| digits.parse::<u16>().ok());
    let rate = Rate::bps(rate.with_context(|| format!("unknown: commission `{text}`"))?.into());
    Ok(StandardCommission::Bps { rate, minimum: Money::ZERO })
}

/// Stop and target of a rule such as `donchian_sl3_tp6`, in percent.
fn limits(rule: &str) -> Result<Limits> {
    let Some((_, percents)) = rule.split_once("_sl") else {
        return Ok(Limits::default());
    };
    let percents: Option<[i32; 2]> = percents
        .split_once("_tp")
        .and_then(|(stop, target)| Some([stop.parse().ok()?, target.parse().ok()?]));
    let [stop, target] = percents.with_context(|| format!("unknown: there is no rule `{rule}`"))?;
    Ok(Limits {
        stop_loss: Some(Rate::percent(stop)),
        take_profit: Some(Rate::percent(target)),
        stop_reference: StopReference::SignalClose,
        ..Limits::default()
    })
}

pub(super) fn money(amount: f64) -> Result<Money> {
    Money::from_f64(amount).with_context(|| format!("`{amount}` is no amount of money"))
}

fn compare_trades(comparison: &mut Comparison, outcome: &Outcome, gold: &Value) -> Result<()> {
    let trades = json::list(gold, "trades")?;
    comparison.fact("number of trades", outcome.trades.len(), trades.len());
    for (index, (ours, theirs)) in outcome.trades.iter().zip(trades).enumerate() {
        let at = |what: &str| format!("trade {index} {what}");
        let number = |place: usize| theirs.get(place).and_then(Value::as_f64);
        let bar = |place: usize| theirs.get(place).and_then(Value::as_u64);
        comparison.fact(at("entry bar"), Some(ours.entry_bar as u64), bar(0));
        comparison.fact(at("exit bar"), Some(ours.exit_bar as u64), bar(1));
        for (what, found, place, tolerance) in [
            ("size", ours.quantity.to_f64(), 2, QUANTITY),
            ("entry price", ours.entry_price.to_f64(), 3, PRICE),
            ("exit price", ours.exit_price.to_f64(), 4, PRICE),
            ("profit", ours.pnl.to_f64(), 5, MONEY),
        ] {
            comparison.maybe(at(what), Some(found), number(place), tolerance);
        }
        let why = match ours.exit_reason {
            FillReason::StopLoss { .. } => "sl",
            FillReason::TakeProfit { .. } => "tp",
            _ => "signal",
        };
        comparison.fact(at("reason"), Some(why), theirs.get(6).and_then(Value::as_str));
    }
    Ok(())
}

fn compare_account(comparison: &mut Comparison, outcome: &Outcome, gold: &Value) -> Result<()> {
    let equity: Vec<Money> = outcome.equity.iter().collect();
    for (bar, expected) in json::object(gold, "equity_at")? {
        let found = bar.parse().ok().and_then(|bar: usize| equity.get(bar)).map(|e| e.to_f64());
        comparison.maybe(format!("equity at bar {bar}"), found, expected.as_f64(), MONEY);
    }
    let sum: Money = equity.iter().copied().sum();
    // Each of them may be off by half a cent.
    let bars = outcome.equity.time.iter().map(|_| 1.0).sum::<f64>();
    let sum_limit = Tolerance::absolute(MONEY.limit * bars);
    if gold.get("equity_sum").is_some() {
        comparison.number("equity_sum", sum.to_f64(), json::number(gold, "equity_sum")?, sum_limit);
    }
    for (name, found) in [("final_equity", outcome.final_equity), ("fees_total", outcome.fees)] {
        comparison.number(name, found.to_f64(), json::number(gold, name)?, MONEY);
    }
    let open = outcome.open_positions.first();
    let Some(expected) = gold.get("open_trade").and_then(Value::as_array) else {
        comparison.fact("open trade", open.is_some(), false);
        return Ok(());
    };
    let number = |place: usize| expected.get(place).and_then(Value::as_f64);
    let bar = expected.first().and_then(Value::as_u64);
    comparison.fact("open trade entry bar", open.map(|open| open.entry_bar as u64), bar);
    let size = open.map(|open| open.quantity.to_f64());
    comparison.maybe("open trade size", size, number(1), QUANTITY);
    let price = open.map(|open| open.entry_price.to_f64());
    comparison.maybe("open trade price", price, number(2), PRICE);
    Ok(())
}

fn compare_metrics(comparison: &mut Comparison, outcome: &Outcome, gold: &Value) -> Result<()> {
    let equity = outcome.equity.to_f64();
    let trades: Vec<TradeResult> = outcome.trades.iter().map(trade_result).collect();
    let record = Performance::of(&Curve {
        time: &outcome.equity.time,
        equity: &equity,
        trades: &trades,
        ..Curve::default()
    })?;
    for (name, found) in [
        ("max_drawdown", record.max_drawdown),
        ("win_rate", record.win_rate),
        ("profit_factor", record.profit_factor),
    ] {
        if let Some(expected) = gold.get(name) {
            comparison.maybe(name, found, expected.as_f64(), RATIO);
        }
    }
    Ok(())
}

fn trade_result(trade: &dirigent_trading::backtest::Trade) -> TradeResult {
    let paid = trade.entry_price.notional(trade.quantity).abs().to_f64();
    TradeResult {
        net_pnl: trade.pnl.to_f64(),
        return_fraction: trade.pnl.to_f64() / paid,
        bars: trade.bars_held(),
    }
}
