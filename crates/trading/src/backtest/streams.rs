//! Streams: the quotes and trades of all symbols, in one order.
//!
//! Invariant: time by time; at one time trades come before quotes, which show what is left.

use dirigent_core::Timestamp;

use crate::backtest::met::Shown;
use crate::data::bars::Bars;
use crate::price::{Price, Quantity};
use crate::venue::{Known, Tape};

const OVER: i64 = i64::MAX;

/// A place in the quotes and trades of all symbols.
#[derive(Debug)]
pub(super) struct Streams<'a> {
    known: Vec<Known<'a>>,
    /// Per symbol the next trade, then per symbol the next quote: its row, and its time.
    rows: Vec<usize>,
    next: Vec<i64>,
    /// Whether a quote that looks like the one before stands for other units.
    pub(super) renews: bool,
}

impl<'a> Streams<'a> {
    /// The beginning of the tape; all symbols are on it.
    pub(super) fn new(tape: &'a Tape, bars: &[Bars]) -> Self {
        let known: Vec<Known<'a>> = bars.iter().filter_map(|bars| tape.of(&bars.symbol)).collect();
        let count = 2 * known.len();
        let renews = tape.is_of_trades();
        let mut streams = Self { known, rows: vec![0; count], next: vec![OVER; count], renews };
        (0..count).for_each(|stream| streams.go_to(stream, 0));
        streams
    }

    fn times(&self, stream: usize) -> &'a [Timestamp] {
        let count = self.known.len();
        let known = &self.known[stream % count];
        match stream < count {
            true => &known.trades.time[..known.traded],
            false => &known.quotes.time[..known.until],
        }
    }

    fn go_to(&mut self, stream: usize, row: usize) {
        self.rows[stream] = row;
        self.next[stream] = self.times(stream).get(row).map_or(OVER, |time| time.as_nanos());
    }

    /// The time of what comes next, if it is before `until`.
    #[inline]
    pub(super) fn next(&self, until: Timestamp) -> Option<Timestamp> {
        let next = self.next.iter().copied().min().unwrap_or(OVER);
        (next < until.as_nanos()).then(|| Timestamp::from_nanos(next))
    }

    /// The symbol's next trade, if it is of time `now`.
    #[inline]
    pub(super) fn trade(&mut self, symbol: usize, now: Timestamp) -> Option<(Price, Quantity)> {
        if self.next[symbol] != now.as_nanos() {
            return None;
        }
        let row = self.rows[symbol];
        self.go_to(symbol, row + 1);
        let trades = self.known[symbol].trades;
        Some((trades.price[row], trades.size[row]))
    }

    /// The symbol's next quote, if it is of time `now`.
    #[inline]
    pub(super) fn quote(&mut self, symbol: usize, now: Timestamp) -> Option<Shown> {
        let stream = self.known.len() + symbol;
        if self.next[stream] != now.as_nanos() {
            return None;
        }
        let row = self.rows[stream];
        self.go_to(stream, row + 1);
        Some(self.shown(symbol, row))
    }

    fn shown(&self, symbol: usize, row: usize) -> Shown {
        let quotes = self.known[symbol].quotes;
        Shown {
            time: quotes.time[row],
            bid: quotes.bid[row],
            ask: quotes.ask[row],
            bid_size: quotes.bid_size[row],
            ask_size: quotes.ask_size[row],
        }
    }

    /// Passes over what comes before `until`; tells of the last quote of each symbol there.
    pub(super) fn skip(&mut self, until: Timestamp, mut each: impl FnMut(usize, Shown)) {
        let count = self.known.len();
        for stream in 0..2 * count {
            if self.next[stream] >= until.as_nanos() {
                continue;
            }
            let row = self.first_at(stream, until);
            self.go_to(stream, row);
            if stream >= count {
                each(stream - count, self.shown(stream - count, row - 1));
            }
        }
    }

    /// The first row of a stream at `until` or later: looked for in steps that double, as it is
    /// seldom far.
    fn first_at(&self, stream: usize, until: Timestamp) -> usize {
        let (times, from) = (self.times(stream), self.rows[stream]);
        let mut step = 1;
        while times.get(from + step).is_some_and(|time| *time < until) {
            step *= 2;
        }
        let end = times.len().min(from + step);
        let begin = from + step / 2;
        begin + times[begin..end].partition_point(|time| *time < until)
    }
}
