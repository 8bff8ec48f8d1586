//! Making bars: of trades, and longer ones of rows.

use std::path::Path;

use super::Files;
use crate::data::{
    Bars,
    adjust::Adjusted,
    error::Error,
    resample::{PartialBar, resample},
    rows::Rows,
    session::Grid,
    stamp,
    table::ReadFile,
    ticks::{self, BarRule, Cut},
    timeframe::Timeframe,
    trades::{self, Trades},
};

impl Files<'_> {
    /// Reads a file of trades and makes bars of them.
    pub(super) fn trades(
        &mut self,
        path: &Path,
        symbols: &[String],
        is_template: bool,
        stamps: stamp::Reader,
        rule: BarRule,
    ) -> Result<(), Error> {
        let choose = |header: &_| trades::plan(header, self.request, is_template);
        let ReadFile { mut table, fact } = (self.read)(path, stamps, &choose)?;
        self.loaded.files.push(fact);
        self.loaded.report.rows_read += table.rows_read;
        let range = self.range(false);
        let is_one = is_template || self.request.symbols.len() == 1;
        self.cells(&mut table, range, is_one.then(|| symbols[0].clone()).as_deref());
        for mut trades in Trades::of_table(&table, symbols) {
            let span = trades.time.iter().min().copied().zip(trades.time.iter().max().copied());
            let Some(span) = span else {
                self.without_rows(&trades.symbol, path)?;
                continue;
            };
            trades.cut(range.0, range.1);
            if trades.len() == 0 {
                self.outside(&trades.symbol, span)?;
                continue;
            }
            let notes = &mut self.loaded.notes;
            let report = trades.check(self.request.on_error, self.request.now, notes);
            let is_refused = report.is_refused();
            self.loaded.report.merge(report);
            if is_refused {
                continue;
            }
            if trades.len() == 0 {
                self.without_rows(&trades.symbol, path)?;
                continue;
            }
            self.bars_of_trades(&trades, rule)?;
        }
        Ok(())
    }

    fn bars_of_trades(&mut self, trades: &Trades, rule: BarRule) -> Result<(), Error> {
        ticks::check_rule(rule)?;
        let timeframe = match rule {
            BarRule::Time => self.request.timeframe.unwrap_or(Timeframe::DAILY),
            BarRule::Volume(_) | BarRule::Value(_) | BarRule::Trades(_) => Timeframe::DAILY,
        };
        let session = self.request.session.as_ref();
        let (grid, partial) = (Grid::new(timeframe, session)?, self.request.partial_bar);
        let cut = Cut { rule, grid, has_session: session.is_some(), partial };
        let made = cut.bars(trades.ticks());
        let (symbol, of, count) = (&trades.symbol, trades.len(), made.bars.len());
        if count == 0 {
            return Err(Error::Setting {
                what: format!("{of} trades of `{symbol}` make no bar"),
                hint: "check `data.session`, `data.bars.size` and `data.partial_bar`".into(),
            });
        }
        let notes = &mut self.loaded.notes;
        notes.push(format!("`{symbol}`: {count} bars were made of {of} trades"));
        if made.outside > 0 {
            let outside = made.outside;
            notes
                .push(format!("`{symbol}`: {outside} trades outside of the session were left out"));
        }
        if made.partial > 0 && rule != BarRule::Time {
            let done = match partial {
                PartialBar::Keep => "kept",
                PartialBar::Drop => "left out",
            };
            let early = made.partial;
            notes.push(format!("`{symbol}`: {early} bars ended before they were full; {done}"));
        }
        let bars = made.into_bars(symbol.clone());
        // Bars that do not end with their time have the length that most of them have.
        if rule != BarRule::Time && self.timeframe == self.request.timeframe {
            self.timeframe = Timeframe::infer(&bars.time).or(self.timeframe);
        }
        self.loaded.bars.push(bars);
        self.loaded.adjusted.push(Adjusted::No);
        Ok(())
    }

    /// The bars of rows that are `step` long: they themselves, or longer ones.
    pub(super) fn bars(&mut self, rows: Rows, step: Timeframe) -> Result<Bars, Error> {
        let session = self.request.session.as_ref().filter(|_| !rows.is_dated);
        let Some(wanted) = self.request.timeframe else { return Ok(rows.into_bars()) };
        if self.facts.is_some() || (step == wanted && session.is_none()) {
            return Ok(rows.into_bars());
        }
        let policy = self.request.partial_bar;
        let made = resample(&rows, step, &mut Grid::new(wanted, session)?, policy)?;
        let (symbol, notes) = (&rows.symbol, &mut self.loaded.notes);
        if step != wanted {
            let (count, from) = (made.bars.len(), rows.len() - made.outside);
            notes.push(format!(
                "`{symbol}`: {count} bars of {wanted} were made of {from} of {step}"
            ));
        }
        if made.outside > 0 {
            let count = made.outside;
            notes.push(format!("`{symbol}`: {count} rows outside of the session were left out"));
        }
        if let Some((bar, row)) = made.partial.filter(|_| step != wanted) {
            let done = match policy {
                PartialBar::Keep => "it was kept",
                PartialBar::Drop => "it was left out",
            };
            notes.push(format!(
                "`{symbol}`: the last bar, `{bar}`, ends early with `{row}`; {done}"
            ));
        }
        Ok(made.bars)
    }
}
