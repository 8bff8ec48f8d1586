//! World: what a run knows of its symbols beside their prices, and what has come of it.

use crate::backtest::corporate::{Due, Split, schedule};
use crate::backtest::engine::Engine;
use crate::backtest::timeline::Timeline;
use crate::backtest::{Flow, Options};
use crate::data::bars::Bars;
use crate::instrument::Instrument;
use crate::order::SymbolId;
use crate::portfolio::Ledger;
use crate::price::{Money, Price, Quantity};

/// Terms, corporate actions, and the balances that earn and cost.
#[derive(Debug)]
pub(super) struct World {
    pub(super) instruments: Vec<Instrument>,
    /// Corporate actions in the order they act, and how many have.
    pub(super) due: Vec<Due>,
    pub(super) acted: usize,
    pub(super) splits: Vec<Split>,
    /// Per symbol, whether it trades no more.
    pub(super) delisted: Vec<bool>,
    pub(super) flows: Vec<Flow>,
    /// Cash at the close before; units and value of each short position.
    pub(super) balance: Money,
    pub(super) shorts: Vec<(Quantity, Money)>,
}

impl World {
    pub(super) fn new(bars: &[Bars], timeline: &Timeline<'_>, options: &Options) -> Self {
        let terms = |bars: &Bars| *options.instruments.of(&bars.symbol);
        Self {
            instruments: bars.iter().map(terms).collect(),
            due: schedule(bars, timeline.times(), options),
            acted: 0,
            splits: Vec::new(),
            delisted: vec![false; bars.len()],
            flows: Vec::new(),
            balance: options.initial_cash,
            shorts: Vec::new(),
        }
    }

    /// The books of an account that holds nothing yet.
    pub(super) fn ledger(&self, initial: Money) -> Ledger {
        let multipliers = self.instruments.iter().map(|instrument| instrument.multiplier);
        Ledger::new(initial, self.instruments.len()).with_multipliers(multipliers)
    }
}

impl Engine<'_> {
    /// The terms on which the symbol trades.
    pub(super) fn terms(&self, symbol: SymbolId) -> Instrument {
        self.world.instruments[symbol.index()]
    }

    /// The smallest step of a quantity of the symbol.
    pub(super) fn lot(&self, symbol: SymbolId) -> Quantity {
        self.terms(symbol).lot.unwrap_or(self.options.lot)
    }

    /// What a unit of the symbol is worth at `price`.
    pub(super) fn worth(&self, symbol: SymbolId, price: Price) -> Price {
        self.terms(symbol).worth(price)
    }
}
