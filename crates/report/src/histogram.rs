//! The distribution of trade returns, and of holding times, in bins.
//!
//! Zero is always an edge between bins, so that no bin holds gains and losses together. With many
//! trades the outer hundredths are gathered in the end bins, so that one outlier does not hide the
//! rest.

use crate::format::float;

/// Most bins aimed at; edges at multiples of a round step can add two.
const BINS_AIM: f64 = 30.0;
/// From so many values on the tails are gathered in the end bins.
const TAILS_FROM: usize = 100;

/// Equal bins from `from` on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Histogram {
    /// Lower edge of the first bin.
    pub(crate) from: f64,
    /// Width of each bin.
    pub(crate) step: f64,
    /// Number of values in each bin.
    pub(crate) counts: Vec<usize>,
    /// Whether the end bins hold values beyond their outer edges.
    pub(crate) has_open_ends: bool,
}

/// The finite `values` in bins; `None` if there are none. Sorts the values.
pub(crate) fn histogram(values: &mut Vec<f64>) -> Option<Histogram> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let has_open_ends = values.len() >= TAILS_FROM;
    let tail = if has_open_ends { values.len() / 100 } else { 0 };
    let (low, high) = (*values.get(tail)?, *values.get(values.len() - 1 - tail)?);
    let step = round_step((high - low) / BINS_AIM);
    let first = (low / step).floor();
    let bins = index((high / step).floor() - first) + 1;
    let mut counts = vec![0; bins];
    for value in values.iter() {
        counts[index((value / step).floor() - first).min(bins - 1)] += 1;
    }
    Some(Histogram { from: first * step, step, counts, has_open_ends })
}

/// Sorted whole numbers, none negative, in bins of whole width; `None` if there are none. With many
/// values the highest hundredth is gathered in the last bin.
pub(crate) fn whole(sorted: &[f64]) -> Option<Histogram> {
    let has_open_ends = sorted.len() >= TAILS_FROM;
    let tail = if has_open_ends { sorted.len() / 100 } else { 0 };
    let (low, high) = (*sorted.first()?, *sorted.get(sorted.len() - 1 - tail)?);
    let step = round_step(((high - low) / BINS_AIM).max(1.0));
    let first = (low / step).floor();
    let bins = index((high / step).floor() - first) + 1;
    let mut counts = vec![0; bins];
    for value in sorted {
        counts[index((value / step).floor() - first).min(bins - 1)] += 1;
    }
    let has_open_ends = sorted.last().is_some_and(|last| *last >= (first + float(bins)) * step);
    Some(Histogram { from: first * step, step, counts, has_open_ends })
}

/// The next step at or above `least` of the form 1, 2 or 5 times a power of ten.
pub(crate) fn round_step(least: f64) -> f64 {
    if !(least > 1e-9 && least.is_finite()) {
        return 0.001;
    }
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= least);
    step.unwrap_or(10.0) * power
}

/// A non-negative whole double as an index; zero for what lies below the first bin.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn index(value: f64) -> usize {
    value as usize
}

impl Histogram {
    /// Lower edge of a bin.
    pub(crate) fn edge(&self, bin: usize) -> f64 {
        // Rounded to a millionth of a step, so that zero is zero.
        let edge = self.from / self.step + float(bin);
        (edge * 1e6).round() / 1e6 * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_bins_of_whole_width() {
        assert_eq!(whole(&[]), None);
        let few = whole(&[0.0, 1.0, 1.0, 4.0]).unwrap();
        assert_eq!((few.from, few.step, few.counts), (0.0, 1.0, vec![1, 2, 0, 0, 1]));
        let mut many: Vec<f64> = (0..200).map(|i| float(i % 10)).collect();
        many.push(5_000.0);
        many.sort_by(f64::total_cmp);
        let many = whole(&many).unwrap();
        assert_eq!((many.step, many.counts.len(), many.has_open_ends), (1.0, 10, true));
        assert_eq!(many.counts.iter().sum::<usize>(), 201);
    }

    #[test]
    fn no_values_have_no_distribution() {
        assert_eq!(histogram(&mut vec![]), None);
        assert_eq!(histogram(&mut vec![f64::NAN]), None);
    }

    #[test]
    fn equal_values_fall_into_one_bin() {
        let bins = histogram(&mut vec![0.05; 7]).unwrap();
        assert_eq!(bins.counts, [7]);
    }

    #[test]
    fn zero_is_an_edge_and_every_value_is_counted() {
        for spread in [1e-7, 0.003, 0.4, 70.0] {
            let mut values: Vec<f64> = (-40..60).map(|i| f64::from(i) * spread + 1e-12).collect();
            values.push(spread * 1e6);
            let bins = histogram(&mut values).unwrap();
            assert_eq!(bins.counts.iter().sum::<usize>(), 101);
            assert!(bins.counts.len() <= 33, "{}", bins.counts.len());
            assert!(bins.has_open_ends);
            let edges: Vec<f64> = (0..bins.counts.len()).map(|bin| bins.edge(bin)).collect();
            let below: usize =
                edges.iter().zip(&bins.counts).filter(|(e, _)| **e < 0.0).map(|(_, c)| c).sum();
            assert_eq!(below, 40, "{edges:?}");
        }
    }
}
