//! Quotes and trades of a backtest: read, and held against its bars.

use std::sync::Arc;

use dirigent_trading::{
    data::{self, Adjusted, Request, TapeRequest},
    venue::{Closes, Tape, Venue},
};
use dirigent_workflow::event::Failure;

use super::load::{ReadFile, Stock, invalid};
use crate::setup::{Setup, failure};

/// What is known of the market beyond bars.
#[derive(Clone, Debug, Default)]
pub(super) struct Market {
    tape: Option<Arc<Tape>>,
    closes: Closes,
}

impl Market {
    /// `venue` with what was read.
    pub(super) fn over(&self, venue: Venue) -> Venue {
        Venue { tape: self.tape.clone(), closes: self.closes.clone(), ..venue }
    }
}

/// Reads the files of `execution.quotes` and `execution.trades`, if the workflow names any.
pub(super) fn load(
    setup: &Setup,
    request: &Request,
    adjusted: &[Adjusted],
    stock: &mut Stock,
) -> Result<Market, Failure> {
    let closes = data::closes(request, stock.timeframe, &stock.bars).map_err(invalid)?;
    let execution = &setup.workflow.execution;
    let absolute = |path: &String| setup.absolute(path);
    let wanted = TapeRequest {
        quotes: execution.quotes.as_ref().map(absolute),
        trades: execution.trades.as_ref().map(absolute),
        timezone: request.timezone.clone(),
        on_error: request.on_error,
    };
    if wanted.quotes.is_none() && wanted.trades.is_none() {
        return Ok(Market { tape: None, closes });
    }
    if adjusted.iter().any(|adjusted| *adjusted != Adjusted::No) {
        let message = "the bars are adjusted, and quotes are prices as they were traded".to_owned();
        let hint = Some("set `data.adjust: none`".into());
        return Err(Failure { hint, ..failure("data_invalid", message) });
    }
    let read = data::read_tape(&wanted, &stock.bars).map_err(invalid)?;
    stock.files.extend(read.files.iter().map(ReadFile::of));
    stock.notes.extend(read.notes);
    for bars in &stock.bars {
        let (symbol, first, last) = (&bars.symbol, bars.time.first(), bars.time.last());
        let (Some(first), Some(last)) = (first, last) else { continue };
        let end = closes.end(*last);
        let rows = read.tape.rows_between(symbol, *first, end);
        if rows == 0 {
            let message = format!("no quote of `{symbol}` lies between {first} and {end}");
            let hint = "check `data.timezone` and the dates of the files that `execution` names";
            return Err(Failure { hint: Some(hint.into()), ..failure("data_invalid", message) });
        }
        stock.notes.push(format!("`{symbol}`: {rows} quotes between the first bar and the last"));
    }
    Ok(Market { tape: Some(Arc::new(read.tape)), closes })
}
