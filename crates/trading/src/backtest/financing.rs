//! Financing: interest on cash and fees for what is borrowed, booked at each close.
//!
//! Promises: what is booked at a close is earned by the balances of the close before, over the
//! calendar days between; a year has 365 days. Balances are those of `equity.csv`: cash includes
//! what short sales brought.

use crate::backtest::engine::Engine;
use crate::backtest::flow::{Flow, FlowKind};
use crate::backtest::timeline::day_of;
use crate::instrument::Instrument;
use crate::order::SymbolId;
use crate::portfolio::Position;
use crate::price::{Money, Quantity, Rate, SCALE};

const DAYS_PER_YEAR: i64 = 365;
/// Longer gaps count as this long, so that a rate times days fits its type.
const DAYS_MAX: i64 = 36_500;

/// What balances earn and cost per year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Financing {
    /// On cash.
    pub cash: Rate,
    /// On cash that is owed.
    pub margin: Rate,
    /// On the value of short positions.
    pub borrow: Rate,
}

impl Financing {
    /// Whether nothing earns or costs anything.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What `balance` earns at `rate` per year in so many days, rounded half to even.
fn interest(balance: Money, rate: Rate, days: i64) -> Money {
    balance.scaled(rate.raw() * days, SCALE * DAYS_PER_YEAR)
}

impl Engine<'_> {
    /// Books what the balances of the time before `t` earned and cost up to it.
    pub(super) fn finance(&mut self, t: usize) {
        let times = self.timeline.times();
        let Some(before) = t.checked_sub(1).map(|before| day_of(times[before])) else { return };
        let days = (day_of(times[t]) - before).clamp(0, DAYS_MAX);
        if days == 0 {
            return;
        }
        let Financing { cash, margin, borrow } = self.options.financing;
        let balance = self.world.balance;
        let (rate, what) = match balance.is_negative() {
            true => (margin, FlowKind::MarginInterest(margin)),
            false => (cash, FlowKind::Interest(cash)),
        };
        self.book_interest(None, what, Quantity::ZERO, interest(balance, rate, days));
        for index in 0..self.world.shorts.len() {
            let (units, value) = self.world.shorts[index];
            if value.is_negative() {
                let symbol = SymbolId::new(index);
                let rate = self.terms(symbol).borrow.unwrap_or(borrow);
                let (what, fee) = (FlowKind::BorrowFee(rate), interest(value, rate, days));
                self.book_interest(Some(symbol), what, units, fee);
            }
        }
    }

    fn book_interest(
        &mut self,
        symbol: Option<SymbolId>,
        what: FlowKind,
        units: Quantity,
        amount: Money,
    ) {
        if amount.is_zero() {
            return;
        }
        self.ledger.accrue(amount);
        let time = self.timeline.now();
        self.world.flows.push(Flow { time, symbol, what, units, amount });
    }

    /// Keeps the balances of a close, which earn and cost until the next.
    pub(super) fn keep_balances(&mut self) {
        self.world.balance = self.ledger.cash();
        self.world.shorts.clear();
        // Nobody borrows a contract to sell it.
        let terms = self.world.instruments.iter();
        let short = |(position, terms): (&Position, &Instrument)| {
            let owed = if terms.settles { Money::ZERO } else { position.value() };
            (position.quantity(), owed.min(Money::ZERO))
        };
        self.world.shorts.extend(self.ledger.positions().iter().zip(terms).map(short));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_has_365_days() {
        let year = interest("1000".parse().unwrap(), Rate::percent(5), 365);
        assert_eq!(year.to_string(), "50");
        // 1000 × 0.05 × 3 / 365
        let weekend = interest("-1000".parse().unwrap(), Rate::percent(5), 3);
        assert_eq!(weekend.to_string(), "-0.410958904");
    }
}
