//! The top of the page: what ran, how it ended, what to doubt, and what to read first.

use dirigent_core::Timestamp;

use super::{close, count, moment, open, stamp};
use crate::{
    format::{MISSING, change, exact, float, grouped, metric, tone},
    html::{Html, Text},
    monthly::growth,
    payload::is_daily,
    sheet::{Format, Metric, TearSheet, Trade},
};

/// Most symbols named in the header.
const SYMBOLS_MAX: usize = 12;
/// Most warnings shown.
const WARNINGS_MAX: usize = 50;
/// Longest warning shown, in characters.
const WARNING_CHARS_MAX: usize = 400;
/// Most large figures.
const HEADLINES_MAX: usize = 8;
/// Below so many trades the page says that they prove little.
const TRADES_TELLING_MIN: usize = 30;
const DAYS_PER_YEAR: f64 = 365.25;
const NANOS_PER_DAY: f64 = 86_400e9;

/// Name, facts and result.
pub(crate) fn masthead(out: &mut Html, sheet: &TearSheet<'_>) {
    out.put(format_args!(
        "<header class=\"masthead\"><div class=\"bar\"><p class=\"brand\">Dirigent \
         <span>tear sheet</span></p><div class=\"tools\" id=\"page-tools\"></div></div>\
         <div class=\"lead\"><div><h1><bdi>{}</bdi></h1><p class=\"strategy\"><bdi>{}</bdi></p></div>",
        Text::line(sheet.title),
        Text::line(sheet.strategy)
    ));
    let total = sheet.total_return.unwrap_or(f64::NAN);
    out.put(format_args!(
        "<dl class=\"result\"><div><dt>Final equity</dt><dd>{} <small>{}</small></dd></div>\
         <div><dt>Total return</dt><dd class=\"{}\">{}</dd></div></dl></div>",
        Text::line(&exact(&sheet.final_equity.text)),
        Text::line(sheet.currency),
        tone(total),
        change(total, 2)
    ));
    out.push("<dl class=\"facts\">");
    fact(out, "Symbols", &symbols(sheet.symbols));
    if let Some((from, to)) = period(sheet) {
        fact(out, "Period (UTC)", &format!("{from} to {to}"));
    }
    let bars = count(sheet.equity.len(), "bar");
    fact(out, "Timeframe", &format!("{}, {bars}", Text::line(sheet.timeframe)));
    fact(out, "Digest", &format!("<code>{}</code>", Text::cut(sheet.digest, 16)));
    if let Some(prefixes) = sheet.causal_prefixes {
        let why = "Run anew on so many beginnings of its data, the strategy decided the same";
        let seal =
            format!("<span title=\"{why}\">shown on {}</span>", count(prefixes, "beginning"));
        fact(out, "Causal", &seal);
    }
    if let Some(run) = sheet.run_id {
        fact(out, "Run", &format!("<code>{}</code>", Text::line(run)));
    }
    out.push("</dl></header>\n");
}

fn fact(out: &mut Html, name: &str, markup: &str) {
    out.put(format_args!("<div><dt>{name}</dt><dd>{markup}</dd></div>"));
}

fn symbols(symbols: &[String]) -> String {
    let named: Vec<String> = symbols
        .iter()
        .take(SYMBOLS_MAX)
        .map(|symbol| format!("<bdi>{}</bdi>", Text::cut(symbol, 40)))
        .collect();
    match symbols.len().saturating_sub(SYMBOLS_MAX) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn period(sheet: &TearSheet<'_>) -> Option<(String, String)> {
    let (first, last) = ends(sheet)?;
    let is_daily = is_daily(sheet.equity.time);
    Some((stamp(first, is_daily), stamp(last, is_daily)))
}

fn ends(sheet: &TearSheet<'_>) -> Option<(Timestamp, Timestamp)> {
    let time = &sheet.equity.time[..sheet.equity.len()];
    Some((*time.first()?, *time.last()?))
}

/// The warnings, if there are any.
pub(crate) fn warnings(out: &mut Html, warnings: &[String]) {
    if warnings.is_empty() {
        return;
    }
    out.put(format_args!(
        "<section id=\"warnings\" class=\"warnings\" aria-labelledby=\"warnings-title\">\
         <h2 id=\"warnings-title\">{}</h2><ul>",
        count(warnings.len(), "warning")
    ));
    for warning in warnings.iter().take(WARNINGS_MAX) {
        out.put(format_args!("<li><bdi>{}</bdi></li>", Text::cut(warning, WARNING_CHARS_MAX)));
    }
    if warnings.len() > WARNINGS_MAX {
        out.put(format_args!("<li>and {} more</li>", warnings.len() - WARNINGS_MAX));
    }
    out.push("</ul></section>\n");
}

/// What to read first: the result in a few sentences.
pub(crate) fn reading(out: &mut Html, sheet: &TearSheet<'_>) {
    let sentences = [outcome(sheet), depth(sheet), evidence(sheet.trades)];
    out.push(
        "<section id=\"first\" class=\"reading\" aria-labelledby=\"first-title\">\
         <h2 id=\"first-title\">What to read first</h2><ul>",
    );
    for sentence in sentences.iter().flatten() {
        out.put(format_args!("<li>{sentence}</li>"));
    }
    out.push("</ul></section>\n");
}

fn outcome(sheet: &TearSheet<'_>) -> Option<String> {
    let total = sheet.total_return.filter(|total| total.is_finite())?;
    let (first, last) = ends(sheet)?;
    let currency = Text::line(sheet.currency);
    let mut sentence = format!(
        "{currency} {} became {currency} {}{}: <b>{}</b>.",
        grouped(sheet.initial_equity, 2),
        Text::line(&exact(&sheet.final_equity.text)),
        if last > first {
            format!(" in {}", span(nanos(last) - nanos(first)))
        } else {
            String::new()
        },
        change(total, 2)
    );
    if let Some((name, made)) = benchmark(sheet) {
        let lead = grouped(100.0 * (total - made), 2);
        let verdict = match lead.strip_prefix('−') {
            Some(behind) => format!("{behind} percentage points <b>behind</b>"),
            None if lead == "0.00" => "level with it".to_owned(),
            None => format!("{lead} percentage points <b>ahead</b>"),
        };
        let (name, made) = (Text::line(name), change(made, 2));
        sentence += &format!(" <bdi>{name}</bdi> made {made}: the strategy ended {verdict}.");
    }
    Some(sentence)
}

/// Name and total return of the benchmark, from the same capital.
fn benchmark<'a>(sheet: &TearSheet<'a>) -> Option<(&'a str, f64)> {
    let benchmark = sheet.benchmark.as_ref()?;
    let values = &benchmark.curve.value[..benchmark.curve.len()];
    Some((benchmark.name, growth(sheet.initial_equity, *values.last()?)?))
}

fn depth(sheet: &TearSheet<'_>) -> Option<String> {
    let (bar, deepest) = deepest(sheet.drawdown)?;
    let time = &sheet.equity.time[..sheet.equity.len()];
    let is_daily = is_daily(time);
    if deepest >= 0.0 {
        return Some("The equity never fell below an earlier high.".to_owned());
    }
    let mut sentence = format!(
        "At worst, on {}, the equity was <b>{}</b> below its high.",
        moment(*time.get(bar)?, is_daily),
        grouped(-100.0 * deepest, 2) + "%"
    );
    let last = sheet.drawdown.iter().rposition(|depth| depth.is_finite())?;
    let high = sheet.drawdown[..last].iter().rposition(|&depth| depth >= 0.0);
    match (sheet.drawdown[last] < 0.0, high) {
        (false, _) => sentence += " It ended at a new high.",
        (true, Some(high)) => {
            sentence += &format!(
                " It ended {}% below the high of {}.",
                grouped(-100.0 * sheet.drawdown[last], 2),
                moment(*time.get(high)?, is_daily)
            );
        }
        (true, None) => sentence += " It was never above its starting capital.",
    }
    Some(sentence)
}

/// Bar and value of the lowest finite value; the first if there are several.
pub(crate) fn deepest(values: &[f64]) -> Option<(usize, f64)> {
    let finite = values.iter().copied().enumerate().filter(|(_, value)| value.is_finite());
    finite.reduce(|best, next| if next.1 < best.1 { next } else { best })
}

fn evidence(trades: &[Trade<'_>]) -> Option<String> {
    let closed: Vec<f64> =
        trades.iter().filter(|trade| trade.exit.is_some()).map(|trade| trade.pnl.value).collect();
    let open = trades.len() - closed.len();
    let still_open = match open {
        0 => String::new(),
        open => format!(" {} still open at the end.", count(open, "position")),
    };
    if closed.is_empty() {
        return Some(format!("No trade was closed.{still_open}"));
    }
    let gains: Vec<f64> = closed.iter().copied().filter(|&pnl| pnl > 0.0).collect();
    let mut sentence = format!(
        "{} closed, {} with a gain",
        count(closed.len(), "trade"),
        grouped(float(gains.len()), 0)
    );
    let best = gains.iter().copied().fold(0.0, f64::max);
    let share = best / gains.iter().sum::<f64>();
    if gains.len() > 1 && share.is_finite() {
        sentence += &format!("; the best one brought {}% of all gains", grouped(100.0 * share, 0));
    }
    sentence += ".";
    if closed.len() < TRADES_TELLING_MIN {
        sentence += " So few trades prove little: luck alone can look like this.";
    }
    Some(sentence + &still_open)
}

/// A length of time in the unit that suits it.
fn span(nanos: f64) -> String {
    let days = nanos / NANOS_PER_DAY;
    match days {
        _ if days >= 2.0 * DAYS_PER_YEAR => format!("{} years", grouped(days / DAYS_PER_YEAR, 1)),
        _ if days >= 2.0 => format!("{} days", grouped(days.round(), 0)),
        _ => format!("{} hours", grouped(days * 24.0, 1)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for a length in days and years")]
fn nanos(time: Timestamp) -> f64 {
    time.as_nanos() as f64
}

/// The large figures.
pub(crate) fn headlines(out: &mut Html, metrics: &[Metric<'_>], currency: &str) {
    let shown: Vec<_> =
        metrics.iter().filter(|metric| metric.headline).take(HEADLINES_MAX).collect();
    if shown.is_empty() {
        return;
    }
    open(out, "key", "Key metrics");
    out.push("<dl class=\"cards\">");
    for Metric { key: _, label, value, format, meaning, headline: _ } in shown {
        out.put(format_args!(
            "<div title=\"{}\"><dt>{}</dt><dd class=\"{}\">{}</dd></div>",
            Text::line(meaning),
            Text::line(label),
            metric_tone(*value, *format),
            figure(*value, *format, currency)
        ));
    }
    out.push("</dl>");
    close(out);
}

/// A metric, with the currency behind an amount.
pub(crate) fn figure(value: Option<f64>, format: Format, currency: &str) -> String {
    let text = metric(value, format);
    match format {
        Format::Money | Format::Profit if text != MISSING => {
            format!("{text} <small>{}</small>", Text::line(currency))
        }
        _ => text,
    }
}

/// Gains and losses are colored, other figures are not.
pub(crate) fn metric_tone(value: Option<f64>, format: Format) -> &'static str {
    match format {
        Format::Change | Format::Profit => tone(value.unwrap_or(0.0)),
        Format::Percent | Format::Ratio | Format::Money | Format::Number | Format::Days => "flat",
    }
}

/// How many of `total` bars a line is drawn from, for the note under it.
pub(crate) fn thinned(total: usize) -> Option<String> {
    let drawn = crate::thin::POINTS_MAX;
    (total > drawn).then(|| {
        format!(
            "Drawn with at most {} points, the lowest and highest of equal stretches of {} bars. All \
             figures are computed from every bar.",
            grouped(float(drawn), 0),
            grouped(float(total), 0)
        )
    })
}
