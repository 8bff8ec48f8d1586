//! World: what a run knows of its symbols beside their prices, and what has come of it.

use std::sync::Arc;

use crate::backtest::corporate::{Due, Split, schedule};
use crate::backtest::engine::Engine;
use crate::backtest::timeline::Timeline;
use crate::backtest::trips::Moment;
use crate::backtest::{Flow, Options};
use crate::currency::RateSeries;
use crate::data::bars::Bars;
use crate::instrument::Instrument;
use crate::order::SymbolId;
use crate::portfolio::Ledger;
use crate::price::{Money, Price, Quantity, Rate};

/// Terms, corporate actions, and the balances that earn and cost.
#[derive(Debug)]
pub(super) struct World {
    pub(super) instruments: Vec<Instrument>,
    /// Per symbol, what a unit of its currency is worth in that of the account.
    pub(super) exchange: Vec<Rate>,
    /// Per symbol, what a unit is worth at a price of one.
    factors: Vec<Rate>,
    /// The symbols that are priced in other currencies than the account's.
    foreign: Vec<(SymbolId, Arc<RateSeries>)>,
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
            exchange: vec![Rate::ONE; bars.len()],
            factors: bars.iter().map(|bars| terms(bars).multiplier).collect(),
            foreign: foreign(bars, options),
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
        let terms = self.instruments.iter().map(|terms| (terms.multiplier, terms.settles));
        Ledger::new(initial, self.instruments.len()).with_terms(terms)
    }

    /// Whether a bar without orders changes nothing but what positions are worth.
    pub(super) fn is_quiet(&self, options: &Options) -> bool {
        let settles = self.instruments.iter().any(|terms| terms.settles);
        let is_called = options.account.margin().is_some();
        !settles && !is_called && self.foreign.is_empty() && !self.is_financed(options)
    }

    /// Whether balances earn or cost anything.
    pub(super) fn is_financed(&self, options: &Options) -> bool {
        let borrows = |terms: &Instrument| terms.borrow.is_some();
        !options.financing.is_none() || self.instruments.iter().any(borrows)
    }
}

/// The symbols with a currency of their own, and what it is worth.
fn foreign(bars: &[Bars], options: &Options) -> Vec<(SymbolId, Arc<RateSeries>)> {
    let of_one = |(index, bars): (usize, &Bars)| {
        let currency = options.instruments.of(&bars.symbol).currency?;
        let rates = options.currencies.rates.get(&currency)?;
        Some((SymbolId::new(index), Arc::clone(rates)))
    };
    bars.iter().enumerate().filter_map(of_one).collect()
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
        self.factor(symbol).times(price)
    }

    /// What a unit of the symbol is worth at a price of one.
    pub(super) fn factor(&self, symbol: SymbolId) -> Rate {
        self.world.factors[symbol.index()]
    }

    /// Takes over what other currencies are worth at a moment of now.
    pub(super) fn exchange_at(&mut self, moment: Moment) {
        let now = self.timeline.now().as_nanos();
        let end = now.saturating_add(self.options.currencies.bar);
        for (symbol, rates) in &self.world.foreign {
            let rate = match moment {
                Moment::Open | Moment::Within => rates.at_open(now),
                Moment::Close => rates.at_close(end),
            };
            let Some(rate) = rate else { continue };
            let multiplier = self.world.instruments[symbol.index()].multiplier;
            let factor = times(multiplier, rate);
            self.world.exchange[symbol.index()] = rate;
            self.world.factors[symbol.index()] = factor;
            self.ledger.set_multiplier(*symbol, factor);
        }
    }
}

/// One rate of another, rounded half to even to nine places.
pub(super) fn times(multiplier: Rate, rate: Rate) -> Rate {
    Rate::from_raw(multiplier.times(Price::from_raw(rate.raw())).raw())
}
