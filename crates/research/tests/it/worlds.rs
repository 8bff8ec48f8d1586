//! Worlds without an edge and with one, to hold verdicts against.
//!
//! Each answers with the returns of all trials of a sweep over the same days; 252 days a year.

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

/// Deviation of daily returns.
const RISK: f64 = 0.01;
/// The moving averages of the sweep, fast and slow.
const FAST: [usize; 5] = [2, 5, 10, 15, 20];
const SLOW: [usize; 4] = [30, 50, 75, 100];
const WARM_UP: usize = 100;

/// What there is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Twenty trials of pure chance.
    Noise,
    /// Crossings of averages on a random walk.
    Walk,
    /// One of twenty trials has a Sharpe ratio of 2.
    One,
    /// Twenty trials that share an edge, the best with a Sharpe ratio of 2.
    Family,
    /// Crossings of averages on prices whose drift lasts; the best crossings reach about 2.
    Trends,
}

/// The returns of all trials over `days` days.
pub(crate) fn trials(world: World, days: usize, seed: &Seed) -> Vec<Vec<f64>> {
    let mut stream = seed.stream();
    match world {
        World::Noise => (0..20).map(|_| noise(&mut stream, days)).collect(),
        World::One => {
            let mut all: Vec<Vec<f64>> = (0..20).map(|_| noise(&mut stream, days)).collect();
            all[7].iter_mut().for_each(|x| *x += daily(2.0));
            all
        }
        World::Family => family(&mut stream, days),
        World::Walk => crossings(&noise(&mut stream, days + WARM_UP)),
        World::Trends => crossings(&trends(&mut stream, days + WARM_UP)),
    }
}

/// The daily mean of an annual Sharpe ratio.
fn daily(sharpe: f64) -> f64 {
    sharpe * RISK / 252.0_f64.sqrt()
}

fn noise(stream: &mut Stream, days: usize) -> Vec<f64> {
    (0..days).map(|_| RISK * stream.normal()).collect()
}

fn family(stream: &mut Stream, days: usize) -> Vec<Vec<f64>> {
    let shared = noise(stream, days);
    let member = |place: u32| {
        let edge = daily(2.0 - 0.05 * f64::from(place));
        let mix = |x: &f64| 0.8 * x + 0.6 * RISK * stream.normal() + edge;
        shared.iter().map(mix).collect()
    };
    (0..20).map(member).collect()
}

/// A drift that turns every forty days, on average.
fn trends(stream: &mut Stream, days: usize) -> Vec<f64> {
    let mut drift = 0.27 * RISK;
    let step = |_| {
        if stream.uniform() < 1.0 / 40.0 {
            drift = -drift;
        }
        drift + RISK * stream.normal()
    };
    (0..days).map(step).collect()
}

/// Long while the fast average of prices is above the slow one, else short.
fn crossings(returns: &[f64]) -> Vec<Vec<f64>> {
    let mut prices = vec![100.0];
    for x in returns {
        prices.push(prices[prices.len() - 1] * (1.0 + x));
    }
    let mean = |end: usize, bars: usize| prices[end - bars..end].iter().sum::<f64>() / bars as f64;
    let pairs = FAST.iter().flat_map(|fast| SLOW.iter().map(move |slow| (*fast, *slow)));
    // At day t the averages end with the price before its return.
    let signed = |fast: usize, slow: usize, t: usize| {
        if mean(t + 1, fast) > mean(t + 1, slow) { returns[t] } else { -returns[t] }
    };
    let column = |(fast, slow)| (WARM_UP..returns.len()).map(|t| signed(fast, slow, t)).collect();
    pairs.map(column).collect()
}

/// The trial with the best Sharpe ratio.
pub(crate) fn best(columns: &[Vec<f64>]) -> usize {
    let sharpe = |column: &Vec<f64>| {
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        let square = column.iter().map(|x| x * x).sum::<f64>() / column.len() as f64;
        mean / (square - mean * mean).sqrt()
    };
    let ratios: Vec<f64> = columns.iter().map(sharpe).collect();
    (0..ratios.len()).max_by(|a, b| ratios[*a].total_cmp(&ratios[*b])).expect("some trials")
}
