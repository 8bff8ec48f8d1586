//! From wishes to orders: what a signal means for a position.

use crate::backtest::engine::{Engine, Entry, Size};
use crate::order::{FillReason, OrderKind, OrderRequest, RejectReason, Side, SymbolId};
use crate::price::Quantity;
use crate::signal::Signal;
use crate::strategy::{Holding, Window};

/// What a signal asks of a position: to leave it, to enter one.
///
/// Flat, an entry is followed unless both sides are wanted at once. In a position, the entry of the
/// other side reverses it, unless this side's entry is wanted too; else its exit leaves it, even if
/// its entry is set as well.
pub(crate) fn read(signal: Signal, holding: Holding) -> (Option<FillReason>, Option<Side>) {
    let only = |this: Signal, other: Signal| signal.has(this) && !signal.has(other);
    let buy = only(Signal::LONG_ENTRY, Signal::SHORT_ENTRY).then_some(Side::Buy);
    let sell = only(Signal::SHORT_ENTRY, Signal::LONG_ENTRY).then_some(Side::Sell);
    let (reversal, exit) = match holding {
        Holding::Flat => return (None, buy.or(sell)),
        Holding::Long => (sell, signal.has(Signal::LONG_EXIT)),
        Holding::Short => (buy, signal.has(Signal::SHORT_EXIT)),
    };
    match reversal {
        Some(side) => (Some(FillReason::Reversal), Some(side)),
        None => (exit.then_some(FillReason::SignalExit), None),
    }
}

impl Engine<'_> {
    /// Asks the strategy and makes orders of its wishes.
    pub(super) fn decide(&mut self, t: usize) {
        let mut wishes = std::mem::take(&mut self.wishes);
        wishes.clear();
        let next = self.timeline.next(t);
        let stamp = self.timeline.stamp();
        let window = Window::new(self.bars, self.timeline.seen(), stamp, next, self.first)
            .with_orders(self.has_waiting());
        self.strategy.on_bar(&window, &self.ledger, &mut wishes);
        for (symbol, signal) in &wishes.signals {
            if self.may_decide(*symbol) {
                self.follow(*symbol, *signal);
            }
        }
        if !(wishes.cancels.is_empty() && wishes.changes.is_empty()) {
            self.change_orders(&wishes.cancels, &wishes.changes);
        }
        for request in &wishes.orders {
            if !self.may_decide(request.symbol) {
                continue;
            }
            if request.is_plain() {
                let size = Size::Units(request.quantity);
                self.enter(request.symbol, request.side, size, FillReason::Requested);
            } else {
                self.place(request, FillReason::Requested);
            }
        }
        if let Some(weights) = wishes.weights.take() {
            self.aim(&weights);
        }
        self.wishes = wishes;
    }

    /// Whether the symbol has a bar now and its warm-up is behind it.
    fn may_decide(&self, symbol: SymbolId) -> bool {
        self.timeline.bar(symbol).is_some_and(|bar| bar >= self.first)
            && !self.world.delisted[symbol.index()]
    }

    fn follow(&mut self, symbol: SymbolId, signal: Signal) {
        let quantity = self.ledger.position(symbol).quantity();
        let (leave, enter) = read(signal, Holding::of(quantity));
        if let Some(reason) = leave {
            self.leave(symbol, reason);
        }
        let Some(side) = enter else {
            let is_exit = signal.any(Signal::LONG_EXIT.with(Signal::SHORT_EXIT));
            if quantity.is_zero() && is_exit {
                if !self.working.is_empty() {
                    self.drop_entries(symbol);
                }
                self.follow_entry_out(symbol, signal);
            }
            return;
        };
        if self.enters_already(symbol, side) {
            return;
        }
        if self.options.entry.is_plain() {
            self.enter(symbol, side, Size::Rule, FillReason::SignalEntry);
        } else {
            self.wait_to_enter(symbol, side);
        }
    }

    /// Sends the order that closes a position at the next fill point.
    pub(super) fn leave(&mut self, symbol: SymbolId, reason: FillReason) {
        if !self.working.is_empty() {
            self.drop_entries(symbol);
        }
        // What the volume did not suffice for still waits.
        if self.exits.iter().any(|(_, of)| *of == symbol) {
            return;
        }
        let held = self.ledger.position(symbol).quantity();
        if let Some(side) = Side::closing(held) {
            let now = self.timeline.now();
            let id = self.book.send(symbol, side, OrderKind::Market, reason, now);
            self.send_exit(id, symbol);
        }
    }

    /// Places the order of an entry that waits for its price, in place of one that waits already.
    fn wait_to_enter(&mut self, symbol: SymbolId, side: Side) {
        let Some((request, size)) = self.entry_wanted(symbol, side) else { return };
        if size.is_ok_and(|quantity| self.waits_alike(&OrderRequest { quantity, ..request })) {
            return;
        }
        self.drop_entries(symbol);
        match size {
            Ok(quantity) => {
                self.place(&OrderRequest { quantity, ..request }, FillReason::SignalEntry);
            }
            Err(reason) => {
                let now = self.timeline.now();
                let id = self.book.send(symbol, side, request.kind, FillReason::SignalEntry, now);
                self.book.reject(id, reason, now);
            }
        }
    }

    /// The order that an entry by signal is now, and how many units it has.
    fn entry_wanted(
        &self,
        symbol: SymbolId,
        side: Side,
    ) -> Option<(OrderRequest, Result<Quantity, RejectReason>)> {
        let seen = self.timeline.seen()[symbol.index()];
        let closes = self.closes(symbol, seen);
        let close = closes.last()?;
        let request = self.options.entry.request(symbol, side, *close);
        let kind = self.terms(symbol).on_ticks(request.kind, side);
        let price = kind.limit().or(kind.level()).unwrap_or(*close);
        let equity = self.ledger.equity() - self.promised;
        let size = self.options.sizing.quantity(&self.ask(symbol, equity, price, &closes));
        Some((request, size))
    }

    fn enter(&mut self, symbol: SymbolId, side: Side, size: Size, reason: FillReason) {
        let decided = self.timeline.now();
        let seen = self.timeline.seen()[symbol.index()];
        let place = self.send();
        self.entries.push(Entry { decided, reason, symbol, side, size, seen, place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(signals: &[Signal], holding: Holding, leave: Option<FillReason>, enter: Option<Side>) {
        let signal = signals.iter().fold(Signal::NONE, |all, one| all.with(*one));
        assert_eq!(read(signal, holding), (leave, enter), "{signals:?} {holding:?}");
    }

    #[test]
    fn signals_mean_what_the_position_makes_of_them() {
        use {Holding as H, Side as D, Signal as S};
        let exit = Some(FillReason::SignalExit);
        let reversal = Some(FillReason::Reversal);
        check(&[], H::Long, None, None);
        check(&[S::LONG_ENTRY, S::SHORT_ENTRY], H::Flat, None, None);
        check(&[S::LONG_EXIT, S::SHORT_EXIT], H::Flat, None, None);
        check(&[S::LONG_ENTRY, S::LONG_EXIT], H::Flat, None, Some(D::Buy));
        check(&[S::LONG_ENTRY], H::Long, None, None);
        check(&[S::LONG_ENTRY, S::LONG_EXIT], H::Long, exit, None);
        check(&[S::SHORT_EXIT], H::Long, None, None);
        check(&[S::SHORT_ENTRY], H::Long, reversal, Some(D::Sell));
        check(&[S::SHORT_ENTRY, S::LONG_EXIT], H::Long, reversal, Some(D::Sell));
        check(&[S::SHORT_ENTRY, S::LONG_ENTRY], H::Long, None, None);
        check(&[S::LONG_ENTRY], H::Short, reversal, Some(D::Buy));
        check(&[S::SHORT_EXIT], H::Short, exit, None);
    }
}
