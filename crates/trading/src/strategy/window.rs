//! Window: the bars up to now, and nothing after.

use dirigent_core::Timestamp;

use crate::data::bars::Bars;
use crate::order::SymbolId;
use crate::price::Price;

/// What a strategy may see at one close: every symbol's bars up to this moment.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    bars: &'a [Bars],
    /// Per symbol, how many bars have closed.
    seen: &'a [usize],
    now: Timestamp,
    next: Option<Timestamp>,
    first: usize,
    has_orders: bool,
}

impl<'a> Window<'a> {
    pub(crate) fn new(
        bars: &'a [Bars],
        seen: &'a [usize],
        now: Timestamp,
        next: Option<Timestamp>,
        first: usize,
    ) -> Self {
        Self { bars, seen, now, next, first, has_orders: false }
    }

    /// The same, with orders that wait for a price or without.
    pub(crate) fn with_orders(self, has_orders: bool) -> Self {
        Self { has_orders, ..self }
    }

    /// Per symbol, how many bars have closed.
    pub(crate) fn seen(&self) -> &[usize] {
        self.seen
    }

    /// What could be seen earlier: these many bars of each symbol, at `now` and before `next`.
    pub(crate) fn at<'b>(
        &self,
        seen: &'b [usize],
        now: Timestamp,
        next: Option<Timestamp>,
    ) -> Window<'b>
    where
        'a: 'b,
    {
        Window { seen, now, next, ..*self }
    }

    /// Whether orders of the run wait for a price.
    pub const fn has_orders(&self) -> bool {
        self.has_orders
    }

    /// The time of the bars that just closed.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The time of the next bar of any symbol, if there will be one: what the trading calendar
    /// knows in advance. Its prices are not known.
    pub const fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// All symbols of the run.
    pub fn symbols(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.bars.len()).map(SymbolId::new)
    }

    /// The name of a symbol.
    pub fn name(&self, symbol: SymbolId) -> &'a str {
        &self.bars[symbol.index()].symbol
    }

    /// How many bars of a symbol have closed.
    pub fn bars(&self, symbol: SymbolId) -> usize {
        self.seen[symbol.index()]
    }

    /// Whether a bar of this symbol closed just now, and the run's warm-up is behind it.
    pub fn is_open_for(&self, symbol: SymbolId) -> bool {
        let seen = self.bars(symbol);
        seen > self.first && self.bars[symbol.index()].time[seen - 1] == self.now
    }

    /// Opening prices so far.
    pub fn open(&self, symbol: SymbolId) -> &'a [Price] {
        &self.bars[symbol.index()].open[..self.bars(symbol)]
    }

    /// Highest prices so far.
    pub fn high(&self, symbol: SymbolId) -> &'a [Price] {
        &self.bars[symbol.index()].high[..self.bars(symbol)]
    }

    /// Lowest prices so far.
    pub fn low(&self, symbol: SymbolId) -> &'a [Price] {
        &self.bars[symbol.index()].low[..self.bars(symbol)]
    }

    /// Closing prices so far.
    pub fn close(&self, symbol: SymbolId) -> &'a [Price] {
        &self.bars[symbol.index()].close[..self.bars(symbol)]
    }

    /// Units traded so far, bar by bar.
    pub fn volume(&self, symbol: SymbolId) -> &'a [f64] {
        &self.bars[symbol.index()].volume[..self.bars(symbol)]
    }

    /// Times so far.
    pub fn time(&self, symbol: SymbolId) -> &'a [Timestamp] {
        &self.bars[symbol.index()].time[..self.bars(symbol)]
    }
}
