//! Alone: each strategy of a file by itself, with all the money, and what an analysis needs of the
//! data that they trade.

use std::{borrow::Cow, sync::Arc};

use dirigent_core::Timestamp;
use dirigent_trading::{Bars, corporate::Action, execution::FillTiming};
use dirigent_workflow::port::{TaskError, Watch};

use super::{finished::Finished, load::Stock, simulate};
use crate::{
    cast::Cast,
    setup::{Setup, failure},
};

/// What one strategy did with all the money.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tasks) struct Alone {
    /// Its name in the run.
    pub(in crate::tasks) name: String,
    /// The bars of its account.
    pub(in crate::tasks) times: Vec<Timestamp>,
    /// The return of each; of the first, since the start.
    pub(in crate::tasks) returns: Vec<f64>,
    /// When it entered, by symbol and bar.
    pub(in crate::tasks) entered: Vec<Entered>,
}

/// An entry, at the close at which it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::tasks) struct Entered {
    /// The place of the symbol in the stock.
    pub(in crate::tasks) symbol: usize,
    /// The bar of the symbol.
    pub(in crate::tasks) bar: usize,
    /// Whether it bought.
    pub(in crate::tasks) is_long: bool,
}

/// Runs each strategy of `cast` by itself.
pub(in crate::tasks) fn alone(
    setup: &Setup,
    cast: Cast,
    stock: &Arc<Stock>,
    watch: &Watch,
) -> Result<Vec<Alone>, TaskError> {
    let mut setup = setup.clone();
    // Proven where it trades in earnest.
    setup.workflow.metrics.prove_causal = None;
    let never = || {
        let why = "a strategy that is analyzed is not built again".to_owned();
        Err(TaskError::Failed(failure("strategy_invalid", why)))
    };
    let one = |name: String, cast: Cast| {
        let finished = simulate::simulate(&setup, cast, Arc::clone(stock), watch, &never)?;
        Ok(Alone::of(name, stock, &finished))
    };
    match cast {
        Cast::One(chosen) => Ok(vec![one(chosen.label.clone(), Cast::One(chosen))?]),
        Cast::Several(roles) => {
            let own = |role: crate::cast::Role| one(role.name.clone(), Cast::Several(vec![role]));
            roles.into_iter().map(own).collect()
        }
    }
}

impl Alone {
    fn of(name: String, stock: &Stock, finished: &Finished) -> Self {
        let outcome = finished.outcome();
        let place = |symbol: dirigent_trading::order::SymbolId| {
            let name = &outcome.symbols[symbol.index()];
            stock.bars.iter().position(|bars| bars.symbol == *name)
        };
        let before = match finished.options.fill {
            FillTiming::NextOpen => 1,
            FillTiming::SameClose => 0,
        };
        let entered = |symbol, bar: usize, is_long| {
            Some(Entered { symbol: place(symbol)?, bar: bar.checked_sub(before)?, is_long })
        };
        let closed = outcome.trades.iter().map(|of| (of.symbol, of.entry_bar, of.is_long()));
        let open = outcome.open_positions.iter();
        let open = open.map(|of| (of.symbol, of.entry_bar, !of.quantity.is_negative()));
        let mut entered: Vec<Entered> = closed
            .chain(open)
            .filter_map(|(symbol, bar, is_long)| entered(symbol, bar, is_long))
            .collect();
        entered.sort_unstable();
        entered.dedup();
        let mut before = outcome.initial_cash.to_f64();
        let step = |equity: &f64| {
            let from = std::mem::replace(&mut before, *equity);
            // An account that has nothing left earns nothing.
            if from > 0.0 { equity / from - 1.0 } else { 0.0 }
        };
        let returns = finished.equity.iter().map(step).collect();
        Self { name, times: outcome.equity.time.to_vec(), returns, entered }
    }
}

impl Stock {
    /// The same with the bars before.
    pub(in crate::tasks) fn with_past(&self) -> Cow<'_, [Bars]> {
        if self.history.is_empty() {
            return Cow::Borrowed(&self.bars);
        }
        self.bars.iter().map(|bars| self.with_history(bars)).collect()
    }

    /// What companies did to their units, before the first traded bar too.
    pub(in crate::tasks) fn acts(&self) -> &[Action] {
        &self.known
    }

    /// The length of a bar, as the file writes it.
    pub(in crate::tasks) fn bar_length(&self) -> dirigent_trading::data::Timeframe {
        self.timeframe
    }

    /// What the data check found.
    pub(in crate::tasks) fn findings(&self) -> &[String] {
        &self.warnings
    }

    /// What is recorded of it.
    pub(in crate::tasks) fn record(&self) -> serde_json::Value {
        self.facts()
    }
}
