//! Round trips: the way of a position from flat back to flat, whatever was added or taken between.

use dirigent_core::Timestamp;

use crate::backtest::outcome::Trade;
use crate::corporate::Ratio;
use crate::data::bars::Bars;
use crate::order::{Fill, FillReason, Side, SymbolId};
use crate::portfolio::average;
use crate::price::{Money, Price, Quantity, Rate};

/// Where in a bar a trade happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// At its first price.
    Open,
    /// Somewhere between.
    Within,
    /// At its last price.
    Close,
}

/// Units traded on one side of a round trip.
#[derive(Clone, Copy, Debug, Default)]
struct Leg {
    quantity: Quantity,
    value: Money,
    /// Price × units, in the terms of the prices.
    paid: Money,
    fills: u32,
    price: Price,
}

impl Leg {
    fn add(&mut self, quantity: Quantity, value: Money, price: Price) {
        self.quantity += quantity;
        self.value += value;
        self.paid += price.notional(quantity);
        self.fills += 1;
        self.price = if self.fills == 1 { price } else { self.average(price) };
    }

    /// Its average price; `or` where it is too small to be one.
    fn average(&self, or: Price) -> Price {
        let average = average(self.paid, self.quantity);
        average.filter(|price| price.is_positive()).unwrap_or(or)
    }

    /// The same money for other units.
    fn split(&mut self, ratio: Ratio) {
        self.quantity = ratio.units(self.quantity);
        self.price = ratio.price(self.price);
    }
}

/// How a round trip ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) symbol: SymbolId,
    pub(super) time: Timestamp,
    pub(super) price: Price,
    pub(super) reason: FillReason,
}

/// A position on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    pub(super) side: Side,
    pub(super) entry_bar: usize,
    pub(super) entry_time: Timestamp,
    entry_reason: FillReason,
    entry: Leg,
    exit: Leg,
    pub(super) fees: Money,
    pub(super) dividends: Money,
    /// The first bar whose prices are in the units of now.
    from: usize,
    /// The lowest and the highest price of the bars before it, in the units of now.
    before: Option<(Price, Price)>,
}

impl Trip {
    /// The fill was worth `value`.
    pub(super) fn start(fill: &Fill, value: Money, bar: usize, moment: Moment) -> Self {
        let mut trip = Self {
            side: fill.side,
            entry_bar: bar,
            entry_time: fill.time,
            entry_reason: fill.reason,
            entry: Leg::default(),
            exit: Leg::default(),
            fees: Money::ZERO,
            dividends: Money::ZERO,
            from: bar + usize::from(moment == Moment::Close),
            before: None,
        };
        trip.add(fill, value);
        trip
    }

    pub(super) fn add(&mut self, fill: &Fill, value: Money) {
        let leg = if fill.side == self.side { &mut self.entry } else { &mut self.exit };
        leg.add(fill.quantity, value, fill.price);
        self.fees += fill.fee;
    }

    /// Adds units that were paid off without a trade.
    pub(super) fn pay_off(&mut self, quantity: Quantity, value: Money, price: Price) {
        self.exit.add(quantity, value, price);
    }

    /// Goes on in the units after a split, which `bar` is the first to show.
    pub(super) fn split(&mut self, ratio: Ratio, bars: &Bars, bar: usize) {
        let seen = self.range(bars, bar);
        self.before = seen.map(|(low, high)| (ratio.price(low), ratio.price(high)));
        self.from = self.from.max(bar);
        self.entry.split(ratio);
        self.exit.split(ratio);
    }

    /// What exits brought more than entries cost, before commissions.
    pub(super) fn taken(&self) -> Money {
        match self.side {
            Side::Buy => self.exit.value - self.entry.value,
            Side::Sell => self.entry.value - self.exit.value,
        }
    }

    /// The trade, once the position is flat again.
    pub(super) fn finish(&self, last: &Fill, bars: &Bars, bar: usize, moment: Moment) -> Trade {
        let Fill { symbol, time, price, reason, .. } = *last;
        self.end(&Ending { symbol, time, price, reason }, bars, bar, moment)
    }

    /// The trade that ended so.
    pub(super) fn end(&self, last: &Ending, bars: &Bars, bar: usize, moment: Moment) -> Trade {
        let gain = self.taken();
        let (worst, best) = self.extremes(bars, bar, moment, last.price);
        Trade {
            symbol: last.symbol,
            side: self.side,
            entry_bar: self.entry_bar,
            exit_bar: bar,
            entry_time: self.entry_time,
            exit_time: last.time,
            quantity: self.entry.quantity,
            entry_price: self.entry.price,
            entry_value: self.entry.value,
            exit_price: self.exit.price,
            pnl: gain - self.fees + self.dividends,
            fees: self.fees,
            dividends: self.dividends,
            entry_reason: self.entry_reason,
            exit_reason: last.reason,
            mae: self.change(worst).min(Rate::ZERO),
            mfe: self.change(best).max(Rate::ZERO),
        }
    }

    /// The worst and the best price the position surely saw: whole bars while it was held, of the
    /// first and the last bar only what came after the entry and before the exit.
    fn extremes(&self, bars: &Bars, bar: usize, moment: Moment, exit: Price) -> (Price, Price) {
        let seen = self.range(bars, bar + usize::from(moment == Moment::Close));
        let (low, high) = seen.map_or((exit, exit), |(l, h)| (l.min(exit), h.max(exit)));
        if self.side == Side::Buy { (low, high) } else { (high, low) }
    }

    /// The lowest and the highest price of the bars before `to` while it was held.
    fn range(&self, bars: &Bars, to: usize) -> Option<(Price, Price)> {
        let held = self.from.min(to)..to;
        let ranges = bars.low[held.clone()].iter().copied().zip(bars.high[held].iter().copied());
        let seen = ranges.reduce(|(low, high), (l, h)| (low.min(l), high.max(h)));
        match (seen, self.before) {
            (Some((low, high)), Some(before)) => Some((low.min(before.0), high.max(before.1))),
            (now, before) => now.or(before),
        }
    }

    /// How much better `price` is than the entry, as a share of the entry.
    fn change(&self, price: Price) -> Rate {
        let difference = match self.side {
            Side::Buy => price - self.entry.price,
            Side::Sell => self.entry.price - price,
        };
        Rate::from_raw(difference.scaled(Rate::ONE.raw(), self.entry.price.raw()).raw())
    }
}

/// The round trips under way, by symbol.
#[derive(Debug)]
pub(super) struct Trips(Vec<Option<Trip>>);

impl Trips {
    pub(super) fn new(symbols: usize) -> Self {
        Self(vec![None; symbols])
    }

    pub(super) fn get(&self, symbol: SymbolId) -> Option<&Trip> {
        self.0[symbol.index()].as_ref()
    }

    pub(super) fn slot(&mut self, symbol: SymbolId) -> &mut Option<Trip> {
        &mut self.0[symbol.index()]
    }
}
