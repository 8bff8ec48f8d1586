//! Tape: quotes and trades in the order of their times, symbol by symbol.
//!
//! Invariant: columns of a symbol have one length and their times do not fall; bids are above zero
//! and not above their asks; sizes are not negative. Rows of one time keep their order.
//! A symbol without quotes has its trades for quotes: both sides at the price, for the size.

use std::sync::Arc;

use dirigent_core::Timestamp;

use crate::price::{Price, Quantity};

/// The quotes of one symbol: the best bid and the best ask, and what is displayed at them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// When each was displayed.
    pub time: Vec<Timestamp>,
    /// What is paid at most.
    pub bid: Vec<Price>,
    /// What is asked at least.
    pub ask: Vec<Price>,
    /// Units wanted at the bid; as many as a quantity holds where that is not known.
    pub bid_size: Vec<Quantity>,
    /// Units offered at the ask; likewise.
    pub ask_size: Vec<Quantity>,
}

/// The trades of one symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trades {
    /// When each happened.
    pub time: Vec<Timestamp>,
    /// For how much each unit was traded.
    pub price: Vec<Price>,
    /// How many units were traded.
    pub size: Vec<Quantity>,
}

/// What a tape may not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the {of} of `{symbol}` {what}")]
pub struct InvalidTape {
    /// The symbol.
    pub symbol: String,
    /// `quotes` or `trades`.
    pub of: &'static str,
    /// The row, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// One symbol's part of a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reel {
    symbol: String,
    quotes: Quotes,
    trades: Trades,
}

/// Quotes and trades of the symbols of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    reels: Arc<[Reel]>,
    /// What comes at this time or later is not known.
    end: Timestamp,
    /// Whether trades stand for quotes.
    of_trades: bool,
}

/// Why a row is wrong: the first that is.
fn first_wrong<const N: usize>(
    time: &[Timestamp],
    lengths: [usize; N],
    wrong: impl Fn(usize) -> Option<&'static str>,
) -> Result<(), (usize, &'static str)> {
    if let Some(length) = lengths.into_iter().find(|length| *length != time.len()) {
        return Err((length.min(time.len()), "is not there in all columns"));
    }
    let falls = |row: usize| row > 0 && time[row] < time[row - 1];
    for row in 0..time.len() {
        let what = if falls(row) { Some("is before the row above") } else { wrong(row) };
        if let Some(what) = what {
            return Err((row, what));
        }
    }
    Ok(())
}

impl Quotes {
    fn check(&self) -> Result<(), (usize, &'static str)> {
        let Self { time, bid, ask, bid_size, ask_size } = self;
        let lengths = [bid.len(), ask.len(), bid_size.len(), ask_size.len()];
        first_wrong(time, lengths, |row| {
            let is_negative = bid_size[row].is_negative() || ask_size[row].is_negative();
            match () {
                () if !bid[row].is_positive() => Some("has a bid that is not above zero"),
                () if bid[row] > ask[row] => Some("is crossed: its bid is above its ask"),
                () if is_negative => Some("has a size below zero"),
                () => None,
            }
        })
    }
}

impl Trades {
    fn check(&self) -> Result<(), (usize, &'static str)> {
        let Self { time, price, size } = self;
        first_wrong(time, [price.len(), size.len()], |row| match () {
            () if !price[row].is_positive() => Some("has a price that is not above zero"),
            () if size[row].is_negative() => Some("has a size below zero"),
            () => None,
        })
    }

    /// Quotes of both sides at the prices of the trades.
    fn as_quotes(&self) -> Quotes {
        Quotes {
            time: self.time.clone(),
            bid: self.price.clone(),
            ask: self.price.clone(),
            bid_size: self.size.clone(),
            ask_size: self.size.clone(),
        }
    }
}

impl Tape {
    /// The tape of these symbols, with the trades of each where they are known.
    ///
    /// # Errors
    /// The first row that a tape may not hold.
    pub fn new(
        symbols: impl IntoIterator<Item = (String, Quotes, Trades)>,
    ) -> Result<Self, InvalidTape> {
        let mut reels = Vec::new();
        for (symbol, quotes, trades) in symbols {
            let invalid = |of| {
                let symbol = symbol.clone();
                move |(row, what)| InvalidTape { symbol, of, row, what }
            };
            quotes.check().map_err(invalid("quotes"))?;
            trades.check().map_err(invalid("trades"))?;
            reels.push(Reel { symbol, quotes, trades });
        }
        let end = Timestamp::from_nanos(i64::MAX);
        Ok(Self { reels: reels.into(), end, of_trades: false })
    }

    /// The tape of symbols whose trades stand for quotes.
    ///
    /// # Errors
    /// The first row that a tape may not hold.
    pub fn of_trades(
        symbols: impl IntoIterator<Item = (String, Trades)>,
    ) -> Result<Self, InvalidTape> {
        let mut reels = Vec::new();
        for (symbol, trades) in symbols {
            let of = "trades";
            trades.check().map_err(|(row, what)| {
                let symbol = symbol.clone();
                InvalidTape { symbol, of, row, what }
            })?;
            reels.push(Reel { symbol, quotes: trades.as_quotes(), trades: Trades::default() });
        }
        let end = Timestamp::from_nanos(i64::MAX);
        Ok(Self { reels: reels.into(), end, of_trades: true })
    }

    /// The same without what comes at `end` or later.
    #[must_use]
    pub fn before(&self, end: Timestamp) -> Self {
        Self { reels: Arc::clone(&self.reels), end: end.min(self.end), of_trades: self.of_trades }
    }

    /// How many quotes of a symbol there are from one time on and before another.
    pub fn rows_between(&self, symbol: &str, from: Timestamp, end: Timestamp) -> usize {
        let Some(known) = self.of(symbol) else { return 0 };
        let times = &known.quotes.time[..known.until];
        let before = |end: Timestamp| times.partition_point(|time| *time < end);
        before(end) - before(from)
    }

    /// Whether trades stand for quotes.
    pub fn is_of_trades(&self) -> bool {
        self.of_trades
    }

    /// The quotes and the trades of a symbol, and how many rows of each are known.
    pub(crate) fn of(&self, symbol: &str) -> Option<Known<'_>> {
        let reel = self.reels.iter().find(|reel| reel.symbol == symbol)?;
        let known = |times: &[Timestamp]| times.partition_point(|time| *time < self.end);
        let (quotes, trades) = (known(&reel.quotes.time), known(&reel.trades.time));
        Some(Known { quotes: &reel.quotes, until: quotes, trades: &reel.trades, traded: trades })
    }
}

/// What is known of one symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) quotes: &'a Quotes,
    pub(crate) until: usize,
    pub(crate) trades: &'a Trades,
    pub(crate) traded: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(rows: &[(i64, i64, i64, i64)]) -> Quotes {
        Quotes {
            time: rows.iter().map(|row| Timestamp::from_nanos(row.0)).collect(),
            bid: rows.iter().map(|row| Price::from_raw(row.1)).collect(),
            ask: rows.iter().map(|row| Price::from_raw(row.2)).collect(),
            bid_size: rows.iter().map(|row| Quantity::from_raw(row.3)).collect(),
            ask_size: rows.iter().map(|row| Quantity::from_raw(row.3)).collect(),
        }
    }

    #[track_caller]
    fn check(rows: &[(i64, i64, i64, i64)], expected: &str) {
        let tape = Tape::new([("A".to_owned(), quotes(rows), Trades::default())]);
        assert_eq!(tape.unwrap_err().to_string(), expected);
    }

    #[test]
    fn quotes_that_cannot_be_are_refused_with_their_row() {
        let good = (1, 5, 6, 7);
        let of = "row 1 of the quotes of `A`";
        check(&[good, (1, 7, 6, 7)], &format!("{of} is crossed: its bid is above its ask"));
        check(&[good, (0, 5, 6, 7)], &format!("{of} is before the row above"));
        check(&[good, (1, 0, 6, 7)], &format!("{of} has a bid that is not above zero"));
        check(&[good, (1, 5, 6, -1)], &format!("{of} has a size below zero"));
        let mut short = quotes(&[good, good]);
        short.ask.pop();
        let tape = Tape::new([("A".to_owned(), short, Trades::default())]);
        assert!(tape.unwrap_err().to_string().ends_with("is not there in all columns"));
        let locked = Tape::new([("A".to_owned(), quotes(&[(1, 6, 6, 0)]), Trades::default())]);
        assert!(locked.is_ok(), "a locked quote is one");
    }

    #[test]
    fn a_tape_ends_where_it_is_cut() {
        let rows = quotes(&[(1, 5, 6, 7), (2, 5, 6, 7), (2, 5, 6, 7), (3, 5, 6, 7)]);
        let tape = Tape::new([("A".to_owned(), rows, Trades::default())]).unwrap();
        assert_eq!(tape.of("A").unwrap().until, 4);
        assert_eq!(tape.before(Timestamp::from_nanos(2)).of("A").unwrap().until, 1);
        assert!(tape.of("B").is_none());
    }
}
