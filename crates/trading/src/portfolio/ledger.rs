//! The ledger: cash, positions at average cost, gains and fees.
//!
//! Invariant, to the last digit after every call: `cash + Σ value = equity` and
//! `equity = initial + realized + unrealized − fees + dividends + interest + transfers`. The value of
//! a position that settles is cash already, and not in the sum.
//! Both hold because every amount is rounded once, where it enters, and from there on only moved.

mod flow;

use crate::order::{Fill, SymbolId};
use crate::price::{Money, Price, Quantity, Rate};

pub use flow::Conversion;

/// What is held of one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    quantity: Quantity,
    cost: Money,
    mark: Price,
    value: Money,
    /// What the units cost in the terms of their prices: price × units.
    paid: Money,
    /// What a unit is worth at a price of one.
    multiplier: Rate,
    /// Whether gains and losses become cash as they arise, as those of a future do.
    settles: bool,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            quantity: Quantity::ZERO,
            cost: Money::ZERO,
            mark: Price::ZERO,
            value: Money::ZERO,
            paid: Money::ZERO,
            multiplier: Rate::ONE,
            settles: false,
        }
    }
}

impl Position {
    /// Units; negative is short.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// What the units cost, without fees; negative for what a short position brought.
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// The price it is valued at.
    pub const fn mark(&self) -> Price {
        self.mark
    }

    /// What it is worth at the mark; negative if short.
    pub const fn value(&self) -> Money {
        self.value
    }

    /// What a unit is worth at a price of one.
    pub const fn multiplier(&self) -> Rate {
        self.multiplier
    }

    /// Whether nothing is held.
    pub fn is_flat(&self) -> bool {
        self.quantity.is_zero()
    }

    /// The average price of the units held, rounded half to even; `None` when flat.
    pub fn average_price(&self) -> Option<Price> {
        average(self.paid, self.quantity)
    }

    /// What one unit is worth at `price`.
    #[inline]
    fn worth(&self, price: Price) -> Price {
        self.multiplier.times(price)
    }

    /// Takes a trade of `quantity` (signed) at `price`, for `amount` (signed alike); answers what
    /// was gained.
    fn trade(&mut self, quantity: Quantity, price: Price, amount: Money) -> Money {
        let same_side = self.is_flat() || self.quantity.is_negative() == quantity.is_negative();
        let gained = if same_side {
            self.cost += amount;
            self.paid += price.notional(quantity);
            Money::ZERO
        } else {
            assert!(quantity.abs() <= self.quantity.abs(), "a fill is split where it crosses zero");
            let (part, whole) = (quantity.abs().raw(), self.quantity.abs().raw());
            let released = self.cost.scaled(part, whole);
            self.cost -= released;
            self.paid -= self.paid.scaled(part, whole);
            -amount - released
        };
        self.quantity += quantity;
        self.value = self.worth(self.mark).notional(self.quantity);
        gained
    }
}

/// `amount` per unit, rounded half to even; `None` for no units or if it does not fit.
pub(crate) fn average(amount: Money, quantity: Quantity) -> Option<Price> {
    let (amount, quantity) = (amount.abs(), quantity.abs());
    if quantity.is_zero() {
        return None;
    }
    let per_unit = amount.scaled(crate::price::SCALE, quantity.raw());
    i64::try_from(per_unit.raw()).ok().map(Price::from_raw)
}

/// The books of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    initial: Money,
    cash: Money,
    realized: Money,
    fees: Money,
    dividends: Money,
    interest: Money,
    transfers: Money,
    /// Σ value of all positions that do not settle.
    worth: Money,
    /// How many positions are not flat.
    open: usize,
    positions: Vec<Position>,
}

impl Ledger {
    /// An account with `initial` cash that may hold `symbols` symbols.
    pub fn new(initial: Money, symbols: usize) -> Self {
        Self {
            initial,
            cash: initial,
            realized: Money::ZERO,
            fees: Money::ZERO,
            dividends: Money::ZERO,
            interest: Money::ZERO,
            transfers: Money::ZERO,
            worth: Money::ZERO,
            open: 0,
            positions: vec![Position::default(); symbols],
        }
    }

    /// The same, in which a unit of each symbol is worth its price times a multiplier, and gains
    /// and losses of some become cash as they arise: their positions are worth nothing but that.
    ///
    /// # Panics
    /// If something is held already.
    #[must_use]
    pub fn with_terms(mut self, terms: impl IntoIterator<Item = (Rate, bool)>) -> Self {
        assert!(self.is_flat(), "terms are set before the first trade");
        for (position, (multiplier, settles)) in self.positions.iter_mut().zip(terms) {
            (position.multiplier, position.settles) = (multiplier, settles);
        }
        self
    }

    /// A unit of `symbol` is now worth its price times `multiplier`, as its currency moved.
    pub fn set_multiplier(&mut self, symbol: SymbolId, multiplier: Rate) {
        self.positions[symbol.index()].multiplier = multiplier;
        self.mark(symbol, self.positions[symbol.index()].mark);
    }

    /// Cash at the start.
    pub const fn initial(&self) -> Money {
        self.initial
    }

    /// Cash at hand, including what short sales brought.
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// Gains of closed units, before fees.
    pub const fn realized(&self) -> Money {
        self.realized
    }

    /// Commission paid.
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// What is held of `symbol`.
    pub fn position(&self, symbol: SymbolId) -> &Position {
        &self.positions[symbol.index()]
    }

    /// All positions, by symbol.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Gains of the units held, at their marks.
    pub fn unrealized(&self) -> Money {
        self.positions.iter().map(|position| position.value - position.cost).sum()
    }

    /// Cash and positions at their marks.
    pub fn equity(&self) -> Money {
        self.cash + self.worth
    }

    /// Whether no position is open.
    pub const fn is_flat(&self) -> bool {
        self.open == 0
    }

    /// What may be spent on new exposure without leverage: equity less the value of all positions,
    /// long or short. Without short positions it is the cash, futures aside.
    pub fn free(&self) -> Money {
        self.equity() - self.positions.iter().map(|position| position.value.abs()).sum()
    }

    /// Values a position at `price`.
    #[inline]
    pub fn mark(&mut self, symbol: SymbolId, price: Price) {
        let position = &mut self.positions[symbol.index()];
        position.mark = price;
        if !position.quantity.is_zero() {
            let value = position.worth(price).notional(position.quantity);
            let change = value - position.value;
            position.value = value;
            let settles = position.settles;
            self.revalue(settles, change);
        }
    }

    /// Books that a position is worth more by `change`, or less.
    #[inline]
    fn revalue(&mut self, settles: bool, change: Money) {
        if settles {
            self.cash += change;
        } else {
            self.worth += change;
        }
    }

    /// Values every open position that `price` has a price for.
    #[inline]
    pub fn mark_open(&mut self, price: impl Fn(SymbolId) -> Option<Price>) {
        for index in 0..self.positions.len() {
            if !self.positions[index].is_flat()
                && let Some(price) = price(SymbolId::new(index))
            {
                self.mark(SymbolId::new(index), price);
            }
        }
    }

    /// Enters a trade; the position keeps its mark. Answers what it gained before fees.
    ///
    /// # Panics
    /// If the fill crosses from long to short or back; such an order is filled in two parts.
    pub fn fill(&mut self, fill: &Fill) -> Money {
        let quantity = fill.signed_quantity();
        let position = &mut self.positions[fill.symbol.index()];
        let amount = position.worth(fill.price).notional(quantity);
        let (was_flat, value) = (position.is_flat(), position.value);
        let gained = position.trade(quantity, fill.price, amount);
        let (settles, change) = (position.settles, position.value - value);
        self.revalue(settles, change);
        let position = &self.positions[fill.symbol.index()];
        self.open = self.open + usize::from(was_flat) - usize::from(position.is_flat());
        self.cash = self.cash - amount - fill.fee;
        self.realized += gained;
        self.fees += fill.fee;
        debug_assert!(self.balances(), "{self:?} after {fill:?}");
        gained
    }

    /// Whether both identities hold.
    pub fn balances(&self) -> bool {
        let held = self.positions.iter().filter(|position| !position.settles);
        let worth: Money = held.map(|position| position.value).sum();
        let open = self.positions.iter().filter(|position| !position.is_flat()).count();
        let flows = self.dividends + self.interest + self.transfers;
        let equity = self.initial + self.realized + self.unrealized() - self.fees + flows;
        let flat_is_free = |p: &Position| {
            !p.is_flat() || (p.cost.is_zero() && p.value.is_zero() && p.paid.is_zero())
        };
        (self.worth, self.open) == (worth, open)
            && self.equity() == equity
            && self.positions.iter().all(flat_is_free)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::order::{FillReason, Order, OrderId, OrderKind, Quote, Side, TimeInForce};
    use crate::risk;

    fn fill(symbol: usize, side: Side, quantity: i64, price: i64, fee: i64) -> Fill {
        let order = Order {
            id: OrderId(1),
            symbol: SymbolId::new(symbol),
            side,
            kind: OrderKind::Market,
            quantity: Quantity::from_raw(quantity),
            reason: FillReason::Requested,
            time_in_force: TimeInForce::Gtc,
        };
        let price = Price::from_raw(price);
        let fee = Money::from_raw(fee.into());
        let quote = Quote { price, reference: price, fee, multiplier: Rate::ONE };
        let all = Money::from_raw(i128::from(i64::MAX) << 40);
        let account = risk::Account {
            equity: all,
            free: all,
            tied: price,
            position: Quantity::ZERO,
            stopped: None,
            is_long_only: false,
        };
        let approved = risk::check(order, &quote, &account, &risk::Limits::default()).unwrap();
        Fill::new(&approved, quote, dirigent_core::Timestamp::default())
    }

    fn units(n: i64) -> i64 {
        n * crate::price::SCALE
    }

    #[test]
    fn a_round_trip_by_hand() {
        let mut ledger = Ledger::new("1000".parse().unwrap(), 1);
        let symbol = SymbolId::new(0);
        ledger.mark(symbol, "10".parse().unwrap());
        ledger.fill(&fill(0, Side::Buy, units(30), units(10), units(1)));
        ledger.fill(&fill(0, Side::Buy, units(10), units(14), units(1)));
        ledger.mark(symbol, "12".parse().unwrap());
        let texts = |ledger: &Ledger| {
            [ledger.cash(), ledger.equity(), ledger.realized(), ledger.unrealized(), ledger.fees()]
                .map(|money| money.to_string())
        };
        assert_eq!(texts(&ledger), ["558", "1038", "0", "40", "2"]);
        assert_eq!(ledger.position(symbol).average_price().unwrap().to_string(), "11");
        let gained = ledger.fill(&fill(0, Side::Sell, units(20), units(13), units(1)));
        assert_eq!(gained.to_string(), "40");
        assert_eq!(texts(&ledger), ["817", "1057", "40", "20", "3"]);
    }

    #[test]
    fn short_sales_bring_cash_that_is_not_free() {
        let mut ledger = Ledger::new("1000".parse().unwrap(), 1);
        ledger.mark(SymbolId::new(0), "10".parse().unwrap());
        ledger.fill(&fill(0, Side::Sell, units(60), units(10), 0));
        assert_eq!(ledger.cash().to_string(), "1600");
        assert_eq!(ledger.equity().to_string(), "1000");
        assert_eq!(ledger.free().to_string(), "400");
    }

    proptest! {
        #[test]
        fn the_books_balance_after_every_event(
            events in prop::collection::vec(
                (0_usize..3, any::<bool>(), 1_i64..9_000_000_000_000, 1_i64..9_000_000_000_000, 0_i64..1_000_000_000),
                1..60,
            )
        ) {
            let mut ledger = Ledger::new(Money::from_raw(1_000_000_000_000_000), 3);
            for (symbol, buy, quantity, price, other) in events {
                let id = SymbolId::new(symbol);
                ledger.mark(id, Price::from_raw(price));
                prop_assert!(ledger.balances());
                let side = if buy { Side::Buy } else { Side::Sell };
                let held = ledger.position(id).quantity();
                let crosses = Side::closing(held) == Some(side) && quantity > held.abs().raw();
                let quantity = if crosses { held.abs().raw() } else { quantity };
                ledger.fill(&fill(symbol, side, quantity, price / 2 + 1, other));
                prop_assert!(ledger.balances());
                prop_assert!(ledger.free() <= ledger.cash());
            }
        }
    }
}
