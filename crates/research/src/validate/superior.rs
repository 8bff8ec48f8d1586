//! Is the best of many better than nothing? White's reality check and Hansen's test for superior
//! predictive ability (SPA), and which trials are better (StepM).
//!
//! Columns are returns above a benchmark; the null hypothesis is that no column has a mean above
//! zero. The largest mean is held against the largest means of many stationary bootstraps, of
//! which a mean is taken off: all (upper), those above -√(2 ln ln T) standard errors (consistent),
//! or positive ones (lower).
//! Sources: White, "A reality check for data snooping" (2000); Hansen, "A test for superior
//! predictive ability" (2005); Romano and Wolf, "Stepwise multiple testing" (2005).

use dirigent_core::Seed;

use super::bootstrap::{Distribution, Resample};
use super::number::{float, is_constant, mean};
use super::overfit::first_max;
use super::{Error, check_columns, check_count};

/// Weights below this are nothing beside the first.
const WEIGHT_MIN: f64 = 1e-18;

/// How to test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Mean length of the blocks that are drawn.
    pub mean_block: f64,
    /// Number of draws; 1000 tell 5 % from 7 %.
    pub draws: usize,
    /// Whether means are divided by their standard errors, as Hansen advises: a column of great
    /// risk does not hide a steady one. White's check and arch's `SPA` do not.
    pub studentized: bool,
}

impl Default for Test {
    fn default() -> Self {
        Self { mean_block: 10.0, draws: 1000, studentized: true }
    }
}

/// How likely the best column is as good as that without any being better than the benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Superiority {
    /// A lower bound of the p-value.
    pub lower: f64,
    /// The p-value.
    pub consistent: f64,
    /// An upper bound: the null hypothesis at its least favorable.
    pub upper: f64,
    /// The column with the largest statistic.
    pub best: usize,
}

/// Hansen's test.
///
/// # Errors
/// Columns that do not fit each other, fewer than ten rows, no column that moves, no draw, or a
/// block without length.
pub fn superior_ability(
    columns: &[Vec<f64>],
    test: &Test,
    seed: &Seed,
) -> Result<Superiority, Error> {
    let problem = Problem::new(columns, test)?;
    let statistic = problem.statistics();
    let best = first_max(&statistic);
    let mut exceeded = [0_usize; 3];
    problem.simulate(seed, |means| {
        for (count, taken_off) in exceeded.iter_mut().zip(&problem.taken_off) {
            let largest = problem.largest(means, taken_off, |_| true);
            *count += usize::from(largest > statistic[best]);
        }
    });
    let [lower, consistent, upper] = exceeded.map(|count| float(count) / float(test.draws));
    Ok(Superiority { lower, consistent, upper, best: problem.place[best] })
}

/// The p-value of White's reality check: means as they are, all of them taken off.
///
/// # Errors
/// As [`superior_ability`].
pub fn reality_check(columns: &[Vec<f64>], test: &Test, seed: &Seed) -> Result<f64, Error> {
    let plain = Test { studentized: false, ..*test };
    Ok(superior_ability(columns, &plain, seed)?.upper)
}

/// The columns that are better than the benchmark, with a probability of `size` that any of them
/// is named wrongly.
///
/// # Errors
/// As [`superior_ability`], or a size that is not between 0 and 1.
pub fn step_superior(
    columns: &[Vec<f64>],
    test: &Test,
    size: f64,
    seed: &Seed,
) -> Result<Vec<usize>, Error> {
    if !(size > 0.0 && size < 1.0) {
        let rule = "between 0 and 1";
        return Err(Error::Setting { what: "size of a test", value: size, rule });
    }
    let problem = Problem::new(columns, test)?;
    let statistic = problem.statistics();
    let mut draws = Vec::with_capacity(test.draws);
    problem.simulate(seed, |means| draws.push(means.to_vec()));
    let mut is_superior = vec![false; statistic.len()];
    loop {
        let rest = |column: usize| !is_superior[column];
        let largest =
            draws.iter().map(|means| Some(problem.largest(means, &problem.taken_off[1], rest)));
        let Some(critical) = Distribution::of(largest).quantile(1.0 - size) else { break };
        let found: Vec<usize> =
            (0..statistic.len()).filter(|&c| rest(c) && statistic[c] > critical).collect();
        found.iter().for_each(|column| is_superior[*column] = true);
        if found.is_empty() || is_superior.iter().all(|superior| *superior) {
            break;
        }
    }
    let named = problem.place.iter().zip(is_superior).filter(|(_, superior)| *superior);
    Ok(named.map(|(place, _)| *place).collect())
}

/// The columns that move, by rows, and what is known of them.
struct Problem {
    /// Row by row.
    rows: Vec<f64>,
    count: usize,
    means: Vec<f64>,
    /// What statistics are divided by.
    scale: Vec<f64>,
    /// What is taken off simulated means: lower, consistent, upper.
    taken_off: [Vec<f64>; 3],
    /// Where each column was.
    place: Vec<usize>,
    resample: Resample,
    draws: usize,
}

impl Problem {
    fn new(columns: &[Vec<f64>], test: &Test) -> Result<Self, Error> {
        let length = check_columns(columns)?;
        check_count("rows of returns", length, 10)?;
        check_count("draws", test.draws, 1)?;
        let resample = Resample::Stationary { mean_block: test.mean_block };
        resample.check()?;
        let moves = |place: &usize| !is_constant(&columns[*place]);
        let place: Vec<usize> = (0..columns.len()).filter(moves).collect();
        if place.is_empty() {
            return Err(Error::NoSpread { what: "every column of returns" });
        }
        let row = |at: usize| place.iter().map(move |column| columns[*column][at]);
        let means: Vec<f64> = place.iter().map(|column| mean(&columns[*column])).collect();
        let errors = place.iter().zip(&means).map(|(column, mean)| {
            (variance(&columns[*column], *mean, test.mean_block) / float(length)).sqrt()
        });
        let errors: Vec<f64> = errors.collect();
        let band = (2.0 * libm::log(libm::log(float(length)))).sqrt();
        let kept = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            (0..means.len()).map(|c| if keep(c) { means[c] } else { 0.0 }).collect()
        };
        let taken_off = [
            kept(&|column| means[column] >= 0.0),
            kept(&|column| means[column] >= -band * errors[column]),
            means.clone(),
        ];
        let count = place.len();
        Ok(Self {
            rows: (0..length).flat_map(row).collect(),
            count,
            scale: if test.studentized { errors } else { vec![1.0; count] },
            taken_off,
            means,
            place,
            resample,
            draws: test.draws,
        })
    }

    fn statistics(&self) -> Vec<f64> {
        self.means.iter().zip(&self.scale).map(|(mean, scale)| mean / scale).collect()
    }

    /// Shows the means of the columns under each draw.
    fn simulate(&self, seed: &Seed, mut visit: impl FnMut(&[f64])) {
        let mut stream = seed.child("superior").stream();
        let length = self.rows.len() / self.count;
        let mut places = vec![0; length];
        for _ in 0..self.draws {
            self.resample.draw(&mut stream, &mut places);
            let mut means = vec![0.0; self.count];
            for place in &places {
                let row = &self.rows[place * self.count..(place + 1) * self.count];
                means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            means.iter_mut().for_each(|sum| *sum /= float(length));
            visit(&means);
        }
    }

    /// The largest statistic of simulated means among the columns that count.
    fn largest(&self, means: &[f64], taken_off: &[f64], counts: impl Fn(usize) -> bool) -> f64 {
        let statistic = |column: usize| (means[column] - taken_off[column]) / self.scale[column];
        (0..self.count).filter(|c| counts(*c)).map(statistic).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The long-run variance of a column as the stationary bootstrap has it (Politis and Romano,
/// lemma 1): autocovariances, weighted by how often neighbors stay together.
fn variance(column: &[f64], mean: f64, mean_block: f64) -> f64 {
    let (length, stay) = (float(column.len()), 1.0 - 1.0 / mean_block);
    let distances: Vec<f64> = column.iter().map(|x| x - mean).collect();
    let covariance = |lag: usize| {
        distances[lag..].iter().zip(&distances).map(|(a, b)| a * b).sum::<f64>() / length
    };
    let mut variance = covariance(0);
    // Runs from both ends of the lags: in the middle, weights are nothing.
    let mut power = 1.0;
    for lag in 1..column.len() {
        power *= stay;
        if power < WEIGHT_MIN {
            break;
        }
        let share = float(lag) / length;
        variance += 2.0 * power * ((1.0 - share) * covariance(lag));
        variance += 2.0 * power * ((1.0 - share) * covariance(column.len() - lag));
    }
    // Negative autocorrelation can make an estimate of few values vanish.
    variance.max(f64::EPSILON * covariance(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Test = Test { mean_block: 5.0, draws: 500, studentized: true };

    fn columns(count: usize, edge: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut stream = Seed::master(seed).child("columns").stream();
        let mut all: Vec<Vec<f64>> =
            (0..count).map(|_| (0..300).map(|_| stream.normal() * 0.01).collect()).collect();
        all[0].iter_mut().for_each(|x| *x += edge);
        all
    }

    #[test]
    fn an_edge_is_found_and_named() {
        let all = columns(8, 0.003, 1);
        let found = superior_ability(&all, &TEST, &Seed::master(9)).unwrap();
        assert!(found.upper < 0.01 && found.best == 0, "{found:?}");
        assert!(reality_check(&all, &TEST, &Seed::master(9)).unwrap() < 0.01);
        assert_eq!(step_superior(&all, &TEST, 0.05, &Seed::master(9)), Ok(vec![0]));
    }

    /// Under the null hypothesis a p-value below 0.1 comes about one time in ten.
    #[test]
    fn noise_is_rejected_as_often_as_it_should_be() {
        let below = |seed: &u64| {
            let all = columns(6, 0.0, *seed);
            superior_ability(&all, &TEST, &Seed::master(*seed)).unwrap().consistent < 0.1
        };
        let count = (0..100).filter(below).count();
        assert!((3..=18).contains(&count), "{count} of 100");
    }

    #[test]
    fn bounds_are_in_order_and_draws_are_seeded() {
        let mut all = columns(6, 0.001, 3);
        all[5].iter_mut().for_each(|x| *x -= 0.004);
        let found = superior_ability(&all, &TEST, &Seed::master(2)).unwrap();
        assert!(found.lower <= found.consistent && found.consistent <= found.upper);
        assert!(found.lower < found.upper, "the hopeless column counts in the upper bound alone");
        assert_eq!(found, superior_ability(&all, &TEST, &Seed::master(2)).unwrap());
    }

    #[test]
    fn a_column_that_never_moves_is_left_out() {
        let mut all = columns(3, 0.003, 1);
        all.insert(0, vec![0.0; 300]);
        assert_eq!(superior_ability(&all, &TEST, &Seed::master(1)).unwrap().best, 1);
        let still = superior_ability(&[vec![0.0; 50]], &TEST, &Seed::master(1));
        assert_eq!(still, Err(Error::NoSpread { what: "every column of returns" }));
        assert!(step_superior(&all, &TEST, 1.0, &Seed::master(1)).is_err());
    }
}
