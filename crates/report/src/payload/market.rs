//! Orders, fills and columns in the data of the charts.
//!
//! Invariant: of bounded size. Orders and fills of the marked trades come first, then as many of the
//! others as there is room for, evenly spread.

use super::{Reasons, list, marked, millis, number, put};
use crate::{
    html::{json_cut, json_string},
    market::{ColumnSeries, FillMark, OrderMark, Role},
    payload::charted,
    sheet::TearSheet,
    thin::Candle,
};

/// Most orders that are marked on the price chart.
pub(crate) const ORDERS_MAX: usize = 2_500;
/// Most fills that are marked beside those that open and close the marked trades.
pub(crate) const FILLS_MAX: usize = 2_500;
/// Longest reason of a refusal, and longest level in words, in characters.
const WHY_CHARS_MAX: usize = 80;
pub(super) const DETAIL_CHARS_MAX: usize = 40;
/// Most moves of the level of one order.
const LEVELS_MAX: usize = 200;
/// Most moves of all levels together.
const LEVELS_TOTAL_MAX: usize = 6_000;
/// Most values of all columns together.
pub(super) const COLUMN_POINTS_MAX: usize = 48_000;

/// What the columns are, the same for all symbols: label and pane, and the guides of the panes.
pub(super) fn columns(out: &mut String, sheet: &TearSheet<'_>) {
    out.push_str(",\"columns\":[");
    list(out, sheet.market.columns.first().into_iter().flatten(), |out, column| {
        let pane = column.pane.map_or_else(|| "null".to_owned(), |pane| pane.to_string());
        put(out, format_args!("[{},{pane}]", json_string(column.label)));
    });
    out.push_str("],\"guides\":[");
    list(out, sheet.market.guides, |out, guides| {
        out.push('[');
        list(out, guides.iter().copied(), number);
        out.push(']');
    });
    out.push(']');
}

/// The values of the columns of a symbol at its candles: as many columns as there is room for.
pub(super) fn values(
    out: &mut String,
    columns: Option<&Vec<ColumnSeries<'_>>>,
    candles: &[Candle],
    room: &mut usize,
) {
    let Some(columns) = columns.filter(|columns| !columns.is_empty()) else { return };
    out.push_str(",\"cols\":[");
    list(out, columns, |out, column| {
        // Over the prices a line is enough; in a pane the extremes are what rules wait for.
        let has_range = column.pane.is_some() && is_joined(column, candles);
        let cost = candles.len() * if has_range { 3 } else { 1 };
        if cost > *room {
            out.push_str("null");
            return;
        }
        *room -= cost;
        out.push_str("{\"v\":[");
        list(out, candles.iter().map(|candle| last(column, candle)), number);
        if has_range {
            let ends = candles.iter().map(|candle| range(column, candle));
            out.push_str("],\"l\":[");
            list(out, ends.clone().map(|(low, _)| low), number);
            out.push_str("],\"h\":[");
            list(out, ends.map(|(_, high)| high), number);
        }
        out.push_str("]}");
    });
    out.push(']');
}

fn is_joined(column: &ColumnSeries<'_>, candles: &[Candle]) -> bool {
    !column.range.is_empty() || candles.iter().any(|candle| candle.bars.len() > 1)
}

/// The last known value of a candle.
fn last(column: &ColumnSeries<'_>, candle: &Candle) -> f64 {
    let values = column.last.get(candle.bars.clone()).unwrap_or_default();
    values.iter().rev().copied().find(|value| value.is_finite()).unwrap_or(f64::NAN)
}

/// The lowest and the highest value of a candle.
fn range(column: &ColumnSeries<'_>, candle: &Candle) -> (f64, f64) {
    let none = (f64::NAN, f64::NAN);
    let join = |(low, high): (f64, f64), (l, h): (f64, f64)| (low.min(l), high.max(h));
    match column.range.get(candle.bars.clone()) {
        Some(ranges) => ranges.iter().copied().fold(none, join),
        None => {
            let values = column.last.get(candle.bars.clone()).unwrap_or_default();
            values.iter().map(|value| (*value, *value)).fold(none, join)
        }
    }
}

/// Stretches of time in which marked trades of each charted symbol were open, as milliseconds.
struct Spans(Vec<Vec<(i64, i64)>>);

impl Spans {
    fn of(sheet: &TearSheet<'_>) -> Self {
        let mut spans = vec![Vec::new(); charted(sheet).len()];
        for trade in marked(sheet.trades).into_iter().map(|trade| &sheet.trades[trade]) {
            let series = charted(sheet).iter().position(|series| series.symbol == trade.symbol);
            let end = trade.exit.as_ref().map_or(i64::MAX, |exit| millis(exit.time));
            if let Some(series) = series {
                spans[series].push((millis(trade.entry.time), end));
            }
        }
        spans.iter_mut().for_each(|spans| spans.sort_unstable());
        Self(spans)
    }

    /// Whether one of them meets the time from `from` to `to`; they do not overlap.
    fn touch(&self, series: usize, from: i64, to: i64) -> bool {
        let Some(spans) = self.0.get(series) else { return false };
        let begun = spans.partition_point(|span| span.0 <= to);
        begun.checked_sub(1).is_some_and(|last| spans[last].1 >= from)
    }
}

/// At most `most` of the items: those that `is_first`, then others, evenly spread.
fn chosen<'a, T>(items: &'a [T], most: usize, is_first: impl Fn(&T) -> bool) -> Vec<&'a T> {
    if items.len() <= most {
        return items.iter().collect();
    }
    let marks: Vec<bool> = items.iter().map(is_first).collect();
    let firsts = marks.iter().filter(|mark| **mark).count();
    let spread = |total: usize, room: usize, at: usize| {
        total <= room || (at + 1) * room / total > at * room / total
    };
    let (mut first, mut other) = (0, 0);
    let pick = |(item, is_first): (&'a T, bool)| {
        let (seen, total, room) = match is_first {
            true => (&mut first, firsts, most),
            false => (&mut other, items.len() - firsts, most.saturating_sub(firsts)),
        };
        *seen += 1;
        spread(total, room, *seen - 1).then_some(item)
    };
    items.iter().zip(marks).filter_map(pick).collect()
}

/// Columns of an order: number, symbol, 1 for a purchase, kind, role, made, ended, units, filled,
/// state, why, levels; a level is the milliseconds since the order was made, and a price.
pub(super) fn orders<'a>(out: &mut String, sheet: &TearSheet<'a>, reasons: &mut Reasons<'a>) {
    let spans = Spans::of(sheet);
    let all = sheet.market.orders;
    let end = |order: &OrderMark<'_>| order.ended.map_or(i64::MAX, millis);
    let is_first =
        |order: &OrderMark<'_>| spans.touch(order.series, millis(order.created), end(order));
    let mut room = LEVELS_TOTAL_MAX;
    out.push_str(",\"orders\":[");
    list(out, chosen(all, ORDERS_MAX, is_first), |out, order| {
        let OrderMark { number: id, series, is_buy, kind, role, created, ended, .. } = order;
        let side = if *is_buy { 1 } else { -1 };
        let role = match role {
            Role::Plain => 0,
            Role::Stop => 1,
            Role::Target => 2,
        };
        let ended = ended.map_or_else(|| "null".to_owned(), |ended| millis(ended).to_string());
        let made = millis(*created);
        let kind = reasons.index(kind);
        put(out, format_args!("[{id},{series},{side},{kind},{role},{made},{ended},"));
        number(out, order.quantity);
        out.push(',');
        number(out, order.filled);
        put(out, format_args!(",{},", reasons.index(order.state)));
        out.push_str(&json_cut(&order.why, WHY_CHARS_MAX));
        out.push_str(",[");
        let most = LEVELS_MAX.min(room.max(1));
        let every = order.levels.len().div_ceil(most).max(1);
        let levels = order.levels.iter().step_by(every);
        room = room.saturating_sub(order.levels.len().div_ceil(every));
        list(out, levels, |out, (time, level)| {
            put(out, format_args!("[{},", millis(*time) - made));
            number(out, *level);
            out.push(']');
        });
        out.push_str("]]");
    });
    out.push(']');
}

/// Columns of a fill: order, symbol, 1 for a purchase, milliseconds, units, price, reason, and the
/// level in words.
pub(super) fn fills<'a>(out: &mut String, sheet: &TearSheet<'a>, reasons: &mut Reasons<'a>) {
    let spans = Spans::of(sheet);
    let is_first = |fill: &FillMark<'_>| {
        let time = millis(fill.time);
        spans.touch(fill.series, time, time)
    };
    out.push_str(",\"fills\":[");
    list(out, chosen(sheet.market.fills, FILLS_MAX, is_first), |out, fill| {
        let FillMark { order, series, is_buy, time, .. } = fill;
        let side = if *is_buy { 1 } else { -1 };
        put(out, format_args!("[{order},{series},{side},{},", millis(*time)));
        number(out, fill.quantity);
        out.push(',');
        number(out, fill.price);
        put(out, format_args!(",{}", reasons.index(fill.reason)));
        if !fill.detail.is_empty() {
            put(out, format_args!(",{}", json_cut(&fill.detail, DETAIL_CHARS_MAX)));
        }
        out.push(']');
    });
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(items: usize, most: usize, first: usize, expected: usize, firsts: usize) {
        let items: Vec<usize> = (0..items).collect();
        let is_first = |item: &usize| item.is_multiple_of(10) && item / 10 < first;
        let kept = chosen(&items, most, is_first);
        assert_eq!(kept.len(), expected);
        assert!(kept.is_sorted(), "in their order");
        assert_eq!(kept.into_iter().filter(|item| is_first(item)).count(), firsts);
    }

    #[test]
    fn what_belongs_to_marked_trades_is_kept_first() {
        check(5, 10, 1, 5, 1);
        check(1_000, 100, 20, 100, 20);
        check(1_000, 100, 0, 100, 0);
        check(1_000, 50, 80, 50, 50);
    }
}
