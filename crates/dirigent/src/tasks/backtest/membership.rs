//! Membership: the bars of a backtest cut to the universe that its file names.

use std::{ops::Range, path::Path};

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    data::{Rename, named, read_universe},
    execution::FillTiming,
    strategy::Strategy,
    universe::{Leaving, Universe},
};
use dirigent_workflow::event::Failure;

use super::load::{ReadFile, Stock, invalid};
use crate::setup::failure;

/// When each symbol may be traded.
#[derive(Debug)]
pub(super) struct Membership {
    universe: Universe,
    /// For each symbol the places of its bars in each stretch.
    stretches: Vec<Vec<Range<usize>>>,
    /// The last time of the data, in the universe or not.
    end: Timestamp,
}

impl Membership {
    /// `strategy`, which leaves each symbol before the symbol leaves; `bars` are those of the stock
    /// at `places`.
    pub(super) fn leaving(
        &self,
        strategy: Box<dyn Strategy>,
        (places, bars): (&[usize], &[Bars]),
        fill: FillTiming,
    ) -> Leaving {
        let stretches: Vec<_> = places.iter().map(|place| self.stretches[*place].clone()).collect();
        Leaving::new(strategy, bars, &stretches, &self.universe, self.end, fill)
    }
}

/// Leaves what lies in the universe of the file at `path`.
pub(super) fn apply(stock: &mut Stock, path: &str, renames: &[Rename]) -> Result<(), Failure> {
    let (universe, fact) = read_universe(Path::new(path)).map_err(invalid)?;
    let universe = universe.renamed(|symbol, from| named(renames, symbol, from));
    stock.files.push(ReadFile::of(&fact));
    let end = stock.bars.iter().filter_map(|bars| bars.time.last()).max().copied();
    let cut: Vec<_> = stock.bars.iter_mut().map(|bars| universe.cut(bars)).collect();
    let (mut left, mut stretches) = (Vec::new(), Vec::new());
    for (bars, places) in std::mem::take(&mut stock.bars).into_iter().zip(cut) {
        if bars.is_empty() {
            let symbol = &bars.symbol;
            stock.notes.push(format!("`{symbol}` has no bar in the universe and is left out"));
        } else {
            left.push(bars);
            stretches.push(places);
        }
    }
    if left.is_empty() {
        let message = "no symbol has a bar in the universe".to_owned();
        let hint = "check the symbols and dates of the file that `data.universe` names";
        return Err(Failure { hint: Some(hint.into()), ..failure("data_invalid", message) });
    }
    stock.bars = left;
    stock.membership = Some(Membership { universe, stretches, end: end.unwrap_or_default() });
    Ok(())
}
