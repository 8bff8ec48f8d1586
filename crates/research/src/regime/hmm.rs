//! Hidden Markov model with normal emissions of independent columns.
//!
//! Filtered probabilities use the past alone and may trade; smoothed ones and the Viterbi path
//! look at the whole series and only describe. States are numbered by the variance of the first
//! column, from the calmest.
//! Sources: Rabiner, "A tutorial on hidden Markov models" (1989); Hamilton (1989).

use super::samples::Samples;
use super::{Error, check_count, float, markov};

mod fit;

pub use fit::{HmmFit, fit_hmm};

/// No state is ever thought impossible, so that a surprise can be got over.
const PROBABILITY_MIN: f64 = 1e-300;

/// A model of states that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Hmm {
    initial: Vec<f64>,
    transition: Vec<Vec<f64>>,
    means: Vec<Vec<f64>>,
    variances: Vec<Vec<f64>>,
    log_likelihood: f64,
    rows: usize,
}

impl Hmm {
    /// The probability of each state at the first row.
    pub fn initial(&self) -> &[f64] {
        &self.initial
    }

    /// The probability of going from a state (row) to another (column).
    pub fn transition(&self) -> &[Vec<f64>] {
        &self.transition
    }

    /// The mean of each column in each state.
    pub fn means(&self) -> &[Vec<f64>] {
        &self.means
    }

    /// The variance of each column in each state.
    pub fn variances(&self) -> &[Vec<f64>] {
        &self.variances
    }

    /// The number of states.
    pub fn states(&self) -> usize {
        self.means.len()
    }

    /// ln of the likelihood of the series it was fitted on.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// The number of free parameters.
    pub fn parameters(&self) -> usize {
        let (states, width) = (self.states(), self.means[0].len());
        states * states - 1 + 2 * states * width
    }

    /// Akaike's criterion of the fit: lower is better.
    pub fn aic(&self) -> f64 {
        2.0 * float(self.parameters()) - 2.0 * self.log_likelihood
    }

    /// Bayes' criterion of the fit: lower is better.
    pub fn bic(&self) -> f64 {
        float(self.parameters()) * libm::log(float(self.rows)) - 2.0 * self.log_likelihood
    }

    /// The share of time in each state in the long run; `None` if one is never left.
    pub fn stationary(&self) -> Option<Vec<f64>> {
        markov::stationary(&self.transition)
    }

    /// A filter before its first row.
    pub fn filter(&self) -> Filter<'_> {
        Filter {
            model: self,
            state: vec![0.0; self.states()],
            density: Vec::new(),
            rows: 0,
            log_likelihood: 0.0,
        }
    }

    /// The probability of each state at each row, by the rows up to it.
    ///
    /// # Errors
    /// Rows of another width.
    pub fn filtered(&self, samples: Samples<'_>) -> Result<Vec<Vec<f64>>, Error> {
        self.check(samples)?;
        let mut filter = self.filter();
        Ok(samples.rows().map(|row| filter.step(row).to_vec()).collect())
    }

    /// The probability of each state at each row, by all rows, before it and after it.
    ///
    /// # Errors
    /// Rows of another width, or none.
    pub fn smoothed(&self, samples: Samples<'_>) -> Result<Vec<Vec<f64>>, Error> {
        self.check(samples)?;
        check_count("samples", samples.len(), 1)?;
        let mut pass = fit::Pass::new(samples.len(), self.states());
        pass.run(self, samples);
        Ok(pass.gamma().map(<[f64]>::to_vec).collect())
    }

    /// The likeliest path of states, by all rows.
    ///
    /// # Errors
    /// Rows of another width, or none.
    pub fn viterbi(&self, samples: Samples<'_>) -> Result<Vec<usize>, Error> {
        self.check(samples)?;
        check_count("samples", samples.len(), 1)?;
        let log = |x: &f64| libm::log(x.max(PROBABILITY_MIN));
        let steps: Vec<Vec<f64>> =
            self.transition.iter().map(|row| row.iter().map(log).collect()).collect();
        let states = self.states();
        let mut density = vec![0.0; states];
        let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(samples.len());
        let mut score: Vec<f64> = self.initial.iter().map(log).collect();
        for (at, row) in samples.rows().enumerate() {
            self.log_density(row, &mut density);
            let mut from = vec![0; states];
            if at > 0 {
                let before = score.clone();
                for to in 0..states {
                    let reach = |state: usize| before[state] + steps[state][to];
                    from[to] = (0..states).fold(0, |b, s| if reach(s) > reach(b) { s } else { b });
                    score[to] = reach(from[to]);
                }
            }
            score.iter_mut().zip(&density).for_each(|(sum, x)| *sum += x);
            came_from.push(from);
        }
        let mut state = (0..states).fold(0, |b, s| if score[s] > score[b] { s } else { b });
        let step = |from: &Vec<usize>| {
            let now = state;
            state = from[now];
            now
        };
        let mut path: Vec<usize> = came_from.iter().rev().map(step).collect();
        path.reverse();
        Ok(path)
    }

    /// ln of the density of a row in each state.
    fn log_density(&self, row: &[f64], density: &mut [f64]) {
        for (state, value) in density.iter_mut().enumerate() {
            let columns = row.iter().zip(&self.means[state]).zip(&self.variances[state]);
            *value = columns
                .map(|((x, mean), variance)| {
                    let distance = x - mean;
                    -0.5 * (libm::log(std::f64::consts::TAU * variance)
                        + distance * distance / variance)
                })
                .sum();
        }
    }

    fn check(&self, samples: Samples<'_>) -> Result<(), Error> {
        let expected = self.means[0].len();
        match samples.width() == expected {
            true => Ok(()),
            false => Err(Error::Length { what: "a row", found: samples.width(), expected }),
        }
    }

    /// States from the calmest.
    fn sorted(self) -> Self {
        let mut order: Vec<usize> = (0..self.states()).collect();
        let key = |state: usize| (self.variances[state][0], self.means[state][0]);
        order.sort_by(|a, b| {
            let (a, b) = (key(*a), key(*b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let pick = |of: &Vec<Vec<f64>>| order.iter().map(|state| of[*state].clone()).collect();
        let row = |from: &usize| order.iter().map(|to| self.transition[*from][*to]).collect();
        Self {
            initial: order.iter().map(|state| self.initial[*state]).collect(),
            transition: order.iter().map(row).collect(),
            means: pick(&self.means),
            variances: pick(&self.variances),
            ..self
        }
    }
}

/// Where a model thinks the series is, row by row.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    model: &'a Hmm,
    state: Vec<f64>,
    density: Vec<f64>,
    rows: usize,
    log_likelihood: f64,
}

impl Filter<'_> {
    /// Takes the next row, of the width of the model, and answers with the probability of each
    /// state at it.
    pub fn step(&mut self, row: &[f64]) -> &[f64] {
        let states = self.state.len();
        let before = std::mem::replace(&mut self.state, vec![0.0; states]);
        self.density.resize(states, 0.0);
        self.model.log_density(row, &mut self.density);
        let largest = self.density.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        for to in 0..states {
            let prior = match self.rows {
                0 => self.model.initial[to],
                _ => (0..states).map(|from| before[from] * self.model.transition[from][to]).sum(),
            };
            self.state[to] = prior.max(PROBABILITY_MIN) * libm::exp(self.density[to] - largest);
            total += self.state[to];
        }
        self.state.iter_mut().for_each(|x| *x /= total);
        self.rows += 1;
        self.log_likelihood += largest + libm::log(total);
        &self.state
    }

    /// The likeliest state at the last row; the calmest of equals.
    pub fn state(&self) -> usize {
        (0..self.state.len()).fold(0, |b, s| if self.state[s] > self.state[b] { s } else { b })
    }

    /// ln of the likelihood of all rows so far.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
}

#[cfg(test)]
mod tests;
