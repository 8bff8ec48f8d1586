//! A strategy whose wishes were computed before the run: one column of signals per symbol.
//!
//! The columns are shared, so a thousand trials may trade on one copy.

use std::sync::Arc;

use crate::data::bars::Bars;
use crate::order::SymbolId;
use crate::portfolio::Ledger;
use crate::signal::Signal;
use crate::strategy::{Holding, Strategy, Window, Wishes};

/// Trades the signals of a column per symbol, bar by bar.
#[derive(Clone, Debug)]
pub struct SignalStrategy {
    columns: Vec<Arc<[Signal]>>,
    warmup: usize,
}

impl SignalStrategy {
    /// One column per symbol, as long as its bars; signals before bar `warmup` are not looked at.
    pub fn new(columns: Vec<Arc<[Signal]>>, warmup: usize) -> Self {
        Self { columns, warmup }
    }

    /// The columns, by symbol.
    pub fn columns(&self) -> &[Arc<[Signal]>] {
        &self.columns
    }
}

impl Strategy for SignalStrategy {
    fn warmup(&self) -> usize {
        self.warmup
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        if self.columns.len() != bars.len() {
            let (columns, symbols) = (self.columns.len(), bars.len());
            return Err(format!("{columns} columns of signals for {symbols} symbols"));
        }
        let unequal =
            self.columns.iter().zip(bars).find(|(column, bars)| column.len() != bars.len());
        unequal.map_or(Ok(()), |(column, bars)| {
            let (signals, count, symbol) = (column.len(), bars.len(), &bars.symbol);
            Err(format!("{signals} signals for {count} bars of `{symbol}`"))
        })
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        for (index, (column, position)) in self.columns.iter().zip(ledger.positions()).enumerate() {
            let symbol = SymbolId::new(index);
            let bar = window.bars(symbol).wrapping_sub(1);
            if let Some(signal) = column.get(bar)
                && (signal.any(wanted(Holding::of(position.quantity())))
                    || (window.has_orders() && !signal.is_none()))
                && window.is_open_for(symbol)
            {
                wishes.signal(symbol, *signal);
            }
        }
    }

    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        let Some(stretch) = self.columns.first().and_then(|column| column.get(bar..limit)) else {
            return bar;
        };
        bar + wanted(holding).first_in(stretch)
    }

    fn column(&self) -> Option<&[Signal]> {
        match self.columns.as_slice() {
            [column] => Some(column),
            _ => None,
        }
    }
}

/// The signals that mean something to a position.
pub(crate) const fn wanted(holding: Holding) -> Signal {
    match holding {
        Holding::Flat => Signal::LONG_ENTRY.with(Signal::SHORT_ENTRY),
        Holding::Long => Signal::LONG_EXIT.with(Signal::SHORT_ENTRY),
        Holding::Short => Signal::SHORT_EXIT.with(Signal::LONG_ENTRY),
    }
}
