//! The tear sheet of a backtest: its numbers in the shapes that the report draws.

mod analysis;
mod market;

use std::borrow::Cow;

use dirigent_report::{
    Benchmark, Curve, Exact, Format, InSample, Leg, Metric, Part, Parts, PriceSeries, Rolling,
    Side, Source, TearSheet, Trade,
};
use dirigent_trading::{
    Bars, Money, Price, Quantity,
    backtest::{OpenPosition, Options, Outcome},
    corporate::Action,
    metrics,
    order::{self, FillReason},
    rules::Shown,
};
use dirigent_workflow::event::Start;
use serde_json::Value;

use crate::{
    core::Timestamp,
    ensemble::Votes,
    tasks::backtest::{against::Against, load::ReadFile},
};

/// The most bars of one symbol that are handed to the report, which draws fewer still.
const DRAWN_BARS_MAX: usize = 20_000;

/// Everything the sheet is made of.
pub(crate) struct Sheet<'a> {
    pub(crate) title: &'a str,
    pub(crate) start: &'a Start,
    pub(crate) causal_prefixes: Option<usize>,
    pub(crate) run_id: &'a str,
    pub(crate) digest: &'a str,
    pub(crate) strategy: &'a str,
    pub(crate) timeframe: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) adjustment: &'a str,
    pub(crate) bars: &'a [Bars],
    pub(crate) others: &'a [Bars],
    /// What came before the first bar that was traded, by symbol.
    pub(crate) history: &'a [Bars],
    /// How the strategies of an ensemble voted.
    pub(crate) votes: Option<&'a Votes>,
    pub(crate) shown: Option<&'a Shown>,
    pub(crate) actions: &'a [Action],
    pub(crate) options: &'a Options,
    pub(crate) outcome: &'a Outcome,
    pub(crate) attribution: &'a Value,
    pub(crate) searched: &'a [dirigent_report::Searched],
    pub(crate) metrics: &'a Value,
    /// What the same settings came to on the days that they were found on; null where there are none.
    pub(crate) in_sample: &'a Value,
    pub(crate) equity: &'a [f64],
    pub(crate) benchmark: Option<(&'a str, &'a [f64])>,
    pub(crate) against: Option<&'a Against>,
    pub(crate) files: &'a [ReadFile],
    pub(crate) warnings: &'a [String],
    pub(crate) periods_per_year: f64,
}

/// What a metric is called and means, in the order of the result.
pub(crate) const METRICS: &[(&str, &str, Format, &str, bool)] = &[
    ("total_return", "Total return", Format::Change, "final over initial equity, less one", true),
    ("cagr", "CAGR", Format::Change, "compound growth per year, by number of bars", true),
    ("volatility", "Volatility", Format::Percent, "deviation of returns, per year", true),
    ("sharpe", "Sharpe", Format::Ratio, "excess return over volatility, per year", true),
    ("sortino", "Sortino", Format::Ratio, "excess return over downside deviation", true),
    ("calmar", "Calmar", Format::Ratio, "CAGR over maximum drawdown", true),
    ("max_drawdown", "Maximum drawdown", Format::Change, "deepest fall from a high", true),
    (
        "max_drawdown_days",
        "Longest drawdown",
        Format::Days,
        "from a high until it was regained",
        false,
    ),
    ("var_95", "VaR 95 %", Format::Change, "return that 5 % of the bars fall below", false),
    ("cvar_95", "CVaR 95 %", Format::Change, "mean return of the worst 5 % of the bars", false),
    ("skew", "Skewness", Format::Ratio, "asymmetry of returns", false),
    ("kurtosis", "Excess kurtosis", Format::Ratio, "weight of the tails of returns", false),
    ("exposure", "Exposure", Format::Percent, "share of bars with a position", false),
    ("turnover", "Turnover", Format::Ratio, "times a year the equity was replaced", false),
    ("trades", "Trades", Format::Number, "round trips that were closed", true),
    ("win_rate", "Win rate", Format::Percent, "share of trades with a profit after costs", true),
    ("profit_factor", "Profit factor", Format::Ratio, "profits over losses of the trades", false),
    ("avg_trade", "Average trade", Format::Profit, "mean profit of a trade after costs", false),
    ("expectancy", "Expectancy", Format::Change, "mean return of a trade", false),
    ("fees", "Fees", Format::Money, "commissions paid", false),
    ("slippage_cost", "Slippage", Format::Money, "cost against the reference prices", false),
    (
        "alpha",
        "Alpha",
        Format::Change,
        "return per year that the benchmark does not explain",
        false,
    ),
    ("beta", "Beta", Format::Ratio, "slope against the benchmark's returns", false),
    ("information_ratio", "Information ratio", Format::Ratio, "per bar, not annualized", false),
];

impl Sheet<'_> {
    /// The page.
    pub(crate) fn render(&self) -> String {
        let outcome = self.outcome;
        let drawdown = metrics::drawdown_series(self.equity);
        let (rolling, window_bars) = self.rolling_sharpe();
        let prices: Vec<Prices<'_>> = self.bars.iter().map(Prices::of).collect();
        let series: Vec<PriceSeries<'_>> = prices.iter().map(Prices::series).collect();
        let reasons = Reasons::of(outcome);
        let config = serde_json::to_string_pretty(&self.start.config).unwrap_or_default();
        let sources: Vec<Source<'_>> = self
            .files
            .iter()
            .map(|file| Source {
                name: &file.name,
                sha256: &file.sha256,
                rows: file.rows,
                adjustment: self.adjustment,
            })
            .collect();
        let time = &outcome.equity.time;
        let (rows, sample) = (self.metric_rows(), self.sample());
        let analyzed = analysis::Analyzed::of(self);
        let marks = market::Marks::of(self);
        dirigent_report::render(&TearSheet {
            title: self.title,
            strategy: self.strategy,
            symbols: &outcome.symbols,
            timeframe: self.timeframe,
            currency: self.currency,
            digest: self.digest,
            causal_prefixes: self.causal_prefixes,
            run_id: Some(self.run_id),
            initial_equity: outcome.initial_cash.to_f64(),
            final_equity: money(outcome.final_equity),
            total_return: self.metrics["total_return"].as_f64(),
            metrics: &rows,
            in_sample: sample.as_ref().map(|(days, values)| InSample {
                days: days.each_ref().map(String::as_str),
                values,
            }),
            equity: Curve { time, value: self.equity },
            votes: self.votes.map(Votes::view),
            benchmark: self
                .benchmark
                .map(|(name, value)| Benchmark { name, curve: Curve { time, value } }),
            drawdown: &drawdown,
            rolling_sharpe: rolling.as_deref().map(|value| Rolling { value, window_bars }),
            prices: &series,
            trades: &trades(outcome, &reasons),
            market: marks.view(),
            analysis: analyzed.view(),
            attribution: &parts(self.attribution),
            searched: self.searched,
            config: &config,
            provenance: &sources,
            warnings: self.warnings,
            reproduce: &format!("dirigent verify {}", self.run_id),
        })
    }

    /// The days, and the figures of the days that were searched.
    fn sample(&self) -> Option<([String; 4], Vec<Option<f64>>)> {
        let found = self.in_sample;
        let time = &self.outcome.equity.time;
        let day = |time: &Timestamp| time.to_string().chars().take(10).collect::<String>();
        let text = |key: &str| found[key].as_str().map(str::to_owned);
        let days = [text("from")?, text("to")?, day(time.first()?), day(time.last()?)];
        let values = METRICS.iter().map(|(key, ..)| found["metrics"][*key].as_f64());
        Some((days, values.collect()))
    }

    fn metric_rows(&self) -> Vec<Metric<'static>> {
        let row = |&(key, label, format, meaning, headline)| {
            let value = self.metrics[key].as_f64();
            Metric { key, label, value, format, meaning, headline }
        };
        METRICS.iter().map(row).chain(self.flow_rows()).collect()
    }

    /// What came without trades, where anything did.
    fn flow_rows(&self) -> impl Iterator<Item = Metric<'static>> {
        let Outcome { dividends, interest, .. } = *self.outcome;
        let row = |(key, label, amount, meaning): (_, _, Money, _)| {
            let value = (!amount.is_zero()).then(|| amount.to_f64());
            let format = Format::Profit;
            value.map(|_| Metric { key, label, value, format, meaning, headline: false })
        };
        let rows = [
            ("dividends", "Dividends", dividends, "received, less those paid while short"),
            ("interest", "Interest", interest, "earned on cash, less the cost of borrowing"),
        ];
        rows.into_iter().filter_map(row)
    }

    /// Half a year of bars, where there are enough of them.
    fn rolling_sharpe(&self) -> (Option<Vec<f64>>, usize) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
        let window = (self.periods_per_year / 2.0).round().clamp(2.0, 1e6) as usize;
        if self.equity.len() <= window * 2 {
            return (None, window);
        }
        let returns = metrics::returns_of(self.equity);
        let ratios = metrics::rolling_sharpe(&returns, window, self.periods_per_year);
        let values = ratios.into_iter().map(|ratio| ratio.unwrap_or(f64::NAN));
        (Some(std::iter::once(f64::NAN).chain(values).collect()), window)
    }
}

/// The tables of what each part added, from the document of the result.
fn parts(document: &Value) -> Vec<Parts<'_>> {
    let all = [("strategies", "strategy", "Strategy"), ("symbols", "symbol", "Symbol")];
    let of = |(list, key, of)| {
        let rows = document[list].as_array()?;
        Some(Parts { of, rows: rows.iter().map(|row| part(row, key)).collect() })
    };
    all.into_iter().filter_map(of).collect()
}

fn part<'a>(row: &'a Value, key: &str) -> Part<'a> {
    let amount = |key: &str| row[key].as_f64().unwrap_or(0.0);
    Part {
        name: row[key].as_str().unwrap_or("Interest on cash"),
        gross: amount("gross_pnl"),
        costs: amount("fees") + amount("slippage_cost"),
        income: amount("dividends") + amount("interest"),
        net: amount("net_pnl"),
        contribution: amount("contribution"),
        risk: row["risk_share"].as_f64(),
    }
}

/// How many bars of a symbol are handed on as one.
fn joined(bars: &Bars) -> usize {
    bars.len().div_ceil(DRAWN_BARS_MAX).max(1)
}

/// The prices of a symbol as doubles, several bars joined into one where there are very many.
struct Prices<'a> {
    symbol: &'a str,
    time: Vec<Timestamp>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
}

impl<'a> Prices<'a> {
    fn of(bars: &'a Bars) -> Self {
        let joined = joined(bars);
        let mut prices = Self {
            symbol: &bars.symbol,
            time: Vec::new(),
            open: Vec::new(),
            high: Vec::new(),
            low: Vec::new(),
            close: Vec::new(),
        };
        for from in (0..bars.len()).step_by(joined) {
            let range = from..bars.len().min(from + joined);
            let (first, last) = (range.start, range.end - 1);
            prices.time.push(bars.time[first]);
            prices.open.push(bars.open[first].to_f64());
            prices.close.push(bars.close[last].to_f64());
            let high = bars.high[range.clone()].iter().max().copied().unwrap_or_default();
            let low = bars.low[range].iter().min().copied().unwrap_or_default();
            prices.high.push(high.to_f64());
            prices.low.push(low.to_f64());
        }
        prices
    }

    fn series(&self) -> PriceSeries<'_> {
        PriceSeries {
            symbol: self.symbol,
            time: &self.time,
            open: &self.open,
            high: &self.high,
            low: &self.low,
            close: &self.close,
        }
    }
}

/// The reasons of all legs as text, so that the rows can borrow them.
struct Reasons(Vec<(String, String)>);

impl Reasons {
    fn of(outcome: &Outcome) -> Self {
        let text = |reason: FillReason| reason.to_string();
        let closed = outcome.trades.iter();
        Self(closed.map(|t| (text(t.entry_reason), text(t.exit_reason))).collect())
    }
}

fn trades<'a>(outcome: &'a Outcome, reasons: &'a Reasons) -> Vec<Trade<'a>> {
    let mut rows: Vec<Trade<'a>> = outcome
        .trades
        .iter()
        .zip(&reasons.0)
        .map(|(trade, (entry, exit))| Trade {
            symbol: &outcome.symbols[trade.symbol.index()],
            side: if trade.side == order::Side::Buy { Side::Long } else { Side::Short },
            quantity: quantity(trade.quantity.abs()),
            entry: Leg { time: trade.entry_time, price: price(trade.entry_price), reason: entry },
            exit: Some(Leg { time: trade.exit_time, price: price(trade.exit_price), reason: exit }),
            pnl: money(trade.pnl),
            return_fraction: share(trade.pnl, trade.entry_value),
            bars: trade.bars_held() as u64,
            excursion: Some((trade.mae.to_f64(), trade.mfe.to_f64())),
        })
        .collect();
    rows.extend(outcome.open_positions.iter().map(|position| open_row(outcome, position)));
    rows.sort_by_key(|row| row.entry.time);
    rows
}

fn open_row<'a>(outcome: &'a Outcome, position: &OpenPosition) -> Trade<'a> {
    let pnl = position.unrealized + position.realized - position.fees + position.dividends;
    let bars = outcome.equity.time.iter().rev().take_while(|t| **t > position.entry_time).count();
    Trade {
        symbol: &outcome.symbols[position.symbol.index()],
        side: if position.quantity.is_negative() { Side::Short } else { Side::Long },
        quantity: quantity(position.quantity.abs()),
        entry: Leg {
            time: position.entry_time,
            price: price(position.entry_price),
            reason: "still open",
        },
        exit: None,
        pnl: money(pnl),
        return_fraction: share(pnl, position.value - position.unrealized),
        bars: bars as u64,
        excursion: None,
    }
}

/// A profit over what was paid to enter.
pub(crate) fn share(pnl: Money, entry: Money) -> f64 {
    pnl.to_f64() / entry.abs().to_f64()
}

fn money(amount: Money) -> Exact<'static> {
    exact(amount.to_f64(), format!("{:.2}", amount.to_f64()))
}

fn price(price: Price) -> Exact<'static> {
    exact(price.to_f64(), price.to_string())
}

fn quantity(quantity: Quantity) -> Exact<'static> {
    exact(quantity.to_f64(), quantity.to_string())
}

fn exact(value: f64, text: String) -> Exact<'static> {
    Exact { value, text: Cow::Owned(text) }
}
