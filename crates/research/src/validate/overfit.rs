//! The probability of backtest overfitting, by combinatorially symmetric cross-validation.
//!
//! Rows are cut into S blocks (the first T mod S rows are dropped). For each choice of S/2 blocks,
//! the trial with the best Sharpe ratio in them is ranked by its Sharpe ratio in the others:
//! w = rank / (N + 1), logit = ln(w / (1 - w)). The probability of overfitting is the share of
//! logits that are not above zero: the chosen trial is no better than the median afterwards.
//! Source: Bailey, Borwein, López de Prado and Zhu, "The probability of backtest overfitting"
//! (Journal of Computational Finance, 2017).

use super::number::{NOISE, float, mean, sum};
use super::{Error, check_columns, check_count};

/// The most blocks: there are 184,756 ways of choosing half of them.
pub const BLOCKS_MAX: usize = 20;

/// What cross-validation says of choosing the best trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Overfit {
    /// Share of choices after which the chosen trial was at the median or below.
    pub probability: f64,
    /// Share of choices after which the chosen trial lost money.
    pub loss_probability: f64,
    /// Slope of the Sharpe ratio afterwards on the one chosen for; `None` without spread.
    pub slope: Option<f64>,
    /// Where that line starts.
    pub intercept: Option<f64>,
    /// How much of the spread the line explains.
    pub r_squared: Option<f64>,
    /// One logit for each choice, in lexicographic order of the blocks.
    pub logits: Vec<f64>,
    /// The Sharpe ratio per period of the chosen trial, in the sample and out of it.
    pub pairs: Vec<(f64, f64)>,
    /// How often each trial was chosen.
    pub chosen: Vec<usize>,
    /// Rows of each block.
    pub block_rows: usize,
    /// Rows left out at the front.
    pub dropped_rows: usize,
}

/// Cross-validates the choice among trials, whose returns are the columns.
///
/// A trial without spread in a half counts with a Sharpe ratio of 0 there.
///
/// # Errors
/// Fewer than two columns, columns that do not fit each other, or a number of blocks that is odd,
/// below 2, above 20 or leaves fewer than two rows in a block.
pub fn overfit(columns: &[Vec<f64>], blocks: usize) -> Result<Overfit, Error> {
    let rows = check_columns(columns)?;
    check_count("trials to choose from", columns.len(), 2)?;
    if !(2..=BLOCKS_MAX).contains(&blocks) || !blocks.is_multiple_of(2) {
        let rule = "an even number from 2 to 20";
        return Err(Error::Setting { what: "number of blocks", value: float(blocks), rule });
    }
    check_count("rows for these blocks", rows, 2 * blocks)?;
    let (block_rows, dropped_rows) = (rows / blocks, rows % blocks);
    let sums = Sums::of(columns, blocks, block_rows, dropped_rows);
    let mut found = Overfit {
        probability: 0.0,
        loss_probability: 0.0,
        slope: None,
        intercept: None,
        r_squared: None,
        logits: Vec::new(),
        pairs: Vec::new(),
        chosen: vec![0; columns.len()],
        block_rows,
        dropped_rows,
    };
    for half in combinations(blocks, blocks / 2) {
        found.add(&sums, &half);
    }
    found.summarize();
    Ok(found)
}

impl Overfit {
    fn add(&mut self, sums: &Sums, half: &[usize]) {
        let inside = sums.sharpes(|block| half.contains(&block));
        let outside = sums.sharpes(|block| !half.contains(&block));
        let best = first_max(&inside);
        let share = rank(&outside, best) / (float(outside.len()) + 1.0);
        self.logits.push(libm::log(share / (1.0 - share)));
        self.pairs.push((inside[best], outside[best]));
        self.chosen[best] += 1;
    }

    fn summarize(&mut self) {
        let share = |count: usize, of: usize| float(count) / float(of);
        let low = self.logits.iter().filter(|logit| **logit <= 0.0).count();
        self.probability = share(low, self.logits.len());
        let losses = self.pairs.iter().filter(|(_, after)| *after < 0.0).count();
        self.loss_probability = share(losses, self.pairs.len());
        let (x, y): (Vec<f64>, Vec<f64>) = self.pairs.iter().copied().unzip();
        let (mean_x, mean_y) = (mean(&x), mean(&y));
        let product = |f: fn((f64, f64)) -> f64| {
            sum(x.iter().zip(&y).map(|(x, y)| f((x - mean_x, y - mean_y))))
        };
        let (xx, xy, yy) =
            (product(|(x, _)| x * x), product(|(x, y)| x * y), product(|(_, y)| y * y));
        if xx > 0.0 {
            let slope = xy / xx;
            self.slope = Some(slope);
            self.intercept = Some(mean_y - slope * mean_x);
            self.r_squared = (yy > 0.0).then(|| xy * xy / (xx * yy));
        }
    }
}

/// Sums of each block and column, about one center for all, so that equal columns stay equal.
struct Sums {
    /// For each block, for each column: sum and sum of squares.
    blocks: Vec<Vec<(f64, f64)>>,
    center: f64,
    block_rows: usize,
}

impl Sums {
    fn of(columns: &[Vec<f64>], blocks: usize, block_rows: usize, dropped: usize) -> Self {
        let means: Vec<f64> = columns.iter().map(|column| mean(column)).collect();
        let center = mean(&means);
        let cell = |column: &Vec<f64>, block: usize| {
            let from = dropped + block * block_rows;
            let part = || column[from..from + block_rows].iter().map(|x| x - center);
            (sum(part()), sum(part().map(|x| x * x)))
        };
        let row = |block| columns.iter().map(|column| cell(column, block)).collect();
        Self { blocks: (0..blocks).map(row).collect(), center, block_rows }
    }

    /// The Sharpe ratio of each column over the blocks that `keep` names.
    fn sharpes(&self, keep: impl Fn(usize) -> bool) -> Vec<f64> {
        let mut totals = vec![(0.0, 0.0); self.blocks[0].len()];
        let mut rows = 0;
        for (_, block) in self.blocks.iter().enumerate().filter(|(index, _)| keep(*index)) {
            rows += self.block_rows;
            for (total, cell) in totals.iter_mut().zip(block) {
                *total = (total.0 + cell.0, total.1 + cell.1);
            }
        }
        let n = float(rows);
        let sharpe = |(sum, squares): (f64, f64)| {
            let mean = sum / n;
            let variance = ((squares - sum * mean) / (n - 1.0)).max(0.0);
            let deviation = variance.sqrt();
            if deviation <= NOISE { 0.0 } else { (mean + self.center) / deviation }
        };
        totals.into_iter().map(sharpe).collect()
    }
}

/// Where the largest value stands first.
pub(super) fn first_max(values: &[f64]) -> usize {
    let larger = |best: usize, at: usize| if values[at] > values[best] { at } else { best };
    (0..values.len()).fold(0, larger)
}

/// The rank of a value from the worst, which is 1; equal values share the mean of their ranks.
fn rank(values: &[f64], of: usize) -> f64 {
    let below = values.iter().filter(|x| **x < values[of]).count();
    let equal = values.iter().filter(|x| **x <= values[of]).count() - below;
    float(below) + f64::midpoint(float(equal), 1.0)
}

/// All choices of `size` out of `count` in lexicographic order.
pub(super) fn combinations(count: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next: Option<Vec<usize>> = (size <= count).then(|| (0..size).collect());
    std::iter::from_fn(move || {
        let current = next.take()?;
        let movable = (0..size).rev().find(|&at| current[at] < count - size + at);
        next = movable.map(|at| {
            let kept = current[..at].iter().copied();
            kept.chain((current[at] + 1..).take(size - at)).collect()
        });
        Some(current)
    })
}

/// How many choices of `size` out of `count` there are, unless that overflows.
pub(super) fn choose(count: usize, size: usize) -> Option<usize> {
    let size = size.min(count - size);
    (0..size).try_fold(1_usize, |found, i| Some(found.checked_mul(count - i)? / (i + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    fn noise(columns: usize, rows: usize) -> Vec<Vec<f64>> {
        let mut stream = Seed::master(3).child("noise").stream();
        (0..columns).map(|_| (0..rows).map(|_| stream.normal() * 0.01).collect()).collect()
    }

    #[test]
    fn combinations_are_complete_and_in_order() {
        let all: Vec<Vec<usize>> = combinations(4, 2).collect();
        assert_eq!(all, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!(combinations(10, 5).count(), choose(10, 5).unwrap());
        assert_eq!(choose(200, 100), None);
    }

    #[test]
    fn a_trial_that_is_always_best_is_not_overfitted() {
        let mut columns = noise(6, 240);
        columns[4].iter_mut().for_each(|x| *x += 0.02);
        let found = overfit(&columns, 8).unwrap();
        assert_eq!((found.probability, found.loss_probability), (0.0, 0.0));
        assert_eq!(found.chosen, [0, 0, 0, 0, 70, 0]);
    }

    /// Each trial earns in one block alone, so the winner of a half has earned nothing outside.
    #[test]
    fn a_trial_that_won_by_one_block_is_overfitted() {
        let mut columns = noise(4, 160);
        for (place, column) in columns.iter_mut().enumerate() {
            column[place * 40..place * 40 + 40].iter_mut().for_each(|x| *x += 0.05);
        }
        let found = overfit(&columns, 4).unwrap();
        assert!(found.probability > 0.99, "{}", found.probability);
        assert!(found.chosen.iter().sum::<usize>() == 6 && found.chosen[0] < 6);
    }

    #[test]
    fn trials_that_are_equal_share_their_rank() {
        let column = noise(1, 100).remove(0);
        let found = overfit(&vec![column; 5], 4).unwrap();
        assert!(found.logits.iter().all(|logit| *logit == 0.0), "{:?}", found.logits);
        assert_eq!(found.chosen, [6, 0, 0, 0, 0]);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let columns = noise(3, 15);
        for blocks in [0, 1, 3, 22, 8] {
            assert!(overfit(&columns, blocks).is_err(), "{blocks}");
        }
        assert!(overfit(&columns[..1], 4).is_err());
        let ragged = [vec![0.0; 20], vec![0.0; 19]];
        assert_eq!(overfit(&ragged, 4), Err(Error::Ragged { column: 1, found: 19, expected: 20 }));
    }

    #[test]
    fn trials_that_never_trade_are_no_error() {
        let found = overfit(&vec![vec![0.0; 40]; 3], 4).unwrap();
        assert_eq!((found.probability, found.slope), (1.0, None));
    }
}
