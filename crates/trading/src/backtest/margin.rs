//! Margin: what positions tie up, and what happens when the account has less than they ask for.
//!
//! Promises: a margin call is seen at a close, on the prices of that close; it is answered at the
//! next fill point, where every position is made smaller by the same share, in whole lots, until
//! the equity of the close suffices to enter what is left. Nothing is sold at a price that is past.

use crate::backtest::engine::Engine;
use crate::order::{FillReason, OrderRequest, Side, SymbolId};
use crate::portfolio::{AccountType, Margin, Position};
use crate::price::{Money, Price, Quantity, Rate};

impl Engine<'_> {
    /// What a position in the symbol ties up, if it is on margin.
    fn margin(&self, symbol: SymbolId) -> Option<Margin> {
        self.options.account.margin().map(|margin| self.terms(symbol).margin.unwrap_or(margin))
    }

    /// What one unit of a currency is worth in that of the account.
    fn exchange(&self, symbol: SymbolId) -> Rate {
        self.world.exchange[symbol.index()]
    }

    /// What a unit of new exposure ties up at `price`.
    pub(super) fn tied(&self, symbol: SymbolId, price: Price) -> Price {
        let worth = self.worth(symbol, price);
        match self.margin(symbol) {
            None => worth,
            Some(margin) => {
                let tied = margin.initial.of_unit(worth, self.exchange(symbol));
                tied.max(Price::from_raw(1))
            }
        }
    }

    /// What new exposure may tie up.
    pub(super) fn free(&self) -> Money {
        self.at_hand() - self.promised
    }

    /// What positions do not tie up.
    pub(super) fn at_hand(&self) -> Money {
        match self.options.account {
            AccountType::Unlevered | AccountType::Cash => self.ledger.free(),
            AccountType::Margin(_) => self.ledger.equity() - self.required(|margin| margin.initial),
        }
    }

    /// What all positions tie up.
    fn required(&self, which: impl Fn(Margin) -> crate::portfolio::Requirement) -> Money {
        let positions = self.ledger.positions().iter().enumerate();
        let of_one = |(index, position): (usize, &Position)| {
            let symbol = SymbolId::new(index);
            self.margin(symbol).map_or(Money::ZERO, |margin| {
                let (units, value) = (position.quantity(), position.value());
                which(margin).of(units, value, self.exchange(symbol))
            })
        };
        positions.filter(|(_, position)| !position.is_flat()).map(of_one).sum()
    }

    /// Sends the orders of a margin call, if this close makes one.
    pub(super) fn call_margin(&mut self) {
        if self.options.account.margin().is_none() || self.ledger.is_flat() {
            return;
        }
        let equity = self.ledger.equity();
        if equity >= self.required(|margin| margin.maintenance) {
            return;
        }
        let required = self.required(|margin| margin.initial);
        self.calls.get_or_insert((0, self.timeline.now())).0 += 1;
        for symbol in (0..self.bars.len()).map(SymbolId::new) {
            let held = self.ledger.position(symbol).quantity();
            let Some(side) = Side::closing(held) else { continue };
            if self.is_called(symbol) {
                continue;
            }
            let quantity = self.to_close(symbol, held.abs(), equity, required);
            let request =
                OrderRequest { reduce_only: true, ..OrderRequest::market(symbol, side, quantity) };
            self.place(&request, FillReason::MarginCall);
        }
    }

    /// Whether an order of an earlier call still waits for the symbol.
    fn is_called(&mut self, symbol: SymbolId) -> bool {
        let waiting: Vec<_> = self
            .working
            .iter()
            .filter(|order| order.symbol == symbol && !order.is_done())
            .map(|order| order.id)
            .collect();
        waiting.into_iter().any(|id| self.book.get_mut(id).order.reason == FillReason::MarginCall)
    }

    /// How many of `held` units have to go, up to whole lots.
    fn to_close(
        &self,
        symbol: SymbolId,
        held: Quantity,
        equity: Money,
        required: Money,
    ) -> Quantity {
        let missing = (required - equity.max(Money::ZERO)).min(required);
        let (lot, held) = (i128::from(self.lot(symbol).raw()), i128::from(held.raw()));
        let up = |n: i128, d: i128| n / d + i128::from(n % d != 0);
        let lots = up(held, lot);
        let product = lots.checked_mul(missing.raw());
        let part = product.map_or(lots, |product| up(product, required.raw().max(1)));
        let units = (part * lot).min(held);
        Quantity::from_raw(i64::try_from(units).unwrap_or(i64::MAX))
    }
}
