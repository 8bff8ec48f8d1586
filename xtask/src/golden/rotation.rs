//! References of portfolio backtests: the strongest symbols of a panel, once a month.
//!
//! At the last session of each month the symbols are ranked by their gain over `lookback` bars,
//! ties by column; the first `top` are held in equal weights, traded at the next close.

use std::sync::Arc;

use anyhow::{Context, Result};
use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::metrics::max_drawdown;
use dirigent_trading::order::{Fill, SymbolId};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Bars, Rate};
use serde_json::Value;

use super::backtests::{MONEY, RATIO, basis_points, money};
use super::compare::{Comparison, Tolerance};
use super::json;
use super::line::Line;
use super::source::Root;

const CASH: f64 = 100_000.0;
/// Quantities are kept to nine decimals; what they are worth adds up over the years.
const QUANTITY: Tolerance = Tolerance::absolute(1e-5);
const PRICE: Tolerance = Tolerance::absolute(1e-6);

pub(super) fn check(gold: &Value, root: &Root) -> Result<Vec<Line>> {
    let symbols = json::texts(gold, "symbols")?;
    let names: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let bars = root.bars(json::text(gold, "data")?, &names)?;
    let rotation = Rotation {
        lookback: json::count(gold, "lookback")?,
        top: json::count(gold, "top")?,
        chosen: Vec::new(),
    };
    let mut lines = vec![extent(gold, &bars)?];
    for (commission, expected) in json::object(gold, "runs")? {
        let item = format!("rotation {commission}");
        lines.push(match run_line(&item, commission, expected, gold, &bars, rotation.clone()) {
            Ok(line) => line,
            Err(error) => Line::failed(item, &error),
        });
    }
    Ok(lines)
}

fn extent(gold: &Value, bars: &[Bars]) -> Result<Line> {
    let times = bars.first().map(|bars| &bars.time[..]).context("has no symbols")?;
    let mut comparison = Comparison::default();
    comparison.fact("count", times.len(), json::count(gold, "rows")?);
    comparison.fact(
        "first",
        times.first().map(|time| date(*time)).as_deref(),
        gold["first"].as_str(),
    );
    comparison.fact("last", times.last().map(|time| date(*time)).as_deref(), gold["last"].as_str());
    Ok(comparison.line("rows"))
}

fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

#[derive(Clone, Debug)]
struct Rotation {
    lookback: usize,
    top: usize,
    /// When what was chosen is traded, and the names in the order of the columns.
    chosen: Vec<(String, Vec<String>)>,
}

impl Strategy for Rotation {
    fn on_bar(&mut self, window: &Window<'_>, _: &Ledger, wishes: &mut Wishes) {
        let Some(next) = window.next() else {
            return;
        };
        let month = |time: Timestamp| time.date().1;
        if month(next) == month(window.now()) {
            return;
        }
        let gain = |symbol: SymbolId| -> Option<f64> {
            let closes = window.close(symbol);
            let now = closes.len().checked_sub(1)?;
            let before = closes[now.checked_sub(self.lookback)?];
            Some(closes[now].to_f64() / before.to_f64())
        };
        let gains: Option<Vec<(SymbolId, f64)>> =
            window.symbols().map(|symbol| gain(symbol).map(|gain| (symbol, gain))).collect();
        let Some(mut ranked) = gains else {
            return;
        };
        // The sort is stable, so equal gains stay in the order of the columns.
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(self.top);
        let count = i64::try_from(ranked.len().max(1)).unwrap_or(i64::MAX);
        let weight = Rate::from_raw(Rate::ONE.raw() / count);
        wishes.weights(ranked.iter().map(|(symbol, _)| (*symbol, weight)));
        let mut symbols: Vec<SymbolId> = ranked.into_iter().map(|(symbol, _)| symbol).collect();
        symbols.sort_unstable();
        let names = symbols.into_iter().map(|symbol| window.name(symbol).to_owned()).collect();
        self.chosen.push((date(next), names));
    }
}

fn run_line(
    item: &str,
    commission: &str,
    expected: &Value,
    gold: &Value,
    bars: &[Bars],
    mut rotation: Rotation,
) -> Result<Line> {
    let options = Options {
        initial_cash: money(CASH)?,
        lot: Options::LOT_FRACTIONAL,
        commission: Arc::new(basis_points(commission)?),
        ..Options::default()
    };
    let outcome = run(bars, &mut rotation, &options, &Unwatched)?;
    let mut comparison = Comparison::default();
    compare_choices(&mut comparison, &rotation.chosen, gold)?;
    compare_orders(&mut comparison, &outcome, expected)?;
    compare_equity(&mut comparison, &outcome, expected)?;
    Ok(comparison.line(item))
}

fn compare_choices(
    comparison: &mut Comparison,
    ours: &[(String, Vec<String>)],
    gold: &Value,
) -> Result<()> {
    let theirs = json::list(gold, "rebalances")?;
    comparison.fact("number of rebalances", ours.len(), theirs.len());
    for ((date, symbols), theirs) in ours.iter().zip(theirs) {
        comparison.fact("date of a rebalance", Some(date.as_str()), theirs[0].as_str());
        let names: Option<Vec<&str>> =
            theirs[1].as_array().map(|names| names.iter().filter_map(Value::as_str).collect());
        let symbols = symbols.iter().map(String::as_str).collect();
        comparison.fact(format!("symbols of {date}"), Some(symbols), names);
    }
    Ok(())
}

fn compare_orders(comparison: &mut Comparison, outcome: &Outcome, gold: &Value) -> Result<()> {
    comparison.fact("number of orders", outcome.fills.len(), json::count(gold, "orders")?);
    let first = json::list(gold, "first_orders")?;
    for (index, (fill, theirs)) in outcome.fills.iter().zip(first).enumerate() {
        let at = |what: &str| format!("order {index} {what}");
        let name = &outcome.symbols[fill.symbol.index()];
        comparison.fact(at("date"), Some(date(fill.time).as_str()), theirs[0].as_str());
        comparison.fact(at("symbol"), Some(name.as_str()), theirs[1].as_str());
        let size = Fill::signed_quantity(fill).to_f64();
        comparison.maybe(at("size"), Some(size), theirs[2].as_f64(), QUANTITY);
        comparison.maybe(at("price"), Some(fill.price.to_f64()), theirs[3].as_f64(), PRICE);
    }
    Ok(())
}

fn compare_equity(comparison: &mut Comparison, outcome: &Outcome, gold: &Value) -> Result<()> {
    let equity = outcome.equity.to_f64();
    for (day, expected) in json::object(gold, "equity_at")? {
        let bar = outcome.equity.time.iter().position(|time| date(*time) == *day);
        let found = bar.map(|bar| equity[bar]);
        comparison.maybe(format!("equity at {day}"), found, expected.as_f64(), MONEY);
    }
    for (name, found) in [("final_equity", outcome.final_equity), ("fees", outcome.fees)] {
        comparison.number(name, found.to_f64(), json::number(gold, name)?, MONEY);
    }
    let expected = gold.get("max_drawdown").and_then(Value::as_f64);
    comparison.maybe("max_drawdown", max_drawdown(&equity), expected, RATIO);
    Ok(())
}
