//! What moves a ledger without a trade: splits, dividends, delistings, interest, transfers.

use super::Ledger;
use crate::corporate::Ratio;
use crate::order::SymbolId;
use crate::portfolio::sizing::floor_to;
use crate::price::{Money, Price, Quantity, Rate, SCALE};

/// What a split made of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Units held after it.
    pub units: Quantity,
    /// New units that make no whole lot and were paid off; signed like the position.
    pub fraction: Quantity,
    /// What they brought; negative for what a short position paid.
    pub lieu: Money,
}

impl Ledger {
    /// Cash that positions brought by dividends, less what short ones paid.
    pub const fn dividends(&self) -> Money {
        self.dividends
    }

    /// Interest on cash, less interest and fees for what was borrowed.
    pub const fn interest(&self) -> Money {
        self.interest
    }

    /// Cash that came from other ledgers of the account, less what went to them.
    pub const fn transfers(&self) -> Money {
        self.transfers
    }

    /// Books cash that comes from another ledger of the account or, negative, goes to one.
    pub fn transfer(&mut self, amount: Money) {
        self.cash += amount;
        self.transfers += amount;
    }

    /// Makes the units of a position `ratio` times as many at the same cost; what is no whole lot
    /// is paid off at `price`, the first after the split, and counts as closed.
    pub fn split(
        &mut self,
        symbol: SymbolId,
        ratio: Ratio,
        lot: Quantity,
        price: Price,
    ) -> Conversion {
        let position = &mut self.positions[symbol.index()];
        let (before, all) = (position.value, ratio.units(position.quantity));
        let units = floor_to(all, lot);
        let rest = ratio.units_raw(position.quantity) - i128::from(units.raw());
        let lieu = Money::from_raw(rest).scaled(position.worth(price).raw(), SCALE);
        let kept = match all.is_zero() {
            true => Money::ZERO,
            false => position.cost.scaled(units.abs().raw(), all.abs().raw()),
        };
        let released = position.cost - kept;
        let was_open = !position.is_flat();
        position.paid = match all.is_zero() {
            true => Money::ZERO,
            false => position.paid.scaled(units.abs().raw(), all.abs().raw()),
        };
        (position.quantity, position.cost) = (units, kept);
        position.mark = ratio.price(position.mark);
        position.value = position.worth(position.mark).notional(units);
        let (settles, change) = (position.settles, position.value - before);
        self.open -= usize::from(was_open && position.is_flat());
        self.revalue(settles, change);
        self.cash += lieu;
        self.realized += lieu - released;
        debug_assert!(self.balances(), "{self:?} after a split {ratio}");
        let fraction = Quantity::from_raw(i64::try_from(rest).unwrap_or(i64::MAX));
        Conversion { units, fraction, lieu }
    }

    /// Pays a dividend on every unit held, and takes it for every unit that is short; answers how
    /// much.
    pub fn dividend(&mut self, symbol: SymbolId, per_unit: Price) -> Money {
        let position = &self.positions[symbol.index()];
        let amount = position.worth(per_unit).notional(position.quantity);
        self.cash += amount;
        self.dividends += amount;
        amount
    }

    /// Takes `rate` of what the position is worth at `price` from who is long, and gives it to who
    /// is short; answers what came.
    pub fn fund(&mut self, symbol: SymbolId, rate: Rate, price: Price) -> Money {
        let position = &self.positions[symbol.index()];
        let amount = -rate.of(position.worth(price).notional(position.quantity));
        self.accrue(amount);
        amount
    }

    /// Books what holding a position costs as a commission.
    pub fn charge(&mut self, cost: Money) {
        self.cash -= cost;
        self.fees += cost;
        debug_assert!(self.balances(), "{self:?} after a charge of {cost}");
    }

    /// Pays off every unit at `price`, which may be zero; answers what they brought.
    pub fn pay_off(&mut self, symbol: SymbolId, price: Price) -> Money {
        let position = &mut self.positions[symbol.index()];
        if position.is_flat() {
            return Money::ZERO;
        }
        let value = position.value;
        let amount = position.worth(price).notional(position.quantity);
        let gained = position.trade(-position.quantity, price, -amount);
        position.mark = price;
        let settles = position.settles;
        self.revalue(settles, -value);
        self.open -= 1;
        self.cash += amount;
        self.realized += gained;
        debug_assert!(self.balances(), "{self:?} after a delisting");
        amount
    }

    /// Books interest: positive for what cash earned, negative for what borrowing cost.
    pub fn accrue(&mut self, amount: Money) {
        self.cash += amount;
        self.interest += amount;
    }
}
