//! Round trips: the way of a position from flat back to flat, whatever was added or taken between.

use dirigent_core::Timestamp;

use crate::backtest::outcome::Trade;
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
    fills: u32,
    price: Price,
}

impl Leg {
    fn add(&mut self, fill: &Fill) {
        self.quantity += fill.quantity;
        self.value += fill.value();
        self.fills += 1;
        self.price = match self.fills {
            1 => fill.price,
            _ => average(self.value, self.quantity)
                .filter(|price| price.is_positive())
                .unwrap_or(fill.price),
        };
    }
}

/// A position on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    pub(super) side: Side,
    pub(super) entry_bar: usize,
    pub(super) entry_time: Timestamp,
    entered_at: Moment,
    entry_reason: FillReason,
    entry: Leg,
    exit: Leg,
    pub(super) fees: Money,
}

impl Trip {
    pub(super) fn start(fill: &Fill, bar: usize, moment: Moment) -> Self {
        let mut trip = Self {
            side: fill.side,
            entry_bar: bar,
            entry_time: fill.time,
            entered_at: moment,
            entry_reason: fill.reason,
            entry: Leg::default(),
            exit: Leg::default(),
            fees: Money::ZERO,
        };
        trip.add(fill);
        trip
    }

    pub(super) fn add(&mut self, fill: &Fill) {
        if fill.side == self.side {
            self.entry.add(fill)
        } else {
            self.exit.add(fill)
        }
        self.fees += fill.fee;
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
            exit_price: self.exit.price,
            pnl: gain - self.fees,
            fees: self.fees,
            entry_reason: self.entry_reason,
            exit_reason: last.reason,
            mae: self.change(worst).min(Rate::ZERO),
            mfe: self.change(best).max(Rate::ZERO),
        }
    }

    /// The worst and the best price the position surely saw: whole bars while it was held, of the
    /// first and the last bar only what came after the entry and before the exit.
    fn extremes(&self, bars: &Bars, bar: usize, moment: Moment, exit: Price) -> (Price, Price) {
        let from = self.entry_bar + usize::from(self.entered_at == Moment::Close);
        let to = bar + usize::from(moment == Moment::Close);
        let held = from.min(to)..to;
        let low = bars.low[held.clone()].iter().copied().min().map_or(exit, |low| low.min(exit));
        let high = bars.high[held].iter().copied().max().map_or(exit, |high| high.max(exit));
        if self.side == Side::Buy { (low, high) } else { (high, low) }
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
