//! A tally: a few metrics of a curve that is told piece by piece and never kept.
//!
//! Promises: the same bits as `Performance::of` on the whole curve.

use super::{
    finite, float,
    powers::{LANES, Powers},
    ratio,
};

/// How many levels are looked at together for a new low.
const LEVELS: usize = 8;

/// The metrics of a curve so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    first: f64,
    last: f64,
    /// Returns so far.
    count: usize,
    /// The lane of the next return that is taken.
    settled: usize,
    powers: Powers,
    peak: f64,
    deepest: f64,
}

impl Tally {
    /// A curve of positive levels that starts at `first`.
    pub(crate) fn new(first: f64) -> Self {
        let powers = Powers::default();
        Self { first, last: first, count: 0, settled: 0, powers, peak: first, deepest: 0.0 }
    }

    /// The curve goes on to `level` and stays there for `points` points: they are noted in `levels`,
    /// but for zeros between that are in no sum. The others keep their lanes.
    #[inline]
    pub(crate) fn stay(&mut self, level: f64, points: usize, levels: &mut Vec<f64>) {
        let zeros = points - 1;
        levels.extend(std::iter::repeat_n(level, 1 + zeros % LANES));
        if zeros >= LANES {
            self.powers.add_zeros();
        }
        self.count += points;
    }

    /// The curve goes on to so many points, whose levels the caller has noted.
    #[inline]
    pub(crate) fn go_on(&mut self, points: usize) {
        self.count += points;
    }

    /// Takes the levels noted since the last time; answers whether all are above zero.
    pub(crate) fn settle(&mut self, levels: &[f64], returns: &mut Vec<f64>) -> bool {
        let Some((first, last)) = levels.first().zip(levels.last()) else { return true };
        returns.clear();
        returns.push(first / self.last - 1.0);
        returns.extend(levels.windows(2).map(|pair| pair[1] / pair[0] - 1.0));
        let head = ((LANES - self.settled) % LANES).min(returns.len());
        let (head, rest) = returns.split_at(head);
        let (fours, tail) = rest.as_chunks::<LANES>();
        head.iter().enumerate().for_each(|(n, x)| self.powers.add(self.settled + n, *x));
        self.powers.add_fours(fours);
        tail.iter().enumerate().for_each(|(n, x)| self.powers.add(n, *x));
        (self.settled, self.last) = (self.count % LANES, *last);
        let (eights, rest) = levels.as_chunks::<LEVELS>();
        eights.iter().for_each(|few| self.look(few));
        self.look(rest);
        levels.iter().fold(true, |all, level| all & (*level > 0.0))
    }

    /// Follows the drawdown. Division rounds the same way up and down, so a few levels need not be
    /// looked at one by one if the lowest of them is no new low even against the highest.
    #[inline(always)]
    fn look(&mut self, levels: &[f64]) {
        let low = levels.iter().copied().fold(f64::INFINITY, |a, b| if b < a { b } else { a });
        let high = levels.iter().copied().fold(self.peak, |a, b| if b > a { b } else { a });
        if low / high - 1.0 < self.deepest {
            for level in levels {
                self.peak = self.peak.max(*level);
                self.deepest = self.deepest.min(level / self.peak - 1.0);
            }
        }
        self.peak = high;
    }

    /// As `Performance::total_return`.
    pub(crate) fn total_return(&self) -> Option<f64> {
        (self.count > 0).then(|| ratio(self.last, self.first))?.map(|growth| growth - 1.0)
    }

    /// As `Performance::cagr`.
    pub(crate) fn cagr(&self, periods_per_year: f64) -> Option<f64> {
        let growth = (self.count > 0).then(|| ratio(self.last, self.first))??;
        finite(growth.max(0.0).powf(periods_per_year / float(self.count)) - 1.0)
    }

    /// As `Performance::max_drawdown`.
    pub(crate) fn max_drawdown(&self) -> f64 {
        self.deepest
    }

    /// As `Performance::volatility`.
    pub(crate) fn volatility(&self, periods_per_year: f64) -> Option<f64> {
        let deviation = self.powers.spread(self.count).deviation(1);
        deviation.map(|deviation| deviation * periods_per_year.sqrt())
    }

    /// As `Performance::sharpe`, `rate` being that of one period.
    pub(crate) fn sharpe(&self, rate: f64, periods_per_year: f64) -> Option<f64> {
        let spread = self.powers.spread(self.count);
        let per_period = ratio(spread.mean - rate, spread.deviation(1)?)?;
        Some(per_period * periods_per_year.sqrt())
    }
}
