//! The analysis of a backtest, in the shapes that the report draws.
//!
//! Not here: the arithmetic; see `dirigent_trading::analysis`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dirigent_report::{Analysis, Breakdown, Bucket, Exposure, Format, Metric, Post, Share, Shares};
use dirigent_trading::{
    Money,
    analysis::{
        self, AVERAGE_BARS, Account, Attribution, Regime, SymbolShare, Tally, Trend,
        VOLATILITY_BARS, Volatility, hour_of, month_of, regimes, tallies, weekday_of,
    },
    backtest::{Outcome, Trade},
    corporate::{Event, Ratio},
};

use super::{Sheet, exact, money};

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What the analysis is made of.
pub(super) struct Analyzed<'a> {
    breakdowns: Vec<Breakdown<'a>>,
    account: Vec<Post<'a>>,
    shares: Vec<Shares<'a>>,
    exposure: analysis::Exposure,
    activity: Vec<Metric<'a>>,
    relative: Vec<Metric<'a>>,
}

impl<'a> Analyzed<'a> {
    pub(super) fn of(sheet: &Sheet<'a>) -> Self {
        let exposure = analysis::Exposure::of(sheet.outcome, sheet.bars, sheet.options);
        Self {
            breakdowns: breakdowns(sheet),
            account: posts(&Account::of(sheet.outcome)),
            shares: shares(sheet.outcome),
            activity: activity(sheet, &exposure),
            exposure,
            relative: relative(sheet),
        }
    }

    pub(super) fn view(&self) -> Analysis<'_> {
        let analysis::Exposure { gross, net } = &self.exposure;
        Analysis {
            breakdowns: &self.breakdowns,
            account: &self.account,
            shares: &self.shares,
            exposure: Some(Exposure { gross, net }),
            activity: &self.activity,
            relative: &self.relative,
        }
    }
}

fn breakdowns<'a>(sheet: &Sheet<'a>) -> Vec<Breakdown<'a>> {
    let trades = &sheet.outcome.trades;
    if trades.is_empty() {
        return Vec::new();
    }
    let times = &sheet.outcome.equity.time;
    let is_intraday = times.iter().any(|time| time.nanos_of_day() != times[0].nanos_of_day());
    let mut found = vec![by_regime(sheet)];
    if is_intraday {
        let label = |hour: usize| format!("{hour:02}:00").into();
        let hours = tallies(trades, |trade| hour_of(trade.entry_time));
        found.push(breakdown("Hour of entry", "", hours, label));
    }
    let days = tallies(trades, |trade| weekday_of(trade.entry_time));
    found.push(breakdown("Weekday of entry", "", days, |day| WEEKDAYS[day].into()));
    let months = tallies(trades, |trade| month_of(trade.entry_time));
    found.push(breakdown("Month of entry", "", months, |month| MONTHS[month].into()));
    let label = |is_short| if is_short { "Short" } else { "Long" }.into();
    let sides = breakdown("Side", "", tallies(trades, |trade| !trade.is_long()), label);
    let exits = tallies(trades, |trade| trade.exit_reason.kind());
    let label = |reason: &str| reason.replace('_', " ").into();
    let exits = breakdown("Reason of exit", "", exits, label);
    // All trades in one part say nothing.
    found.extend([sides, exits].into_iter().filter(|parts| parts.buckets.len() > 1));
    found
}

fn breakdown<'a, K>(
    title: &'a str,
    note: &'a str,
    tallies: BTreeMap<K, Tally>,
    label: impl Fn(K) -> Cow<'a, str>,
) -> Breakdown<'a> {
    let bucket = |(key, Tally { trades, wins, total })| {
        let label = label(key);
        Bucket { label, trades, wins, total: money(total) }
    };
    Breakdown { title, note, buckets: tallies.into_iter().map(bucket).collect() }
}

/// By the regime at the last close before the entry.
fn by_regime<'a>(sheet: &Sheet<'a>) -> Breakdown<'a> {
    let mut known: BTreeMap<usize, Vec<Option<Regime>>> = BTreeMap::new();
    for trade in &sheet.outcome.trades {
        let symbol = trade.symbol.index();
        let of = || regimes(&sheet.bars[symbol].close, &splits(sheet, symbol));
        known.entry(symbol).or_insert_with(of);
    }
    let regime = |trade: &Trade| {
        let before = trade.entry_bar.checked_sub(1)?;
        known.get(&trade.symbol.index())?.get(before).copied().flatten()
    };
    // What is not known comes last.
    let key = |trade: &Trade| regime(trade).map_or((1, None), |regime| (0, Some(regime)));
    const NOTE: &str = "As known at the close before the entry: rising is a close above the mean of \
        200 closes; wild is a deviation of the last 20 returns above its own median so far. Before \
        200 bars nothing is known.";
    const { assert!(AVERAGE_BARS == 200 && VOLATILITY_BARS == 20, "the note says so") };
    breakdown("Regime of the symbol", NOTE, tallies(&sheet.outcome.trades, key), |(_, regime)| {
        regime.map_or("Not known yet", name).into()
    })
}

fn name(regime: Regime) -> &'static str {
    match (regime.trend, regime.volatility) {
        (Trend::Up, Volatility::Low) => "Rising, calm",
        (Trend::Up, Volatility::High) => "Rising, wild",
        (Trend::Down, Volatility::Low) => "Falling, calm",
        (Trend::Down, Volatility::High) => "Falling, wild",
    }
}

/// The bars of a symbol that are the first to show a split.
fn splits(sheet: &Sheet<'_>, symbol: usize) -> Vec<(usize, Ratio)> {
    let bars = &sheet.bars[symbol];
    let split = |event| if let Event::Split(ratio) = event { Some(ratio) } else { None };
    let own = sheet.actions.iter().filter(|action| action.symbol == bars.symbol);
    let mut found: Vec<(usize, Ratio)> = own
        .filter_map(|action| {
            let bar = bars.time.partition_point(|time| *time < action.date);
            Some((bar, split(action.event)?))
        })
        .collect();
    found.sort_by_key(|(bar, _)| *bar);
    found
}

fn posts(account: &Account) -> Vec<Post<'static>> {
    let Account {
        gross,
        dividends,
        funding,
        interest,
        commission,
        slippage,
        margin_interest,
        borrow_fees,
        other,
        net,
    } = *account;
    let post = |label, amount: Money, meaning| Post {
        label,
        amount: money(amount),
        meaning,
        is_sum: false,
    };
    let sum = |label, amount, meaning| Post { is_sum: true, ..post(label, amount, meaning) };
    let mut posts = vec![sum(
        "Gross result",
        gross,
        "what positions gained at reference prices, open ones included",
    )];
    let parts = [
        post("Dividends", dividends, "received, less those that short positions paid"),
        post("Funding", funding, "of swaps: received, less what was paid"),
        post("Interest", interest, "earned on cash"),
        post("Commission", -commission, "paid to the broker"),
        post("Slippage", -slippage, "fills against their reference prices, spread included"),
        post("Margin interest", -margin_interest, "paid on cash that was owed"),
        post("Borrow fees", -borrow_fees, "paid for units that were short"),
        post("Other", other, "what none of the above explains"),
    ];
    // Commission and slippage are always there: that there were none is worth knowing.
    let is_shown = |post: &Post<'_>| {
        post.amount.value != 0.0 || ["Commission", "Slippage"].contains(&post.label)
    };
    posts.extend(parts.into_iter().filter(is_shown));
    posts.push(sum("Net result", net, "final less initial equity"));
    posts
}

/// By symbol.
fn shares<'a>(outcome: &'a Outcome) -> Vec<Shares<'a>> {
    let Attribution { symbols, account } = Attribution::of(outcome);
    if symbols.is_empty() {
        return Vec::new();
    }
    let share = |part: &SymbolShare| Share {
        name: outcome.symbols[part.symbol.index()].as_str().into(),
        trades: Some((part.trades, part.wins)),
        closed: money(part.closed),
        open: money(part.open),
        fees: money(part.fees),
        total: money(part.total()),
    };
    let mut parts: Vec<Share<'a>> = symbols.iter().map(share).collect();
    if !account.is_zero() {
        let none = || exact(f64::NAN, "–".to_owned());
        parts.push(Share {
            name: "The account: interest and fees".into(),
            trades: None,
            closed: none(),
            open: none(),
            fees: none(),
            total: money(account),
        });
    }
    let total = money(outcome.final_equity - outcome.initial_cash);
    vec![Shares { title: "By symbol", kind: "Symbol", parts, total }]
}

fn activity<'a>(sheet: &Sheet<'a>, exposure: &analysis::Exposure) -> Vec<Metric<'a>> {
    let outcome = sheet.outcome;
    let (gross, net) = exposure.means();
    let costs = (outcome.fees + outcome.slippage_cost).to_f64();
    let traded = outcome.traded_value.to_f64();
    let held: Vec<f64> = outcome.trades.iter().map(|trade| count(trade.bars_held())).collect();
    let mean_held = (!held.is_empty()).then(|| held.iter().sum::<f64>() / count(held.len()));
    let has_shorts = exposure.gross.iter().zip(&exposure.net).any(|(gross, net)| net < gross);
    let given = |key: &str| sheet.metrics[key].as_f64();
    let rows = [
        row(
            "exposure",
            "Time in the market",
            given("exposure"),
            Format::Percent,
            "bars with a position at the close",
        ),
        row(
            "exposure_mean",
            "Mean exposure",
            gross,
            Format::Percent,
            "positions over equity, long plus short",
        ),
        row("exposure_max", "Highest exposure", exposure.highest(), Format::Percent, "at a close"),
        row(
            "exposure_net",
            "Mean net exposure",
            net.filter(|_| has_shorts),
            Format::Change,
            "long less short",
        ),
        row(
            "turnover",
            "Turnover a year",
            given("turnover"),
            Format::Ratio,
            "times the mean equity was replaced",
        ),
        row("traded", "Traded", Some(traded), Format::Money, "value of all fills"),
        row(
            "fills",
            "Fills",
            Some(count(outcome.fills.len())),
            Format::Number,
            "trades that happened, parts included",
        ),
        row(
            "cost_rate",
            "Cost of trading",
            (traded > 0.0).then(|| costs / traded),
            Format::Percent,
            "commission and slippage over the value traded",
        ),
        row("bars_held", "Mean holding time", mean_held, Format::Number, "bars from entry to exit"),
    ];
    rows.into_iter().filter(|row| row.value.is_some()).collect()
}

fn relative<'a>(sheet: &Sheet<'a>) -> Vec<Metric<'a>> {
    let Some(against) = sheet.against else { return Vec::new() };
    let given = |key: &str| sheet.metrics[key].as_f64();
    let ahead = given("total_return").zip(against.benchmark_return).map(|(own, other)| own - other);
    let information = against.information_ratio;
    vec![
        row(
            "benchmark_return",
            "Benchmark return",
            against.benchmark_return,
            Format::Change,
            "total, from the same capital",
        ),
        row(
            "ahead",
            "Ahead by",
            ahead,
            Format::Change,
            "total return less that of the benchmark, in points",
        ),
        row(
            "alpha",
            "Alpha",
            given("alpha"),
            Format::Change,
            "return a year that beta does not explain",
        ),
        row("beta", "Beta", given("beta"), Format::Ratio, "slope against the benchmark's returns"),
        row("correlation", "Correlation", against.correlation, Format::Ratio, "of the returns"),
        row(
            "tracking_error",
            "Tracking error",
            against.tracking_error,
            Format::Percent,
            "deviation of the difference of returns, a year",
        ),
        row(
            "information_ratio_annual",
            "Information ratio a year",
            information,
            Format::Ratio,
            "mean over deviation of that difference",
        ),
        row(
            "up_capture",
            "Up capture",
            against.up_capture,
            Format::Percent,
            "mean return over the benchmark's, where that rose",
        ),
        row(
            "down_capture",
            "Down capture",
            against.down_capture,
            Format::Percent,
            "the same where it fell; less is better",
        ),
    ]
}

fn row<'a>(
    key: &'a str,
    label: &'a str,
    value: Option<f64>,
    format: Format,
    meaning: &'a str,
) -> Metric<'a> {
    Metric { key, label, value, format, meaning, headline: false }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
