//! Walk-forward splits: train on the past, test on what follows, move on.
//!
//! Promises: no bar of a test is before or among the bars it was trained on; the gap between them
//! is never trained on, so that positions or labels that reach over it cannot leak.
//! Rolling and anchored agree with skfolio's `WalkForward`, those by count with scikit-learn's
//! `TimeSeriesSplit`.

use super::split::Split;
use super::{Error, check_count};

/// Which past is trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// A window of fixed length that moves along.
    #[default]
    Rolling,
    /// Everything from the first bar on.
    Anchored,
}

/// A walk forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkForward {
    /// Bars of the training window; the first one, if anchored.
    pub train: usize,
    /// Bars of each test.
    pub test: usize,
    /// Bars from the start of one test to that of the next; below `test`, tests overlap.
    pub step: usize,
    /// Bars left out between training and test.
    pub gap: usize,
    /// Which past is trained on.
    pub period: Period,
    /// Whether a last test may be shorter than the others.
    pub partial: bool,
}

/// The splits of `bars` bars.
///
/// # Errors
/// No bar to train or test on, or too few bars for one split.
pub fn forward_splits(bars: usize, walk: &WalkForward) -> Result<Vec<Split>, Error> {
    check_count("bars of training", walk.train, 1)?;
    check_count("bars of a test", walk.test, 1)?;
    check_count("bars of a step", walk.step, 1)?;
    let shortest = if walk.partial { 1 } else { walk.test };
    let ahead = walk.train.saturating_add(walk.gap);
    check_count("bars for one walk forward", bars, ahead.saturating_add(shortest))?;
    let starts = (ahead..bars).step_by(walk.step);
    let split = |start: usize| {
        let train_end = start - walk.gap;
        let train_start = match walk.period {
            Period::Rolling => train_end - walk.train,
            Period::Anchored => 0,
        };
        Split::plain(train_start..train_end, start..bars.min(start + walk.test))
    };
    Ok(starts.filter(|start| bars - start >= shortest).map(split).collect())
}

/// `count` splits whose tests of equal length end with the last bar; `test` bars each, or as many
/// as `count + 1` equal parts have; trained on everything before, or on `train_max` bars of it.
///
/// # Errors
/// No split asked for, or too few bars for them.
pub fn forward_splits_by_count(
    bars: usize,
    count: usize,
    test: Option<usize>,
    gap: usize,
    train_max: Option<usize>,
) -> Result<Vec<Split>, Error> {
    check_count("splits", count, 1)?;
    let test = test.unwrap_or(bars / count.saturating_add(1));
    check_count("bars of a test", test, 1)?;
    check_count("bars of training", train_max.unwrap_or(1), 1)?;
    let needed = count.saturating_mul(test).saturating_add(gap).saturating_add(1);
    check_count("bars for these splits", bars, needed)?;
    let split = |start: usize| {
        let train_end = start - gap;
        let train_start = train_max.map_or(0, |most| train_end.saturating_sub(most));
        Split::plain(train_start..train_end, start..start + test)
    };
    Ok((bars - count * test..bars).step_by(test).map(split).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALK: WalkForward = WalkForward {
        train: 120,
        test: 30,
        step: 30,
        gap: 5,
        period: Period::Rolling,
        partial: false,
    };

    #[test]
    fn what_is_too_short_is_refused() {
        let few = |what, found, needed| Err(Error::TooFew { what, found, needed });
        assert_eq!(forward_splits(154, &WALK), few("bars for one walk forward", 154, 155));
        let none = WalkForward { test: 0, ..WALK };
        assert_eq!(forward_splits(154, &none), few("bars of a test", 0, 1));
        assert_eq!(
            forward_splits_by_count(10, 3, Some(3), 1, None),
            few("bars for these splits", 10, 11)
        );
        let huge = WalkForward { train: usize::MAX, gap: usize::MAX, ..WALK };
        assert!(forward_splits(1000, &huge).is_err());
    }

    #[test]
    fn tests_follow_their_training_after_the_gap() {
        for period in [Period::Rolling, Period::Anchored] {
            for partial in [false, true] {
                let walk = WalkForward { period, partial, ..WALK };
                let splits = forward_splits(500, &walk).unwrap();
                assert!(splits.iter().all(|s| s.train[0].end + 5 == s.test[0].start));
                assert!(splits.windows(2).all(|w| w[0].test[0].end == w[1].test[0].start));
                let end = splits.last().unwrap().test[0].end;
                assert_eq!(end, if partial { 500 } else { 485 });
            }
        }
    }

    /// From golden/splits: scikit-learn 1.9.1 and skfolio 1.12.2.
    #[test]
    fn splits_are_those_of_the_libraries() {
        let splits = forward_splits_by_count(250, 5, Some(20), 2, Some(60)).unwrap();
        assert_eq!(splits[0], Split::plain(88..148, 150..170));
        assert_eq!(splits[4], Split::plain(168..228, 230..250));
        let splits = forward_splits_by_count(103, 4, None, 5, None).unwrap();
        assert_eq!(splits[0], Split::plain(0..18, 23..43));
        let walk = WalkForward { train: 252, test: 63, step: 63, ..WALK };
        let splits = forward_splits(1000, &walk).unwrap();
        assert_eq!((splits.len(), &splits[10]), (11, &Split::plain(630..882, 887..950)));
    }
}
