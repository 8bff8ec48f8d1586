//! Orders, fills and what the strategy computes, in the shapes that the report draws.

use std::borrow::Cow;
use std::collections::BTreeMap;

use dirigent_report::{CHARTED_SYMBOLS_MAX, ColumnSeries, FillMark, Market, OrderMark, Role};
use dirigent_trading::{
    Bars,
    order::{Fill, FillReason, OrderId, Record, Side, Waited},
    rules::Shown,
    strategy::outputs_of,
};

use super::{Sheet, joined};
use crate::core::Timestamp;

/// What the price charts show beside trades.
pub(super) struct Marks<'a> {
    orders: Vec<OrderMark<'a>>,
    fills: Vec<FillMark<'a>>,
    columns: Vec<Vec<ColumnSeries<'a>>>,
    guides: &'a [Vec<f64>],
}

impl<'a> Marks<'a> {
    pub(super) fn of(sheet: &Sheet<'a>) -> Self {
        let outcome = sheet.outcome;
        let mut moves: BTreeMap<OrderId, Vec<(Timestamp, f64)>> = BTreeMap::new();
        for step in &outcome.moves {
            let levels = moves.entry(step.order).or_default();
            if levels.is_empty() {
                // Where it was before is known from the first move alone.
                levels.push((Timestamp::from_nanos(i64::MIN), step.from.to_f64()));
            }
            levels.push((step.time, step.level.to_f64()));
        }
        let is_charted = |symbol: usize| symbol < CHARTED_SYMBOLS_MAX;
        let orders = outcome.orders().filter(|r| is_charted(r.order.symbol.index()));
        let fills = outcome.fills.iter().filter(|fill| is_charted(fill.symbol.index()));
        let of_symbol = |bars: &'a Bars, shown: &'a Shown| columns(sheet, bars, shown);
        let charted = || sheet.bars.iter().take(CHARTED_SYMBOLS_MAX);
        Self {
            orders: orders.map(|record| order(&record, moves.remove(&record.order.id))).collect(),
            fills: fills.map(fill).collect(),
            columns: sheet
                .shown
                .map(|shown| charted().map(|bars| of_symbol(bars, shown)).collect())
                .unwrap_or_default(),
            guides: sheet.shown.map_or(&[], |shown| &shown.guides),
        }
    }

    pub(super) fn view(&self) -> Market<'_> {
        Market {
            orders: &self.orders,
            fills: &self.fills,
            columns: &self.columns,
            guides: self.guides,
        }
    }
}

fn order(record: &Record, moves: Option<Vec<(Timestamp, f64)>>) -> OrderMark<'static> {
    let order = &record.order;
    let level = order.kind.level().map(|level| (record.created, level.to_f64()));
    let mut levels = moves.unwrap_or_else(|| level.into_iter().collect());
    if let Some(first) = levels.first_mut() {
        first.0 = record.created;
    }
    OrderMark {
        number: order.id.0,
        series: order.symbol.index(),
        is_buy: order.side == Side::Buy,
        kind: order.kind.as_str(),
        role: match order.reason {
            FillReason::StopLoss { .. } | FillReason::Level { what: Waited::TrailingStop, .. } => {
                Role::Stop
            }
            FillReason::TakeProfit { .. } => Role::Target,
            _ => Role::Plain,
        },
        created: record.created,
        ended: record.state.is_final().then_some(record.changed),
        levels,
        quantity: order.quantity.to_f64(),
        filled: record.filled.to_f64(),
        state: record.state.as_str(),
        why: record.rejected.map_or(Cow::Borrowed(""), |why| Cow::Owned(why.to_string())),
    }
}

fn fill(fill: &Fill) -> FillMark<'_> {
    let detail = fill.reason.level().and_then(|_| {
        let text = fill.reason.to_string();
        text.split_once('@').map(|(_, detail)| detail.to_owned())
    });
    FillMark {
        order: fill.order.0,
        series: fill.symbol.index(),
        is_buy: fill.side == Side::Buy,
        time: fill.time,
        quantity: fill.quantity.to_f64(),
        price: fill.price.to_f64(),
        reason: fill.reason.kind(),
        detail: detail.map_or(Cow::Borrowed(""), Cow::Owned),
    }
}

/// What the rules compute of a symbol, bars joined as its prices are.
fn columns<'a>(sheet: &Sheet<'a>, bars: &Bars, shown: &'a Shown) -> Vec<ColumnSeries<'a>> {
    let joined = joined(bars);
    let mut columns: Vec<ColumnSeries<'a>> = shown
        .columns
        .iter()
        .map(|column| ColumnSeries {
            label: &column.label,
            pane: column.pane,
            last: Vec::with_capacity(bars.len() / joined + 1),
            range: Vec::new(),
        })
        .collect();
    // Warm from the bars before the first that is traded, as the rules themselves were.
    let past = sheet.history.iter().find(|past| past.symbol == bars.symbol);
    let (before, whole) = match past {
        Some(past) => (past.len(), Cow::Owned(past.then(bars))),
        None => (0, Cow::Borrowed(bars)),
    };
    let take = |range: std::ops::Range<usize>, values: &[Vec<f64>]| {
        for (column, values) in columns.iter_mut().zip(values) {
            let shown = range.clone().zip(values).filter(|(bar, _)| *bar >= before);
            shown.for_each(|(bar, value)| add(column, bar - before, *value, joined));
        }
    };
    match outputs_of(&shown.expression, &whole, sheet.bars, sheet.others, take) {
        Ok(()) => columns,
        // The run itself would have failed on this.
        Err(_) => Vec::new(),
    }
}

fn add(column: &mut ColumnSeries<'_>, bar: usize, value: f64, joined: usize) {
    if joined == 1 {
        column.last.push(value);
        return;
    }
    if bar.is_multiple_of(joined) {
        column.last.push(value);
        column.range.push((value, value));
        return;
    }
    let (Some(last), Some((low, high))) = (column.last.last_mut(), column.range.last_mut()) else {
        return;
    };
    if value.is_finite() {
        *last = value;
    }
    (*low, *high) = (low.min(value), high.max(value));
}
