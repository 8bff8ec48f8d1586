//! What a tear sheet is made of: plain numbers and texts, borrowed from the run.
//!
//! Every field may hold any value. Where two slices belong together, the shorter one counts; a
//! value that is not finite is drawn as a gap and printed as a dash.
//! Not here: how any of it looks.

use std::borrow::Cow;

use dirigent_core::Timestamp;

use crate::{
    analysis::Analysis,
    market::Market,
    search::Searched,
    section::{attribution::Parts, sample::InSample, votes::VotePaths},
};

/// Everything one page shows.
#[derive(Clone, Debug)]
pub struct TearSheet<'a> {
    /// Name of the workflow; the title of the page.
    pub title: &'a str,
    /// The strategy with its parameters, in one line.
    pub strategy: &'a str,
    /// The traded symbols, in the order of the workflow file.
    pub symbols: &'a [String],
    /// Length of a bar as the workflow file says it: `1d`, `1m`.
    pub timeframe: &'a str,
    /// Currency of all money: `USD`.
    pub currency: &'a str,
    /// Digest of the result.
    pub digest: &'a str,
    /// How many beginnings of the data were run anew and changed no earlier decision.
    pub causal_prefixes: Option<usize>,
    /// The run; left out where the page must be the same for every run of the same file.
    pub run_id: Option<&'a str>,
    /// Equity before the first bar; base of the first month, in `currency`.
    pub initial_equity: f64,
    /// Equity after the last bar, in `currency`.
    pub final_equity: Exact<'a>,
    /// Total return as a fraction: 0.1 is +10 %.
    pub total_return: Option<f64>,
    /// All metrics, in the order of the table.
    pub metrics: &'a [Metric<'a>],
    /// What the same settings came to on the days that they were found on.
    pub in_sample: Option<InSample<'a>>,
    /// How the strategies of an ensemble voted.
    pub votes: Option<VotePaths<'a>>,
    /// Equity after each bar, in `currency`.
    pub equity: Curve<'a>,
    /// What the equity is compared with.
    pub benchmark: Option<Benchmark<'a>>,
    /// Drawdown at each bar of `equity`, as a fraction at or below zero.
    pub drawdown: &'a [f64],
    /// Sharpe ratio over a moving window; `None` when the run is shorter than the window.
    pub rolling_sharpe: Option<Rolling<'a>>,
    /// Prices as traded (adjusted the way the run was), one per symbol.
    pub prices: &'a [PriceSeries<'a>],
    /// All trades, in the order of their entry.
    pub trades: &'a [Trade<'a>],
    /// Orders, fills, and what the strategy computes.
    pub market: Market<'a>,
    /// Where the result came from.
    pub analysis: Analysis<'a>,
    /// What each part added, in each way of taking the result apart; without it the shares of the
    /// analysis are shown.
    pub attribution: &'a [Parts<'a>],
    /// What was searched before the run, strategy by strategy.
    pub searched: &'a [Searched],
    /// The resolved configuration as YAML or JSON text.
    pub config: &'a str,
    /// Where the data came from.
    pub provenance: &'a [Source<'a>],
    /// What the reader should doubt, one sentence each.
    pub warnings: &'a [String],
    /// The command that runs this again and compares.
    pub reproduce: &'a str,
}

/// A value over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Curve<'a> {
    /// Time of each bar, ascending.
    pub time: &'a [Timestamp],
    /// Value at each bar.
    pub value: &'a [f64],
}

impl Curve<'_> {
    /// Number of bars that have both a time and a value.
    pub fn len(&self) -> usize {
        self.time.len().min(self.value.len())
    }

    /// Whether there is no bar at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A curve to compare with, in the same currency and starting from the same capital.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark<'a> {
    /// What it is: `Buy and hold IBM`.
    pub name: &'a str,
    /// Its value at each bar, in the currency of the sheet.
    pub curve: Curve<'a>,
}

/// A figure over a moving window.
#[derive(Clone, Copy, Debug)]
pub struct Rolling<'a> {
    /// One value for each bar of the equity curve; NaN while the window is not full.
    pub value: &'a [f64],
    /// Length of the window, in bars.
    pub window_bars: usize,
}

/// The prices of one symbol.
#[derive(Clone, Copy, Debug)]
pub struct PriceSeries<'a> {
    /// The symbol.
    pub symbol: &'a str,
    /// Time of each bar, ascending.
    pub time: &'a [Timestamp],
    /// First price.
    pub open: &'a [f64],
    /// Highest price.
    pub high: &'a [f64],
    /// Lowest price.
    pub low: &'a [f64],
    /// Last price.
    pub close: &'a [f64],
}

/// A number that is drawn by its double and printed by its exact text.
#[derive(Clone, Debug)]
pub struct Exact<'a> {
    /// The nearest double.
    pub value: f64,
    /// As a table cell shows it, sign included: `-1234.50`.
    pub text: Cow<'a, str>,
}

/// One performance figure.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    /// Name in the result document: `max_drawdown`.
    pub key: &'a str,
    /// Name for people: `Maximum drawdown`.
    pub label: &'a str,
    /// The figure; `None` where it is undefined.
    pub value: Option<f64>,
    /// How it is printed.
    pub format: Format,
    /// What it says, in one line.
    pub meaning: &'a str,
    /// Whether it is one of the large figures at the top (the first eight are).
    pub headline: bool,
}

/// How a figure is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A fraction as an unsigned percentage: 0.2 is `20.00%`.
    Percent,
    /// A fraction that is a gain or a loss: 0.2 is `+20.00%`.
    Change,
    /// Two decimals.
    Ratio,
    /// An amount in the currency of the sheet.
    Money,
    /// An amount that is a gain or a loss, in the currency of the sheet.
    Profit,
    /// A count: no decimals when whole.
    Number,
    /// A duration in days.
    Days,
}

/// Which way a trade bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

/// The opening or closing of a trade.
#[derive(Clone, Debug)]
pub struct Leg<'a> {
    /// When it was filled.
    pub time: Timestamp,
    /// Average price of the fill.
    pub price: Exact<'a>,
    /// Why it was ordered: `signal`, `stop_loss`.
    pub reason: &'a str,
}

/// A position from its opening to its closing.
#[derive(Clone, Debug)]
pub struct Trade<'a> {
    /// What was traded.
    pub symbol: &'a str,
    /// Which way.
    pub side: Side,
    /// Units, without sign.
    pub quantity: Exact<'a>,
    /// How it was opened.
    pub entry: Leg<'a>,
    /// How it was closed; `None` while it is open.
    pub exit: Option<Leg<'a>>,
    /// Profit after costs, in the currency of the sheet; of an open trade at the last price.
    pub pnl: Exact<'a>,
    /// Profit as a fraction of what was put in.
    pub return_fraction: f64,
    /// How long it was held, in bars.
    pub bars: u64,
    /// The worst and the best price against the entry, as fractions: at or below zero, at or above
    /// it; `None` while it is open.
    pub excursion: Option<(f64, f64)>,
}

/// Where a part of the data came from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name, or what generated it.
    pub name: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: &'a str,
    /// Number of rows that were used.
    pub rows: u64,
    /// What was done to the prices: `none`, `splits and dividends (adj_close)`.
    pub adjustment: &'a str,
}
