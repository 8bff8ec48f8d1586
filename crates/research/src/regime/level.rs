//! Levels of change points: how wild the present segment is beside those before it.
//!
//! The segments are those of `pelt_causal`, by mean and variance. Between two fits a level is
//! counted by cuts halfway between groups of segments; groups are the natural breaks of their
//! log-variances, weighted by bars (Fisher 1958).
//! Promises: the level of a value depends on no later one.

use super::causal::Schedule;
use super::change::pelt_causal;
use super::cost::{Cost, Sums};
use super::{Error, check_count, float};

/// Segments beyond these last ones no longer shape the levels.
const SEGMENTS_MAX: usize = 500;

/// How levels are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeLevels {
    /// The number of levels.
    pub levels: usize,
    /// Values of the smallest segment; two or more.
    pub min_size: usize,
    /// What a change has to gain; twice a log-likelihood.
    pub penalty: f64,
}

/// The level of each value, from the calmest; none before the first fit. Segments are always
/// those of the whole past, whatever the window of the schedule.
///
/// # Errors
/// No level asked for, no row to fit on or between fits, or as [`pelt_causal`].
pub fn change_levels(
    values: &[f64],
    look: &ChangeLevels,
    schedule: &Schedule,
) -> Result<Vec<Option<usize>>, Error> {
    check_count("levels", look.levels, 1)?;
    check_count("rows of the first fit", schedule.train, look.min_size.max(1))?;
    check_count("rows between fits", schedule.refit, 1)?;
    let cost = Cost::MeanAndVariance;
    let starts = pelt_causal(values, cost, look.min_size, look.penalty)?;
    if values.len() <= schedule.train {
        return Ok(vec![None; values.len()]);
    }
    let sums = Sums::new(values, cost, look.min_size)?;
    let wildness = |start: usize, end: usize| sums.of(start, end) / float(end - start);
    let mut cuts = Vec::new();
    let mut found = vec![None; schedule.train];
    let mut next = schedule.train;
    for at in schedule.train..values.len() {
        if at == next {
            next = schedule.next(at);
            cuts = breaks(segments(&starts, at, &wildness), look.levels);
        }
        let now = starts[at].map(|start| wildness(start, at + 1));
        found.push(now.map(|now| cuts.iter().filter(|cut| now > **cut).count()));
    }
    Ok(found)
}

/// The log-variances of the segments before `end`, as seen then, and how long they are.
fn segments(
    starts: &[Option<usize>],
    mut end: usize,
    wildness: &dyn Fn(usize, usize) -> f64,
) -> Vec<(f64, f64)> {
    let mut found = Vec::new();
    while found.len() < SEGMENTS_MAX
        && end > 0
        && let Some(start) = starts[end - 1]
    {
        found.push((wildness(start, end), float(end - start)));
        end = start;
    }
    found
}

/// Cuts between `groups` groups of weighted values with the least squared distances within; fewer
/// where there are fewer values.
fn breaks(mut values: Vec<(f64, f64)>, groups: usize) -> Vec<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = values.len();
    let groups = groups.min(count);
    let mut sums = vec![(0.0, 0.0, 0.0)];
    for (at, (x, weight)) in values.iter().enumerate() {
        let (w, wx, wxx) = sums[at];
        sums.push((w + weight, wx + weight * x, wxx + weight * x * x));
    }
    let total = |from: usize, to: usize| {
        let (a, b) = (sums[from], sums[to]);
        (b.0 - a.0, b.1 - a.1, b.2 - a.2)
    };
    let within = |from: usize, to: usize| {
        let (w, wx, wxx) = total(from, to);
        (wxx - wx * wx / w).max(0.0)
    };
    let mut least: Vec<f64> =
        (0..=count).map(|to| if to == 0 { 0.0 } else { within(0, to) }).collect();
    let mut steps: Vec<Vec<usize>> = Vec::new();
    for group in 2..=groups {
        let (mut next, mut from) = (vec![f64::INFINITY; count + 1], vec![0; count + 1]);
        for to in group..=count {
            for (start, before) in least.iter().enumerate().take(to).skip(group - 1) {
                let found = before + within(start, to);
                if found < next[to] {
                    (next[to], from[to]) = (found, start);
                }
            }
        }
        least = next;
        steps.push(from);
    }
    let mut edges = vec![count];
    for from in steps.iter().rev() {
        edges.push(from[edges[edges.len() - 1]]);
    }
    edges.push(0);
    edges.reverse();
    let mean = |pair: &[usize]| {
        let (w, wx, _) = total(pair[0], pair[1]);
        wx / w
    };
    let means: Vec<f64> = edges.windows(2).filter(|pair| pair[0] < pair[1]).map(mean).collect();
    means.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    const LOOK: ChangeLevels = ChangeLevels { levels: 2, min_size: 20, penalty: 40.0 };

    /// Calm, wild, calm.
    fn three_parts() -> Vec<f64> {
        let mut stream = Seed::master(3).stream();
        let risk = |i: usize| if (500..800).contains(&i) { 2.0 } else { 0.5 };
        (0..1200).map(|i| risk(i) * stream.normal()).collect()
    }

    fn schedule() -> Schedule {
        Schedule { train: 252, refit: 21, ..Schedule::default() }
    }

    #[test]
    fn trd_20_a_wild_stretch_is_found_near_its_ends() {
        let labels = change_levels(&three_parts(), &LOOK, &schedule()).unwrap();
        assert_eq!((labels[251], labels[252]), (None, Some(0)));
        let wild = |range: std::ops::Range<usize>| {
            labels[range].iter().filter(|label| **label == Some(1)).count()
        };
        assert_eq!((wild(252..500), wild(560..800), wild(860..1200)), (0, 240, 0));
    }

    #[test]
    fn trd_20_no_level_knows_a_later_value() {
        let values = three_parts();
        let all = change_levels(&values, &LOOK, &schedule()).unwrap();
        for end in [1, 19, 252, 253, 273, 520, 801, 1199] {
            let part = change_levels(&values[..end], &LOOK, &schedule()).unwrap();
            assert_eq!(part, all[..end], "cut at {end}");
        }
    }

    #[test]
    fn values_fall_into_their_natural_groups() {
        let values = vec![(10.0, 1.0), (1.0, 5.0), (2.0, 5.0), (11.0, 1.0), (30.0, 2.0)];
        assert_eq!(breaks(values.clone(), 3), [6.0, 20.25]);
        assert_eq!(breaks(values, 1), [0.0; 0]);
        assert_eq!(breaks(vec![(1.0, 2.0)], 3), [0.0; 0]);
        assert_eq!(breaks(Vec::new(), 2), [0.0; 0]);
    }

    #[test]
    fn levels_without_sense_are_refused() {
        let values = three_parts();
        let refused = |look: ChangeLevels| change_levels(&values, &look, &schedule()).is_err();
        assert!(refused(ChangeLevels { levels: 0, ..LOOK }));
        assert!(refused(ChangeLevels { min_size: 1, ..LOOK }));
        assert!(refused(ChangeLevels { penalty: -1.0, ..LOOK }));
        assert!(refused(ChangeLevels { min_size: 300, ..LOOK }));
    }
}
