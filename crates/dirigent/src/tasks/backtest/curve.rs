//! The curve of a simulation as others look at it: returns by bar and by trade.

use std::sync::Arc;

use dirigent_core::Timestamp;

use super::{finished::Finished, load::Stock, simulate::held};

impl Finished {
    /// What it ran on.
    pub(in crate::tasks) fn stock(&self) -> &Arc<Stock> {
        &self.stock
    }

    /// The times of its bars.
    pub(in crate::tasks) fn times(&self) -> &[Timestamp] {
        &self.outcome().equity.time
    }

    /// The return of each bar; that of the first is on the initial cash.
    pub(in crate::tasks) fn returns(&self) -> Vec<f64> {
        let mut last = self.outcome().initial_cash.to_f64();
        let step = |level: &f64| {
            let change = level / last - 1.0;
            last = *level;
            if change.is_finite() { change } else { -1.0 }
        };
        self.equity.iter().map(step).collect()
    }

    /// The return of each bar of a holding: of the benchmark, if the file names one, else of all
    /// symbols, bought in equal parts.
    pub(in crate::tasks) fn held_returns(&self) -> Vec<f64> {
        let levels = match &self.benchmark {
            Some(levels) => levels.clone(),
            None => self.held_all(),
        };
        let mut last = levels.first().copied().unwrap_or(1.0);
        let step = |level: &f64| {
            let change = level / last - 1.0;
            last = *level;
            if change.is_finite() { change } else { 0.0 }
        };
        levels.iter().map(step).collect()
    }

    fn held_all(&self) -> Vec<f64> {
        let mut levels = vec![0.0; self.equity.len()];
        let held = |bars| held(bars, &self.stock.actions, self.outcome(), 1.0);
        for of_one in self.stock.bars.iter().filter_map(held) {
            levels.iter_mut().zip(of_one).for_each(|(sum, level)| *sum += level);
        }
        levels
    }

    /// What each closed trade added to the account, in the order of their ends: its gain on the cash
    /// that earlier ones had left.
    pub(in crate::tasks) fn trade_returns(&self) -> Vec<f64> {
        let outcome = self.outcome();
        let mut trades: Vec<_> = outcome.trades.iter().collect();
        trades.sort_by_key(|trade| trade.exit_time);
        let mut worth = outcome.initial_cash.to_f64();
        let mut returns = Vec::with_capacity(trades.len());
        for trade in trades {
            let gain = trade.pnl.to_f64();
            if worth <= 0.0 {
                break;
            }
            returns.push(gain / worth);
            worth += gain;
        }
        returns
    }

    /// Bars in a year.
    pub(in crate::tasks) fn periods_per_year(&self) -> f64 {
        self.periods_per_year
    }
}
