//! The charts: a still picture and its numbers in words, which the script makes live.

use super::{
    close, count,
    heading::{deepest, thinned},
    moment, open, panes,
};
use crate::{
    figure::{self, Line},
    format::{change, float, grouped},
    histogram::Histogram,
    html::{Html, Text},
    payload::{
        CHARTED_SYMBOLS_MAX, FILLS_MAX, MARKED_TRADES_MAX, ORDERS_MAX, candles_max, charted,
        is_daily,
    },
    sheet::{Curve, PriceSeries, TearSheet},
};

/// Key of a chart in the data, with the entries of its legend as (class, name, name of the line).
pub(crate) struct Chart<'a> {
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    pub(crate) legend: &'a [(&'static str, &'a str, &'static str)],
}

pub(crate) fn open_chart(out: &mut Html, chart: &Chart<'_>) {
    out.put(format_args!(
        "<figure class=\"chart\" data-chart=\"{}\" data-label=\"{}\"><p class=\"legend\">",
        chart.key, chart.label
    ));
    for (class, name, line) in chart.legend {
        out.put(format_args!(
            "<span><i class=\"key {class}\"></i><bdi>{}</bdi> <b data-line=\"{line}\"></b></span>",
            Text::line(name)
        ));
    }
    out.push("<span class=\"when\"></span></p>");
}

pub(crate) fn close_chart(out: &mut Html, words: &str, note: Option<String>) {
    out.put(format_args!("<figcaption>{words}"));
    if let Some(note) = note {
        out.put(format_args!(" {note}"));
    }
    out.push("</figcaption></figure>");
}

/// Equity against the benchmark.
pub(crate) fn equity(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "equity", "Equity");
    let mut legend = vec![("equity", "Strategy", "equity")];
    legend.extend(sheet.benchmark.iter().map(|b| ("benchmark", b.name, "benchmark")));
    open_chart(out, &Chart { key: "equity", label: "Equity", legend: &legend });
    let bounds = bounds(&sheet.equity);
    let place = |curve: Curve<'_>, bar: usize| place(bounds, curve, bar);
    let own = |bar| place(sheet.equity, bar);
    let other = |bar| place(sheet.benchmark.map(|b| b.curve).unwrap_or_default(), bar);
    let mut lines = vec![];
    if let Some(benchmark) = &sheet.benchmark {
        let values = &benchmark.curve.value[..benchmark.curve.len()];
        lines.push(Line { class: "line benchmark", place: &other, values });
    }
    let values = &sheet.equity.value[..sheet.equity.len()];
    lines.push(Line { class: "line equity", place: &own, values });
    figure::lines(out, &lines);
    let words = spoken(sheet.equity, &|value| grouped(value, 2));
    close_chart(out, &words, thinned(sheet.equity.len()));
    close(out);
}

/// Depth below the last high.
pub(crate) fn drawdown(out: &mut Html, sheet: &TearSheet<'_>) {
    let curve = Curve { time: sheet.equity.time, value: sheet.drawdown };
    let legend = [("drawdown", "Below the last high", "drawdown")];
    let chart = Chart { key: "drawdown", label: "Drawdown", legend: &legend };
    open(out, "drawdown", "Drawdown");
    let deepest = deepest(&curve.value[..curve.len()]);
    let words = match deepest.and_then(|(bar, depth)| Some((curve.time.get(bar)?, depth))) {
        Some((time, depth)) if depth < 0.0 => {
            let on = moment(*time, is_daily(curve.time));
            format!("Deepest {} on {on}.", change(depth, 2))
        }
        _ => "Never below an earlier high.".to_owned(),
    };
    single(out, &chart, curve, &words);
    close(out);
}

/// Sharpe ratio over a moving window.
pub(crate) fn rolling_sharpe(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "sharpe", "Rolling Sharpe ratio");
    if let Some(rolling) = &sheet.rolling_sharpe {
        let curve = Curve { time: sheet.equity.time, value: rolling.value };
        let name = format!("Over {}", count(rolling.window_bars, "bar"));
        let legend = [("sharpe", name.as_str(), "sharpe")];
        let chart = Chart { key: "sharpe", label: "Rolling Sharpe ratio", legend: &legend };
        single(out, &chart, curve, &spoken(curve, &|value| grouped(value, 2)));
    } else {
        out.push("<p class=\"empty\">The run is shorter than the window.</p>");
    }
    close(out);
}

fn single(out: &mut Html, chart: &Chart<'_>, curve: Curve<'_>, words: &str) {
    open_chart(out, chart);
    let bounds = bounds(&curve);
    let place = |bar| place(bounds, curve, bar);
    let class = match chart.key {
        "drawdown" => "line drawdown",
        _ => "line sharpe",
    };
    figure::lines(out, &[Line { class, place: &place, values: &curve.value[..curve.len()] }]);
    close_chart(out, words, None);
}

/// Prices with entries and exits.
pub(crate) fn prices(out: &mut Html, sheet: &TearSheet<'_>) {
    open(out, "price", "Price, entries and exits");
    if let Some(first) = charted(sheet).first() {
        let mut legend = vec![
            ("price", first.symbol, "price"),
            ("entry-long", "Long entry", ""),
            ("entry-short", "Short entry", ""),
            ("exit-gain", "Exit with a gain", ""),
            ("exit-loss", "Exit with a loss", ""),
        ];
        legend.extend(panes::legend(sheet));
        open_chart(out, &Chart { key: "price", label: "Price", legend: &legend });
        let curve = Curve { time: first.time, value: first.close };
        let place = place_in(curve);
        let values = &curve.value[..curve.len()];
        let mut lines = vec![Line { class: "line price", place: &place, values }];
        lines.extend(panes::over(sheet, &place, curve.len()));
        figure::lines(out, &lines);
        let words = format!("<bdi>{}</bdi>: {}", Text::line(first.symbol), spoken_prices(first));
        close_chart(out, &words, left_out(sheet));
        panes::panes(out, sheet);
    } else {
        out.push("<p class=\"empty\">No prices.</p>");
    }
    close(out);
}

/// What the price chart does not show.
fn left_out(sheet: &TearSheet<'_>) -> Option<String> {
    let mut notes = vec![];
    let longest = charted(sheet).iter().map(|series| series.time.len()).max().unwrap_or(0);
    // Bars may have been joined before: the equity has all of them.
    let longest = if longest > 0 { longest.max(sheet.equity.len()) } else { 0 };
    let bars = longest.div_ceil(candles_max(charted(sheet).len()));
    if bars > 1 {
        notes.push(format!("Each candle is up to {} bars.", grouped(float(bars), 0)));
    }
    if sheet.trades.len() > MARKED_TRADES_MAX {
        notes.push(format!(
            "Marked are the {} trades with the largest gains and losses, of {}.",
            grouped(float(MARKED_TRADES_MAX), 0),
            grouped(float(sheet.trades.len()), 0)
        ));
    }
    let marked = [
        (sheet.market.orders.len(), ORDERS_MAX, "order"),
        (sheet.market.fills.len(), FILLS_MAX, "fill"),
    ];
    for (all, most, name) in marked.into_iter().filter(|(all, most, _)| all > most) {
        notes.push(format!(
            "Of {}, {} can be seen, those of marked trades first; <code>orders.csv</code> has all.",
            count(all, name),
            grouped(float(most), 0)
        ));
    }
    if sheet.prices.len() > CHARTED_SYMBOLS_MAX {
        notes.push(format!(
            "The first {CHARTED_SYMBOLS_MAX} of {} symbols can be chosen.",
            sheet.prices.len()
        ));
    }
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// How the returns of closed trades are distributed.
pub(crate) fn distribution(out: &mut Html, sheet: &TearSheet<'_>) -> Option<Histogram> {
    open(out, "distribution", "Distribution of trade returns");
    let closed = sheet.trades.iter().filter(|trade| trade.exit.is_some());
    let mut returns: Vec<f64> = closed.map(|trade| trade.return_fraction).collect();
    let bins = crate::histogram::histogram(&mut returns);
    match (&bins, returns.first(), returns.last()) {
        (Some(bins), Some(&worst), Some(&best)) => {
            let legend = [("loss-bin", "Losses", ""), ("gain-bin", "Gains", "")];
            let label = "Distribution of trade returns";
            open_chart(out, &Chart { key: "returns", label, legend: &legend });
            figure::columns(out, &bins.counts, &|bin| {
                if bins.edge(bin) < 0.0 { "loss-bin" } else { "gain-bin" }
            });
            let words = format!(
                "{}: median {}, worst {}, best {}.",
                count(returns.len(), "closed trade"),
                change(median(&returns), 2),
                change(worst, 2),
                change(best, 2)
            );
            let tails = "The end bars include everything beyond them.";
            close_chart(out, &words, bins.has_open_ends.then(|| tails.to_owned()));
        }
        _ => {
            out.push("<p class=\"empty\">No closed trades.</p>");
        }
    }
    close(out);
    bins
}

/// The middle of sorted values.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// Where the bars of a curve stand in a picture of it alone.
pub(crate) fn place_in(curve: Curve<'_>) -> impl Fn(usize) -> f64 + '_ {
    let bounds = bounds(&curve);
    move |bar| place(bounds, curve, bar)
}

/// First and last time of a curve, in nanoseconds.
pub(crate) fn bounds(curve: &Curve<'_>) -> (i64, i64) {
    let time = &curve.time[..curve.len()];
    let nanos = |time: Option<&dirigent_core::Timestamp>| time.map_or(0, |time| time.as_nanos());
    (nanos(time.first()), nanos(time.last()))
}

/// Where a bar stands between the bounds, from 0 to 1; in the middle if they are the same.
#[expect(clippy::cast_precision_loss, reason = "for drawing")]
pub(crate) fn place(bounds: (i64, i64), curve: Curve<'_>, bar: usize) -> f64 {
    let (from, to) = (bounds.0 as f64, bounds.1 as f64);
    let at = curve.time[bar].as_nanos() as f64;
    if to > from { ((at - from) / (to - from)).clamp(0.0, 1.0) } else { 0.5 }
}

/// First and last close, lowest low and highest high of a symbol in words. Bars may have been
/// joined, so that the bar of an extreme is not known here; its price is.
fn spoken_prices(prices: &PriceSeries<'_>) -> String {
    let finite = |values: &[f64]| values.iter().copied().filter(|x| x.is_finite()).collect();
    let closes: Vec<f64> = finite(prices.close);
    let (lows, highs): (Vec<f64>, Vec<f64>) = (finite(prices.low), finite(prices.high));
    let (Some(&first), Some(&last)) = (closes.first(), closes.last()) else {
        return "Nothing to draw.".to_owned();
    };
    let low = lows.into_iter().fold(first, f64::min);
    let high = highs.into_iter().fold(first, f64::max);
    // Currencies need their pips, shares their cents.
    let decimals = if high < 10.0 { 5 } else { 2 };
    let text = |price| grouped(price, decimals);
    format!(
        "Closes from {} to {}; lowest price {}, highest {}.",
        text(first),
        text(last),
        text(low),
        text(high)
    )
}

/// First, last, lowest and highest value of a curve in words.
fn spoken(curve: Curve<'_>, print: &dyn Fn(f64) -> String) -> String {
    let is_daily = is_daily(curve.time);
    let points = || curve.time.iter().zip(curve.value).filter(|(_, value)| value.is_finite());
    let at = |(time, &value): (&dirigent_core::Timestamp, &f64)| {
        format!("{} on {}", print(value), moment(*time, is_daily))
    };
    let low = points().reduce(|a, b| if b.1 < a.1 { b } else { a });
    let high = points().reduce(|a, b| if b.1 > a.1 { b } else { a });
    match (points().next(), points().next_back(), low, high) {
        (Some(first), Some(last), Some(low), Some(high)) => {
            format!("From {} to {}; lowest {}, highest {}.", at(first), at(last), at(low), at(high))
        }
        _ => "Nothing to draw.".to_owned(),
    }
}
