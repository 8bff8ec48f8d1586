//! Change points: where a series begins to be another.
//!
//! Sources: PELT, Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear
//! computational cost" (2012); binary segmentation, Scott and Knott (1974); the exact search is
//! the dynamic program of Bellman. Costs and defaults as in ruptures, every bar a candidate.
//! Promises: `pelt` finds the least sum of costs and penalties with a smallest segment; its
//! pruning waits for that size, which ruptures' does not.

use super::cost::{Cost, Sums};
use super::{Error, check_count, check_finite};

/// A series in segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Segments {
    /// Where each segment ends, not included; the last is the length of the series.
    pub ends: Vec<usize>,
    /// The sum of costs, without penalties.
    pub cost: f64,
}

impl Segments {
    fn new(ends: Vec<usize>, sums: &Sums) -> Self {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let cost = starts.zip(&ends).map(|(start, end)| sums.of(start, *end)).sum();
        Self { ends, cost }
    }
}

/// The segments with the least sum of costs plus `penalty` for each change. Looks at the whole
/// series; see [`pelt_causal`].
///
/// # Errors
/// A value that is not finite, a segment without size, fewer values than one segment, or a penalty
/// below zero.
pub fn pelt(values: &[f64], cost: Cost, min_size: usize, penalty: f64) -> Result<Segments, Error> {
    let sums = Sums::new(values, cost, min_size)?;
    let last = last_changes(&sums, penalty)?;
    Ok(Segments::new(trace(&last, sums.len()), &sums))
}

/// For each bar, the start of its segment in the best segmentation of the bars up to it: what
/// [`pelt`] would say had the series ended there. None before there are enough bars.
///
/// # Errors
/// As [`pelt`].
pub fn pelt_causal(
    values: &[f64],
    cost: Cost,
    min_size: usize,
    penalty: f64,
) -> Result<Vec<Option<usize>>, Error> {
    if values.len() < min_size {
        // Too short for a segment: nothing is known yet, which is no mistake here.
        check_finite("value", values)?;
        return Ok(vec![None; values.len()]);
    }
    let last = last_changes(&Sums::new(values, cost, min_size)?, penalty)?;
    Ok((1..=values.len()).map(|end| (end >= min_size).then(|| last[end])).collect())
}

/// For each end, where the last segment of the best segmentation begins. One pass, so what it
/// says of an end depends on nothing after it.
fn last_changes(sums: &Sums, penalty: f64) -> Result<Vec<usize>, Error> {
    if !(penalty.is_finite() && penalty >= 0.0) {
        let rule = "a finite number, zero or above";
        return Err(Error::Setting { what: "penalty of a change", value: penalty, rule });
    }
    let mut total = vec![f64::INFINITY; sums.len() + 1];
    total[0] = -penalty;
    let mut last = vec![0; sums.len() + 1];
    // Starts that may still be best, each with the end from which on it is out.
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for end in sums.min_size()..=sums.len() {
        let newest = end - sums.min_size();
        if total[newest].is_finite() {
            starts.push((newest, usize::MAX));
        }
        starts.retain(|(_, out)| end < *out);
        for (start, _) in &starts {
            let found = total[*start] + sums.of(*start, end) + penalty;
            if found < total[end] {
                (total[end], last[end]) = (found, *start);
            }
        }
        for (start, out) in &mut starts {
            // A change at `end` is better from here on, once a segment after it is long enough.
            if *out == usize::MAX && total[*start] + sums.of(*start, end) > total[end] {
                *out = end + sums.min_size();
            }
        }
    }
    Ok(last)
}

fn trace(last: &[usize], length: usize) -> Vec<usize> {
    let mut ends = vec![length];
    let mut start = last[length];
    while start > 0 {
        ends.push(start);
        start = last[start];
    }
    ends.reverse();
    ends
}

/// The best segmentation with exactly `changes` changes.
///
/// # Errors
/// As [`pelt`], or too few values for so many segments.
pub fn optimal(
    values: &[f64],
    cost: Cost,
    min_size: usize,
    changes: usize,
) -> Result<Segments, Error> {
    let sums = Sums::new(values, cost, min_size)?;
    let needed = min_size.saturating_mul(changes.saturating_add(1));
    check_count("values for so many segments", values.len(), needed)?;
    let length = sums.len();
    let mut total: Vec<f64> = (0..=length)
        .map(|end| if end >= min_size { sums.of(0, end) } else { f64::INFINITY })
        .collect();
    let mut steps: Vec<Vec<usize>> = Vec::new();
    for segments in 2..=changes + 1 {
        let mut next = vec![f64::INFINITY; length + 1];
        let mut from = vec![0; length + 1];
        for end in segments * min_size..=length {
            let first = (segments - 1) * min_size;
            for (place, before) in total[first..=end - min_size].iter().enumerate() {
                let found = before + sums.of(first + place, end);
                if found < next[end] {
                    (next[end], from[end]) = (found, first + place);
                }
            }
        }
        total = next;
        steps.push(from);
    }
    let mut ends = vec![length];
    for from in steps.iter().rev() {
        ends.push(from[ends[ends.len() - 1]]);
    }
    ends.reverse();
    Ok(Segments::new(ends, &sums))
}

/// Splits where it gains most, again and again, until there are `changes_max` changes or the gain
/// is not above `penalty`. Fast and near the best; looks at the whole series.
///
/// # Errors
/// As [`pelt`].
pub fn binary_segmentation(
    values: &[f64],
    cost: Cost,
    min_size: usize,
    changes_max: usize,
    penalty: f64,
) -> Result<Segments, Error> {
    let sums = Sums::new(values, cost, min_size)?;
    let mut ends = vec![sums.len()];
    while ends.len() <= changes_max {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let best = starts
            .zip(&ends)
            .filter_map(|(start, end)| split(&sums, start, *end))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((at, gain)) if gain > penalty => {
                let place = ends.partition_point(|end| *end < at);
                ends.insert(place, at);
            }
            _ => break,
        }
    }
    Ok(Segments::new(ends, &sums))
}

/// The split of a segment that gains most.
fn split(sums: &Sums, start: usize, end: usize) -> Option<(usize, f64)> {
    let whole = sums.of(start, end);
    (start + sums.min_size()..=end.checked_sub(sums.min_size())?)
        .map(|at| (at, whole - sums.of(start, at) - sums.of(at, end)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regime::penalty_bic;
    use dirigent_core::Seed;

    /// Means 0, 3, -1, changing at 80 and 200.
    fn steps() -> Vec<f64> {
        let mut stream = Seed::master(6).stream();
        let level = |i: usize| {
            if i < 80 {
                0.0
            } else if i < 200 {
                3.0
            } else {
                -1.0
            }
        };
        (0..300).map(|i| level(i) + stream.normal()).collect()
    }

    /// The least total over all segmentations, without pruning.
    fn plain(values: &[f64], min_size: usize, penalty: f64) -> f64 {
        let sums = Sums::new(values, Cost::Mean, min_size).unwrap();
        let mut total = vec![f64::INFINITY; values.len() + 1];
        total[0] = -penalty;
        for end in min_size..=values.len() {
            for start in 0..=end - min_size {
                total[end] = total[end].min(total[start] + sums.of(start, end) + penalty);
            }
        }
        total[values.len()]
    }

    #[test]
    fn trd_20_known_changes_are_recovered() {
        let values = steps();
        let penalty = 3.0 * penalty_bic(Cost::Mean, values.len(), 1.0);
        let near = |found: &Segments| {
            found.ends.len() == 3
                && found.ends[0].abs_diff(80) < 4
                && found.ends[1].abs_diff(200) < 4
        };
        assert!(near(&pelt(&values, Cost::Mean, 10, penalty).unwrap()));
        assert!(near(&binary_segmentation(&values, Cost::Mean, 10, 9, penalty).unwrap()));
        assert!(near(&optimal(&values, Cost::Mean, 10, 2).unwrap()));
    }

    #[test]
    fn a_change_of_variance_alone_is_found() {
        let mut values = steps();
        let mut stream = Seed::master(1).stream();
        values.iter_mut().enumerate().for_each(|(i, x)| {
            *x = stream.normal() * if i < 150 { 0.5 } else { 2.0 };
        });
        let cost = Cost::MeanAndVariance;
        let found = pelt(&values, cost, 10, 2.0 * penalty_bic(cost, 300, 1.0)).unwrap();
        assert!(found.ends.len() == 2 && found.ends[0].abs_diff(150) < 8, "{found:?}");
    }

    #[test]
    fn pruning_loses_nothing() {
        let values = steps();
        for min_size in [1, 2, 10, 40] {
            for penalty in [0.0, 0.5, 2.0, 8.0, 30.0] {
                let found = pelt(&values, Cost::Mean, min_size, penalty).unwrap();
                #[expect(clippy::cast_precision_loss, reason = "a small count")]
                let total = found.cost + penalty * (found.ends.len() - 1) as f64;
                let best = plain(&values, min_size, penalty);
                assert!((total - best).abs() < 1e-7, "{min_size} {penalty}: {total} {best}");
            }
        }
    }

    #[test]
    fn trd_20_causal_changes_know_no_later_bar() {
        let values = steps();
        let all = pelt_causal(&values, Cost::Mean, 10, 12.0).unwrap();
        for end in [0, 1, 9, 10, 11, 85, 120, 211, 299] {
            assert_eq!(pelt_causal(&values[..end], Cost::Mean, 10, 12.0).unwrap(), all[..end]);
        }
        assert_eq!((all[8], all[9]), (None, Some(0)));
        // The change at 80 is seen soon after, never before.
        assert!(all[79] == Some(0) && all[95].is_some_and(|start| start.abs_diff(80) < 4));
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let values = steps();
        assert!(pelt(&values, Cost::Mean, 0, 1.0).is_err());
        assert!(pelt(&values, Cost::MeanAndVariance, 1, 1.0).is_err());
        assert!(pelt(&values, Cost::Mean, 301, 1.0).is_err());
        assert!(pelt(&values, Cost::Mean, 5, f64::NAN).is_err());
        assert!(optimal(&values, Cost::Mean, 100, 3).is_err());
        let still = binary_segmentation(&[1.0; 50], Cost::Mean, 5, 9, 0.0).unwrap();
        assert_eq!(still.ends, [50]);
    }
}
