//! Thinning: fewer points that draw the same picture.
//!
//! Promises: the first, last, lowest and highest points survive, order is kept, and the result
//! depends on the input alone. A series that fits is returned whole.
//! Not here: any figure that is computed; those see every bar.

use std::ops::Range;

use dirigent_core::Timestamp;

use crate::sheet::PriceSeries;

/// Most points of a line that is drawn: two for each pixel of a wide screen's column.
pub(crate) const POINTS_MAX: usize = 2_000;

/// Indexes of at most `points_max` (at least 4) values: both extremes of each of equal stretches.
/// A stretch without a finite value is kept as one index, so that the gap can be drawn.
pub(crate) fn envelope(values: &[f64], points_max: usize) -> Vec<usize> {
    let count = values.len();
    if count <= points_max {
        return (0..count).collect();
    }
    let stretches = (points_max - 2) / 2;
    let inner = count - 2;
    let mut kept = vec![0];
    for stretch in 0..stretches {
        let from = 1 + stretch * inner / stretches;
        let to = 1 + (stretch + 1) * inner / stretches;
        let (low, high) = extremes(values, from, to);
        kept.push(low.min(high));
        if low != high {
            kept.push(low.max(high));
        }
    }
    kept.push(count - 1);
    kept
}

/// Indexes of the lowest and highest finite value of a stretch; its first index if there is none.
fn extremes(values: &[f64], from: usize, to: usize) -> (usize, usize) {
    let mut found: Option<(usize, usize)> = None;
    for index in (from..to).filter(|&index| values[index].is_finite()) {
        let (low, high) = found.get_or_insert((index, index));
        if values[index] < values[*low] {
            *low = index;
        }
        if values[index] > values[*high] {
            *high = index;
        }
    }
    found.unwrap_or((from, from))
}

/// One or several bars as one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candle {
    /// The bars.
    pub(crate) bars: Range<usize>,
    /// Time of the first bar.
    pub(crate) time: Timestamp,
    /// First, highest, lowest and last price.
    pub(crate) prices: [f64; 4],
}

/// At most `candles_max` candles, each of the same number of bars; bars with a price that is not
/// finite are left out.
pub(crate) fn candles(series: &PriceSeries<'_>, candles_max: usize) -> Vec<Candle> {
    let count = [series.open, series.high, series.low, series.close]
        .iter()
        .map(|column| column.len())
        .fold(series.time.len(), usize::min);
    let bars = count.div_ceil(candles_max.max(1)).max(1);
    let starts = (0..count).step_by(bars);
    starts.filter_map(|from| candle(series, from, (from + bars).min(count))).collect()
}

fn candle(series: &PriceSeries<'_>, from: usize, to: usize) -> Option<Candle> {
    let bar = |i: usize| [series.open[i], series.high[i], series.low[i], series.close[i]];
    let whole = |i: &usize| bar(*i).iter().all(|price| price.is_finite());
    let mut bars = (from..to).filter(whole);
    let first = bars.next()?;
    let prices = bars.map(bar).fold(bar(first), |[o, h, l, _], [_, high, low, close]| {
        [o, h.max(high), l.min(low), close]
    });
    Some(Candle { bars: from..to, time: series.time[first], prices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize) -> Vec<f64> {
        (0..count).map(|i| (crate::format::float(i) * 0.37).sin()).collect()
    }

    #[track_caller]
    fn check(values: &[f64], points_max: usize) {
        let kept = envelope(values, points_max);
        assert!(kept.len() <= points_max.max(values.len().min(points_max)));
        assert!(kept.is_sorted_by(|a, b| a < b), "order");
        assert_eq!(kept.first(), values.first().map(|_| &0));
        assert_eq!(kept.last().copied(), values.len().checked_sub(1));
        let extreme = |pick: fn(f64, f64) -> f64, all: &mut dyn Iterator<Item = f64>| {
            all.filter(|v| v.is_finite()).reduce(pick)
        };
        for pick in [f64::min, f64::max] {
            let drawn = extreme(pick, &mut kept.iter().map(|&i| values[i]));
            assert_eq!(drawn, extreme(pick, &mut values.iter().copied()));
        }
    }

    #[test]
    fn ends_and_extremes_survive() {
        for count in [0, 1, 2, 7, 8, 9, 10, 100, 12_345] {
            check(&wave(count), 8);
        }
    }

    #[test]
    fn gaps_survive() {
        let mut values = wave(1_000);
        values[..300].fill(f64::NAN);
        check(&values, 20);
        let kept = envelope(&values, 20);
        assert!(kept.iter().any(|&i| values[i].is_nan()));
    }

    #[test]
    fn candles_hold_the_range_of_their_bars() {
        let time: Vec<_> = (0..5).map(Timestamp::from_nanos).collect();
        let series = PriceSeries {
            symbol: "X",
            time: &time,
            open: &[1.0, 2.0, f64::NAN, 4.0, 5.0],
            high: &[9.0, 2.5, 99.0, 4.5, 5.5],
            low: &[0.5, 0.25, 0.0, 3.5, 4.5],
            close: &[2.0, 2.2, 3.0, 4.2, 5.2],
        };
        let first = Candle { bars: 0..3, time: time[0], prices: [1.0, 9.0, 0.25, 2.2] };
        let second = Candle { bars: 3..5, time: time[3], prices: [4.0, 5.5, 3.5, 5.2] };
        assert_eq!(candles(&series, 2), [first, second]);
    }
}
