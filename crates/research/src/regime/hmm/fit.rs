//! Fitting by expectation and maximization (Baum and Welch), in scaled probabilities.
//!
//! Pure maximum likelihood, without priors: nothing pulls a variance, whatever the units. A state
//! that shrinks onto single values makes the likelihood infinite and means nothing; such a start
//! is dropped. EM finds the nearest top, so several starts are made and the highest is kept.

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::{Hmm, PROBABILITY_MIN};
use crate::regime::causal::Detector;
use crate::regime::samples::Samples;
use crate::regime::{Error, check_count, float, position};

/// A variance this far below that of the whole column is that of a single value.
const COLLAPSED: f64 = 1e-6;
/// Rows over which the first start measures how wild it is.
const LOCAL_ROWS: usize = 20;

/// How a model is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HmmFit {
    /// The number of states.
    pub states: usize,
    /// How often to start.
    pub starts: usize,
    /// Where a climb ends at the latest.
    pub iterations_max: usize,
    /// A climb ends when an iteration gains less log-likelihood than this.
    pub tolerance: f64,
}

impl Default for HmmFit {
    fn default() -> Self {
        Self { states: 2, starts: 6, iterations_max: 2000, tolerance: 1e-6 }
    }
}

/// Finds the model with the highest likelihood; `previous` is one more place to start from.
///
/// # Errors
/// No state, start or iteration asked for, fewer than ten rows for each state, a column that never
/// moves, or states that collapse from every start.
pub fn fit_hmm(
    samples: Samples<'_>,
    fit: &HmmFit,
    previous: Option<&Hmm>,
    seed: &Seed,
) -> Result<Hmm, Error> {
    check_count("states", fit.states, 1)?;
    check_count("starts", fit.starts, 1)?;
    check_count("iterations", fit.iterations_max, 1)?;
    check_count("samples", samples.len(), fit.states.saturating_mul(10))?;
    let moments = samples.moments();
    let floor: Vec<f64> = moments.iter().map(|(_, variance)| variance * COLLAPSED).collect();
    if floor.iter().any(|floor| *floor <= 0.0) {
        return Err(Error::Collapsed { states: fit.states });
    }
    let mut pass = Pass::new(samples.len(), fit.states);
    let fits =
        |model: &&Hmm| model.states() == fit.states && model.means[0].len() == samples.width();
    let warm = previous.filter(fits).cloned();
    let fresh = (0..fit.starts).map(|start| {
        let mut stream = seed.child(&format!("hmm {start}")).stream();
        if start == 0 {
            by_wildness(samples, fit.states)
        } else {
            by_windows(samples, fit.states, &mut stream)
        }
    });
    let mut best: Option<Hmm> = None;
    for start in warm.into_iter().chain(fresh) {
        let found = climb(start, samples, fit, &mut pass, &floor);
        let is_better =
            |best: &Hmm| found.as_ref().is_some_and(|f| f.log_likelihood > best.log_likelihood);
        if best.as_ref().is_none_or(is_better) {
            best = found.or(best);
        }
    }
    best.map(Hmm::sorted).ok_or(Error::Collapsed { states: fit.states })
}

impl Detector for HmmFit {
    type Model = Hmm;

    fn fit(&self, samples: Samples<'_>, previous: Option<&Hmm>, seed: &Seed) -> Result<Hmm, Error> {
        fit_hmm(samples, self, previous, seed)
    }

    fn label(&self, model: &Hmm, samples: Samples<'_>, from: usize) -> Vec<usize> {
        let mut filter = model.filter();
        let state = |row: &[f64]| {
            filter.step(row);
            filter.state()
        };
        samples.rows().map(state).skip(from).collect()
    }
}

/// Climbs until nothing is gained; `None` if a state collapses.
fn climb(
    mut model: Hmm,
    samples: Samples<'_>,
    fit: &HmmFit,
    pass: &mut Pass,
    floor: &[f64],
) -> Option<Hmm> {
    let mut before = f64::NEG_INFINITY;
    for _ in 0..fit.iterations_max {
        let found = pass.run(&model, samples);
        if !found.is_finite() || found - before < fit.tolerance {
            break;
        }
        before = found;
        pass.maximize(&mut model, samples);
        let is_collapsed = |variances: &Vec<f64>| {
            variances.iter().zip(floor).any(|(x, floor)| x.is_nan() || x <= floor)
        };
        if model.variances.iter().any(is_collapsed) {
            return None;
        }
    }
    model.log_likelihood = pass.run(&model, samples);
    model.rows = samples.len();
    model.log_likelihood.is_finite().then_some(model)
}

/// States by how far rows near each other are from the mean: fit for calm and wild times.
fn by_wildness(samples: Samples<'_>, states: usize) -> Hmm {
    let moments = samples.moments();
    let distance = |row: &[f64]| -> f64 {
        let columns = row.iter().zip(&moments);
        columns.map(|(x, (mean, variance))| (x - mean) * (x - mean) / variance).sum()
    };
    let distances: Vec<f64> = samples.rows().map(distance).collect();
    let local = |at: usize| {
        let from = (at + 1).saturating_sub(LOCAL_ROWS);
        distances[from..=at].iter().sum::<f64>() / float(at + 1 - from)
    };
    let wildness: Vec<f64> = (0..samples.len()).map(local).collect();
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by(|a, b| wildness[*a].total_cmp(&wildness[*b]));
    let part = |state: usize| {
        let (from, to) = (state * order.len() / states, (state + 1) * order.len() / states);
        order[from..to].iter().map(|at| samples.row(*at)).collect()
    };
    started((0..states).map(part).collect(), samples, 0.95)
}

/// States from random stretches of the series.
fn by_windows(samples: Samples<'_>, states: usize, stream: &mut Stream) -> Hmm {
    let shortest = (samples.width() + 1) * 5;
    let longest = (samples.len() / states).max(shortest + 1);
    let window = |_| {
        let length = (shortest + position(stream.uniform(), longest - shortest)).min(samples.len());
        let from = position(stream.uniform(), samples.len() - length + 1);
        samples.part(from, from + length).rows().collect()
    };
    let windows = (0..states).map(window).collect();
    let stay = 0.8 + 0.19 * stream.uniform();
    started(windows, samples, stay)
}

/// A model whose states are like these rows and last with probability `stay`.
fn started(groups: Vec<Vec<&[f64]>>, samples: Samples<'_>, stay: f64) -> Hmm {
    let (states, moments) = (groups.len(), samples.moments());
    let leave = if states > 1 { (1.0 - stay) / float(states - 1) } else { 0.0 };
    let row = |from| {
        (0..states)
            .map(|to| {
                if to == from && states > 1 {
                    stay
                } else if states > 1 {
                    leave
                } else {
                    1.0
                }
            })
            .collect()
    };
    let mut model = Hmm {
        initial: vec![1.0 / float(states); states],
        transition: (0..states).map(row).collect(),
        means: Vec::new(),
        variances: Vec::new(),
        log_likelihood: f64::NEG_INFINITY,
        rows: samples.len(),
    };
    for rows in groups {
        let n = float(rows.len());
        let mean = |at: usize| rows.iter().map(|row| row[at]).sum::<f64>() / n;
        let means: Vec<f64> = (0..samples.width()).map(mean).collect();
        let variance = |at: usize| {
            let square = |row: &&[f64]| (row[at] - means[at]) * (row[at] - means[at]);
            // Stretches that stand still start with a little of the whole.
            (rows.iter().map(square).sum::<f64>() / n).max(0.01 * moments[at].1)
        };
        model.variances.push((0..samples.width()).map(variance).collect());
        model.means.push(means);
    }
    model
}

/// One pass forward and back over a series; its memory is used again.
pub(super) struct Pass {
    states: usize,
    /// Densities of each row, over the largest of the row.
    density: Vec<f64>,
    /// Filtered probabilities, then smoothed ones.
    gamma: Vec<f64>,
    scale: Vec<f64>,
    /// Expected steps from a state to another.
    steps: Vec<f64>,
}

impl Pass {
    pub(super) fn new(rows: usize, states: usize) -> Self {
        let all = vec![0.0; rows * states];
        Self {
            states,
            density: all.clone(),
            gamma: all,
            scale: vec![0.0; rows],
            steps: vec![0.0; states * states],
        }
    }

    /// The smoothed probabilities of each row.
    pub(super) fn gamma(&self) -> impl Iterator<Item = &[f64]> {
        self.gamma.chunks_exact(self.states)
    }

    /// Runs both ways; answers with the log-likelihood.
    pub(super) fn run(&mut self, model: &Hmm, samples: Samples<'_>) -> f64 {
        let found = self.forward(model, samples);
        self.backward(model);
        found
    }

    fn forward(&mut self, model: &Hmm, samples: Samples<'_>) -> f64 {
        let k = self.states;
        self.densities(model, samples);
        let mut found = 0.0;
        for at in 0..samples.len() {
            let (done, rest) = self.gamma.split_at_mut(at * k);
            let before = &done[at.saturating_sub(1) * k..];
            let (now, density) = (&mut rest[..k], &self.density[at * k..(at + 1) * k]);
            let mut total = 0.0;
            for to in 0..k {
                let prior = match at {
                    0 => model.initial[to],
                    _ => (0..k).map(|from| before[from] * model.transition[from][to]).sum(),
                };
                now[to] = prior.max(PROBABILITY_MIN) * density[to];
                total += now[to];
            }
            now.iter_mut().for_each(|x| *x /= total);
            // `densities` left the log of what it divided by.
            found += self.scale[at] + libm::log(total);
            self.scale[at] = total;
        }
        found
    }

    fn densities(&mut self, model: &Hmm, samples: Samples<'_>) {
        let k = self.states;
        let constant = |variances: &Vec<f64>| -> f64 {
            variances.iter().map(|v| -0.5 * libm::log(std::f64::consts::TAU * v)).sum()
        };
        let constants: Vec<f64> = model.variances.iter().map(constant).collect();
        for (at, row) in samples.rows().enumerate() {
            let density = &mut self.density[at * k..(at + 1) * k];
            for (state, value) in density.iter_mut().enumerate() {
                let mut sum = constants[state];
                for ((x, mean), variance) in
                    row.iter().zip(&model.means[state]).zip(&model.variances[state])
                {
                    sum -= 0.5 * (x - mean) * (x - mean) / variance;
                }
                *value = sum;
            }
            let largest = density.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            density.iter_mut().for_each(|value| *value = libm::exp(*value - largest));
            self.scale[at] = largest;
        }
    }

    fn backward(&mut self, model: &Hmm) {
        let k = self.states;
        self.steps.fill(0.0);
        let rows = self.scale.len();
        // What the rows after say of each state; 1 at the last.
        let mut ahead = vec![1.0; k];
        let mut next = vec![0.0; k];
        for at in (0..rows.saturating_sub(1)).rev() {
            let now = &mut self.gamma[at * k..(at + 1) * k];
            let density = &self.density[(at + 1) * k..(at + 2) * k];
            for to in 0..k {
                next[to] = density[to] * ahead[to] / self.scale[at + 1];
            }
            for from in 0..k {
                let mut sum = 0.0;
                for (to, next) in next.iter().enumerate() {
                    let step = model.transition[from][to] * next;
                    self.steps[from * k + to] += now[from] * step;
                    sum += step;
                }
                ahead[from] = sum;
            }
            now.iter_mut().zip(&ahead).for_each(|(x, ahead)| *x *= ahead);
            let total: f64 = now.iter().sum();
            now.iter_mut().for_each(|x| *x /= total);
        }
    }

    /// Parameters that fit the expected states best.
    fn maximize(&self, model: &mut Hmm, samples: Samples<'_>) {
        let k = self.states;
        model.initial.copy_from_slice(&self.gamma[..k]);
        for from in 0..k {
            let steps = &self.steps[from * k..(from + 1) * k];
            let total: f64 = steps.iter().sum();
            if total > 0.0 {
                model.transition[from]
                    .iter_mut()
                    .zip(steps)
                    .for_each(|(x, step)| *x = step / total);
            }
        }
        for state in 0..k {
            let weight = || self.gamma().map(|probabilities| probabilities[state]);
            let total: f64 = weight().sum();
            for column in 0..samples.width() {
                let mean =
                    weight().zip(samples.rows()).map(|(w, row)| w * row[column]).sum::<f64>()
                        / total;
                let square =
                    |(w, row): (f64, &[f64])| w * (row[column] - mean) * (row[column] - mean);
                model.means[state][column] = mean;
                model.variances[state][column] =
                    weight().zip(samples.rows()).map(square).sum::<f64>() / total;
            }
        }
    }
}
