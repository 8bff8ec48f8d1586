//! The data of the charts, as JSON inside the page.
//!
//! Invariant: valid JSON of bounded size whatever the run was; every number is finite or `null`.
//! Times are seconds, each as the distance from the one before; numbers have eight digits, which
//! is more than a screen can show.

mod market;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dirigent_core::Timestamp;

use crate::{
    format::{change, exact, exact_signed},
    histogram::Histogram,
    html::{json_cut, json_string},
    section::position::has_shorts,
    sheet::{Curve, Leg, PriceSeries, Side, TearSheet, Trade},
    thin::{POINTS_MAX, candles, envelope},
};

pub(crate) use market::{FILLS_MAX, ORDERS_MAX};

/// Most trades that are marked on the price chart.
pub(crate) const MARKED_TRADES_MAX: usize = 2_000;
/// Most symbols that can be chosen on the price chart.
pub const CHARTED_SYMBOLS_MAX: usize = 30;
/// Most candles of one symbol: the days of sixteen years.
const CANDLES_MAX: usize = 4_000;
/// Most candles of all symbols together.
const CANDLES_TOTAL_MAX: usize = 6_000;
/// Most different reasons that are kept; further ones are shown as the last.
const REASONS_MAX: usize = 100;
/// Shown for a reason beyond `REASONS_MAX`.
const REASON_OTHER: &str = "see orders.csv";

/// What the histograms of the page show.
#[derive(Debug, Default)]
pub(crate) struct Bins {
    /// Returns of closed trades.
    pub(crate) returns: Option<Histogram>,
    /// How long they were held.
    pub(crate) holding: Option<Histogram>,
}

/// The whole document.
pub(crate) fn payload(sheet: &TearSheet<'_>, bins: &Bins) -> String {
    let mut out = String::with_capacity(1 << 18);
    let time = &sheet.equity.time[..sheet.equity.len()];
    put(&mut out, format_args!("{{\"currency\":{}", json_string(sheet.currency)));
    put(&mut out, format_args!(",\"dates\":{}", is_daily(time)));
    line(&mut out, "equity", sheet.equity);
    if let Some(benchmark) = &sheet.benchmark {
        put(&mut out, format_args!(",\"benchmarkName\":{}", json_string(benchmark.name)));
        line(&mut out, "benchmark", benchmark.curve);
    }
    line(&mut out, "drawdown", Curve { time, value: sheet.drawdown });
    if let Some(rolling) = &sheet.rolling_sharpe {
        line(&mut out, "sharpe", Curve { time, value: rolling.value });
    }
    if let Some(exposure) = &sheet.analysis.exposure {
        line(&mut out, "gross", Curve { time, value: exposure.gross });
        if has_shorts(sheet) {
            line(&mut out, "net", Curve { time, value: exposure.net });
        }
    }
    prices(&mut out, sheet);
    let mut reasons = Reasons::default();
    trades(&mut out, sheet, &mut reasons);
    market::orders(&mut out, sheet, &mut reasons);
    market::fills(&mut out, sheet, &mut reasons);
    out.push_str(",\"reasons\":[");
    list(&mut out, &reasons.texts, |out, text| out.push_str(&json_string(text)));
    out.push(']');
    histogram(&mut out, "returns", bins.returns.as_ref());
    histogram(&mut out, "holding", bins.holding.as_ref());
    out.push('}');
    out
}

fn histogram(out: &mut String, name: &str, bins: Option<&Histogram>) {
    let Some(bins) = bins else { return };
    put(out, format_args!(",\"{name}\":{{\"edges\":["));
    list(out, (0..=bins.counts.len()).map(|bin| bins.edge(bin)), number);
    out.push_str("],\"counts\":[");
    list(out, &bins.counts, |out, count| put(out, format_args!("{count}")));
    out.push_str("]}");
}

/// Whether every bar has the same time of day, so that the date alone tells them apart.
pub(crate) fn is_daily(time: &[Timestamp]) -> bool {
    time.windows(2).all(|pair| pair[0].nanos_of_day() == pair[1].nanos_of_day())
}

/// The price series that can be chosen.
pub(crate) fn charted<'a, 'b>(sheet: &'b TearSheet<'a>) -> &'b [PriceSeries<'a>] {
    &sheet.prices[..sheet.prices.len().min(CHARTED_SYMBOLS_MAX)]
}

/// Most candles of each of so many symbols.
pub(crate) fn candles_max(symbols: usize) -> usize {
    CANDLES_MAX.min(CANDLES_TOTAL_MAX / symbols.max(1))
}

fn line(out: &mut String, name: &str, curve: Curve<'_>) {
    put(out, format_args!(",\"{name}\":"));
    curve_of(out, curve, POINTS_MAX);
}

/// Times and values of a curve, at most so many.
pub(crate) fn curve_of(out: &mut String, curve: Curve<'_>, points_max: usize) {
    let values = &curve.value[..curve.len()];
    let kept = envelope(values, points_max);
    out.push_str("{\"t\":[");
    times(out, kept.iter().map(|&bar| curve.time[bar]));
    out.push_str("],\"v\":[");
    list(out, kept.iter().map(|&bar| values[bar]), number);
    out.push_str("]}");
}

fn prices(out: &mut String, sheet: &TearSheet<'_>) {
    let series = charted(sheet);
    let candles_max = candles_max(series.len());
    let mut room = market::COLUMN_POINTS_MAX;
    market::columns(out, sheet);
    out.push_str(",\"prices\":[");
    list(out, series.iter().enumerate(), |out, (index, series)| {
        let candles = candles(series, candles_max);
        put(out, format_args!("{{\"symbol\":{},\"t\":[", json_string(series.symbol)));
        times(out, candles.iter().map(|candle| candle.time));
        for (column, name) in ["o", "h", "l", "c"].into_iter().enumerate() {
            put(out, format_args!("],\"{name}\":["));
            list(out, candles.iter().map(|candle| candle.prices[column]), number);
        }
        out.push(']');
        market::values(out, sheet.market.columns.get(index), &candles, &mut room);
        out.push('}');
    });
    out.push(']');
}

/// Indexes of the marked trades, in order: those with the largest gains and losses.
pub(crate) fn marked(trades: &[Trade<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..trades.len()).collect();
    let size = |trade: &usize| trades[*trade].pnl.value.abs();
    order.sort_by(|a, b| size(b).total_cmp(&size(a)));
    order.truncate(MARKED_TRADES_MAX);
    order.sort_unstable();
    order
}

/// Columns of a trade: number, symbol, side, quantity, profit, its text, return, bars, entry, exit,
/// worst and best price against the entry, and the return as a number; of a leg: milliseconds, price, its text, reason.
fn trades<'a>(out: &mut String, sheet: &TearSheet<'a>, reasons: &mut Reasons<'a>) {
    let symbols = charted(sheet);
    out.push_str(",\"trades\":[");
    list(out, marked(sheet.trades), |out, index| {
        let trade = &sheet.trades[index];
        let symbol = symbols.iter().position(|series| series.symbol == trade.symbol);
        let symbol = symbol.map_or_else(|| "-1".to_owned(), |symbol| symbol.to_string());
        let side = if trade.side == Side::Long { 1 } else { -1 };
        put(out, format_args!("[{},{symbol},{side},", index + 1));
        put(out, format_args!("{},", json_string(&exact(&trade.quantity.text))));
        number(out, trade.pnl.value);
        let pnl = exact_signed(trade.pnl.value, &trade.pnl.text);
        let change = change(trade.return_fraction, 2);
        put(out, format_args!(",{},{},", json_string(&pnl), json_string(&change)));
        put(out, format_args!("{},", trade.bars));
        leg(out, &trade.entry, reasons);
        out.push(',');
        match &trade.exit {
            Some(exit) => leg(out, exit, reasons),
            None => out.push_str("null"),
        }
        if let Some((against, ahead)) = trade.excursion {
            out.push(',');
            number(out, against);
            out.push(',');
            number(out, ahead);
            out.push(',');
            number(out, trade.return_fraction);
        }
        out.push(']');
    });
    out.push(']');
}

fn leg<'a>(out: &mut String, leg: &Leg<'a>, reasons: &mut Reasons<'a>) {
    put(out, format_args!("[{},", millis(leg.time)));
    number(out, leg.price.value);
    let price = json_string(&exact(&leg.price.text));
    // What follows the `@` is different in every leg, so it is not kept among the reasons.
    let (reason, level) = leg.reason.split_once('@').unwrap_or((leg.reason, ""));
    put(out, format_args!(",{price},{}", reasons.index(reason)));
    if !level.is_empty() {
        put(out, format_args!(",{}", json_cut(level, market::DETAIL_CHARS_MAX)));
    }
    out.push(']');
}

/// Different reasons, each kept once.
#[derive(Default)]
struct Reasons<'a> {
    texts: Vec<&'a str>,
    known: BTreeMap<&'a str, usize>,
}

impl<'a> Reasons<'a> {
    fn index(&mut self, reason: &'a str) -> usize {
        let is_full = self.texts.len() + 1 >= REASONS_MAX && !self.known.contains_key(reason);
        let reason = if is_full { REASON_OTHER } else { reason };
        let next = self.texts.len();
        let index = *self.known.entry(reason).or_insert(next);
        if index == next {
            self.texts.push(reason);
        }
        index
    }
}

fn millis(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000)
}

fn times(out: &mut String, times: impl Iterator<Item = Timestamp>) {
    let mut before = 0;
    list(out, times, |out, time| {
        let now = millis(time);
        let distance = now - before;
        before = now;
        let sign = if distance < 0 { "-" } else { "" };
        put(out, format_args!("{sign}{}", (distance / 1_000).abs()));
        match (distance % 1_000).abs() {
            0 => {}
            rest => put(out, format_args!(".{rest:03}")),
        }
    });
}

/// A number with eight digits, as short as it goes; `null` if it is not finite.
fn number(out: &mut String, value: f64) {
    if !value.is_finite() {
        out.push_str("null");
        return;
    }
    let rounded: f64 = format!("{value:.7e}").parse().expect("a printed double is a double");
    // `Debug` switches to an exponent where `Display` would print hundreds of zeros.
    let text = format!("{rounded:?}");
    out.push_str(text.strip_suffix(".0").unwrap_or(&text));
}

/// Items with commas between them.
pub(crate) fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    for (index, value) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(out, value);
    }
}

pub(crate) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_valid() {
        let cases = [
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
            (0.0, "0"),
            (100_000.0, "100000"),
            (123_456.789, "123456.79"),
            (-0.1 - 0.2, "-0.3"),
            (1e300, "1e300"),
        ];
        for (value, expected) in cases {
            let mut out = String::new();
            number(&mut out, value);
            assert_eq!(out, expected);
            assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
        }
    }

    #[test]
    fn times_are_distances_in_seconds() {
        let nanos = [-1_500_000_000, 0, 86_400_000_000_000, 86_400_250_000_000];
        let mut out = String::new();
        times(&mut out, nanos.into_iter().map(Timestamp::from_nanos));
        assert_eq!(out, "-1.500,1.500,86400,0.250");
    }

    #[test]
    fn reasons_are_kept_once_and_limited() {
        let texts: Vec<String> = (0..REASONS_MAX * 2).map(|i| format!("reason {i}")).collect();
        let mut reasons = Reasons::default();
        assert_eq!(reasons.index("signal"), 0);
        assert_eq!(reasons.index("stop"), 1);
        assert_eq!(reasons.index("signal"), 0);
        let last = texts.iter().map(|text| reasons.index(text)).max();
        assert_eq!(last, Some(REASONS_MAX - 1));
        assert_eq!(reasons.texts.last(), Some(&REASON_OTHER));
    }
}
