//! Instruments: what a unit of a symbol is worth, and in which steps it trades.

use std::collections::BTreeMap;

use crate::currency::Currency;
use crate::order::{OrderKind, Side};
use crate::portfolio::Margin;
use crate::price::{Price, Quantity, Rate};

/// The terms on which a symbol trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// What a unit is worth at a price of one: 50 for a contract on 50 units. Positive.
    pub multiplier: Rate,
    /// The step of the levels of orders; any level where it is absent.
    pub tick: Option<Price>,
    /// The smallest step of a quantity; that of the run where it is absent.
    pub lot: Option<Quantity>,
    /// The currency of its prices; that of the account where it is absent.
    pub currency: Option<Currency>,
    /// Whether gains and losses become cash as they arise, as those of futures and perpetual
    /// swaps do; other units are paid for.
    pub settles: bool,
    /// What it ties up in a margin account; what the account says where it is absent.
    pub margin: Option<Margin>,
    /// What units that are short cost per year, of their value; that of the run where it is absent.
    pub borrow: Option<Rate>,
}

impl Default for Instrument {
    /// Worth its price, at any price.
    fn default() -> Self {
        Self {
            multiplier: Rate::ONE,
            tick: None,
            lot: None,
            currency: None,
            settles: false,
            margin: None,
            borrow: None,
        }
    }
}

impl Instrument {
    /// What a unit is worth at `price`, rounded half to even to nine places.
    #[inline]
    pub fn worth(&self, price: Price) -> Price {
        self.multiplier.times(price)
    }

    /// The kind with its levels on ticks. A limit is never worse than asked: down for a purchase,
    /// up for a sale. A stop is never nearer to the market than asked: up for a purchase, down for
    /// a sale.
    #[must_use]
    pub fn on_ticks(&self, kind: OrderKind, side: Side) -> OrderKind {
        let limit = |level| self.round(level, side == Side::Sell);
        let stop = |level| self.round(level, side == Side::Buy);
        match kind {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit(level) => OrderKind::Limit(limit(level)),
            OrderKind::Stop(level) => OrderKind::Stop(stop(level)),
            OrderKind::StopLimit { stop: at, limit: worst } => {
                OrderKind::StopLimit { stop: stop(at), limit: limit(worst) }
            }
            OrderKind::TrailingStop { offset, level } => {
                OrderKind::TrailingStop { offset, level: stop(level) }
            }
        }
    }

    /// The level of a stop of an order on `side`, on a tick.
    pub(crate) fn stop(&self, level: Price, side: Side) -> Price {
        self.round(level, side == Side::Buy)
    }

    /// The level of a limit of an order on `side`, on a tick.
    pub(crate) fn limit(&self, level: Price, side: Side) -> Price {
        self.round(level, side == Side::Sell)
    }

    fn round(&self, level: Price, up: bool) -> Price {
        let Some(tick) = self.tick else { return level };
        let below = level.raw().div_euclid(tick.raw()) * tick.raw();
        let is_between = below != level.raw();
        let above = || below.checked_add(tick.raw()).unwrap_or(below);
        Price::from_raw(if up && is_between { above() } else { below })
    }
}

/// The terms of every symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruments {
    /// For symbols that are not named.
    pub default: Instrument,
    /// For those that are.
    pub by_symbol: BTreeMap<String, Instrument>,
}

impl Instruments {
    /// The terms of `symbol`.
    pub fn of(&self, symbol: &str) -> &Instrument {
        self.by_symbol.get(symbol).unwrap_or(&self.default)
    }

    /// Whether every symbol is worth its price and trades in the steps of the run.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// All terms, with the symbols they are for.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Instrument> {
        std::iter::once(&self.default).chain(self.by_symbol.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: OrderKind, side: Side, expected: &[&str]) {
        let tick = Some("0.25".parse().unwrap());
        let kind = Instrument { tick, ..Instrument::default() }.on_ticks(kind, side);
        let levels: Vec<String> = [kind.level(), kind.limit()]
            .into_iter()
            .flatten()
            .map(|level| level.to_string())
            .collect();
        assert_eq!(levels, expected, "{kind:?}");
    }

    #[test]
    fn a_limit_is_never_worse_and_a_stop_never_nearer_than_asked() {
        let between: Price = "100.3".parse().unwrap();
        let on: Price = "100.5".parse().unwrap();
        check(OrderKind::Limit(on), Side::Buy, &["100.5", "100.5"]);
        check(OrderKind::Stop(on), Side::Buy, &["100.5"]);
        check(OrderKind::Limit(between), Side::Buy, &["100.25", "100.25"]);
        check(OrderKind::Limit(between), Side::Sell, &["100.5", "100.5"]);
        check(OrderKind::Stop(between), Side::Buy, &["100.5"]);
        check(OrderKind::Stop(between), Side::Sell, &["100.25"]);
        let both = OrderKind::StopLimit { stop: between, limit: between };
        check(both, Side::Buy, &["100.5", "100.25"]);
        check(both, Side::Sell, &["100.25", "100.5"]);
    }
}
