//! Timeline: the times of all symbols in one row, and which bars belong to each.
//!
//! Invariant: times strictly rise; at time t every symbol has seen exactly its bars up to t.

use dirigent_core::Timestamp;

use crate::data::Times;
use crate::data::bars::Bars;
use crate::order::SymbolId;

pub(super) const DAY_NANOS: i64 = 86_400_000_000_000;

/// The number of the UTC day that a time lies in.
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(DAY_NANOS)
}

/// The union of the symbols' times, and a place in it.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    bars: &'a [Bars],
    times: Times,
    aligned: bool,
    seen: Vec<usize>,
    /// The time of the row, and what the clock shows: the same but on a tape.
    stamp: Timestamp,
    now: Timestamp,
    /// The time that the calendar has after the last.
    after: Option<Timestamp>,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(bars: &'a [Bars], after: Option<Timestamp>) -> Self {
        let first = &bars[0].time;
        let aligned = bars.iter().all(|bars| bars.time == *first);
        let times = if aligned { first.clone() } else { union(bars).into() };
        let (seen, stamp) = (vec![0; bars.len()], bars[0].time[0]);
        Self { bars, times, aligned, seen, stamp, now: stamp, after }
    }

    pub(super) fn times(&self) -> &Times {
        &self.times
    }

    /// The time after number `t`, as far as the calendar tells.
    pub(super) fn next(&self, t: usize) -> Option<Timestamp> {
        self.times.get(t + 1).copied().or(self.after)
    }

    /// Moves to time number `t`. Times are visited in order; only an aligned timeline may skip.
    pub(super) fn go_to(&mut self, t: usize) {
        self.stamp = self.times[t];
        self.now = self.stamp;
        if self.aligned {
            self.seen.fill(t + 1);
            return;
        }
        for (seen, bars) in self.seen.iter_mut().zip(self.bars) {
            if bars.time.get(*seen) == Some(&self.stamp) {
                *seen += 1;
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Says that it is `now`, between two of its times.
    pub(super) fn wait_until(&mut self, now: Timestamp) {
        self.stamp = now;
        self.now = now;
    }

    /// The time that the bars of now are known by.
    pub(super) fn stamp(&self) -> Timestamp {
        self.stamp
    }

    /// Sets the clock to a moment between this time and the next.
    pub(super) fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Per symbol, how many bars have come up to now.
    pub(super) fn seen(&self) -> &[usize] {
        &self.seen
    }

    /// The symbol's bar of this very time.
    #[inline]
    pub(super) fn bar(&self, symbol: SymbolId) -> Option<usize> {
        let bar = self.seen[symbol.index()].checked_sub(1)?;
        (self.aligned || self.bars[symbol.index()].time[bar] == self.stamp).then_some(bar)
    }
}

fn union(bars: &[Bars]) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = bars.iter().flat_map(|bars| &bars.time).copied().collect();
    times.sort_unstable();
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(times: &[i64]) -> Bars {
        let time = times.iter().map(|nanos| Timestamp::from_nanos(*nanos)).collect();
        Bars { time, ..Bars::default() }
    }

    #[test]
    fn symbols_with_different_times_meet_on_their_union() {
        let bars = [bars(&[1, 3, 4]), bars(&[2, 3])];
        let mut timeline = Timeline::new(&bars, None);
        let mut rows = Vec::new();
        for t in 0..timeline.times().len() {
            timeline.go_to(t);
            let bar = |index| timeline.bar(SymbolId::new(index));
            rows.push((timeline.now().as_nanos(), bar(0), bar(1), timeline.seen().to_vec()));
        }
        let expected = [
            (1, Some(0), None, vec![1, 0]),
            (2, None, Some(0), vec![1, 1]),
            (3, Some(1), Some(1), vec![2, 2]),
            (4, Some(2), None, vec![3, 2]),
        ];
        assert_eq!(rows, expected);
    }
}
