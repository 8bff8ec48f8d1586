//! Windows: a part of what was loaded, traded by itself, with all that came before it as history.
//!
//! Promises: nothing from the end of a window on is in it.

use dirigent_core::Timestamp;
use dirigent_trading::{Bars, corporate::Action};
use dirigent_workflow::event::Failure;

use super::load::Stock;
use crate::setup::failure;

impl Stock {
    /// What is traded from `first` on and before `end`. Earlier bars become history; symbols without
    /// a bar in between are left out.
    ///
    /// # Errors
    /// If no symbol has a bar, or the file names a universe.
    pub(in crate::tasks) fn window(
        &self,
        first: Timestamp,
        end: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        if self.membership.is_some() {
            let message = "a part of the data cannot be traded with `data.universe`".to_owned();
            let hint = Some("leave `data.universe` out".into());
            return Err(Failure { hint, ..failure("data_invalid", message) });
        }
        let until = |bars: &Bars| match end {
            Some(end) => bars.time.partition_point(|time| *time < end),
            None => bars.len(),
        };
        let (mut traded, mut history, mut notes) = (Vec::new(), Vec::new(), self.notes.clone());
        for bars in &self.bars {
            let (from, to) = (bars.time.partition_point(|time| *time < first), until(bars));
            if from >= to {
                notes.push(format!("`{}` has no bar from {first} on: left out", bars.symbol));
                continue;
            }
            let past = self.with_history(&bars.part(0..from));
            history.extend(Some(past).filter(|past| !past.is_empty()));
            traded.push(bars.part(from..to));
        }
        if traded.is_empty() {
            let message = format!("no symbol has a bar from {first} on");
            let hint = Some("choose an earlier day, or add later data".into());
            return Err(Failure { hint, ..failure("data_invalid", message) });
        }
        let is_ahead = |action: &&Action| action.date >= first;
        Ok(Self {
            bars: traded,
            history,
            others: self.others.iter().map(|bars| bars.part(0..until(bars))).collect(),
            benchmark: self.benchmark.clone(),
            timeframe: self.timeframe,
            adjustment: self.adjustment.clone(),
            actions: self.actions.iter().filter(is_ahead).cloned().collect(),
            known: self.known.clone(),
            currencies: self.currencies.clone(),
            market: self.market.clone(),
            files: self.files.clone(),
            notes,
            warnings: self.warnings.clone(),
            rolls: self.rolls.clone(),
            membership: None,
        })
    }

    /// `bars` of this stock with their history.
    pub(super) fn with_history(&self, bars: &Bars) -> Bars {
        let past = self.history.iter().find(|past| past.symbol == bars.symbol);
        past.map_or_else(|| bars.clone(), |past| past.then(bars))
    }
}
