//! Coasting: the stretches in which one symbol's position is only marked, bar by bar.
//!
//! Promises: the same equity as step by step. It stops before a bar that needs a step: one that
//! reaches a protective level, the drawdown limit, or ruin.

use crate::backtest::engine::Engine;
use crate::execution::Levels;
use crate::order::SymbolId;
use crate::price::{Money, Price, Quantity};

/// The prices between which a bar leaves the protective exits alone.
#[derive(Clone, Copy, Debug)]
struct Corridor {
    low: Price,
    high: Price,
}

impl Corridor {
    fn of(levels: Levels, quantity: Quantity) -> Self {
        let (below, above) = if quantity.is_negative() {
            (levels.target, levels.stop)
        } else {
            (levels.stop, levels.target)
        };
        Self {
            low: below.unwrap_or(Price::from_raw(i64::MIN)),
            high: above.unwrap_or(Price::from_raw(i64::MAX)),
        }
    }
}

impl Engine<'_> {
    /// Marks the bars from `from` up to `until` or the first that needs a step; answers which.
    pub(super) fn coast(&mut self, from: usize, until: usize) -> usize {
        let symbol = SymbolId::new(0);
        let quantity = self.ledger.position(symbol).quantity();
        let cash = self.ledger.cash();
        let reached = if quantity.is_zero() {
            if self.is_at_limit(cash) {
                return from;
            }
            self.equity.stay(until, cash);
            until
        } else {
            self.hold(from, until, quantity, cash)
        };
        if reached > from {
            self.ledger.mark(symbol, self.bars[0].close[reached - 1]);
            self.timeline.go_to(reached - 1);
        }
        if !quantity.is_zero() {
            self.exposed += reached - from;
        }
        reached
    }

    /// Whether cash alone reaches a limit: the costs of an exit at a close come after its step has
    /// looked.
    fn is_at_limit(&mut self, cash: Money) -> bool {
        self.stopped.is_none()
            && (!cash.is_positive()
                || self.drawdown.as_mut().is_some_and(|drawdown| drawdown.reached(cash)))
    }

    fn hold(&mut self, from: usize, until: usize, quantity: Quantity, cash: Money) -> usize {
        let until = match &self.guards[0] {
            Some(guard) => self.untouched(from, until, Corridor::of(guard.levels, quantity)),
            None => until,
        };
        let mut drawdown = self.drawdown.filter(|_| self.stopped.is_none());
        let instrument = self.terms(SymbolId::new(0));
        for close in &self.bars[0].close[from..until] {
            let equity = cash + instrument.worth(*close).notional(quantity);
            if !equity.is_positive() || drawdown.as_mut().is_some_and(|d| d.reached(equity)) {
                break;
            }
            self.equity.mark(cash, equity);
        }
        self.drawdown = drawdown.or(self.drawdown);
        self.equity.len()
    }

    /// The first bar that leaves the corridor.
    fn untouched(&self, from: usize, until: usize, corridor: Corridor) -> usize {
        let bars = &self.bars[0];
        let ranges = bars.low[from..until].iter().zip(&bars.high[from..until]);
        let touched =
            |(low, high): (&Price, &Price)| *low <= corridor.low || *high >= corridor.high;
        ranges.into_iter().position(touched).map_or(until, |quiet| from + quiet)
    }
}
