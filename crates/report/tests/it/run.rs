//! Runs to render: the smallest that shows everything, and ways to make them large or odd.

use std::borrow::Cow;

use dirigent_core::Timestamp;
use dirigent_report::{
    Analysis, Benchmark, Breakdown, Bucket, ColumnSeries, Curve, Exact, Exposure, FillMark, Format,
    Leg, Market, Metric, OrderMark, Part, Parts, Post, PriceSeries, Role, Rolling, Share, Shares,
    Side, Source, TearSheet, Trade,
};

/// Owns what a sheet borrows.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) symbols: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) time: Vec<Timestamp>,
    pub(crate) equity: Vec<f64>,
    pub(crate) drawdown: Vec<f64>,
    pub(crate) trades: usize,
}

const MINUTE: i64 = 60_000_000_000;

impl Run {
    /// A run over the given equity, a bar a minute, with so many trades.
    pub(crate) fn over(equity: Vec<f64>, trades: usize) -> Self {
        let bars = i64::try_from(equity.len()).unwrap();
        let mut high = f64::MIN;
        let depth = |&value: &f64| {
            high = high.max(value);
            value / high - 1.0
        };
        Self {
            name: "plain".to_owned(),
            symbols: vec!["IBM".to_owned()],
            warnings: vec![],
            time: (0..bars).map(|bar| Timestamp::from_nanos(bar * MINUTE)).collect(),
            drawdown: equity.iter().map(depth).collect(),
            equity,
            trades,
        }
    }

    /// A run of so many bars and trades along a slow wave.
    pub(crate) fn wave(bars: u32, trades: usize) -> Self {
        let value = |bar| 100_000.0 * (1.5 + (f64::from(bar) * 0.001).sin()) + f64::from(bar % 7);
        Self::over((0..bars).map(value).collect(), trades)
    }

    /// Its page; every text of the run carries `name`.
    pub(crate) fn render(&self) -> String {
        let name = self.name.as_str();
        let curve = Curve { time: &self.time, value: &self.equity };
        let prices: Vec<PriceSeries<'_>> = self
            .symbols
            .iter()
            .map(|symbol| PriceSeries {
                symbol,
                time: &self.time,
                open: &self.equity,
                high: &self.equity,
                low: &self.equity,
                close: &self.equity,
            })
            .collect();
        let trades: Vec<Trade<'_>> = (0..self.trades).map(|index| self.trade(index)).collect();
        let last = self.equity.last().copied().unwrap_or(0.0);
        let sign = if self.equity.first() > self.equity.last() { -1.0 } else { 1.0 };
        let (breakdowns, account, shares) =
            (breakdowns(name, sign), account(name, sign), shares(name, sign));
        let analysis = Analysis {
            breakdowns: &breakdowns,
            account: &account,
            shares: &shares,
            exposure: Some(Exposure { gross: &self.equity, net: &self.drawdown }),
            activity: &metrics(name),
            relative: &metrics(name),
        };
        let (orders, fills) = (self.orders(), self.fills());
        let columns: Vec<Vec<ColumnSeries<'_>>> =
            self.symbols.iter().map(|_| self.columns()).collect();
        let market = Market {
            orders: &orders,
            fills: &fills,
            columns: &columns,
            guides: &[vec![30.0, f64::NAN], vec![]],
        };
        dirigent_report::render(&TearSheet {
            title: name,
            strategy: name,
            symbols: &self.symbols,
            timeframe: name,
            currency: "USD",
            digest: name,
            causal_prefixes: None,
            run_id: Some(name),
            initial_equity: self.equity.first().copied().unwrap_or(0.0),
            final_equity: exact(last),
            total_return: self.equity.first().map(|first| last / first - 1.0),
            metrics: &metrics(name),
            equity: curve,
            benchmark: Some(Benchmark { name, curve }),
            drawdown: &self.drawdown,
            rolling_sharpe: Some(Rolling { value: &self.drawdown, window_bars: 5 }),
            prices: &prices,
            trades: &trades,
            market,
            analysis,
            attribution: &[attribution(name)],
            searched: &[],
            config: name,
            provenance: &[Source { name, sha256: name, rows: 7, adjustment: name }],
            warnings: &self.warnings,
            in_sample: None,
            votes: None,
            reproduce: name,
        })
    }

    /// Two orders and two fills for each trade.
    fn orders(&self) -> Vec<OrderMark<'_>> {
        let order = |index: usize| OrderMark {
            number: index as u64,
            series: index % self.symbols.len(),
            is_buy: index.is_multiple_of(2),
            kind: &self.name,
            role: [Role::Plain, Role::Stop, Role::Target][index % 3],
            created: self.time[index % self.time.len()],
            ended: (!index.is_multiple_of(5)).then(|| self.time[index % self.time.len()]),
            levels: vec![(self.time[index % self.time.len()], f64::NAN); index % 4 * 50],
            quantity: 1.5,
            filled: f64::INFINITY,
            state: &self.name,
            why: self.name.as_str().into(),
        };
        let count = if self.time.is_empty() { 0 } else { self.trades * 2 };
        (0..count).map(order).collect()
    }

    fn fills(&self) -> Vec<FillMark<'_>> {
        let fill = |index: usize| FillMark {
            order: index as u64,
            series: index % self.symbols.len(),
            is_buy: index.is_multiple_of(2),
            time: self.time[index % self.time.len()],
            quantity: 1.5,
            price: f64::MAX,
            reason: &self.name,
            detail: self.name.as_str().into(),
        };
        let count = if self.time.is_empty() { 0 } else { self.trades * 2 };
        (0..count).map(fill).collect()
    }

    fn columns(&self) -> Vec<ColumnSeries<'_>> {
        let column = |index: usize| ColumnSeries {
            label: &self.name,
            pane: [None, Some(0), Some(1), Some(7)][index % 4],
            last: self.equity.clone(),
            range: self.equity.iter().map(|value| (*value, *value)).take(index * 1_000).collect(),
        };
        // Of many bars two are enough, and a test should not fill the memory.
        (0..if self.symbols.len() > 5 { 2 } else { 20 }).map(column).collect()
    }

    fn trade(&self, index: usize) -> Trade<'_> {
        let bar = index % self.time.len().max(1);
        let leg = Leg {
            time: self.time.get(bar).copied().unwrap_or_default(),
            price: exact(self.equity.get(bar).copied().unwrap_or(f64::NAN)),
            reason: &self.name,
        };
        let size = f64::from(u32::try_from(index).unwrap());
        let pnl = if self.equity.first() > self.equity.last() { -size - 1.0 } else { size - 3.0 };
        Trade {
            symbol: &self.symbols[index % self.symbols.len()],
            side: if index.is_multiple_of(2) { Side::Long } else { Side::Short },
            quantity: exact(100.0),
            entry: leg.clone(),
            exit: (index + 1 < self.trades).then_some(leg),
            pnl: exact(pnl),
            return_fraction: pnl / 1000.0,
            bars: 3,
            excursion: Some((-0.02 * (size % 5.0), 0.03)),
        }
    }
}

/// A table of one part, called like the run.
fn attribution(name: &str) -> Parts<'_> {
    let part = Part {
        name,
        gross: -20.0,
        costs: 4.0,
        income: -1.0,
        net: -25.0,
        contribution: -0.025,
        risk: Some(-0.2),
    };
    Parts { of: name, rows: vec![Part { risk: None, ..part.clone() }, part] }
}

fn metrics(name: &str) -> [Metric<'_>; 3] {
    let metric = |value, format| Metric {
        key: name,
        label: name,
        value,
        format,
        meaning: name,
        headline: true,
    };
    [
        metric(Some(-0.25), Format::Change),
        metric(Some(f64::NAN), Format::Ratio),
        metric(None, Format::Days),
    ]
}

/// Gains and losses, or losses alone where `sign` is negative.
fn amount(value: f64, sign: f64) -> Exact<'static> {
    exact(if sign < 0.0 { -value.abs() } else { value })
}

fn breakdowns(name: &str, sign: f64) -> Vec<Breakdown<'_>> {
    let bucket = |index: u32| Bucket {
        label: name.into(),
        trades: 10,
        wins: 4,
        total: amount(f64::from(index) * 250.0 - 500.0, sign),
    };
    let breakdown =
        |parts| Breakdown { title: name, note: name, buckets: (0..parts).map(bucket).collect() };
    (0..30).map(|_| breakdown(100)).collect()
}

fn account(name: &str, sign: f64) -> Vec<Post<'_>> {
    let post =
        |value, is_sum| Post { label: name, amount: amount(value, sign), meaning: name, is_sum };
    vec![post(1_000.0, true), post(-250.0, false), post(f64::NAN, false), post(750.0, true)]
}

fn shares(name: &str, sign: f64) -> Vec<Shares<'_>> {
    let share = |index: u32| Share {
        name: name.into(),
        trades: (index > 0).then_some((3, 2)),
        closed: exact(f64::NAN),
        open: exact(0.0),
        fees: exact(1.0),
        total: amount(f64::from(index) - 7.0, sign),
    };
    let parts = (0..300).map(share).collect();
    vec![Shares { title: name, kind: name, parts, total: exact(-3.0) }]
}

fn exact(value: f64) -> Exact<'static> {
    let text = if value.is_finite() { format!("{value:.2}") } else { "–".to_owned() };
    Exact { value, text: Cow::Owned(text) }
}
