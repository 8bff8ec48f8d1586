//! Forward returns: what came after signals, beside what comes after any bar.
//!
//! Signals of one symbol whose horizons overlap share bars, so standard errors count those alone
//! that begin after the horizon of the last one counted.

use super::{Spread, float};

/// The prices that signals of a symbol are held against, all in units of its first close: splits
/// and dividends are in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Market {
    /// The highest of each bar.
    pub high: Vec<f64>,
    /// The lowest.
    pub low: Vec<f64>,
    /// The last.
    pub close: Vec<f64>,
}

/// A signal: decided at the close of a bar, to hold what rises or owe what falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which of the markets.
    pub market: usize,
    /// The bar at whose close it was decided.
    pub bar: usize,
    /// Whether it waits for prices to rise.
    pub is_long: bool,
}

/// What came within so many bars after signals; a gain is in the direction of the signal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Forward {
    /// The horizon.
    pub bars: usize,
    /// Signals with so many bars after them.
    pub signals: usize,
    /// Those of them that do not overlap.
    pub independent: usize,
    /// The mean return from the close of the signal.
    pub mean: Option<f64>,
    /// The mean return after any bar of the same symbols, in the same directions.
    pub unconditional: Option<f64>,
    /// How much more the signals brought.
    pub difference: Option<f64>,
    /// The difference in its standard errors.
    pub t: Option<f64>,
    /// Share of signals after which there was a gain.
    pub hit_rate: Option<f64>,
    /// The same of any bar.
    pub hit_rate_unconditional: Option<f64>,
    /// Mean of the worst price on the way, as a return; zero or negative.
    pub adverse: Option<f64>,
    /// Mean of the best price on the way; zero or positive.
    pub favourable: Option<f64>,
}

/// What came within each of `horizons` bars after `entries`, which are in the order of bars within
/// a market.
pub fn forward_returns(markets: &[Market], entries: &[Entry], horizons: &[usize]) -> Vec<Forward> {
    horizons.iter().map(|bars| forward(markets, entries, *bars)).collect()
}

/// What any bar of a market brings within a horizon, by prices that rise.
#[derive(Clone, Copy, Debug, Default)]
struct Base {
    mean: f64,
    rises: f64,
    falls: f64,
}

impl Base {
    fn of(market: &Market, bars: usize) -> Self {
        let last = market.close.len().saturating_sub(bars);
        let returns = || (0..last).map(|bar| market.close[bar + bars] / market.close[bar] - 1.0);
        let share = |count: usize| float(count) / float(last.max(1));
        Self {
            mean: Spread::of(returns()).mean,
            rises: share(returns().filter(|x| *x > 0.0).count()),
            falls: share(returns().filter(|x| *x < 0.0).count()),
        }
    }
}

fn forward(markets: &[Market], entries: &[Entry], bars: usize) -> Forward {
    let bases: Vec<Base> = markets.iter().map(|market| Base::of(market, bars)).collect();
    let mut free = vec![0; markets.len()];
    let mut all = Sums::default();
    for entry in entries {
        let (market, base) = (&markets[entry.market], &bases[entry.market]);
        if bars == 0 || entry.bar + bars >= market.close.len() {
            continue;
        }
        let is_independent = entry.bar >= free[entry.market];
        if is_independent {
            free[entry.market] = entry.bar + bars;
        }
        all.add(market, base, (entry, bars), is_independent);
    }
    all.forward(bars)
}

#[derive(Debug, Default)]
struct Sums {
    own: Vec<f64>,
    base: Vec<f64>,
    independent: Vec<f64>,
    hits: usize,
    base_hits: f64,
    adverse: Vec<f64>,
    favourable: Vec<f64>,
}

impl Sums {
    fn add(&mut self, market: &Market, base: &Base, (entry, bars): (&Entry, usize), alone: bool) {
        let from = market.close[entry.bar];
        let sign = if entry.is_long { 1.0 } else { -1.0 };
        let way = entry.bar + 1..=entry.bar + bars;
        let gain = sign * (market.close[entry.bar + bars] / from - 1.0);
        let highest = market.high[way.clone()].iter().copied().fold(from, f64::max) / from - 1.0;
        let lowest = market.low[way].iter().copied().fold(from, f64::min) / from - 1.0;
        let (worst, best) = if entry.is_long { (lowest, highest) } else { (-highest, -lowest) };
        self.own.push(gain);
        self.base.push(sign * base.mean);
        self.hits += usize::from(gain > 0.0);
        self.base_hits += if entry.is_long { base.rises } else { base.falls };
        self.adverse.push(worst);
        self.favourable.push(best);
        if alone {
            self.independent.push(gain - sign * base.mean);
        }
    }

    fn forward(self, bars: usize) -> Forward {
        let signals = self.own.len();
        let independent = Spread::of(self.independent.iter().copied());
        if signals == 0 {
            return Forward { bars, ..Forward::default() };
        }
        let mean = |values: &[f64]| Spread::of(values.iter().copied()).mean;
        let (own, base) = (mean(&self.own), mean(&self.base));
        let error = independent.variance().map(|variance| (variance / independent.count).sqrt());
        Forward {
            bars,
            signals,
            independent: self.independent.len(),
            mean: Some(own),
            unconditional: Some(base),
            difference: Some(own - base),
            t: error.filter(|error| *error > 0.0).map(|error| independent.mean / error),
            hit_rate: Some(float(self.hits) / float(signals)),
            hit_rate_unconditional: Some(self.base_hits / float(signals)),
            adverse: Some(mean(&self.adverse)),
            favourable: Some(mean(&self.favourable)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up 10 % for a bar, down to where it was for the next, with wicks of 1.
    fn saw() -> Market {
        let close: Vec<f64> = (0..41).map(|i| if i % 2 == 0 { 100.0 } else { 110.0 }).collect();
        Market {
            high: close.iter().map(|x| x + 1.0).collect(),
            low: close.iter().map(|x| x - 1.0).collect(),
            close,
        }
    }

    fn entry(bar: usize, is_long: bool) -> Entry {
        Entry { market: 0, bar, is_long }
    }

    fn near(found: Option<f64>, expected: f64) {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
    }

    #[test]
    fn signals_are_held_against_any_bar() {
        let down = 100.0 / 110.0 - 1.0;
        let found = forward_returns(&[saw()], &[entry(0, true), entry(2, true)], &[1, 2]);
        assert_eq!((found[0].signals, found[0].independent), (2, 2));
        near(found[0].mean, 0.1);
        near(found[0].unconditional, f64::midpoint(0.1, down));
        near(found[0].hit_rate, 1.0);
        near(found[0].hit_rate_unconditional, 0.5);
        near(found[0].adverse, 0.0);
        near(found[0].favourable, 0.11);
        near(found[1].mean, 0.0);
        near(found[1].adverse, -0.01);
        let short = forward_returns(&[saw()], &[entry(1, false)], &[1]);
        near(short[0].mean, -down);
        near(short[0].adverse, 0.0);
        near(short[0].favourable, 1.0 - 99.0 / 110.0);
        near(short[0].hit_rate_unconditional, 0.5);
        assert_eq!(short[0].t, None);
    }

    #[test]
    fn overlapping_signals_count_once_in_the_error_and_late_ones_not_at_all() {
        let entries =
            [entry(0, true), entry(1, true), entry(5, true), entry(38, true), entry(39, true)];
        let found = forward_returns(&[saw()], &entries, &[3]);
        assert_eq!((found[0].signals, found[0].independent), (3, 2));
        assert_eq!(forward_returns(&[saw()], &[], &[3])[0].mean, None);
    }

    #[test]
    fn a_planted_edge_has_a_large_t_and_noise_has_not() {
        let mut stream = dirigent_core::Seed::master(1).stream();
        let mut close = vec![100.0];
        for i in 1..4000 {
            let edge = if i % 10 == 1 { 0.01 } else { 0.0 };
            close.push(close[i - 1] * (1.0 + edge + 0.01 * stream.normal()));
        }
        let market = Market { high: close.clone(), low: close.clone(), close };
        let every = |from: usize| (from..3990).step_by(10).map(|bar| entry(bar, true)).collect();
        let (good, none): (Vec<Entry>, Vec<Entry>) = (every(0), every(5));
        let t = |entries: &[Entry]| {
            forward_returns(std::slice::from_ref(&market), entries, &[1])[0].t.unwrap()
        };
        assert!(t(&good) > 10.0, "{}", t(&good));
        assert!(t(&none).abs() < 3.5, "{}", t(&none));
    }
}
