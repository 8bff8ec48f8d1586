//! Universe: which symbols could be traded when, as it was known then.
//!
//! A file has the columns `symbol`, `from` and `to`: the first and the last date on which a symbol
//! belongs to it, `to` empty while it still does; a symbol may leave and come back. Outside of its
//! dates a symbol has no bars: no strategy sees it, ranks it or trades it.
//! Promises: a position is closed at the last bar of a stretch: at its close where decisions trade
//! at the close, at its open where they trade at the next open, which is decided one bar before.
//! No order waits over a stretch for the next.
//! Not here: how the file is read; see `data`.

use std::{collections::BTreeMap, fmt, ops::Range};

use dirigent_core::Timestamp;

use crate::data::bars::Bars;
use crate::execution::FillTiming;
use crate::order::{Fill, SymbolId};
use crate::portfolio::Ledger;
use crate::signal::Signal;
use crate::strategy::{Holding, Strategy, Window, Wishes};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// The dates of each symbol: first and last, as midnight UTC, in order and apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Universe {
    members: BTreeMap<String, Vec<(Timestamp, Timestamp)>>,
}

impl Universe {
    /// The universe of these dates; those of a symbol that overlap or touch are one.
    pub fn new(dates: impl IntoIterator<Item = (String, Timestamp, Timestamp)>) -> Self {
        let mut members: BTreeMap<String, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        for (symbol, from, to) in dates {
            members.entry(symbol).or_default().push((from, to));
        }
        for dates in members.values_mut() {
            dates.sort_unstable();
            let mut apart: Vec<(Timestamp, Timestamp)> = Vec::new();
            for (from, to) in dates.drain(..) {
                match apart.last_mut() {
                    Some(last) if from <= next_day(last.1) => last.1 = last.1.max(to),
                    _ => apart.push((from, to)),
                }
            }
            *dates = apart;
        }
        Self { members }
    }

    /// The same under other names: `name` of a symbol as it was called on a day.
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str, Timestamp) -> String) -> Self {
        let members = self.members.into_iter();
        let dates = members.flat_map(|(symbol, dates)| {
            let row = |(from, to): &(Timestamp, Timestamp)| (name(&symbol, *from), *from, *to);
            dates.iter().map(row).collect::<Vec<_>>()
        });
        Self::new(dates)
    }

    /// Leaves the bars of `bars` that lie in the universe; answers the places of each stretch.
    /// Dates are those in UTC.
    pub fn cut(&self, bars: &mut Bars) -> Vec<Range<usize>> {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        let mut keep = Vec::new();
        for (from, to) in self.members.get(&bars.symbol).map_or(&[][..], Vec::as_slice) {
            let first = bars.time.partition_point(|time| time < from);
            let after = bars.time.partition_point(|time| *time < next_day(*to));
            if first < after {
                stretches.push(keep.len()..keep.len() + after - first);
                keep.extend(first..after);
            }
        }
        bars.keep(&keep);
        stretches
    }
}

fn next_day(date: Timestamp) -> Timestamp {
    Timestamp::from_nanos(date.as_nanos().saturating_add(DAY_NANOS))
}

/// A strategy that leaves each symbol before it leaves the universe.
pub struct Leaving {
    inner: Box<dyn Strategy>,
    /// Per symbol, for each stretch the bars at whose close it is left, if it is held.
    last: Vec<Vec<Range<usize>>>,
}

impl fmt::Debug for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaving").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Leaving {
    /// Makes `inner` leave each symbol at the end of its stretches, one list for each symbol.
    ///
    /// `end` is the last time of any bar before the cut: who belongs to the universe longer than
    /// that is held to the end.
    pub fn new(
        inner: Box<dyn Strategy>,
        bars: &[Bars],
        stretches: &[Vec<Range<usize>>],
        universe: &Universe,
        end: Timestamp,
        fill: FillTiming,
    ) -> Self {
        let decided_before = match fill {
            FillTiming::NextOpen => 2,
            FillTiming::SameClose => 1,
        };
        let goes_on = |bars: &Bars, stretch: &Range<usize>| {
            let dates = universe.members.get(&bars.symbol).and_then(|dates| dates.last());
            stretch.end == bars.len() && dates.is_some_and(|(_, to)| next_day(*to) > end)
        };
        let of_symbol = |(bars, stretches): (&Bars, &Vec<Range<usize>>)| {
            let ending = stretches.iter().filter(|stretch| !goes_on(bars, stretch));
            ending
                .map(|stretch| {
                    stretch.end.saturating_sub(decided_before).max(stretch.start)..stretch.end
                })
                .collect()
        };
        Self { inner, last: bars.iter().zip(stretches).map(of_symbol).collect() }
    }

    /// Whether the symbol is about to leave at this bar of it.
    fn leaves(&self, symbol: SymbolId, bar: usize) -> bool {
        self.last[symbol.index()].iter().any(|last| last.contains(&bar))
    }
}

impl Strategy for Leaving {
    fn warmup(&self) -> usize {
        self.inner.warmup()
    }

    fn sectors(&mut self, of: &[Option<String>]) {
        self.inner.sectors(of);
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        self.inner.fits(bars)
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        self.inner.on_bar(window, ledger, wishes);
        for symbol in window.symbols() {
            let Some(bar) = window.bars(symbol).checked_sub(1) else { continue };
            if !self.leaves(symbol, bar) {
                continue;
            }
            wishes.forget(symbol);
            let is_held = !ledger.position(symbol).quantity().is_zero();
            if (is_held || window.has_orders()) && window.is_open_for(symbol) {
                wishes.signal(symbol, Signal::LONG_EXIT.with(Signal::SHORT_EXIT));
            }
        }
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.inner.on_fill(fill);
    }

    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        let next = self.last[0].iter().find(|last| last.end > bar);
        let limit = next.map_or(limit, |last| limit.min(last.start.max(bar)));
        if limit > bar { self.inner.quiet_until(bar, limit, holding) } else { bar }
    }
}

impl Wishes {
    /// Takes back what is wanted of a symbol; as a weight, nothing.
    fn forget(&mut self, symbol: SymbolId) {
        self.signals.retain(|(of, _)| *of != symbol);
        self.orders.retain(|request| request.symbol != symbol);
        if let Some(weights) = &mut self.weights {
            weights.retain(|(of, _)| *of != symbol);
        }
    }
}
