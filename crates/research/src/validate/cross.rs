//! Cross-validation of time series: purged folds with embargo, and combinations of them.
//!
//! A training bar within `purge` bars before a test, or within `purge + embargo` bars after it,
//! is left out: its label or position may reach into the test, or the test's into it.
//! Source: López de Prado, "Advances in financial machine learning" (2018), chapters 7 and 12.
//! Agrees with skfolio's `CombinatorialPurgedCV`.

use std::ops::Range;

use super::number::float;
use super::overfit::{choose, combinations};
use super::split::Split;
use super::{Error, check_count};

/// The most splits that are made.
const SPLITS_MAX: usize = 200_000;

/// Where a test fold of a split goes when the folds are joined to paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The fold, counted from 0.
    pub fold: usize,
    /// The path that takes its outcome from this split.
    pub path: usize,
}

/// All ways of testing on some of the folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combinatorial {
    /// One for each choice of test folds, in lexicographic order.
    pub splits: Vec<Split>,
    /// The test folds of each split, in order of its test ranges.
    pub folds: Vec<Vec<Fold>>,
    /// How many whole paths through all folds the splits can be joined to.
    pub paths: usize,
}

impl Combinatorial {
    /// For each fold, the split whose test it takes on `path`.
    pub fn path(&self, path: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (split, folds) in self.folds.iter().enumerate() {
            found.extend(folds.iter().filter(|f| f.path == path).map(|f| (f.fold, split)));
        }
        found.sort_unstable();
        found
    }
}

/// Purged k-fold: each fold is the test once.
///
/// # Errors
/// Fewer than two folds, or fewer bars than folds.
pub fn purged_folds(
    bars: usize,
    folds: usize,
    purge: usize,
    embargo: usize,
) -> Result<Vec<Split>, Error> {
    Ok(combinatorial(bars, folds, 1, purge, embargo)?.splits)
}

/// Combinatorial purged cross-validation: every choice of `tests` out of `folds` folds is the
/// test once. Folds are equally long; the last takes what is left over.
///
/// # Errors
/// Fewer than two folds, fewer bars than folds, no fold to test or none to train on, or more than
/// 200,000 splits.
pub fn combinatorial(
    bars: usize,
    folds: usize,
    tests: usize,
    purge: usize,
    embargo: usize,
) -> Result<Combinatorial, Error> {
    check_count("folds", folds, 2)?;
    check_count("bars for these folds", bars, folds)?;
    check_count("test folds", tests, 1)?;
    if tests >= folds {
        let (what, rule) = ("number of test folds", "below the number of folds");
        return Err(Error::Setting { what, value: float(tests), rule });
    }
    let count = choose(folds, tests).filter(|count| *count <= SPLITS_MAX);
    if count.is_none() {
        return Err(Error::TooMany { what: "splits", found: usize::MAX, limit: SPLITS_MAX });
    }
    let length = bars / folds;
    let range =
        |fold: usize| fold * length..if fold + 1 == folds { bars } else { (fold + 1) * length };
    let mut used = vec![0; folds];
    let mut all = Combinatorial { splits: Vec::new(), folds: Vec::new(), paths: 0 };
    for chosen in combinations(folds, tests) {
        let test: Vec<Range<usize>> = chosen.iter().map(|fold| range(*fold)).collect();
        let train = outside(bars, &test, purge, purge.saturating_add(embargo));
        all.splits.push(Split { train, test });
        let place = |&fold: &usize| {
            used[fold] += 1;
            Fold { fold, path: used[fold] - 1 }
        };
        all.folds.push(chosen.iter().map(place).collect());
    }
    all.paths = used[0];
    Ok(all)
}

/// What is left of all bars at some distance from the tests.
fn outside(bars: usize, tests: &[Range<usize>], before: usize, after: usize) -> Vec<Range<usize>> {
    let mut free = Vec::new();
    let mut from = 0;
    for test in tests {
        let to = if test.start == 0 { 0 } else { test.start.saturating_sub(before) };
        free.push(from..to);
        from = test.end.saturating_add(after);
    }
    free.push(from..bars);
    free.retain(|range: &Range<usize>| range.start < range.end);
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(train: Range<usize>, test: [Range<usize>; 2]) -> Split {
        Split { train: std::iter::once(train).collect(), test: test.into() }
    }

    /// From golden/splits: skfolio 1.12.2, 125 bars, 6 folds, 2 tests, purge 3, embargo 2.
    #[test]
    fn splits_are_those_of_skfolio() {
        let all = combinatorial(125, 6, 2, 3, 2).unwrap();
        assert_eq!((all.splits.len(), all.paths), (15, 5));
        assert_eq!(all.splits[0], only(45..125, [0..20, 20..40]));
        let second = Split { train: vec![25..37, 65..125], test: vec![0..20, 40..60] };
        assert_eq!(all.splits[1], second);
        let last = only(0..77, [80..100, 100..125]);
        assert_eq!(all.splits[14], last);
        assert_eq!(all.folds[10].iter().map(|f| f.path).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn every_path_passes_through_every_fold_once() {
        let all = combinatorial(60, 6, 3, 0, 0).unwrap();
        for path in 0..all.paths {
            let folds: Vec<usize> = all.path(path).iter().map(|(fold, _)| *fold).collect();
            assert_eq!(folds, [0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn no_training_bar_is_near_a_test() {
        let (purge, embargo) = (4, 7);
        for split in combinatorial(97, 7, 3, purge, embargo).unwrap().splits {
            for bar in split.train.iter().cloned().flatten() {
                for test in &split.test {
                    assert!(bar + purge < test.start || bar >= test.end + purge + embargo);
                }
            }
        }
    }

    #[test]
    fn purged_folds_test_every_bar_once() {
        let splits = purged_folds(103, 5, 2, 3).unwrap();
        let tested: Vec<usize> = splits.iter().flat_map(|s| s.test[0].clone()).collect();
        assert!(tested.into_iter().eq(0..103));
        assert_eq!(splits[1].train, [0..18, 45..103]);
    }

    #[test]
    fn impossible_folds_are_refused() {
        for (bars, folds, tests) in [(10, 1, 1), (3, 4, 1), (10, 4, 0), (10, 4, 4), (99, 60, 30)] {
            assert!(combinatorial(bars, folds, tests, 0, 0).is_err(), "{bars} {folds} {tests}");
        }
    }
}
